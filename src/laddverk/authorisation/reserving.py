"""Reservations: made by staff and drivers, held by chargers, and each brought to its one end."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.access.rules import normalised_uid
from laddverk.authorisation import list_rules
from laddverk.authorisation import reservation_rules as rules
from laddverk.authorisation import store_reservations as store
from laddverk.authorisation.model import ACTIVE, Held, Reservation, ReservationState, Wish
from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import CommandId, DriverId, ReservationId, StationId
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.ocpp.commands import CancelReservation, ReserveNow
from laddverk.ocpp.facts import ReservationReleased, SessionStarted, SessionUpdated
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations
from laddverk.stations.model import CommandFinished, CommandState

TOKEN_BYTES: Final = 10  # 20 hexadecimal digits: what fits an idTag of 1.6
REASON_LENGTH_MAX: Final = 200
OVERDUE_MAX: Final = 500  # bounds one run of the job
UNANSWERED: Final = "unanswered"
INT32_MAX: Final = 2**31 - 1
Keep = Callable[[Transaction, Sequence[tuple[SessionStarted | SessionUpdated, datetime, int]]], Awaitable[None]]
"""Who is told of sessions that use a reservation."""


async def reserve(tx: Transaction, actor: Actor, wish: Wish, now: datetime) -> ReservationId:
    """Ask a charger to keep an outlet for somebody, and return the reservation: asked, until it has answered.

    Staff need commands:send, and name a driver or a tag. A driver reserves for themselves, an hour at most and once at
    a time. Raises `NotFound`, `Invalid`, `Conflict` when it is taken or not free, `NotAllowed` for who does not come.
    The caller publishes the hint `commands`.
    """
    by_driver = actor.kind == "driver"
    rules.check_wish(wish, by_driver=by_driver)
    if by_driver:
        await _check_driver(tx, actor, wish, now)
    else:
        actor.require(Permission.COMMANDS_SEND)
    place = await store.place(tx, wish.station_id, now)
    if place is None or (actor.site_ids is not None and place.site_id not in actor.site_ids):
        raise NotFound("There is no such station.", field="station_id")
    problem = rules.why_not(wish, place)
    if problem is not None:
        raise problem
    token = await _token(tx, wish, place.protocol == "ocpp1.6", now)
    token_type = list_rules.token_type(token.kind)
    expires_at = (now + timedelta(minutes=wish.minutes)).replace(microsecond=0)
    by = actor.name or actor.kind
    reservation_id, number = await store.insert(tx, wish, token, token_type, by, now, expires_at)
    command = ReserveNow(
        reservation_number=number,
        evse_number=wish.evse_number,
        connector_type=rules.CONNECTOR_TYPES[wish.connector_type] if wish.connector_type else None,
        token_uid=token.uid,
        token_type=token_type,
        group_token=token.group_code,
        expires_at=expires_at,
    )
    asker = rule("driver's wish") if by_driver else actor
    command_id = await stations.request_command(tx, asker, wish.station_id, command, now, requested_by=by)
    await store.set_command(tx, reservation_id, command_id)
    detail = {"station_id": str(wish.station_id), "evse_number": wish.evse_number, "minutes": wish.minutes}
    await audit.write(tx, actor, "reservation.made", "reservation", reservation_id, at=now, detail=detail)
    return ReservationId(reservation_id)


async def _check_driver(tx: Transaction, actor: Actor, wish: Wish, now: datetime) -> None:
    if wish.driver_id is None or wish.driver_id != actor.id:
        raise NotAllowed("You can only reserve for yourself.")
    if await store.is_blocked(tx, wish.driver_id) is not False:
        raise NotAllowed("This driver may not charge: the account is blocked.", remedy="Ask the operator why.")
    rules.check_driver(await store.asked(tx, wish.driver_id, now, rules.NO_SHOWS_WITHIN))


async def _token(tx: Transaction, wish: Wish, is_16: bool, now: datetime) -> store.Token:
    """Return the tag that is let in: the one that was named, the driver's own, or one for this time."""
    length_max = list_rules.TAG_LENGTH_MAX_16 if is_16 else list_rules.TAG_LENGTH_MAX_2X
    uid = normalised_uid(wish.token_uid)
    if wish.driver_id is None:
        found = await store.token(tx, uid) if uid else None
        if found is None:
            raise Invalid("Name a driver or a tag that works.", field="token_uid")
        return found
    if await store.is_blocked(tx, wish.driver_id) is not False:
        raise Invalid("There is no such driver, or the driver is blocked.", field="driver")
    own = await store.own_token(tx, wish.driver_id, uid, length_max, now)
    if own is None and uid:
        raise Invalid("This is not a working tag of the driver.", field="token_uid")
    return own or store.Token(secrets.token_hex(TOKEN_BYTES).upper(), "central", "")


async def cancel(
    tx: Transaction, actor: Actor, reservation_id: ReservationId, now: datetime, *, reason: str = ""
) -> CommandId:
    """Let a reservation go: it is cancelled when the charger has answered. A driver cancels what is theirs.

    Return the command that asks the charger.
    """
    found = await store.lock(tx, reservation_id)
    if found is None or not _may_touch(actor, found):
        raise NotFound("There is no such reservation.")
    if actor.kind != "driver":
        actor.require(Permission.COMMANDS_SEND)
    if found.state not in ACTIVE or found.cancel_id is not None:
        raise Conflict("This reservation is over already, or is being cancelled.")
    asker = rule("driver's wish") if actor.kind == "driver" else actor
    command_id = await stations.request_command(
        tx,
        asker,
        found.station_id,
        CancelReservation(reservation_number=found.number),
        now,
        reason=reason,
        requested_by=actor.name or actor.kind,
    )
    await store.set_cancel(tx, found.id, command_id, reason[:REASON_LENGTH_MAX])
    await audit.write(tx, actor, "reservation.cancelled", "reservation", found.id, at=now, reason=reason)
    return command_id


