"""Deeds that are asked of a charger: start, stop, more time, another outlet, the cable, a restart, out of service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.access import queries as access_queries
from laddverk.authorisation import reserving
from laddverk.diagnostics.remedies.rules import HANDS_OFF
from laddverk.energy.planning_ahead import wishing
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import DriverId, SessionId, StationId
from laddverk.kernel.problems import Conflict, NotAllowed, NotFound
from laddverk.ocpp.commands import (
    AnyCommand,
    CancelReservation,
    ChangeAvailability,
    ClearCache,
    Reset,
    ResetKind,
    UnlockConnector,
)
from laddverk.payments import service as payments
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.sessions import driver_queries
from laddverk.sessions import service as sessions
from laddverk.stations import service as stations
from laddverk.support.agent import store
from laddverk.support.agent.model import Given, Result, Trouble
from laddverk.support.situations.gathering import TOKENS_SINCE
from laddverk.support.situations.model import AgentButton

CODE_MAX: Final = 40
BELIEVED_FOR: Final = timedelta(days=2)  # a reservation lasts a day at most; so long a charger may hold on to one


async def start(tx: Transaction, house: House, actor: Actor, trouble: Trouble, now: datetime) -> Result:
    """Ask the charger to start for the case's driver, who pays as usual. Raises `Conflict` without an account."""
    if trouble.case.driver_id is None:
        raise Conflict("Nobody with an account is named.", remedy="Send a payment link, or say who the driver is.")
    return await _start(tx, house, actor, trouble, DriverId(trouble.case.driver_id), now)


async def allow_token(tx: Transaction, house: House, actor: Actor, trouble: Trouble, now: datetime) -> Result:
    """Start one charge for the holder of the tag that was refused there lately; the tag stays as it is."""
    if trouble.case.driver_id is None:
        raise Conflict("Nobody with an account is named.", remedy="Send a payment link, or say who the driver is.")
    found = await store.holder_of_refused(tx, trouble.subject.station_id, now - TOKENS_SINCE, trouble.case.driver_id)
    if found is None:
        raise Conflict("No tag of this driver was refused there lately.", remedy="Start for the driver instead.")
    return await _start(tx, house, actor, trouble, DriverId(found), now)


async def _start(
    tx: Transaction, house: House, actor: Actor, trouble: Trouble, driver_id: DriverId, now: datetime
) -> Result:  # fmt: skip
    _refuse_danger(trouble)
    station_id, evse = _outlet(trouble)
    driver = await access_queries.driver(tx, driver_id)
    if driver is None:
        raise NotFound("There is no such driver.")
    await _is_calm(tx, trouble, now)
    prepared = await sessions.prepare_start(
        tx, actor, station_id=station_id, evse_number=evse, connector_number=trouble.subject.connector_number or 1,
        driver_id=driver_id, payment_id=None, now=now,
    )  # fmt: skip
    reserved = None
    if driver.settlement == "card":
        reserved = await payments.open_with_card(
            tx, house, driver_id=driver_id, start_request_id=prepared.id,
            amount_minor=house.settings.reserve_minor(prepared.currency), now=now,
        )  # fmt: skip
    command_id = None
    if reserved is None:
        command_id = await sessions.begin_start(tx, actor, prepared.id, now, reason="support")
    return Result(
        command_id=command_id, station_id=station_id, start_request_id=prepared.id, payment_id=reserved
    )  # fmt: skip


async def extend(tx: Transaction, actor: Actor, trouble: Trouble, _given: Given, now: datetime) -> Result:
    """Keep the start open for longer. Raises `Conflict` where none waits."""
    request_id = _open_start(trouble)
    command_id = await sessions.wait_more(tx, actor, request_id, now)
    return Result(command_id=command_id, station_id=trouble.subject.station_id, start_request_id=request_id)


async def swap(tx: Transaction, actor: Actor, trouble: Trouble, given: Given, now: datetime) -> Result:
    """Let the start begin at the outlet where the cable is. Raises `NotFound`, `Conflict`."""
    request_id = _open_start(trouble)
    code = given.code.strip() or (trouble.facts.elsewhere.code if trouble.facts.elsewhere else "")
    if not code:
        raise Conflict("Say at which outlet the cable is.", field="code")
    outlet = await driver_queries.outlet(tx, code[:CODE_MAX]) if "\x00" not in code else None
    if outlet is None:
        raise NotFound("There is no outlet with this code.", field="code")
    actor.require_site(outlet.site_id)
    command_id = await sessions.move_start(
        tx, actor, request_id, outlet.station_id, outlet.evse_number, outlet.connector_number, now
    )
    return Result(
        command_id=command_id, station_id=outlet.station_id, start_request_id=request_id, detail=outlet.code
    )  # fmt: skip


