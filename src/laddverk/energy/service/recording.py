"""The recorders of what chargers say about energy. Each takes a whole window of facts and may be given it again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from laddverk.energy import rules, store, store_told
from laddverk.energy.circuits import store as circuits
from laddverk.energy.composite import limit_at
from laddverk.energy.model import LIMIT_A_MAX, Wish
from laddverk.energy.service.profiles import set_limit
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import StationId
from laddverk.kernel.problems import Problem
from laddverk.ocpp import facts
from laddverk.ocpp.answers import DynamicLimitAnswer, NeedsAnswer, PlanAnswer
from laddverk.ocpp.facts import Fact, Purpose, ScheduleUpdate
from laddverk.ocpp.quirks import Registry
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations
from laddverk.stations.model import Deed

PLAN_ACTOR: Final = rule("the car's needs")
PLANS_AHEAD: Final = timedelta(hours=24)  # a car that names no departure is taken to stay at most so long
PLAN_STACK: Final = 0
NEEDS_WAIT: Final = timedelta(minutes=5)  # needs come with the cable; a session that is not there by then does not come


async def record_profiles(tx: Transaction, reports: Sequence[facts.ProfilesReported]) -> None:
    """Keep the profiles that chargers report. The last part of a report of everything settles what is there."""
    for report in sorted(reports, key=lambda one: one.received_at):
        await store_told.keep_reported(tx, report)
        if not report.more_follows:
            if await store_told.asked_for_all(tx, report.station_id, "read_profiles", report.request_id):
                await store_told.complete(tx, report.station_id, report.request_id, report.received_at)
            await _confirm(tx, report, "read_profiles", request_id=report.request_id)


async def record_limits(tx: Transaction, limits: Sequence[facts.LimitReported]) -> None:
    """Keep limits that others have set."""
    for limit in sorted(limits, key=lambda one: one.received_at):
        await store_told.set_limit(tx, limit)


async def record_cleared(tx: Transaction, cleared: Sequence[facts.LimitCleared]) -> None:
    """Limits of others are gone."""
    for one in cleared:
        await store_told.clear_limit(tx, one)


async def record_needs(
    tx: Transaction, needs: Sequence[facts.NeedsReported], known: Registry | None = None
) -> list[NeedsAnswer]:
    """Keep what cars need, and answer: Accepted when a schedule follows at once, Processing when the session is not
    known yet, Rejected for an outlet that does not exist or that load management steers (K15).
    """
    answers = []
    for told in needs:
        departure_at = rules.departure(told.departure_at, told.received_at)
        need = msgspec.structs.replace(told, departure_at=departure_at)
        word, key = await _planned(tx, need, known)
        await store_told.keep_need(tx, need, key, word)
        answers.append(NeedsAnswer(word))
    return answers


async def _planned(tx: Transaction, need: facts.NeedsReported, known_models: Registry | None) -> tuple[str, str | None]:
    session = await store.running(tx, need.station_id, need.evse_number)
    if session is None:
        known = await store.feed(tx, need.station_id, need.evse_number)
        return ("Processing" if known and need.evse_number else "Rejected"), None
    done = await _plan(tx, need.station_id, need.evse_number, need.departure_at, need.received_at, known_models)
    return ("Accepted" if done else "Rejected"), session.transaction_key


async def _plan(
    tx: Transaction, station_id: StationId, evse_number: int, departure_at: datetime | None, now: datetime,
    known: Registry | None,
) -> bool:  # fmt: skip
    """Give a session the schedule that a car asked for: what the limits allow now, until it leaves.

    Returns False when no profile can be set; the car then charges by what holds anyway. So does one at an outlet on a
    circuit: what load management allows at this moment would outlast it for hours, and stand above the safe default.
    """
    if await circuits.is_placed(tx, station_id, evse_number):
        return False
    feed = await store.feed(tx, station_id, evse_number)
    session = await store.running(tx, station_id, evse_number)
    if feed is None or session is None:
        return False
    placed = [one for one in await store.placed(tx, station_id) if one.profile.purpose is not Purpose.TX]
    step = limit_at(placed, evse_number, now, feed, session.running)
    limit_a = min(step.limit_a if step.limit_a is not None else LIMIT_A_MAX, feed.current_max_a)
    until = departure_at if departure_at and departure_at > now else now + PLANS_AHEAD
    wish = Wish(
        evse_number=evse_number, limit=limit_a, until=min(until, now + PLANS_AHEAD), purpose=Purpose.TX,
        stack_level=PLAN_STACK,
    )  # fmt: skip
    try:
        async with tx.savepoint():
            await set_limit(tx, PLAN_ACTOR, station_id, wish, now, reason="the car said what it needs", known=known)
    except Problem:
        return False
    return True


async def plan_needs(tx: Transaction, now: datetime, known: Registry | None = None) -> int:
    """Plan for needs whose session has begun since they came; return how many."""
    waiting = await store_told.waiting_needs(tx, now - NEEDS_WAIT)
    for need in waiting:
        session = await store.running(tx, need.station_id, need.evse_number)
        done = await _plan(tx, need.station_id, need.evse_number, need.departure_at, now, known)
        key = session.transaction_key if session else ""
        await store_told.need_answered(tx, need, "Accepted" if done else "Rejected", key)
    return len(waiting)


async def record_plans(tx: Transaction, plans: Sequence[facts.EvScheduleReported]) -> list[PlanAnswer]:
    """Keep how cars mean to charge, and say whether that is within what is allowed (K17)."""
    answers = []
    for told in plans:
        plan = msgspec.structs.replace(told, starts_at=rules.plan_start(told.starts_at, told.received_at))
        fits = await _fits(tx, plan)
        await store_told.keep_plan(tx, plan, fits)
        answers.append(PlanAnswer(fits))
    return answers


async def _fits(tx: Transaction, plan: facts.EvScheduleReported) -> bool:
    feed = await store.feed(tx, plan.station_id, plan.evse_number)
    if feed is None:
        return False
    session = await store.running(tx, plan.station_id, plan.evse_number)
    placed = await store.placed(tx, plan.station_id)
    start = plan.starts_at or plan.received_at
    running = session.running if session else None
    allowed = [
        limit_at(placed, plan.evse_number, start + timedelta(seconds=period.start_s), feed, running).limit_a
        for period in plan.schedule.periods
    ]
    return rules.fits(plan.schedule, allowed, feed)


async def record_priorities(tx: Transaction, told: Sequence[facts.PriorityReported]) -> None:
    """Keep which sessions charge first; confirms what was asked for."""
    for one in sorted(told, key=lambda each: each.received_at):
        await store_told.keep_priority(tx, one.station_id, one.transaction_key, one.active, one.received_at)
        await _confirm(tx, one, "use_priority", transaction_key=one.transaction_key, active=one.active)


async def record_dynamic_asks(tx: Transaction, asks: Sequence[facts.DynamicLimitAsked]) -> list[DynamicLimitAnswer]:
    """Answer with the limit of each dynamic profile that is asked for."""
    answers = []
    for ask in asks:
        limits = await store_told.dynamic_limits(tx, ask.station_id, [ask.profile_id], ask.received_at)
        known = ask.profile_id in limits
        if known:
            await store.limit_told(tx, ask.station_id, ask.profile_id, limits[ask.profile_id], ask.received_at)
        answers.append(DynamicLimitAnswer(ScheduleUpdate(limit=limits[ask.profile_id]) if known else None))
    return answers


async def record_controls(tx: Transaction, reports: Sequence[facts.DerControlsReported]) -> None:
    """Keep the grid functions that chargers report; the last part of a reading of all settles what is there."""
    for report in sorted(reports, key=lambda one: one.received_at):
        for control in report.controls:
            await store_told.keep_control(
                tx, report.station_id, control, "installed", report.received_at, report.received_at
            )
        if not report.more_follows:
            asked_at = await store_told.asked_at(tx, report.station_id, report.request_id)
            if asked_at is not None:
                await store_told.controls_unreported(tx, report.station_id, asked_at, report.received_at)
            await _confirm(tx, report, "read_der_controls", request_id=report.request_id)


async def record_der_alarms(tx: Transaction, alarms: Sequence[facts.DerAlarmed]) -> None:
    """Keep alarms of the grid: they are events on the charger's page."""
    for alarm in alarms:
        detail = {"fault": alarm.fault, "info": (alarm.info or "")[:200]}
        kind = "alarm_ended" if alarm.ended else "alarm"
        await store_told.keep_event(tx, alarm, kind, alarm.control, detail, _content(kind, alarm.control, detail))


async def record_der_switches(tx: Transaction, switches: Sequence[facts.DerSwitched]) -> None:
    """Keep starts and stops of controls for a time."""
    for one in sorted(switches, key=lambda each: each.received_at):
        kind = "started" if one.started else "stopped"
        detail = {"superseded": list(one.superseded_ids)}
        content = _content(kind, one.control_id, detail)
        await store_told.keep_event(tx, one, kind, one.control_id, detail, content)
        await store_told.switched(tx, one.station_id, one.control_id, one.started, one.received_at)
        await store_told.superseded(tx, one.station_id, one.superseded_ids, one.received_at)


def _content(*parts: Any) -> str:
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()


async def _confirm(tx: Transaction, fact: Fact, kind: str, **match: Any) -> None:
    deed = Deed(station_id=fact.station_id, kind=kind, at=fact.received_at, match=match)
    await stations.confirm(tx, [deed], fact.received_at)
