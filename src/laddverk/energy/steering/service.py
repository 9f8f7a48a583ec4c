"""One step of the loop for a site, in one transaction: read what is so, decide, send, and keep it all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from laddverk.energy import rules
from laddverk.energy import service as energy
from laddverk.energy import store as profiles
from laddverk.energy.circuits import store as trees
from laddverk.energy.circuits.model import PerPhase, Place, Tree
from laddverk.energy.model import VOLTAGE_V, Wish
from laddverk.energy.planning_ahead import service as plans
from laddverk.energy.steering import clocks, core, measuring, placing, questions, releasing, sharing, store
from laddverk.energy.steering.abilities import abilities
from laddverk.energy.steering.events import LimitIgnored
from laddverk.energy.steering.model import (
    ANSWER_S,
    Answered,
    Belief,
    Composed,
    Decided,
    Heard,
    Known,
    LinkChanged,
    MeterRead,
    Order,
    OrderKind,
    Sampled,
    SessionChanged,
    Trust,
    Way,
)
from laddverk.energy.steering.store_abilities import said
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import SessionId, SiteId, StationId
from laddverk.kernel.problems import Conflict, Problem
from laddverk.ocpp.facts import Composite, Purpose, RateUnit, ScheduleUpdate
from laddverk.ocpp.quirks import Registry
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.sessions import service as sessions
from laddverk.stations.model import CommandState

ACTOR: Final = rule("load management")
ASKS_EVERY_S: Final = 60  # how often a charger asks for the value of a dynamic limit that it was not told lately
CLOCK_NEAR: Final = timedelta(days=2)  # a clock further off says nothing
CLOCK_LOOKED: Final = timedelta(minutes=2)  # of readings that tell how late a charger's clock is
LOOK_REASON: Final = "load management: does the standing default stand after the restart?"
LOOKED_AT_S: Final = 60  # of the composite schedule: only what holds now matters
LIMIT_BEGINS_BEFORE: Final = timedelta(minutes=1)
DEFAULT_BEGINS_BEFORE: Final = timedelta(days=3)
"""A profile replaces what was there at once, and holds from its beginning in the charger's own clock: one that lies
ahead of a clock that runs late would leave the charger without any limit until then."""
SECONDS: Final = timedelta(seconds=1)
TOOK: Final = {CommandState.CONFIRMED.value: True, CommandState.ACCEPTED.value: True, CommandState.REFUSED.value: False}
REASON: Final = "load management: the site's fuses"


async def steer(tx: Transaction, site_id: SiteId, now: datetime, known: Registry | None = None) -> int:
    """Take one step for a site, as its tree is now; return how many commands went out.

    Without outlets none but those that let go of outlets that hung there before.
    """
    tree = await trees.tree(tx, site_id)
    if tree.circuits and tree.places:
        return await steer_site(tx, tree, now, known)
    before = await store.state(tx, site_id)
    if before is None or not before.beliefs:
        return 0
    let_go = await releasing.release(tx, ACTOR, before.beliefs, (), now)
    await store.keep_state(tx, site_id, store.State({}, {}, before.next_order, tree.version, now), {}, {}, [])
    return let_go


async def steer_site(tx: Transaction, tree: Tree, now: datetime, known: Registry | None = None) -> int:
    """Take one step for a site; return how many commands went out. A second step at the same time waits for the first.

    A charger that does not take a profile at all is as one that said no: its worst case stands.
    """
    before = await store.state(tx, tree.site_id)
    if before is not None and before.stepped_at >= now:
        return 0
    evidence = await measuring.known_of(tx, tree)
    wrong = measuring.contradicted(tree, evidence)
    site = await _known(tx, tree, before, now, wrong, known)
    events = await _events(tx, tree, site, before, now)
    asking = questions.Asking(await plans.guide(tx, tree.site_id, now))
    decided = core.step(site, events, _seconds(now), asking)
    by_key = placing.by_key(tree)
    refused = [
        Answered(order.outlet, order.id, False, _seconds(now))
        for order in decided.orders
        if not await _send(tx, tree, by_key[order.outlet], order, now, known)
    ]
    kept = core.after(decided.known, refused, _seconds(now))
    found = (*decided.alarms, *measuring.alarms(wrong))
    changed = await _keep(tx, tree, msgspec.structs.replace(decided, known=kept, alarms=found), now)
    if changed and asking.asked is not None:
        await questions.keep(tx, tree.site_id, now, asking.asked)
    await measuring.measured(tx, tree, kept, evidence, now)
    await outbox.publish(tx, _disobedience(site.beliefs, kept.beliefs, now))
    let_go = await releasing.release(tx, ACTOR, site.beliefs, by_key, now)
    return len(decided.orders) - len(refused) + let_go


async def _known(
    tx: Transaction, tree: Tree, before: store.State | None, now: datetime, doubted: Collection[str],
    models: Registry | None,
) -> Known:  # fmt: skip
    signals = await trees.signals(tx, [tree.site_id], now)
    zone = ZoneInfo(await store.zone(tx, tree.site_id))
    loads = before.loads if before is not None else {}
    heard = frozenset(UUID(key) for key in loads)
    new = await store.readings(tx, tree.site_id, now - core.METER_HEARD)
    metered = heard | {one.circuit_id for one in new}
    able = abilities(await said(tx, sorted({one.station_id for one in tree.places})), models)
    return Known(
        circuits=placing.circuits(tree, signals, now, zone, frozenset(metered)),
        outlets=placing.outlets(tree, doubted, able),
        beliefs=before.beliefs if before is not None else {},
        loads=loads,
        next_order=before.next_order if before is not None else 1,
        stepped_at=_seconds(before.stepped_at) if before is not None else 0.0,
        pending=before.pending if before is not None else {},
    )


async def _events(tx: Transaction, tree: Tree, site: Known, before: store.State | None, now: datetime) -> list[Heard]:
    """Return what is so and was not believed yet: the loop compares, so that nothing that happened can be missed."""
    station_ids = sorted({one.station_id for one in tree.places})
    since = before.stepped_at if before is not None else now - core.METER_HEARD
    keys = {one.key for one in site.outlets}
    looked = since - timedelta(seconds=ANSWER_S)
    samples = await store.samples(
        tx, station_ids, looked - CLOCK_LOOKED
    )  # before links: a start is known of before what follows it
    links, running = await store.links(tx, station_ids), await store.running(tx, station_ids)
    events = _links(links, site, since)
    events += _sessions(running, site, since)
    behind = _behind(samples, running, links, site)
    for answer in await store.answers(tx, tree.site_id):
        key = placing.key_of(answer.station_id, answer.evse_number)
        if answer.composite is not None:
            phases = next((one.phases for one in site.outlets if one.key == key), 0)
            events.append(Composed(key, answer.order_id, _seconds(answer.at), _limit_a(answer.composite, phases)))
        events.append(Answered(key, answer.order_id, TOOK.get(answer.state), _seconds(answer.at)))
    for row in samples:
        event = _sample(row, site, behind.get(placing.key_of(row.station_id, row.evse_number), clocks.NOTHING))
        if event is not None and event.outlet in keys and event.at > _seconds(looked):
            events.append(event)
    for reading in await store.readings(tx, tree.site_id, looked):
        events.append(MeterRead(str(reading.circuit_id), _seconds(reading.at), reading.current_a))
    return [one for one in events if one.at <= _seconds(now)]


def _limit_a(composite: Composite, phases: int) -> float | None:
    """Return the limit that a composite schedule begins with, amperes on each phase; None where it has none."""
    first = next(iter(composite.schedule.periods), None)
    if first is None or first.limit is None:
        return None
    if composite.schedule.unit is RateUnit.AMPERE:
        return first.limit
    return first.limit / (placing.WATTS_PER_A if phases == 0 else VOLTAGE_V * phases)


def _links(links: Sequence[store.Link], site: Known, since: datetime) -> list[Heard]:
    found: list[Heard] = []
    for link in links:
        for outlet in site.outlets:
            if placing.outlet_of(outlet.key)[0] != link.station_id:
                continue
            belief = site.beliefs.get(outlet.key, Belief())
            is_online = link.connected_at is not None
            booted_at = _seconds(link.booted_at) if link.booted_at is not None else 0.0
            # Compared with the start that is known of: one may be recorded after the step of its own second.
            restarted = booted_at > (belief.booted_at or _seconds(since))
            if is_online != belief.is_online or booted_at > belief.booted_at:
                at = max(_seconds(since), booted_at) if restarted else _seconds(since)
                found.append(LinkChanged(outlet.key, is_online, at, restarted, belief.clock_ahead_s, booted_at))
    return found


def _sessions(running: Sequence[store.Running], site: Known, since: datetime) -> list[Heard]:
    now_running = {placing.key_of(one.station_id, one.evse_number): one for one in running}
    found: list[Heard] = []
    for outlet in site.outlets:
        belief = site.beliefs.get(outlet.key, Belief())
        session = now_running.get(outlet.key)
        if session is None:
            if belief.has_session:
                found.append(SessionChanged(outlet.key, False, _seconds(since)))
        elif not belief.has_session or abs(belief.session_since - _seconds(session.started_at)) > 1.0:
            energy_wh = float(session.energy_wh)
            found.append(SessionChanged(outlet.key, True, _seconds(session.started_at), energy_wh))
    return found


def _behind(
    samples: Sequence[store.SampleRow], running: Sequence[store.Running], links: Sequence[store.Link], site: Known
) -> dict[str, timedelta]:  # fmt: skip
    """Return the outlets whose charger's clock is certainly behind, and by how much."""
    connected = {one.station_id: one.connected_at for one in links}
    found: dict[str, timedelta] = {}
    for session in running:
        key = placing.key_of(session.station_id, session.evse_number)
        came = [
            clocks.Came(row.at, row.received_at)
            for row in samples
            if (row.station_id, row.evse_number) == (session.station_id, session.evse_number)
        ]
        known = -SECONDS * site.beliefs.get(key, Belief()).clock_ahead_s
        start = clocks.Came(session.started_at, session.received_at)
        found[key] = clocks.behind(came, start, connected.get(session.station_id), known)
    return found


