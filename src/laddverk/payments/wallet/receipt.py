"""The receipt of money that was paid in: what, when, how, and what VAT there is in it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.kernel.problems import NotFound
from laddverk.payments.paper import typeset
from laddverk.platform import formats
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

WAYS = {"swish": N_("by Swish")}
PAID_IN = """
SELECT payment.id, payment.driver_id, driver.name AS driver_name, payment.provider, payment.captured_minor,
       payment.refunded_minor, payment.currency, coalesce(entry.occurred_at, payment.updated_at) AS at,
       coalesce((SELECT sum(posting.amount_minor) FROM ledger_transaction AS vat
                 JOIN posting ON posting.transaction_id = vat.id JOIN account ON account.id = posting.account_id
                 WHERE vat.idempotency_key = 'wallet_vat:' || payment.id AND account.number = '2618'), 0)::bigint
           AS vat_minor,
       payment_method.brand, payment_method.last4
FROM payment JOIN driver ON driver.id = payment.driver_id
LEFT JOIN payment_method ON payment_method.id = payment.method_id
LEFT JOIN ledger_transaction AS entry ON entry.idempotency_key = 'capture:' || payment.id
WHERE payment.id = $1 AND payment.purpose = 'top_up' AND payment.captured_minor > 0
"""


class PaidIn(Struct, frozen=True, kw_only=True):
    """A payment into a wallet, as its receipt tells it."""

    id: UUID
    driver_id: UUID
    driver_name: str
    provider: str
    captured_minor: int
    refunded_minor: int
    currency: str
    at: datetime
    vat_minor: int
    brand: str | None
    last4: str | None


async def paid_in(tx: Transaction, payment_id: UUID) -> PaidIn | None:
    """Return a payment into a wallet; None while nothing was paid by it."""
    return await tx.fetch_one(PaidIn, PAID_IN, payment_id)


async def pdf(house: House, driver_id: UUID, payment_id: UUID, language: str) -> bytes:
    """Return the receipt of one's own top-up as PDF. Raises `NotFound`."""
    async with house.database.transaction() as tx:
        found = await paid_in(tx, payment_id)
    if found is None or found.driver_id != driver_id:
        raise NotFound("There is no such receipt.")
    return await asyncio.to_thread(typeset, "top_up", document(house, found, language), found.at)


def document(house: House, paid: PaidIn, language: str) -> dict[str, Any]:
    """Return what the receipt says, in the language of its reader. Pure."""
    settings, _ = house.settings, gettext_for(language)
    local = paid.at.astimezone(ZoneInfo(settings.timezone))
    lines = [vat_words(paid, language)]
    if paid.refunded_minor:
        lines.append(
            _("%(amount)s of it have been paid back.") % {"amount": _money(paid, paid.refunded_minor, language)}
        )
    numbers = []
    if settings.operator_org_number:
        numbers.append(_("Org. no. %(number)s") % {"number": settings.operator_org_number})
    if settings.operator_vat_number:
        numbers.append(_("VAT no. %(number)s") % {"number": settings.operator_vat_number})
    where = [settings.operator_name, settings.operator_address, settings.operator_email, settings.operator_phone]
    return {
        "language": language,
        "title": _("Receipt"),
        "number": paid.id.hex[-8:].upper(),
        "day": [local.year, local.month, local.day],
        "seller": settings.operator_name,
        "subject": _("Money to charge for"),
        "amount": _money(paid, paid.captured_minor, language),
        "note": _("paid in"),
        "facts": [
            [_("When"), formats.local_datetime(paid.at, settings.timezone, language=language)],
            [_("Paid"), way_words(paid, language)],
            [_("Driver"), paid.driver_name],
        ],
        "lines": lines,
        "footer": [" · ".join(part for part in line if part) for line in (where, numbers)],
    }


def way_words(paid: PaidIn, language: str) -> str:
    """Return how something was paid, in words."""
    _ = gettext_for(language)
    if paid.provider in WAYS:
        return _(WAYS[paid.provider])
    return _("by card •••• %(last4)s") % {"last4": paid.last4} if paid.last4 else _("by card")


def vat_words(paid: PaidIn, language: str) -> str:
    """Return what a driver should know of the VAT."""
    _ = gettext_for(language)
    if paid.vat_minor:
        return _("VAT included: %(amount)s. Charges paid with it carry no further VAT.") % {
            "amount": _money(paid, paid.vat_minor, language)
        }
    return _("No VAT is due yet: it stands on the receipt of each charge that you pay with it.")


def _money(paid: PaidIn, amount_minor: int, language: str) -> str:
    return formats.money(amount_minor, paid.currency, language)
