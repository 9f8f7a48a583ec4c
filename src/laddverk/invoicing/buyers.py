"""Who is invoiced for a driver: a company or housing association with its numbers, or a person by another name.

Without such facts the invoice goes to the driver. What is entered here holds for invoices that are made from then on:
documents that stand keep their buyer.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from laddverk.invoicing.rules import luhn_digit
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction

TERMS_MAX_DAYS: Final = 90
TEXT_MAX: Final = 120
ADDRESS_MAX: Final = 300
EMAIL_MAX: Final = 254  # RFC 5321
ORG_DIGITS: Final = 10
ORG_THIRD_MIN: Final = "2"  # the third digit of an organisation number is 2 or more: so it is never a person's
SWEDISH_VAT: Final = re.compile(r"SE(\d{10})01")
EU_VAT: Final = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,12}")
EMAIL: Final = re.compile(r"[^@\s\x00-\x1f<>,;:\"()\[\]\\]+@[^@\s\x00-\x1f<>,;:\"()\[\]\\]+")


class BuyerFacts(Struct, frozen=True, kw_only=True):
    """Who is invoiced, and how. `terms_days` None means as everybody."""

    kind: str = "company"
    """`company` (housing associations too) or `person`."""
    name: str = ""
    org_number: str = ""
    vat_number: str = ""
    address: str = ""
    email: str = ""
    """Where invoices go instead of the driver's own address."""
    reference: str = ""
    order_number: str = ""
    terms_days: int | None = None


BUYER: Final = """
SELECT kind, name, org_number, vat_number, address, email, reference, order_number, terms_days
FROM invoice_buyer WHERE driver_id = $1
"""
SAVE: Final = """
INSERT INTO invoice_buyer (driver_id, kind, name, org_number, vat_number, address, email, reference, order_number,
                           terms_days, changed_at, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (driver_id) DO UPDATE SET kind = excluded.kind, name = excluded.name, org_number = excluded.org_number,
    vat_number = excluded.vat_number, address = excluded.address, email = excluded.email,
    reference = excluded.reference, order_number = excluded.order_number, terms_days = excluded.terms_days,
    changed_at = excluded.changed_at, changed_by = excluded.changed_by
"""
FORGET: Final = "DELETE FROM invoice_buyer WHERE driver_id = $1"
IS_DRIVER: Final = "SELECT EXISTS (SELECT 1 FROM driver WHERE id = $1)"


async def buyer(tx: Transaction, driver_id: DriverId) -> BuyerFacts | None:
    """Return who is invoiced for a driver; None when it is the driver."""
    return await tx.fetch_one(BuyerFacts, BUYER, driver_id)


async def save(tx: Transaction, actor: Actor, driver_id: DriverId, facts: BuyerFacts, now: datetime) -> None:
    """Invoice another buyer for a driver from now on. Needs `drivers:write`. Raises `Invalid` by field, `NotFound`."""
    actor.require(Permission.DRIVERS_WRITE)
    facts = checked(facts)
    if not await tx.value(IS_DRIVER, driver_id):
        raise NotFound("There is no such driver.")
    await tx.execute(SAVE, driver_id, *msgspec.structs.astuple(facts), now, actor.name or actor.kind)
    detail = msgspec.to_builtins(facts)
    await audit.write(tx, actor, "driver.invoiced_to", "driver", driver_id, at=now, detail=detail)


async def forget(tx: Transaction, actor: Actor, driver_id: DriverId, now: datetime) -> None:
    """Invoice the driver again. Needs `drivers:write`."""
    actor.require(Permission.DRIVERS_WRITE)
    await tx.execute(FORGET, driver_id)
    await audit.write(tx, actor, "driver.invoiced_to", "driver", driver_id, at=now, detail={"kind": "driver"})


def checked(facts: BuyerFacts) -> BuyerFacts:
    """Return `facts` in the form in which documents print them. Raises `Invalid` naming the field."""
    if facts.kind not in ("company", "person"):
        raise Invalid("This is neither a company nor a person.", field="kind")
    for field, most in (
        ("name", TEXT_MAX),
        ("address", ADDRESS_MAX),
        ("reference", TEXT_MAX),
        ("order_number", TEXT_MAX),
    ):
        text = getattr(facts, field)
        if len(text) > most or not text.replace("\r", "").replace("\n", "").isprintable():
            raise Invalid("This is too long.", field=field, remedy="Use at most %(max)s characters.", max=most)
    if not facts.name.strip():
        raise Invalid("This must not be empty.", field="name")
    if facts.terms_days is not None and not 0 <= facts.terms_days <= TERMS_MAX_DAYS:
        raise Invalid("Give 0 to %(max)s days.", field="terms_days", max=TERMS_MAX_DAYS)
    if facts.kind == "person" and (facts.org_number or facts.vat_number):
        raise Invalid("A person has no organisation number.", field="org_number", remedy="Choose company, or empty it.")
    return replace(
        facts,
        name=facts.name.strip(),
        org_number=_company_number(facts) if facts.kind == "company" else "",
        vat_number=vat_number(facts.vat_number) if facts.vat_number else "",
        email=_email(facts.email),
        address=facts.address.strip().replace("\r\n", "\n"),
        reference=facts.reference.strip(),
        order_number=facts.order_number.strip(),
    )


def _company_number(facts: BuyerFacts) -> str:
    """Return the organisation number of a company; one from abroad has a VAT number instead."""
    from_abroad = facts.vat_number and not facts.vat_number.strip().upper().startswith("SE")
    return "" if from_abroad and not facts.org_number else org_number(facts.org_number)


def org_number(text: str) -> str:
    """Return a Swedish organisation number as it is written, `556016-0680`. Raises `Invalid`."""
    digits = "".join(letter for letter in text if letter not in " -\u00a0")
    digits = digits[2:] if len(digits) == ORG_DIGITS + 2 and digits.startswith("16") else digits
    is_number = digits.isascii() and digits.isdigit() and len(digits) == ORG_DIGITS
    if not is_number or luhn_digit(digits[:-1]) != digits[-1] or digits[2] < ORG_THIRD_MIN:
        raise Invalid(
            "This is no organisation number.",
            field="org_number",
            remedy="It has ten digits, the last of them a check digit: 556016-0680.",
        )
    return f"{digits[:6]}-{digits[6:]}"


def vat_number(text: str) -> str:
    """Return a VAT number in capitals without blanks, `SE556016068001`. Raises `Invalid`."""
    compact = "".join(letter for letter in text if letter not in " -.\u00a0").upper()
    swedish = SWEDISH_VAT.fullmatch(compact)
    is_right = luhn_digit(swedish[1][:-1]) == swedish[1][-1] if swedish else not compact.startswith("SE")
    if not is_right or not EU_VAT.fullmatch(compact):
        raise Invalid(
            "This is no VAT number.",
            field="vat_number",
            remedy="A Swedish one is SE, the ten digits of the organisation number, and 01.",
        )
    return compact


def _email(text: str) -> str:
    address = text.strip().lower()
    if address and (len(address) > EMAIL_MAX or not EMAIL.fullmatch(address)):
        raise Invalid("This is not an e-mail address.", field="email", remedy="Write it like name@example.com.")
    return address
