"""The current of one charger: limits now and over time, what cars need, what others limit, grid functions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.energy import composite as composites
from laddverk.energy import queries, rules, store
from laddverk.energy import service as energy
from laddverk.energy.model import Feed, Step
from laddverk.energy.steering import standing
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CommandId, StationId, shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.ocpp import quirks
from laddverk.ocpp.facts import ScheduleUpdate
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.stations.queries import StationDetail
from laddverk.web.console import energy_words
from laddverk.web.console.commands import asked_of_charger
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.energy_forms import control_of, number_in, wish_of
from laddverk.web.console.registering import whole
from laddverk.web.console.stations import seen_station
from laddverk.web.live import Parts

AHEAD: Final = timedelta(hours=24)  # how far the chart looks
SIGNAL_MAX: Final = 1_000_000  # of the frequency reserve: a number whose meaning the grid operator gives


async def known_of(desk: Desk, tx: Transaction, station: StationDetail) -> dict[str, Any]:
    """Return what the page shows of the current of a charger."""
    placed = await store.placed(tx, station.id)
    told = await queries.composites(tx, station.id)
    numbers = sorted({row.evse_number for row in await stations_queries.connectors(tx, station.id)})
    outlets = [await _outlet(desk, tx, station, number, placed, told.get(number)) for number in numbers]
    return {
        "station": station,
        "energy_words": energy_words,
        "outlets": outlets,
        "profiles": await queries.profiles(tx, station.id, desk.now),
        "foreign": await queries.foreign(tx, station.id),
        "read_at": await queries.read_at(tx, station.id),
        "limits": await queries.limits(tx, station.id),
        "needs": await queries.needs(tx, station.id),
        "plans": await queries.plans(tx, station.id),
        "controls": await queries.controls(tx, station.id, desk.now),
        "events": await queries.events(tx, station.id),
        "allows": rules.allowed(await store.allowances(tx, station.id)),
        "is_16": station.protocol == "ocpp1.6",
        "is_21": station.protocol == "ocpp2.1",
        "later": _later,
        "stands": await standing.of_station(tx, station.site_id, station.id, desk.now),
        "tab": "current",
    }


def _later(at: datetime, seconds: int) -> datetime:
    return at + timedelta(seconds=seconds)


async def _outlet(
    desk: Desk, tx: Transaction, station: StationDetail, number: int, placed: Sequence[Any],
    told: queries.CompositeRow | None,
) -> dict[str, Any]:  # fmt: skip
    feed = await store.feed(tx, station.id, number) or Feed()
    session = await store.running(tx, station.id, number)
    running = session.running if session else None
    ours = composites.composite(placed, number, desk.now, int(AHEAD.total_seconds()), feed, running)
    theirs = _told_steps(told, feed)
    until = desk.now + AHEAD
    return {
        "number": number,
        "feed": feed,
        "session": session,
        "now": ours[0],
        "steps": ours,
        "next": ours[1] if len(ours) > 1 else None,
        "told": told,
        "version": version_of(ours, told),
        "told_a": composites.value_at(theirs, desk.now),
        "differs": composites.differences(ours, theirs, feed, until) if told and _is_fresh(told, desk.now) else [],
    }


def version_of(ours: Sequence[Step], told: queries.CompositeRow | None) -> str:
    """Return what changes when a curve must be drawn anew: another limit some time, or a word of the charger."""
    steps = [(None if place == 0 else step.at, step.limit_a) for place, step in enumerate(ours)]
    return hashlib.blake2b(repr((steps, told and told.told_at)).encode(), digest_size=6).hexdigest()


def _is_fresh(told: queries.CompositeRow, now: datetime) -> bool:
    """Whether what a charger computed still speaks of now."""
    length_s = told.composite.schedule.duration_s or int(AHEAD.total_seconds())
    return now < (told.composite.starts_at or told.told_at) + timedelta(seconds=length_s)


def _told_steps(told: queries.CompositeRow | None, feed: Feed) -> list[Step]:
    if told is None:
        return []
    return composites.told_steps(told.composite.schedule, told.composite.starts_at or told.told_at, feed)


@get("/console/stations/{station_id:str}/current", opt={NEEDS: Permission.STATIONS_READ})
async def show_current(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """How much current a charger may give, and why."""
    return await _page(desk, station_id)


async def _page(
    desk: Desk, station_id: str, values: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> Response[str]:
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, await seen_station(desk, tx, station_id))
    return desk.page(
        "console/energy/current.html", status=422 if errors else 200, values=values or {}, errors=errors or {}, **known
    )


async def live_parts(desk: Desk, station_id: str) -> Parts:
    """Return the parts that change by themselves."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, await seen_station(desk, tx, station_id))
    names = ("outlets", "steering", "profiles", "limits", "needs", "controls")
    return {f"current-{name}": desk.template(f"console/energy/{name}.html", **known) for name in names}