def _may_touch(actor: Actor, found: Reservation) -> bool:
    if actor.kind == "driver":
        return found.driver_id == actor.id
    return actor.site_ids is None or found.site_id in actor.site_ids


async def commands_finished(tx: Transaction, finished: Sequence[CommandFinished], now: datetime) -> list[StationId]:
    """Take the outcomes of commands that make reservations or let them go; return the stations concerned."""
    by_id: Mapping[UUID, CommandFinished] = {event.command_id: event for event in finished}
    touched: list[StationId] = []
    for one in await store.lock_by_commands(tx, list(by_id)):
        let_go = by_id.get(one.cancel_id) if one.cancel_id else None
        answered = by_id.get(one.command_id) if one.command_id else None
        if answered is not None:
            await _answered(tx, one, answered, now)
        if let_go is not None:
            await _let_go(tx, one, let_go, now)
        touched.append(one.station_id)
    return touched


async def _answered(tx: Transaction, one: Reservation, event: CommandFinished, now: datetime) -> None:
    if one.state is not ReservationState.ASKED:
        return
    if rules.granted(event.state) is ReservationState.HELD:
        await store.hold(tx, one.id, now)
        return
    await store.end(tx, one.id, ReservationState.REFUSED, event.word or UNANSWERED, now)
    if event.state is CommandState.TIMED_OUT:  # it may hold it all the same, for nobody
        command = CancelReservation(reservation_number=one.number)
        await stations.request_command(tx, rule("reservations"), one.station_id, command, now)


async def _let_go(tx: Transaction, one: Reservation, event: CommandFinished, now: datetime) -> None:
    """Accepted, or refused because the charger has no such reservation: either way it keeps nothing."""
    if event.state in (CommandState.CONFIRMED, CommandState.REFUSED):
        await store.end(tx, one.id, ReservationState.CANCELLED, "", now)


async def expire(tx: Transaction, now: datetime) -> list[StationId]:
    """End the reservations whose time is over; return the stations concerned."""
    overdue = await store.lock_overdue(tx, now - rules.GRACE, OVERDUE_MAX)
    for one in overdue:
        cancelling = one.cancel_id is not None
        state = ReservationState.CANCELLED if cancelling else ReservationState.EXPIRED
        was_held = one.state is ReservationState.HELD
        no_show = rules.is_no_show(state, was_held=was_held, cancelling=cancelling)
        await store.end(tx, one.id, state, "", now, no_show=no_show)
    await outbox.publish(tx, await store.lapsed(tx, [one.id for one in overdue]))
    return [one.station_id for one in overdue]


async def record_releases(tx: Transaction, facts: Sequence[ReservationReleased]) -> None:
    """Record reservations that stations ended by themselves. One that is not theirs, or is over, changes nothing."""
    latest = {
        (fact.station_id, fact.reservation_number): (rules.released(fact.word), fact.word[:50], fact.at)
        for fact in sorted(facts, key=lambda fact: fact.received_at, reverse=True)
        if 0 < fact.reservation_number <= INT32_MAX
    }
    if latest:
        released = await store.release(tx, [(*key, *latest[key]) for key in sorted(latest)])
        await outbox.publish(tx, await store.lapsed(tx, released))


async def record_uses(
    tx: Transaction, facts: Sequence[SessionStarted | SessionUpdated], *, keep: Keep | None = None
) -> None:
    """Record which reservations were used: named by the session, or kept for its tag at its outlet.

    `keep` is told of the facts that used one, each with the instant from which the outlet was kept, and its number.
    """
    telling = [fact for fact in facts if fact.token_uid or _number(fact) is not None]
    shown = [
        (fact.station_id, _number(fact), fact.evse_number, normalised_uid(fact.token_uid or ""), fact.at)
        for fact in telling
    ]
    used = await store.use(tx, shown) if shown else []
    if keep is not None:
        await keep(tx, [(telling[each.place], each.kept_from, each.number) for each in used])


def _number(fact: SessionStarted | SessionUpdated) -> int | None:
    number = fact.reservation_id if isinstance(fact, SessionStarted) else None
    return number if number is not None and 0 < number <= INT32_MAX else None


async def reserved_token(
    tx: Transaction, station_id: StationId, evse_number: int, driver_id: DriverId | None, now: datetime
) -> str | None:
    """Return the uid that an outlet is kept for, when it is kept for this driver; None when for nobody.

    Raises `Conflict` when it is kept for somebody else, by itself or because every free outlet is.
    """
    held = await store.held(tx, station_id, now)
    if not held:
        return None
    own = [one for one in held if driver_id is not None and one.driver_id == driver_id]
    mine = next((one for one in own if one.evse_number in (None, evse_number)), None)
    if mine is not None:
        return mine.token_uid
    if _is_kept(held, evse_number) or await _are_all_kept(tx, station_id, held):
        raise Conflict("This outlet is reserved for somebody else.", remedy="Choose another outlet.")
    return None


def _is_kept(held: Sequence[Held], evse_number: int) -> bool:
    return any(one.evse_number == evse_number for one in held)


async def _are_all_kept(tx: Transaction, station_id: StationId, held: Sequence[Held]) -> bool:
    if all(one.evse_number is not None for one in held):
        return False
    startable = rules.FREE | {"preparing", "occupied", "finishing"}
    free = frozenset(spot.evse_number for spot in await store.spots(tx, station_id) if spot.status in startable)
    return rules.left(free, held) < 1