def _sample(row: store.SampleRow, site: Known, behind: timedelta) -> Sampled | None:
    key, at = placing.key_of(row.station_id, row.evse_number), row.at + behind
    outlet = next((one for one in site.outlets if one.key == key), None)
    belief = site.beliefs.get(key)
    if outlet is None or (belief is not None and belief.sample is not None and _seconds(at) <= belief.sample.at):
        return None
    current = _current(row, outlet.phases)
    if current is None:
        return None
    ahead = row.said_at - at if row.said_at is not None else -behind
    return Sampled(key, _seconds(at), current, ahead / SECONDS if abs(ahead) <= CLOCK_NEAR else 0.0)


def _current(row: store.SampleRow, phases: int) -> PerPhase | None:
    if phases == 0:
        each = (row.power_w or 0) / placing.WATTS_PER_A
        return each, each, each
    if row.current_l1_a is None:
        each = (row.power_w or 0) / (VOLTAGE_V * max(1, phases))
        return each, each if phases == 3 else 0.0, each if phases == 3 else 0.0
    return row.current_l1_a, row.current_l2_a or 0.0, row.current_l3_a or 0.0


async def _send(tx: Transaction, tree: Tree, place: Place, order: Order, now: datetime, known: Registry | None) -> bool:
    """Queue the command of an order; return whether the charger may be sent it at all."""
    try:
        async with tx.savepoint():
            command_id = await _command(tx, place, order, now, known)
    except Problem:
        return False
    outlet = place.station_id, place.evse_number
    await store.keep_order(tx, tree.site_id, order.id, outlet, order.kind.value, order.limit_a, command_id, now)
    return True