async def stop(tx: Transaction, actor: Actor, trouble: Trouble, _given: Given, now: datetime) -> Result:
    """Ask the charger to end the driver's own charge. Raises `Conflict` where none of theirs runs."""
    session = trouble.facts.session
    if trouble.subject.session_id is None or session is None or not session.is_drivers or session.ended_at is not None:
        raise Conflict("No charge of this driver is running.", remedy="Say which session it is about.")
    session_id = SessionId(trouble.subject.session_id)
    command_id = await sessions.request_stop(tx, actor, session_id, now, "support")
    return Result(command_id=command_id, station_id=trouble.subject.station_id)


async def unlock(tx: Transaction, actor: Actor, trouble: Trouble, _given: Given, now: datetime) -> Result:
    """Ask the charger to let go of the cable. Raises `Conflict` while anybody charges there."""
    station_id, evse = _outlet(trouble)
    going_on = await _going_on(tx, trouble, now)
    if going_on.here:
        raise Conflict("Somebody is charging there.", remedy="Stop the charge first, if it is this driver's.")
    wish = UnlockConnector(evse_number=evse, connector_number=trouble.subject.connector_number or 1)
    return await _command(tx, actor, station_id, wish, now, "the cable does not come loose")


async def reset(tx: Transaction, actor: Actor, trouble: Trouble, given: Given, now: datetime) -> Result:
    """Restart the charger gently. Raises `Conflict` while anybody charges there, `NotAllowed` after a danger."""
    _refuse_danger(trouble)
    station_id, _evse = _outlet(trouble)
    await _is_idle(tx, trouble, now)
    return await _command(tx, actor, station_id, Reset(), now, given.reason)


async def hard_reset(tx: Transaction, actor: Actor, trouble: Trouble, given: Given, now: datetime) -> Result:
    """Restart the charger at once. Raises as `reset`: what it would cut off is not cut off from a desk."""
    _refuse_danger(trouble)
    station_id, _evse = _outlet(trouble)
    await _is_idle(tx, trouble, now)
    return await _command(tx, actor, station_id, Reset(reset=ResetKind.HARD), now, given.reason)


async def clear_cache(tx: Transaction, actor: Actor, trouble: Trouble, given: Given, now: datetime) -> Result:
    """Let the charger forget which cards it remembers; it asks us anew about each."""
    station_id, _evse = _outlet(trouble)
    return await _command(tx, actor, station_id, ClearCache(), now, given.reason)


async def clear_reservation(tx: Transaction, actor: Actor, trouble: Trouble, given: Given, now: datetime) -> Result:
    """Let go of what is kept for the driver, or of what only the charger still believes is kept.

    Raises `Conflict` where nothing is kept, or it is kept for somebody else.
    """
    station_id, evse = _outlet(trouble)
    kept = await store.kept(tx, station_id, evse, trouble.case.driver_id, now - BELIEVED_FOR)
    outlet = trouble.facts.outlet
    if kept is None or (not kept.is_active and (outlet is None or outlet.status != "reserved")):
        raise Conflict("Nothing is kept at this outlet.")
    if not kept.is_active:
        wish = CancelReservation(reservation_number=kept.number)
        return await _command(tx, actor, station_id, wish, now, given.reason)
    if trouble.case.driver_id is None or not kept.is_own:
        raise Conflict("It is kept for somebody else.", remedy="Send the nearest free instead.")
    command_id = await reserving.cancel(tx, actor, kept.id, now, reason=given.reason)
    return Result(command_id=command_id, station_id=station_id)


async def in_service(tx: Transaction, actor: Actor, trouble: Trouble, given: Given, now: datetime) -> Result:
    """Open an outlet that was closed. Raises `NotAllowed` after a danger, `Conflict` while somebody works there."""
    _refuse_danger(trouble)
    station_id, evse = _outlet(trouble)
    _refuse_work(await _is_calm(tx, trouble, now))
    return await _command(
        tx, actor, station_id, ChangeAvailability(evse_number=evse, operative=True), now, given.reason
    )  # fmt: skip


