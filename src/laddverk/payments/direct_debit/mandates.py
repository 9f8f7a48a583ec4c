"""Mandates: given in the portal, on paper or in an internet bank; ended by either side. What the bank says comes in by
`bank_files`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, MandateId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.payments import sealing
from laddverk.payments.direct_debit import mandate_rules as rules
from laddverk.payments.direct_debit import mandate_store as store
from laddverk.payments.direct_debit.model import BankAccount, Channel, Mandate, MandateState, Scheme, event_detail
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.platform.settings import Settings

LAST_SHOWN: Final = 4  # digits of an account that are shown: enough to recognise one's own
HOLDER_MAX: Final = 70  # SEPA's longest name

CONSENT: Final = {
    Scheme.AUTOGIRO: N_(
        "I agree that %(operator)s collects what I owe for charging from my account by Autogiro. I am told the amount "
        "and the day at least eight bank days before. There must be money on the account on that day. My bank need not "
        "tell me of each collection. I can stop a single collection with my bank until two bank days before, and end "
        "this mandate at any time, here or at my bank: it ends within five bank days. I may ask my bank to take back a "
        "collection that I did not agree to."
    ),
    Scheme.SEPA: N_(
        "By this mandate I authorise %(operator)s (creditor identifier %(creditor)s) to send instructions to my bank "
        "to debit my account, and my bank to debit my account as %(operator)s says. I am told the amount and the day "
        "before. I may ask my bank for a refund within eight weeks from the day on which my account was debited."
    ),
}

SUBJECT: Final = N_("There is no such mandate.")


def schemes(settings: Settings) -> tuple[Scheme, ...]:
    """Return the schemes that this operator has an agreement for."""
    found = [Scheme.AUTOGIRO] if settings.autogiro_bankgiro else []
    return (*found, Scheme.SEPA) if settings.sepa_creditor_id and settings.sepa_iban else tuple(found)


def consent_text(settings: Settings, scheme: Scheme, language: str) -> str:
    """Return what a payer agrees to, in words; it is kept with the mandate as it was shown."""
    params = {"operator": settings.operator_name, "creditor": settings.sepa_creditor_id}
    return gettext_for(language)(CONSENT[scheme]) % params


async def give(
    tx: Transaction,
    house: House,
    actor: Actor,
    driver_id: DriverId,
    scheme: Scheme,
    account: BankAccount,
    *,
    holder: str,
    channel: Channel,
    signed_on: date,
    consent: str,
    now: datetime,
) -> MandateId:
    """Keep a mandate that was given in the portal or on paper; the bank is asked with the next file.

    A driver gives it for herself; staff need `drivers:write`, for one on paper. Raises `NotFound`, `Invalid`, and
    `Conflict` when there is one already.
    """
    _allowed(actor, driver_id)
    if not 0 < len(holder.strip()) <= HOLDER_MAX:
        raise Invalid("Say who owns the account.", field="holder", remedy="Write the name as the bank knows it.")
    if signed_on > now.date():
        raise Invalid("This day has not come yet.", field="signed_on")
    mandate = await _begun(tx, house, driver_id, scheme, now)
    given = replace(
        mandate,
        channel=channel,
        # A SEPA mandate is kept by the creditor, no bank is asked; Autogiro begins with the bank's yes.
        state=MandateState.REQUESTED if scheme == Scheme.AUTOGIRO else MandateState.ACTIVE,
        holder=holder.strip(),
        account_sealed=sealing.sealed_account(house.secrets, account, mandate.id.bytes),
        account_last4=account.account[-LAST_SHOWN:],
        consent_text=consent,
        signed_on=signed_on,
    )
    await store.insert(tx, given)
    await _noted(tx, actor, given, "given", now, channel=channel)
    return given.id


async def invite(
    tx: Transaction, house: House, actor: Actor, driver_id: DriverId, scheme: Scheme, now: datetime
) -> Mandate:
    """Return the mandate whose number a driver types in the internet bank: the one there is, or a new one."""
    _allowed(actor, driver_id)
    if scheme != Scheme.AUTOGIRO:
        raise Invalid("This is given here, not in the internet bank.", field="scheme")
    there = await store.alive(tx, driver_id, scheme)
    if there is not None and there.state == MandateState.INVITED:
        return there
    mandate = replace(await _begun(tx, house, driver_id, scheme, now), channel=Channel.INTERNET_BANK)
    await store.insert(tx, mandate)
    await _noted(tx, actor, mandate, "invited", now)
    return mandate


async def end(tx: Transaction, actor: Actor, mandate_id: MandateId, reason: str, now: datetime) -> Mandate:
    """End a mandate: nothing is collected by it from now on, and the bank is told with the next file.

    A driver ends her own; staff need `drivers:write` and a reason. Raises `NotFound`, `Conflict` when it is over.
    """
    mandate = await store.locked(tx, mandate_id)
    if mandate is None:
        raise NotFound(SUBJECT)
    _allowed(actor, mandate.driver_id)
    if actor.kind != "driver" and not reason.strip():
        raise Invalid("Say why.", field="reason", remedy="It is kept in the audit log.")
    if mandate.state in (MandateState.CANCELLING, MandateState.REFUSED, MandateState.CANCELLED):
        raise Conflict("This mandate is over already.")
    at_bank = mandate.state in (MandateState.SENT, MandateState.ACTIVE) and mandate.scheme == Scheme.AUTOGIRO
    state = MandateState.CANCELLING if at_bank else MandateState.CANCELLED
    ended = replace(mandate, state=state, updated_at=now)
    await store.save(tx, ended)
    await _noted(tx, actor, ended, "ended", now, reason=reason.strip())
    return ended


async def _begun(tx: Transaction, house: House, driver_id: DriverId, scheme: Scheme, now: datetime) -> Mandate:
    """Return a new mandate with a number of its own. A number that was only typed nowhere yet makes room for it."""
    if scheme not in schemes(house.settings):
        raise NotFound("There is no agreement for this way of paying.")
    driver = await store.driver(tx, driver_id)
    if driver is None:
        raise NotFound("There is no such driver.")
    there = await store.alive(tx, driver_id, scheme)
    if there is not None and there.state == MandateState.INVITED:
        await store.save(tx, replace(there, state=MandateState.CANCELLED, updated_at=now))
        await store.note(tx, there.id, "replaced", now, {})
    elif there is not None:
        raise Conflict("There is a mandate already.", remedy="End it first, to use another account.")
    number = await store.next_payer(tx, scheme)
    return Mandate(
        id=MandateId(new_id()),
        scheme=scheme,
        payer_number=rules.payer_number(number) if scheme == Scheme.AUTOGIRO else f"LADDVERK-{number}",
        driver_id=driver_id,
        channel=Channel.PORTAL,
        state=MandateState.INVITED,
        created_at=now,
        updated_at=now,
    )


def _allowed(actor: Actor, driver_id: DriverId) -> None:
    """A driver has her own mandates; for others' one must be allowed to change drivers."""
    if actor.kind == "driver":
        if actor.id != driver_id:
            raise NotFound(SUBJECT)
    else:
        actor.require(Permission.DRIVERS_WRITE)


async def _noted(
    tx: Transaction, actor: Actor, mandate: Mandate, what: str, now: datetime, *, reason: str = "", **detail: str
) -> None:
    kept = event_detail(by=actor.name, reason=reason, **detail)
    await store.note(tx, mandate.id, what, now, kept)
    await audit.write(
        tx, actor, f"mandate.{what}", "mandate", mandate.id, at=now, reason=reason,
        detail={"driver": str(mandate.driver_id), "number": mandate.payer_number},
    )  # fmt: skip
