"""Giving a balance back: asked for by its driver, kept apart meanwhile, approved by staff, sent the way it came.

What came by card or Swish goes back there, newest first; the rest to a bank account, which somebody pays by hand. A
part that a card refuses (it was closed) goes to the bank account too: nothing is lost between two ways (F20, F21).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.ledger import holds
from laddverk.ledger import service as ledger
from laddverk.ledger.model import ADVANCES, BANK, Entry, Line, NewHold
from laddverk.payments import refunding, sealing
from laddverk.payments.wallet import books, rules, service, store
from laddverk.payments.wallet.model import BalanceRefund, GivingBack
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

KEPT_FOR: Final = timedelta(days=365)
"""A wish to get money back does not run out because nobody looked at it."""
SHOWN: Final = 4
ACCOUNT_MAX: Final = 34  # an IBAN
ACCOUNT_DIGITS_MIN: Final = 8  # clearing number and account
HOLDER_MAX: Final = 70
REFERENCE_MAX: Final = 60
REASON: Final = "balance paid back"


class Payee(msgspec.Struct, frozen=True):
    """Where the bank's part goes."""

    holder: str
    account: str


async def ask(
    tx: Transaction, house: House, actor: Actor, driver_id: DriverId, amount_minor: int, payee: Payee | None,
    now: datetime, currency: str | None = None,
) -> UUID:  # fmt: skip
    """Keep a driver's wish to get `amount_minor` back, and the amount apart; return its id.

    It is of the balance in `currency`; without it, in that of the operator.

    Raises `Conflict` while one is under way, `Invalid` for more than can go back, or when a part must go to a bank
    account and `payee` is missing.
    """
    currency = currency or house.settings.currency
    found = await service.wallet(tx, driver_id, currency, now)
    if await store.open_refund(tx, driver_id) is not None:
        raise Conflict("Your balance is on its way back already.", remedy="Wait until it is done, or take it back.")
    if not 0 < amount_minor <= found.refundable_minor:
        raise Invalid("This is more than can be paid back.", field="amount", remedy="Choose a smaller amount.")
    _, to_bank = rules.way_back(amount_minor, await store.top_ups(tx, driver_id, currency))
    payee = _checked(payee) if to_bank or (payee and payee.account.strip()) else None
    refund_id = new_id()
    box = None if payee is None else sealing.sealed(house.secrets, msgspec.json.encode(payee), refund_id.bytes)
    last = "" if payee is None else payee.account[-SHOWN:]
    await store.insert_refund(tx, refund_id, driver_id, currency, amount_minor, to_bank, (box, last), now)
    wanted = NewHold(
        idempotency_key=f"wallet_refund:{refund_id}",
        account=ADVANCES,
        owner=driver_id,
        amount_minor=amount_minor,
        currency=currency,
        source_kind=books.GIVING_BACK,
        source_id=refund_id,
        expires_at=now + KEPT_FOR,
    )
    await holds.place(tx, wanted, now)
    await audit.write(
        tx, actor, "wallet_refund.asked", "driver", driver_id, at=now, detail={"amount_minor": amount_minor}
    )
    return refund_id


def _checked(payee: Payee | None) -> Payee:
    holder, account = ("", "") if payee is None else (" ".join(payee.holder.split()), payee.account)
    account = "".join(sign for sign in account.upper() if sign not in " -.\u00a0")
    if not 0 < len(holder) <= HOLDER_MAX or not holder.isprintable():
        raise Invalid("Say who owns the account.", field="holder", remedy="Write the name as the bank knows it.")
    if not (ACCOUNT_DIGITS_MIN <= len(account) <= ACCOUNT_MAX and account.isascii() and account.isalnum()):
        raise Invalid(
            "This is no account number.", field="account", remedy="Write clearing number and account, or an IBAN."
        )
    return Payee(holder, account)


async def withdraw(tx: Transaction, actor: Actor, driver_id: DriverId, now: datetime) -> None:
    """Take a wish back that nobody has approved yet. Raises `Conflict`."""
    wanted = await store.open_refund(tx, driver_id)
    if wanted is None or wanted.state is not GivingBack.ASKED:
        raise Conflict("There is nothing to take back.")
    await _over(tx, wanted, GivingBack.WITHDRAWN, now)
    await audit.write(tx, actor, "wallet_refund.withdrawn", "driver", driver_id, at=now)


async def approve(tx: Transaction, actor: Actor, refund_id: UUID, reason: str, now: datetime) -> None:
    """Send a balance back: cards are asked at once, a bank's part waits to be paid. Needs a reason. Raises `Conflict`.

    How much goes which way is looked at again: cards may have given something back meanwhile.
    """
    actor.require(Permission.PAYMENTS_REFUND)
    wanted = await _wanted(tx, refund_id, GivingBack.ASKED, reason)
    parts, to_bank = rules.way_back(wanted.amount_minor, await store.top_ups(tx, wanted.driver_id, wanted.currency))
    if to_bank and wanted.bank_box is None:
        raise Conflict("A part must go to a bank account, and none was given.", remedy="Decline it and say so.")
    await store.decide(tx, refund_id, GivingBack.APPROVED, to_bank, now, actor.name or actor.kind, reason.strip())
    for payment_id, amount in parts:
        part_id = await refunding.refund(tx, actor, payment_id, amount, REASON, now, is_kept=True)
        await store.insert_part(tx, part_id, refund_id, payment_id, amount)
    detail = {"amount_minor": wanted.amount_minor, "to_bank_minor": to_bank, "parts": len(parts)}
    await audit.write(
        tx, actor, "wallet_refund.approved", "driver", wanted.driver_id, at=now, reason=reason.strip(), detail=detail
    )