async def _command(tx: Transaction, place: Place, order: Order, now: datetime, known: Registry | None) -> UUID:
    """Queue it, to be sent at once or never: a raise that comes late may not fit any more."""
    station_id = StationId(place.station_id)
    session = await profiles.running(tx, station_id, place.evse_number)
    if order.kind is OrderKind.STOP:
        if session is None:
            raise Conflict("No session runs at this outlet.")
        return await sessions.request_stop(tx, ACTOR, SessionId(session.id), now, REASON)
    if order.way is Way.UPDATE:
        return await _changed(tx, place, order, session, now)
    if order.kind is OrderKind.LOOK:
        return await energy.read_composite(
            tx, ACTOR, station_id, place.evse_number, LOOKED_AT_S, now, reason=LOOK_REASON, known=known
        )
    is_limit = order.kind is OrderKind.LIMIT
    ahead = timedelta(seconds=order.clock_ahead_s)
    is_dc = place.phases == 0
    wish = Wish(
        evse_number=place.evse_number,
        limit=order.limit_a * placing.WATTS_PER_A if is_dc else order.limit_a,
        unit=RateUnit.WATT if is_dc else RateUnit.AMPERE,
        until=datetime.fromtimestamp(order.until, UTC) + ahead if order.until is not None else None,
        purpose=Purpose.TX if is_limit else Purpose.TX_DEFAULT,
        stack_level=order.stack_level,
        phases=order.phases,
        is_dynamic=order.way is Way.DYNAMIC,
        asks_every_s=ASKS_EVERY_S,
        starts_at=now + ahead - (LIMIT_BEGINS_BEFORE if is_limit else DEFAULT_BEGINS_BEFORE),
    )
    profile = rules.profile_of(
        wish, now, running=session.transaction_key if session else None, number=session.number if session else None
    )
    there = await _ours(tx, place, wish.purpose, profile.transaction_key)
    made = await energy.set_profile(
        tx, ACTOR, station_id, place.evse_number, profile, now, reason=REASON,
        expires_at=now + timedelta(seconds=ANSWER_S), known=known, clock_ahead=ahead,
        replaces=there.profile_id if there is not None else None,
    )  # fmt: skip
    return made.command_id


