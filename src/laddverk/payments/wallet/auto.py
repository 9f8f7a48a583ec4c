"""Topping up by itself: below this, add that, from a saved card or consent; at most so often a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, PaymentId, PaymentMethodId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.payments import settling
from laddverk.payments import store as payment_store
from laddverk.payments.model import Payment, Purpose, State, Wish
from laddverk.payments.providers import provider_named
from laddverk.payments.wallet import rules, store, telling
from laddverk.payments.wallet.model import Auto
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

DAY: Final = timedelta(days=1)
FAILURES_MAX: Final = 3  # in a row; then it stops, and the driver is told
WAIT_AFTER_FAILURE: Final = (timedelta(hours=6), timedelta(days=1), timedelta(days=1))
AT_ONCE: Final = 50  # bounds one round


async def agree(
    tx: Transaction,
    house: House,
    actor: Actor,
    driver_id: DriverId,
    method_id: PaymentMethodId,
    *,
    below_minor: int,
    add_minor: int,
    now: datetime,
) -> None:
    """Keep a driver's wish that the balance fills itself up. Raises `Invalid` by field, `Conflict` where it is off."""
    policy = await store.policy(tx)
    if not policy.auto_times_a_day:
        raise Conflict("Topping up by itself is not offered here.")
    provider = await store.provider_of_method(tx, driver_id, method_id)
    if provider is None:
        raise Invalid("Choose one of your saved cards.", field="method")
    smallest = provider_named(house, provider).smallest_minor(house.settings.currency)
    if not 1 <= below_minor <= rules.AMOUNT_MAX_MINOR:
        raise Invalid("This amount makes no sense.", field="below")
    if not smallest <= add_minor <= rules.AMOUNT_MAX_MINOR:
        raise Invalid("This amount cannot be paid in.", field="add", remedy="Choose one of the amounts shown.")
    wish = Auto(
        driver_id=driver_id, below_minor=below_minor, add_minor=add_minor, method_id=method_id, next_at=now,
        agreed_at=now,
    )  # fmt: skip
    await store.save_auto(tx, wish)
    detail = {"below_minor": below_minor, "add_minor": add_minor, "method": str(method_id)}
    await audit.write(tx, actor, "wallet.auto_agreed", "driver", driver_id, at=now, detail=detail)


async def end(tx: Transaction, actor: Actor, driver_id: DriverId, now: datetime, reason: str = "") -> None:
    """Fill up by itself no more. A driver ends their own; staff need `drivers:write` and a reason."""
    if actor.id != driver_id:
        actor.require(Permission.DRIVERS_WRITE)
        if not reason.strip():
            raise Invalid("A reason is needed.", field="reason", remedy="Say why.")
    if not await store.end_auto(tx, driver_id):
        raise NotFound("The balance does not fill itself up.")
    await audit.write(tx, actor, "wallet.auto_ended", "driver", driver_id, at=now, reason=reason.strip())


async def fill(tx: Transaction, house: House, now: datetime) -> int:
    """Charge the saved methods of those whose balance is low; return how many.

    How the one before went is looked at first: a refusal makes it wait, and three in a row end it, with a mail.
    """
    policy = await store.policy(tx)
    if not policy.auto_times_a_day:
        return 0
    begun = 0
    for wish in await store.auto_due(tx, now, house.settings.currency, AT_ONCE):
        if wish.payment_id is not None and await _has_failed(tx, wish):
            await _wait(tx, house, wish, now)
        elif await store.auto_tries(tx, wish.driver_id, now - DAY) >= policy.auto_times_a_day:
            await store.auto_tried(tx, wish.driver_id, None, wish.failures, now + DAY / 24, None)
        else:
            await _charge(tx, house, wish, now)
            begun += 1
    return begun


async def _has_failed(tx: Transaction, wish: Auto) -> bool:
    """Return whether the latest try failed and nobody has drawn the conclusion yet."""
    assert wish.payment_id is not None
    return await store.payment_state(tx, wish.payment_id) in (State.FAILED, State.CANCELLED)


async def _wait(tx: Transaction, house: House, wish: Auto, now: datetime) -> None:
    failures = wish.failures + 1
    stopped = now if failures >= FAILURES_MAX else None
    await store.auto_tried(tx, wish.driver_id, None, failures, now + WAIT_AFTER_FAILURE[failures - 1], stopped)
    await store.forget_try(tx, wish.driver_id)
    await telling.not_paid_in(
        tx, house, wish.driver_id, wish.add_minor, f"top_up_failed:{wish.payment_id}", now, stopped=stopped is not None
    )


async def _charge(tx: Transaction, house: House, wish: Auto, now: datetime) -> None:
    method = await payment_store.method(tx, wish.method_id)
    assert method is not None, "a wish refers to its method"
    made = Payment(
        id=PaymentId(new_id()),
        purpose=Purpose.TOP_UP,
        state=State.CREATED,
        currency=house.settings.currency,
        amount_minor=wish.add_minor,
        due_minor=wish.add_minor,
        wish=Wish.CAPTURE,
        driver_id=wish.driver_id,
        method_id=method.id,
        provider=method.provider,
        created_at=now,
        updated_at=now,
    )
    await payment_store.insert(tx, made)
    await payment_store.note(tx, made.id, "top_up_by_itself", now, amount_minor=made.amount_minor)
    await settling.call(tx, made.id, "charge")
    # The row stays locked until this commits, and names its payment then: nobody begins a second one beside it.
    # One that failed has been forgotten by now, so a payment that is named went well.
    failures = 0 if wish.payment_id is not None else wish.failures
    await store.auto_tried(tx, wish.driver_id, made.id, failures, now, None)
