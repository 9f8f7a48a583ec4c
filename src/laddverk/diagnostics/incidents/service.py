"""What becomes of incidents: by the clock and by findings (`attend`), and by what people do with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from laddverk.diagnostics.detectors.registry import WATCH_ONLY
from laddverk.diagnostics.incidents import holding, rules, store
from laddverk.diagnostics.incidents.model import (
    OVER,
    Decision,
    Incident,
    IncidentChanged,
    IncidentClosed,
    IncidentOpened,
    Situation,
    State,
)
from laddverk.diagnostics.model import IncidentId
from laddverk.diagnostics.scope import Fleet, Placed, inferred
from laddverk.kernel.events import Event
from laddverk.kernel.ids import SiteId, new_id
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.platform.hints import Hints

TOPIC: Final = "incidents"
"""What pages about incidents listen to; `incident:<id>` is one of them."""
DEMAND_LASTS: Final = timedelta(hours=1)  # who would come changes slowly
WEIGHED_MAX: Final = 50  # at a time: the rest is weighed at the next look


async def attend(tx: Transaction, now: datetime, hints: Hints | None = None) -> Decision:
    """Bring all incidents up to what findings, reports and the clock say at `now`, and return what changed.

    To be called after findings have changed, and each minute. Repeating it changes nothing.
    """
    await store.lock(tx)
    situation = await _situation(tx, now)
    decision = rules.attended(situation, now, new_id)
    decision = replace(decision, saved=await _weighed(tx, decision, situation.incidents, now))
    await _write(tx, decision)
    await outbox.publish(tx, events_of(decision, now))
    if hints is not None and (decision.saved or decision.dropped):
        topics = [TOPIC, "now", *(f"incident:{one.id}" for one in decision.saved)]
        tx.after_commit(lambda: hints.publish(topics))
    return decision


async def _situation(tx: Transaction, now: datetime) -> Situation:
    incidents = await store.active(tx, now - holding.REPEAT)
    known = [one.id for one in incidents]
    every = await store.findings(tx, [one.id for one in incidents if one.state not in OVER])
    findings = [one for one in every if one.detector not in WATCH_ONLY]
    reports = await store.reports(tx, known, now)
    stations = {one.station_id for one in findings} | {one.station_id for one in reports}
    stations |= {each for one in incidents for each in one.stations}
    return Situation(
        findings=tuple(findings),
        groups=inferred(await _placed(tx), fleet=await _fleet(tx), bad_cars=await store.bad_cars(tx))
        if any(one.cleared_at is None for one in findings)
        else (),
        incidents=tuple(incidents),
        sites=await store.sites_of(tx, stations),
        quiet=tuple(await store.quiet_spans(tx, now)),
        outages=tuple(await store.own_outages(tx, now)),
        reports=tuple(reports),
        successes=await store.successes(tx, [one.id for one in incidents if one.state not in OVER and one.reports]),
        muted=frozenset(await store.muted(tx)),
    )


async def _placed(tx: Transaction) -> list[Placed]:
    return [one for one in await store.placed(tx) if one.detector not in WATCH_ONLY]


async def _fleet(tx: Transaction) -> Fleet:
    sizes = await store.fleet(tx)
    at_site, of_cohort = Counter[SiteId](), Counter[str]()
    for each in sizes:
        at_site[each.site_id] += each.stations
        if each.model and each.firmware:
            of_cohort[f"{each.vendor} {each.model} {each.firmware}"] += each.stations
    return Fleet(
        stations=at_site.total(), stations_at=dict(at_site), stations_of_cohort=dict(of_cohort),
        link_losses_usual=await store.usual_losses(tx),
    )  # fmt: skip


async def _weighed(
    tx: Transaction, decision: Decision, before: Sequence[Incident], now: datetime
) -> tuple[Incident, ...]:
    """Return what is to be saved, with who would come to those that are new, grew, or were weighed long ago."""
    known = {one.id: one for one in before}
    saved = {one.id: one for one in decision.saved}
    gone = {*decision.dropped}
    every = [*saved.values(), *(one for one in before if one.id not in saved and one.id not in gone)]
    old = [one for one in every if one.stations and not one.is_over and _is_to_weigh(one, known.get(one.id), now)]
    for one in sorted(old, key=lambda one: (one.weighed_at is not None, one.weighed_at or one.since))[:WEIGHED_MAX]:
        demand = await store.demand(tx, one.stations, now)
        saved[one.id] = replace(
            one,
            severity=holding.weighed(one.found_severity, demand.drivers_day, demand.has_alternative),
            drivers_day=round(demand.drivers_day, 2),
            energy_day_wh=demand.energy_day_wh,
            has_alternative=demand.has_alternative,
            weighed_at=now,
        )
    return tuple(saved.values())


def _is_to_weigh(incident: Incident, before: Incident | None, now: datetime) -> bool:
    grew = before is not None and before.stations != incident.stations
    return incident.weighed_at is None or grew or now - incident.weighed_at > DEMAND_LASTS


async def _write(tx: Transaction, decision: Decision) -> None:
    await store.save(tx, decision.saved)
    await store.move_findings(tx, decision.moved)
    await store.move_reports(tx, decision.reports)
    await store.drop(tx, decision.dropped)
    await store.write_events(tx, decision.events)
    await store.write_closings(tx, decision.closings)


def events_of(decision: Decision, now: datetime) -> list[Event]:
    """Return what others are told of a decision."""
    by_id = {one.id: one for one in decision.saved}
    causes = {one.incident_id: one.cause.value for one in decision.closings}
    told: list[Event] = [
        IncidentOpened(incident_id=each, at=now, repeat=by_id[each].repeats > 0) for each in decision.opened
    ]
    told += [
        IncidentClosed(incident_id=each, at=now, state=by_id[each].state, cause=causes.get(each, ""))
        for each in decision.closed
    ]
    said: set[IncidentId] = {*decision.opened, *decision.closed}
    told += [
        IncidentChanged(incident_id=one.id, at=now)
        for one in decision.saved
        if one.id not in said and one.state is not State.HELD
    ]
    return told