async def _changed(
    tx: Transaction, place: Place, order: Order, session: profiles.RunningSession | None, now: datetime
) -> UUID:
    """Give the dynamic profile that is there another limit. Raises `Conflict` where there is none of ours."""
    there = await _ours(tx, place, Purpose.TX, session.transaction_key) if session is not None else None
    feed = await profiles.feed(tx, place.station_id, place.evse_number)
    if there is None or feed is None:
        raise Conflict("No dynamic profile of load management is there.")
    limit_a = order.limit_a * placing.WATTS_PER_A / feed.volts if place.phases == 0 else order.limit_a
    update = ScheduleUpdate(limit=rules.changed_limit(there.profile, limit_a, feed))
    return await energy.update_dynamic_limit(
        tx, ACTOR, StationId(place.station_id), there.profile_id, update, now, reason=REASON
    )


async def _ours(tx: Transaction, place: Place, purpose: Purpose, key: str | None) -> profiles.KeptProfile | None:
    """Return the newest profile of load management at an outlet for a purpose: the next takes its place."""
    there = await profiles.profiles_there(tx, place.station_id)
    same = [
        one
        for one in there
        if one.requested_by == ACTOR.name and one.evse_number == place.evse_number
        and one.profile.purpose is purpose and one.profile.transaction_key == key
    ]  # fmt: skip
    return max(same, key=lambda one: one.profile_id, default=None)


async def _keep(tx: Transaction, tree: Tree, decided: Decided, now: datetime) -> bool:
    """Keep what is believed, and who gets what; return whether anybody gets something else than before."""
    after = decided.known
    kept = store.State(after.beliefs, after.loads, after.next_order, tree.version, now, after.pending)
    meters = {key: state.value for key, state in decided.meters.items()}
    await store.keep_state(tx, tree.site_id, kept, meters, decided.other_a, msgspec.to_builtins(decided.alarms))
    shares = [
        (*placing.outlet_of(one.outlet), one.limit_a, one.worst_a, msgspec.json.encode(one.reason).decode())
        for one in decided.shares
    ]
    return await store.keep_shares(tx, tree.site_id, now, tree.version, shares)


def _disobedience(before: dict[str, Belief], after: dict[str, Belief], now: datetime) -> list[LimitIgnored]:
    """Return an event for each outlet that was caught in this step, or is believed again."""
    found = []
    for key, belief in after.items():
        was = before.get(key, Belief()).trust is Trust.IGNORES
        ignores = belief.trust is Trust.IGNORES
        if was == ignores:
            continue
        station_id, evse_number = placing.outlet_of(key)
        found.append(
            LimitIgnored(
                station_id=StationId(station_id), evse_number=evse_number, at=now, is_over=was,
                limit_a=sharing.aim_a(before.get(key, Belief()), _seconds(now)),
                measured_a=belief.sample.most_a if belief.sample is not None else 0.0,
            )
        )  # fmt: skip
    return found


def _seconds(at: datetime) -> float:
    return at.timestamp()
