"""Looking after reserved amounts while sessions run: raising, stopping, giving back, telling."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import PaymentId
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.payments import claims, settling
from laddverk.payments import store as payment_store
from laddverk.payments.model import Payment, Snapshot, State, Wish
from laddverk.payments.providers import provider_named
from laddverk.payments.providers.port import Raises, Refused, Unanswered
from laddverk.payments.reserved import rules, store
from laddverk.payments.reserved.rules import Does, Reserve, Step
from laddverk.payments.reserved.store import Running
from laddverk.payments.rules import unanswered
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.sessions import service as sessions
from laddverk.sessions import store_starts
from laddverk.sessions.running import price_ahead
from laddverk.stations.model import COMMANDS_TOPIC

log = structlog.get_logger()

WATCH: Final = "payments.watch_reserved"
RAISE: Final = "payments.raise"
"""The job that asks a provider to reserve more: payload `{payment_id, to_minor}`."""
EVERY_S: Final = 10.0
ASKED_AGAIN: Final = timedelta(minutes=2)  # a charger that was away when it was asked to stop is asked once more
SPENT: Final = "the reserved amount is used up"
ENDS: Final = "the reservation on the card ends"
NOT_OFFERED: Final = "not_offered"


async def watch(tx: Transaction, house: House, now: datetime) -> None:
    """Look at every running session that is paid from a reserved amount, and at reserves that lead nowhere.

    All is read first. What is then to be done takes its locks as whoever settles does: payments by id, sessions after
    them and by id. A payment that somebody is at just now is looked at the next time.
    """
    running = [(one, await _step(tx, house, one, now)) for one in await store.running(tx, now, ASKED_AGAIN)]
    await enqueue(tx, [_raise(one, step) for one, step in running if step.does == Does.RAISE])
    to_stop = sorted((one for one, step in running if step.does == Does.STOP), key=lambda one: one.session_id)
    unused = await store.unused(tx, now, now - timedelta(minutes=house.settings.reserve_unused_minutes))
    ending = await store.ending(tx, now, now + rules.ENDS_SOON)
    wanted = [*unused, *(one.payment_id for one in to_stop), *(each.payment_id for each in ending)]
    free = await claims.free(tx, wanted)

    asked = [await _stop(tx, one, now) for one in to_stop if one.payment_id in free]
    if any(asked):
        tx.after_commit(lambda: house.hints.publish([COMMANDS_TOPIC, "now"]))
    for payment_id in unused:
        if payment_id in free:
            await _give_back(tx, free[payment_id], now)
    for each in ending:
        if each.payment_id in free.keys() - set(unused):
            await store.alarm(tx, each.payment_id, "ended" if each.is_over else "ends_soon", now)


async def _step(tx: Transaction, house: House, one: Running, now: datetime) -> Step:
    """Return what is due for one running session."""
    if rules.ends_soon(one.capture_before, now):
        return Step(Does.STOP)
    ahead = await price_ahead(tx, one.session_id, now, rules.RAISE_AHEAD)
    if ahead is None or ahead <= one.reserved_minor:
        return Step(Does.NOTHING)
    soon = await price_ahead(tx, one.session_id, now, rules.STOP_AHEAD)
    return rules.next_step(reserve_of(house, one), soon, ahead)


def _raise(one: Running, step: Step) -> NewJob:
    payload = {"payment_id": str(one.payment_id), "to_minor": step.to_minor}
    return NewJob(RAISE, payload, unique_key=f"{RAISE}:{one.payment_id}:{step.to_minor}")


def reserve_of(house: House, one: Running) -> Reserve:
    """Return what may be done about the reserve of a running session, by the operator's settings."""
    settings = house.settings
    return Reserve(
        reserved_minor=one.reserved_minor,
        can_raise=one.can_raise,
        step_minor=settings.reserve_step_minor,
        max_minor=settings.reserve_max_minor,
        stops=settings.reserve_spent == "stop",
    )


async def _stop(tx: Transaction, one: Running, now: datetime) -> bool:
    """Ask the charger to stop, durably: the command waits for a charger that is away. Return whether it was asked."""
    kind, reason = "spent", SPENT
    if rules.ends_soon(one.capture_before, now):
        kind, reason = "reserve_ends", ENDS
        await store.alarm(tx, one.payment_id, "ends_soon", now)
    try:
        await sessions.request_stop(tx, rule("payments.reserved"), one.session_id, now, reason)
    except (Conflict, NotFound) as problem:
        log.info("payments.reserve_not_stopped", payment=str(one.payment_id), why=str(problem))
        return False
    await store.stopped(tx, one.payment_id, now)
    await payment_store.note(tx, one.payment_id, kind, now, amount_minor=one.reserved_minor)
    return True


def may_raise(payment: Payment, to_minor: int) -> bool:
    """Return whether it still makes sense to reserve `to_minor` in all."""
    return payment.state == State.AUTHORISED and payment.wish == Wish.NOTHING and to_minor > payment.authorised_minor


def raising(house: House, payment: Payment, to_minor: int) -> Callable[[], Awaitable[Snapshot]]:
    """Return the call that asks the provider to reserve `to_minor` in all."""

    async def call() -> Snapshot:
        provider = provider_named(house, payment.provider)
        if not isinstance(provider, Raises):
            raise Refused(NOT_OFFERED, "The provider reserves no more.")
        return await provider.raise_to(payment, to_minor)

    return call


async def record(tx: Transaction, payment: Payment, to_minor: int, answer: Any, now: datetime) -> None:
    """Record what came of a raise of the locked payment. A refusal is final; without an answer it is asked about."""
    if isinstance(answer, Unanswered):
        await settling.step(tx, payment, unanswered(payment, now), now)
        await payment_store.note(tx, payment.id, "raise_unanswered", now, amount_minor=to_minor)
        return
    if isinstance(answer, Refused):
        detail = {"code": answer.code}
        await store.refused(tx, payment.id, answer.code)
        await payment_store.note(tx, payment.id, "raise_refused", now, amount_minor=to_minor, detail=detail)
        return
    if isinstance(answer, BaseException):
        raise answer
    seen: Snapshot = answer
    after = await settling.see(tx, payment, seen, now)
    if after.authorised_minor > payment.authorised_minor:
        await store.raised(tx, payment.id)
        await payment_store.note(tx, payment.id, "raised", now, amount_minor=after.authorised_minor)
        if payment.start_request_id is not None:
            # A charger of 2.1 was told to stop at the old amount: its next answer carries the new one.
            await store_starts.set_cost_limit(tx, payment.start_request_id, after.authorised_minor)


async def _give_back(tx: Transaction, payment: Payment, now: datetime) -> None:
    """Let go of what the locked payment reserved for a charge that never began."""
    if payment.state != State.AUTHORISED:
        return
    await store.alarm(tx, payment.id, "no_start", now)
    await payment_store.note(tx, payment.id, "no_start", now, amount_minor=payment.authorised_minor)
    await settling.wish(tx, payment, Wish.CANCEL, now)


async def mark_seen(tx: Transaction, actor: Actor, payment_id: PaymentId, reason: str, now: datetime) -> None:
    """Note that somebody has looked at the alarm of a reserve. Raises `Conflict` when there is none to look at."""
    actor.require(Permission.PAYMENTS_REFUND)
    if not await store.seen(tx, payment_id, actor.name, now):
        raise Conflict("There is nothing to look at here any more.")
    await audit.write(tx, actor, "payment.reserve_seen", "payment", payment_id, at=now, reason=reason.strip()[:200])
