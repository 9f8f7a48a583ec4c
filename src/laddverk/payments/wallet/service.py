"""What a driver has with us, goodwill, and what may be kept for a charge. One transaction each."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec.structs import asdict, replace

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, new_id
from laddverk.kernel.problems import Invalid, NotAllowed, NotFound
from laddverk.ledger import holds
from laddverk.ledger import service as ledger
from laddverk.ledger.model import ADVANCES, GOODWILL, Entry, Line
from laddverk.payments.providers import chosen_provider
from laddverk.payments.wallet import rules, store
from laddverk.payments.wallet.model import Policy, Wallet
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.tariffs import queries as tariffs

REASON_MAX = 300


async def wallet(tx: Transaction, driver_id: DriverId, currency: str, now: datetime) -> Wallet:
    """Return what a driver has with us. Locks the account until `tx` ends."""
    available = await holds.available(tx, ADVANCES, driver_id, currency, now)
    balance = -await ledger.balance(tx, ADVANCES, currency=currency, owner=driver_id)
    found = Wallet(currency=currency, balance_minor=balance, held_minor=balance - available)
    back = rules.refundable(found, await store.used(tx, driver_id, currency))
    return replace(found, refundable_minor=back)


async def currencies(tx: Transaction, house: House, driver_id: DriverId, now: datetime) -> list[str]:
    """Return the currencies in which a driver can have a balance: those of prices here, and any they have."""
    priced = [each for each in await tariffs.currencies_in_use(tx, now) if each in house.settings.currencies]
    return list(dict.fromkeys([house.settings.currency, *priced, *await store.currencies(tx, driver_id)]))


def amounts(policy: Policy, house: House, currency: str) -> list[int]:
    """Return the amounts to pay in to choose from: in another currency what is reserved for a charge, and the double.

    None where it is not taken here: what one has of it can be used, and given back.
    """
    if currency == house.settings.currency:
        return list(policy.top_up_amounts)
    usual = house.settings.reserve_minor(currency)
    return [usual, 2 * usual] if usual else []


async def to_hold(tx: Transaction, driver_id: DriverId, currency: str, wanted_minor: int, now: datetime) -> int:
    """Return what to keep for a charge that begins now: `wanted_minor`, or what is there; 0 when it is too little."""
    available = await holds.available(tx, ADVANCES, driver_id, currency, now)
    return rules.held_at_start(await store.policy(tx), available, wanted_minor)


async def policy(tx: Transaction) -> Policy:
    """Return what the operator has decided about wallets."""
    return await store.policy(tx)


async def change_policy(tx: Transaction, house: House, actor: Actor, new: Policy, reason: str, now: datetime) -> None:
    """Decide anew about wallets; balances that are there keep the VAT that was booked for them. Raises `Invalid`."""
    actor.require(Permission.INVOICES_WRITE)
    rules.check_policy(new, chosen_provider(house).smallest_minor(house.settings.currency))
    before = await store.policy(tx)
    await store.save_policy(tx, new, now, actor.name or actor.kind)
    was, becomes = asdict(before), asdict(new)
    changed = {name: str(value) for name, value in becomes.items() if value != was[name]}
    await audit.write(tx, actor, "wallet.policy_changed", "wallet", None, at=now, reason=reason, detail=changed)


def goodwill_limit(actor: Actor, policy: Policy) -> int:
    """Return the most that `actor` may give at a time: 0 for who may not."""
    if actor.may(Permission.INVOICES_WRITE):
        return policy.goodwill_books_minor
    return policy.goodwill_max_minor if actor.may(Permission.PAYMENTS_REFUND) else 0


async def give_goodwill(
    tx: Transaction,
    house: House,
    actor: Actor,
    driver_id: DriverId,
    amount_minor: int,
    reason: str,
    now: datetime,
    *,
    once: UUID,
) -> None:
    """Give a driver money to charge for. `once` is the form's own id: the same form twice gives once.

    Nothing was paid for it, so no VAT is due; it is used before the driver's own money, and never paid out.
    Needs `payments:refund` and a reason. Raises `NotFound`, `Invalid`, and `NotAllowed` above this person's limit.
    """
    actor.require(Permission.PAYMENTS_REFUND)
    if not 0 < len(reason.strip()) <= REASON_MAX:
        raise Invalid("A reason is needed.", field="reason", remedy="Say why.")
    if amount_minor <= 0:
        raise Invalid("The amount must be more than zero.", field="amount")
    if amount_minor > goodwill_limit(actor, await store.policy(tx)):
        raise NotAllowed("This is more than you may give.", field="amount", remedy="Ask somebody who keeps the books.")
    if await store.driver_name(tx, driver_id) is None:
        raise NotFound("There is no such driver.")
    currency = house.settings.currency
    entry = Entry(
        idempotency_key=f"goodwill:{once}",
        kind="goodwill",
        occurred_at=now,
        source_kind="driver",
        source_id=driver_id,
        text=reason.strip(),
        lines=(Line(GOODWILL, amount_minor, currency), Line(ADVANCES, -amount_minor, currency, driver_id)),
    )
    if await ledger.post(tx, entry):
        detail = {"amount_minor": amount_minor}
        await audit.write(
            tx, actor, "wallet.goodwill", "driver", driver_id, at=now, reason=reason.strip(), detail=detail
        )


def new_form_id() -> UUID:
    """Return an id for a form that must count once."""
    return new_id()