@get("/console/stations/{station_id:str}/current/chart.json", opt={NEEDS: Permission.STATIONS_READ})
async def chart(desk: AtDesk, station_id: FromPath[str]) -> dict[str, Any]:
    """What an outlet may draw for a day ahead, by our reckoning and by the charger's own, as `power_chart` reads it."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, await seen_station(desk, tx, station_id))
    outlet = next((one for one in known["outlets"] if str(one["number"]) == desk.asked("evse")), None)
    if outlet is None:
        raise NotFound("There is no such outlet.")
    return chart_of(desk, outlet)


def chart_of(desk: Desk, outlet: dict[str, Any]) -> dict[str, Any]:
    """Return both schedules over the same instants; a step has a point right before it."""
    feed, ours = outlet["feed"], outlet["steps"]
    theirs = _told_steps(outlet["told"], feed)
    end = desk.now + AHEAD
    edges = sorted({desk.now, end, *(step.at for step in (*ours, *theirs) if desk.now < step.at < end)})
    instants = sorted({*edges, *(at - timedelta(seconds=1) for at in edges[1:])})

    def values(steps: Sequence[Step]) -> list[float | None]:
        if not steps:
            return [None for _ in instants]
        found = [(composites.value_at(steps, at), at >= steps[0].at) for at in instants]
        return [
            (feed.current_max_a if value is None else min(value, feed.current_max_a)) if begun else None
            for value, begun in found
        ]

    series = [
        {"label": desk.words("By our reckoning"), "unit": "A", "kind": "current", "values": values(ours)},
        {"label": desk.words("As the charger says"), "unit": "A", "kind": "limit", "values": values(theirs)},
    ]
    events = [{"at": at.timestamp(), "text": desk.words("They differ")} for at in outlet["differs"][:5]]
    return {
        "time": [at.timestamp() for at in instants],
        "series": [one for one in series if any(value is not None for value in one["values"])],
        "events": events,
    }


@post("/console/stations/{station_id:str}/current/limit", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def set_limit(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Limit a charger or an outlet from now on."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            done = await energy.set_limit(
                tx, desk.actor, StationId(station.id), wish_of(form, desk.now, station.site_timezone), desk.now,
                reason=form.get("reason", ""),
                known=quirks.registry_of(desk.house.settings.quirks_dir),
            )  # fmt: skip
    except Problem as problem:
        if isinstance(problem, NotFound) and problem.field is None:
            raise
        return await _page(desk, station_id, form, desk.errors(problem))
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    said = " ".join([desk.words("The limit is on its way."), *(desk.words(energy_words.NOTES[n]) for n in done.notes)])
    return desk.go(f"/console/stations/{shown('sta', station.id)}/current", said)


@post(
    "/console/stations/{station_id:str}/current/commands/{action:str}",
    opt={NEEDS: Permission.COMMANDS_SEND},
    status_code=200,
)
async def command(desk: AtDesk, station_id: FromPath[str], action: FromPath[str]) -> Response[Any]:
    """Take a limit away, read what the charger has, or ask it for what a session may do; show the outcome in place."""
    form = await desk.form()
    return await asked_of_charger(
        desk, station_id, "/current", lambda tx, station: _command(desk, tx, station, action, form)
    )


async def _command(
    desk: Desk, tx: Transaction, station_id: StationId, action: str, form: dict[str, str]
) -> CommandId:  # fmt: skip
    reason = form.get("reason", "")
    match action:
        case "priority" | "no-priority" | "transfer" | "signal":
            return await _for_session(desk, tx, station_id, action, form)
        case "clear":
            number = whole(form.get("profile", ""), "profile", 0, 2**31 - 1)
            return await energy.clear_profiles(tx, desk.actor, station_id, desk.now, profile_id=number, reason=reason)
        case "clear-all":
            return await energy.clear_profiles(tx, desk.actor, station_id, desk.now, reason=reason)
        case "read":
            return await energy.read_profiles(tx, desk.actor, station_id, desk.now)
        case "composite":
            evse = whole(form.get("evse", ""), "evse", 0, 999)
            return await energy.read_composite(
                tx, desk.actor, station_id, evse, int(AHEAD.total_seconds()), desk.now,
                known=quirks.registry_of(desk.house.settings.quirks_dir),
            )  # fmt: skip
        case "dynamic":
            number = whole(form.get("profile", ""), "profile", 0, 2**31 - 1)
            update = ScheduleUpdate(limit=number_in(form.get("limit", "")))
            return await energy.update_dynamic_limit(
                tx, desk.actor, station_id, number, update, desk.now, reason=reason
            )
        case "read-controls":
            return await energy.read_controls(tx, desk.actor, station_id, desk.now)
        case "clear-control":
            return await energy.clear_controls(
                tx, desk.actor, station_id, form.get("control", "")[:36], form.get("default") == "yes", desk.now,
                reason=reason,
            )  # fmt: skip
    raise NotFound("There is no such command.")


async def _for_session(
    desk: Desk, tx: Transaction, station_id: StationId, action: str, form: dict[str, str]
) -> CommandId:  # fmt: skip
    reason = form.get("reason", "")
    if action == "signal":
        signal = whole(form.get("signal", ""), "signal", -SIGNAL_MAX, SIGNAL_MAX)
        return await energy.signal_frequency(tx, desk.actor, station_id, signal, desk.now, reason=reason)
    evse = whole(form.get("evse", ""), "evse", 1, 999)
    if action == "transfer":
        modes = energy_words.TRANSFER_CHOICES.get(form.get("modes", ""))
        if modes is None:
            raise Invalid("Choose what the car may do.", field="modes")
        return await energy.allow_transfer(tx, desk.actor, station_id, evse, modes, desk.now, reason=reason)
    return await energy.use_priority(
        tx, desk.actor, station_id, evse, action == "priority", desk.now, reason=reason
    )  # fmt: skip


@post("/console/stations/{station_id:str}/current/control", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def set_control(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Set a grid function; its settings are JSON, by the names of the standard."""
    form = await desk.form()
    try:
        control = control_of(form)
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            await energy.set_control(
                tx, desk.actor, StationId(station.id), control, desk.now, reason=form.get("reason", "")
            )
    except Problem as problem:
        if isinstance(problem, NotFound):
            raise
        return await _page(desk, station_id, form, desk.errors(problem))
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    path = f"/console/stations/{shown('sta', station.id)}/current"
    return desk.go(path, desk.words("The grid function is on its way."))


ROUTES: Final = [show_current, chart, set_limit, command, set_control]