async def decline(tx: Transaction, actor: Actor, refund_id: UUID, reason: str, now: datetime) -> None:
    """Say no, with a reason that the driver reads: the money is available again. Raises `Conflict`."""
    actor.require(Permission.PAYMENTS_REFUND)
    wanted = await _wanted(tx, refund_id, GivingBack.ASKED, reason)
    await store.decide(tx, refund_id, GivingBack.DECLINED, 0, now, actor.name or actor.kind, reason.strip())
    await _over(tx, wanted, GivingBack.DECLINED, now)
    await audit.write(tx, actor, "wallet_refund.declined", "driver", wanted.driver_id, at=now, reason=reason.strip())


async def payee_of(tx: Transaction, house: House, actor: Actor, refund_id: UUID, now: datetime) -> Payee | None:
    """Return where the bank's part goes, for who pays it. Each look is in the audit log."""
    actor.require(Permission.PAYMENTS_REFUND)
    wanted = await store.refund(tx, refund_id)
    content = None
    if wanted is not None and wanted.bank_box is not None:
        content = sealing.unsealed(house.secrets, wanted.bank_box, refund_id.bytes)
    if content is None:
        return None
    await audit.write(tx, actor, "wallet_refund.account_seen", "wallet_refund", refund_id, at=now)
    return msgspec.json.decode(content, type=Payee)


async def paid_by_bank(tx: Transaction, actor: Actor, refund_id: UUID, reference: str, now: datetime) -> None:
    """Book that the bank's part was paid by hand. `reference` is the bank's, or the day. Once; raises `Conflict`."""
    actor.require(Permission.PAYMENTS_REFUND)
    wanted = await _wanted(tx, refund_id, GivingBack.APPROVED, reference)
    if len(reference) > REFERENCE_MAX or not reference.isprintable():
        raise Invalid("This is too long.", field="reference", remedy="Use at most 60 characters.")
    if not wanted.to_bank_minor or wanted.bank_paid_at is not None:
        raise Conflict("Nothing remains to be paid to a bank account.")
    balance, waiting = await books.standing(tx, wanted.driver_id, wanted.currency, now)
    paid = await store.paid_by_bank_before(tx, refund_id)
    amount = wanted.to_bank_minor - paid
    entry = Entry(
        idempotency_key=f"wallet_paid_out:{refund_id}:{wanted.to_bank_minor}",
        kind="wallet_paid_out",
        occurred_at=now,
        source_kind=books.GIVING_BACK,
        source_id=refund_id,
        text=reference.strip(),
        lines=(
            Line(ADVANCES, amount, wanted.currency, wanted.driver_id),
            Line(BANK, -amount, wanted.currency),
            *rules.set_off(rules.share(waiting, balance, amount), wanted.currency, wanted.driver_id),
        ),
    )
    await ledger.post(tx, entry)
    await books.release_part(tx, refund_id, amount, now)
    await store.bank_paid(tx, refund_id, now, reference.strip())
    detail = {"amount_minor": amount, "reference": reference.strip()}
    await audit.write(
        tx, actor, "wallet_refund.paid_by_bank", "driver", wanted.driver_id, at=now, reason=REASON, detail=detail
    )
    await finish(tx, refund_id, now)


async def finish(tx: Transaction, refund_id: UUID, now: datetime) -> None:
    """Close a balance refund of which everything has gone; what a card refused goes to the bank account instead."""
    wanted = await store.refund(tx, refund_id, lock=True)
    if wanted is None or wanted.state is not GivingBack.APPROVED or await store.parts_under_way(tx, refund_id):
        return
    refused = await store.take_refused_parts(tx, refund_id)
    if refused:
        await store.leave_to_bank(tx, refund_id, refused)
        return
    if not wanted.to_bank_minor or wanted.bank_paid_at is not None:
        await _over(tx, wanted, GivingBack.PAID, now)


async def finish_all(tx: Transaction, now: datetime) -> None:
    """By the clock: look at the balance refunds that have been approved."""
    for refund_id in await store.approved(tx):
        await finish(tx, refund_id, now)


async def _wanted(tx: Transaction, refund_id: UUID, state: GivingBack, reason: str) -> BalanceRefund:
    wanted = await store.refund(tx, refund_id, lock=True)
    if wanted is None:
        raise NotFound("There is no such refund.")
    if wanted.state is not state:
        raise Conflict("Somebody has dealt with this already.")
    if not reason.strip():
        raise Invalid("A reason is needed.", field="reason", remedy="Say why.")
    return wanted


async def _over(tx: Transaction, wanted: BalanceRefund, state: GivingBack, now: datetime) -> None:
    hold = await books.hold_of(tx, wanted.id)
    if hold is not None:
        await holds.release(tx, hold.id, now)
    await store.close_refund(tx, wanted.id, state, now)
