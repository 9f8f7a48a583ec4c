"""Take the step of each trouble that has one: once, under guards, confirmed by the state that follows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import StationId, new_id
from laddverk.kernel.problems import Problem, TooMany
from laddverk.ocpp.commands import ChangeAvailability, UnlockConnector
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.sessions import service as sessions
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.support import store as cases
from laddverk.support.agent import sending
from laddverk.support.model import Entry, EntryKind
from laddverk.support.situations import choosing
from laddverk.support.situations.gathering import Subject, facts_of
from laddverk.support.situations.model import Situation, Step
from laddverk.support.stepping import rules, store
from laddverk.support.stepping.model import Trouble
from laddverk.tariffs import spot
from laddverk.tariffs.rules import SpotMissing

BY: Final = rule("situations")
SEND_WITHIN: Final = timedelta(seconds=20)  # what a charger does not get at once it never gets
UNLOCKED: Final = {"over": "the cable does not come loose", "refused": "the charger said no twice"}
"""Why a cable is let go of."""
DONE: Final = {
    Step.EXTEND: N_("The driver was given more time to plug in, once, by itself"),
    Step.UNLOCK: N_("The charger was asked by itself to let go of the cable"),
    Step.OUT_OF_SERVICE: N_("The outlet was closed by itself, for safety"),
    Step.TELL_OWNER: N_("The driver of the car that is done was asked by itself to move it"),
}


async def take_steps(tx: Transaction, house: House, now: datetime) -> int:
    """Take the step of each trouble that has one, once; return how many were taken."""
    taken = 0
    await store.take_turn(tx)
    await _work_out_costs(tx, now)
    for trouble in await store.troubles(tx, now, now - sending.TOLD_ONCE_WITHIN):
        subject = Subject(
            station_id=trouble.station_id, evse_number=trouble.evse_number, connector_number=trouble.connector_number,
            start_request_id=trouble.start_request_id, session_id=trouble.session_id, payment_id=trouble.payment_id,
            driver_id=trouble.driver_id, complaint=trouble.complaint,
        )  # fmt: skip
        told = choosing.told(await facts_of(tx, subject, now))
        step = rules.due_step(trouble, told)
        if step is not Step.NOTHING:
            taken += await _take(tx, house, trouble, told.situation, step, now)
    return taken


async def _work_out_costs(tx: Transaction, now: datetime) -> None:
    """Keep from when it costs to stand there, of each car that is done and of which nobody knows yet.

    What the exchange has not published yet is asked for again in a later turn.
    """
    cars = await store.standing(tx, now)
    prices = await spot.spots_for(tx, [(car.tariff, car.started_at, car.done_at) for car in cars])
    for car, its in zip(cars, prices, strict=True):
        try:
            costs_at = rules.costs_from(car, its)
        except SpotMissing:
            await store.keep_tried(tx, car, now)
        else:
            await store.keep_cost(tx, car, costs_at, now)


async def _take(
    tx: Transaction, house: House, trouble: Trouble, situation: Situation, step: Step, now: datetime
) -> bool:  # fmt: skip
    guards = await store.guards(tx, trouble, now)
    why = rules.held_back(step, situation, guards)
    if why == rules.IN_WORK or (not why and not guards.is_connected and step is not Step.TELL_OWNER):
        return False  # that may change while the trouble lasts
    command_id: UUID | None = None
    if not why:
        try:
            async with tx.savepoint():
                command_id = await _carry_out(tx, trouble, step, now)
        except TooMany:
            return False  # that passes
        except Problem as problem:
            why = str(problem)[:200]
    await store.keep(tx, trouble, situation, step, command_id, why, now)
    if why:
        return False
    await audit.write(tx, BY, f"situation.{step.value}", "station", trouble.station_id, at=now, reason=situation.key)
    await _tell(tx, house, trouble, step, now)
    return True


async def _carry_out(tx: Transaction, trouble: Trouble, step: Step, now: datetime) -> UUID | None:
    station_id, actor = StationId(trouble.station_id), BY
    if step is Step.EXTEND:
        assert trouble.start_request_id is not None
        await sessions.wait_more(tx, actor, trouble.start_request_id, now)
        return None
    if step is Step.TELL_OWNER:
        costs_at = trouble.costs_at if trouble.what == rules.STANDS else None
        await sending.tell_owner(tx, trouble.station_id, trouble.evse_number, now, costs_at)
        return None
    if step is Step.UNLOCK:
        wish = UnlockConnector(evse_number=trouble.evse_number, connector_number=trouble.connector_number or 1)
        return await _send(tx, actor, station_id, wish, UNLOCKED[trouble.what], now)
    out = ChangeAvailability(evse_number=trouble.evse_number, operative=False)
    return await _send(tx, actor, station_id, out, "it may be dangerous", now)


async def _send(
    tx: Transaction, actor: Actor, station_id: StationId, wish: UnlockConnector | ChangeAvailability, reason: str,
    now: datetime,
) -> UUID:  # fmt: skip
    return await stations.request_command(
        tx, actor, station_id, wish, now, reason=reason, expires_at=now + SEND_WITHIN
    )  # fmt: skip


async def _tell(tx: Transaction, house: House, trouble: Trouble, step: Step, now: datetime) -> None:
    """Write it on the timeline of the cases there, and wake who looks."""
    there = await store.cases_there(tx, trouble)
    await cases.add(
        tx,
        [
            Entry(case_id=case_id, id=new_id(), at=now, kind=EntryKind.MACHINE, by_kind="rule", text=DONE[step])
            for case_id in there
        ],
    )
    topics = [COMMANDS_TOPIC, f"station:{trouble.station_id}", *(f"case:{case_id}" for case_id in there)]
    tx.after_commit(lambda: house.hints.publish(topics))