async def come_first(tx: Transaction, actor: Actor, trouble: Trouble, _given: Given, now: datetime) -> Result:
    """Let the driver's running charge get its current before others at the site, as they may ask for themselves.

    The fuses stay what they are: it is only the order that changes. What the driver has said of the charge stays,
    and nobody speaks for them of what they have not said.
    Raises `Conflict` where none of theirs runs, `Invalid` (field priority) where nobody goes first.
    """
    session = trouble.facts.session
    if trouble.subject.session_id is None or session is None or not session.is_drivers:
        raise Conflict("No charge of this driver is running.", remedy="Say which session it is about.")
    await wishing.come_first(tx, actor, trouble.subject.session_id, now)
    return Result(station_id=trouble.subject.station_id)


async def out_of_service(tx: Transaction, actor: Actor, trouble: Trouble, given: Given, now: datetime) -> Result:
    """Close the outlet until somebody opens it again."""
    station_id, evse = _outlet(trouble)
    return await _command(
        tx, actor, station_id, ChangeAvailability(evse_number=evse, operative=False), now, given.reason
    )  # fmt: skip


async def _command(
    tx: Transaction, actor: Actor, station_id: StationId, wish: AnyCommand, now: datetime, reason: str
) -> Result:  # fmt: skip
    command_id = await stations.request_command(tx, actor, station_id, wish, now, reason=reason)
    return Result(command_id=command_id, station_id=station_id)


async def _going_on(tx: Transaction, trouble: Trouble, now: datetime) -> store.GoingOn:
    found = await store.going_on(
        tx, trouble.subject.station_id, trouble.subject.evse_number, now, trouble.subject.start_request_id,
        [family.value for family in HANDS_OFF],
    )  # fmt: skip
    if found is None:
        raise NotFound("There is no such charger.")
    return found


async def _is_calm(tx: Transaction, trouble: Trouble, now: datetime) -> store.GoingOn:
    """Raise `NotAllowed` for a charger with anything dangerous at any of its outlets."""
    going_on = await _going_on(tx, trouble, now)
    if going_on.is_dangerous:
        _refuse()
    return going_on


async def _is_idle(tx: Transaction, trouble: Trouble, now: datetime) -> None:
    """Raise `Conflict` for a charger at which somebody charges, is about to, or works; `NotAllowed` for a danger."""
    going_on = await _is_calm(tx, trouble, now)
    if going_on.charging or going_on.starting:
        raise Conflict("Somebody charges at this charger, or is about to.", remedy="Wait, or stop the charge first.")
    _refuse_work(going_on)


def _refuse_work(going_on: store.GoingOn) -> None:
    if going_on.is_worked_on:
        raise Conflict("Somebody works at this charger.", remedy="Speak with them first.")


def _refuse_danger(trouble: Trouble) -> None:
    if trouble.told.situation.is_danger:
        _refuse()


def _refuse() -> None:
    raise NotAllowed(
        "Something dangerous is known of this charger: it is not started, restarted or opened from afar.",
        remedy="Take the outlet out of service, and order a technician.",
    )


def _outlet(trouble: Trouble) -> tuple[StationId, int]:
    if trouble.subject.station_id is None or not trouble.subject.evse_number:
        raise Conflict("It is not said which outlet it is about.", remedy="Enter the code on the outlet.")
    return StationId(trouble.subject.station_id), trouble.subject.evse_number


def _open_start(trouble: Trouble) -> UUID:
    if trouble.subject.start_request_id is None:
        raise Conflict("No start of this driver is waiting.", remedy="Start for the driver, or send a payment link.")
    return trouble.subject.start_request_id


ASKED: Final[Mapping[AgentButton, Callable[[Transaction, Actor, Trouble, Given, datetime], Awaitable[Result]]]] = {
    AgentButton.EXTEND: extend,
    AgentButton.SWAP: swap,
    AgentButton.STOP: stop,
    AgentButton.UNLOCK: unlock,
    AgentButton.RESET: reset,
    AgentButton.HARD_RESET: hard_reset,
    AgentButton.CLEAR_CACHE: clear_cache,
    AgentButton.CLEAR_RESERVATION: clear_reservation,
    AgentButton.COME_FIRST: come_first,
    AgentButton.OUT_OF_SERVICE: out_of_service,
    AgentButton.IN_SERVICE: in_service,
}
"""Deeds at the charger that need nothing of the house but its database."""
