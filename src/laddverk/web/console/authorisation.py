"""Who may charge at a charger: its local list, its cache, what it does without contact, and what is reserved there."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.access import queries as access_queries
from laddverk.authorisation import offline, queries, reservation_rules
from laddverk.authorisation import service as authorisation
from laddverk.authorisation.model import ListChoice, Scope, Wish
from laddverk.authorisation.store_lists import cache_hours
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.ocpp.commands import AnyCommand, ClearCache
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web.console import authorisation_words as own_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.people import driver_meant
from laddverk.web.console.registering import whole
from laddverk.web.console.stations import seen_station
from laddverk.web.live import Parts

RESERVATIONS_SHOWN: Final = 10
COMMANDS_SHOWN: Final = 5
KINDS: Final = (
    "send_local_list", "read_local_list_version", "clear_cache", "reserve_now", "cancel_reservation", "write_variable",
    "read_variables",
)  # fmt: skip
HOURS_MAX: Final = 8_760
MINUTES: Final = (15, 30, 60, 120, 240, 480, 1_440)


async def _facts(desk: Desk, tx: Transaction, station: stations_queries.StationDetail) -> dict[str, Any]:
    """Return what changes by itself on the page."""
    wanted = queries.ReservationFilter(station_id=station.id)
    commands = await stations_queries.commands(tx, station.id, 30)
    is_16 = station.protocol == "ocpp1.6"
    return {
        "station": station,
        "access": found(await queries.station_access(tx, desk.sites, station.id)),
        "reservations": await queries.reservations(tx, desk.sites, wanted, limit=RESERVATIONS_SHOWN),
        "commands": [one for one in commands if one.kind in KINDS][:COMMANDS_SHOWN],
        "settings": offline.settings(await queries.told(tx, StationId(station.id)), is_16=is_16),
        "own_words": own_words,
    }


async def _page(
    desk: Desk, station_id: str, *, problem: Problem | None = None, values: dict[str, str] | None = None
) -> Response[str]:
    listing = desk.listing("uid")
    may_see_tags = desk.may(Permission.DRIVERS_READ)
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        known = await _facts(desk, tx, station)
        entries = (
            await queries.entries(tx, station.id, listing.search, limit=PAGE_SIZE, offset=listing.offset)
            if may_see_tags
            else []
        )
        return desk.page(
            "console/authorisation/station.html",
            status=problem.status if problem else 200,
            tab="access",
            entries=entries,
            listing=listing,
            connectors=await stations_queries.connectors(tx, station.id),
            groups=await access_queries.driver_groups(tx) if may_see_tags else [],
            supports=await queries.supports_reservations(tx, station.id),
            minutes=MINUTES,
            values=values or {},
            errors=desk.errors(problem) if problem else {},
            **known,
        )


@get("/console/stations/{station_id:str}/access", opt={NEEDS: Permission.STATIONS_READ})
async def show_access(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """Who may charge at a charger, also while it cannot ask."""
    return await _page(desk, station_id)


async def live_parts(desk: Desk, station_id: str) -> Parts:
    """Return the parts of the page that change by themselves."""
    async with desk.transaction() as tx:
        known = await _facts(desk, tx, await seen_station(desk, tx, station_id))
    return {
        f"access-{name}": desk.template(f"console/authorisation/{name}.html", **known)
        for name in ("list", "reserved", "commands")
    }


@post("/console/stations/{station_id:str}/access/choice", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def choose_for_station(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Choose which tags a charger's own list holds."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            choice = ListChoice(
                station_id=station.id, scope=_scope(form), driver_groups=tuple(form.get("groups", "").split(","))
            )
            await authorisation.choose(tx, desk.actor, choice, desk.now, reason=form.get("reason", ""))
            await authorisation.sync(tx, StationId(station.id), desk.now)
    except Problem as problem:
        return await _page(desk, station_id, problem=problem, values=form)
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    return desk.go(f"/console/stations/{shown('sta', station.id)}/access", desk.words("The choice is saved."))


def _scope(form: dict[str, str]) -> Scope | None:
    text = form.get("scope", "")
    if text == "":
        return None
    if text not in set(Scope):
        raise Invalid("Choose one of the ways that are shown.", field="scope")
    return Scope(text)


@post("/console/stations/{station_id:str}/access/anew", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=303)
async def send_anew(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Send the whole list anew, whatever the charger answered before."""
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        await authorisation.begin_again(tx, desk.actor, StationId(station.id), desk.now)
    return _back(desk, station, desk.words("The list is sent anew as soon as the charger can be reached."))


@post("/console/stations/{station_id:str}/access/clear-cache", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=303)
async def clear_cache(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Let a charger forget the tags that it remembers."""
    return await _ask(desk, station_id, ClearCache(), desk.words("The charger is asked to forget."))


@post("/console/stations/{station_id:str}/access/ask", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=303)
async def ask_settings(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Ask a charger what it does without contact."""
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
    is_16 = station.protocol == "ocpp1.6"
    return await _ask(desk, station_id, offline.names(is_16=is_16), desk.words("The charger is asked."))


async def _ask(desk: Desk, station_id: str, command: AnyCommand, notice: str) -> Response[Any]:
    form = await desk.form()
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        await stations.request_command(
            tx, desk.actor, StationId(station.id), command, desk.now, reason=form.get("reason", "")
        )
    return _back(desk, station, notice)


def _back(desk: Desk, station: stations_queries.StationDetail, notice: str) -> Response[Any]:
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    return desk.go(f"/console/stations/{shown('sta', station.id)}/access", notice)


@post("/console/stations/{station_id:str}/access/offline", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=303)
async def decide_offline(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Decide what a charger does when it cannot ask; what is left open stays as it is."""
    form = await desk.form()
    wanted = {rule.key: form[rule.key] == "on" for rule in offline.RULES if form.get(rule.key) in ("on", "off")}
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        await authorisation.decide_offline(
            tx, desk.actor, StationId(station.id), wanted, desk.now, reason=form.get("reason", "")
        )
    return _back(desk, station, desk.words("The changes are sent to the charger."))


@post("/console/stations/{station_id:str}/access/reserve", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def reserve(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Keep an outlet for a driver."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            await authorisation.reserve(tx, desk.actor, await _wish(tx, StationId(station.id), form), desk.now)
    except Problem as problem:
        return await _page(desk, station_id, problem=problem, values=form)
    return _back(desk, station, desk.words("The charger is asked to keep the outlet."))


async def _wish(tx: Transaction, station_id: StationId, form: dict[str, str]) -> Wish:
    """Return the reservation that a form describes: `where` is an EVSE, a plug, or empty for any outlet."""
    where = form.get("where", "")
    plug = where if where in reservation_rules.CONNECTOR_TYPES else None
    return Wish(
        station_id=station_id,
        evse_number=whole(where, "where", 1, 999) if where and plug is None else None,
        connector_type=plug,
        driver_id=await driver_meant(tx, form.get("driver", "")),
        token_uid=form.get("token_uid", ""),
        minutes=whole(form.get("minutes", "30"), "minutes", 1, reservation_rules.MINUTES_MAX),
    )


@get("/console/lists", opt={NEEDS: Permission.STATIONS_READ})
async def list_lists(desk: AtDesk) -> Response[str]:
    """The local lists of all chargers, and what holds for them."""
    return await _lists_page(desk)


async def _lists_page(
    desk: Desk, *, problem: Problem | None = None, values: dict[str, str] | None = None
) -> Response[str]:
    listing, state = desk.listing("name"), desk.asked("state")
    async with desk.transaction() as tx:
        return desk.page(
            "console/authorisation/lists.html",
            status=problem.status if problem else 200,
            rows=await queries.lists(tx, desk.sites, listing.search, state, limit=PAGE_SIZE, offset=listing.offset),
            total=await queries.count_lists(tx, desk.sites, listing.search, state),
            counts=await queries.list_counts(tx, desk.sites),
            listing=listing,
            choice=await queries.choice(tx, None),
            hours=await cache_hours(tx),
            own_words=own_words,
            values=values or {},
            errors=desk.errors(problem) if problem else {},
        )


@post("/console/lists", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def choose_for_all(desk: AtDesk) -> Response[Any]:
    """Choose what holds for every charger that has no choice of its own, and how long answers may be remembered."""
    form = await desk.form()
    hours = form.get("cache_hours", "")
    try:
        async with desk.transaction() as tx:
            choice = ListChoice(scope=_scope(form) or Scope.OFF, driver_groups=tuple(form.get("groups", "").split(",")))
            await authorisation.choose(tx, desk.actor, choice, desk.now, reason=form.get("reason", ""))
            wanted = whole(hours, "cache_hours", 1, HOURS_MAX) if hours else None
            if wanted != await cache_hours(tx):
                await authorisation.set_cache_hours(tx, desk.actor, wanted, desk.now, reason=form.get("reason", ""))
            await authorisation.plan_all(tx)
    except Problem as problem:
        return await _lists_page(desk, problem=problem, values=form)
    return desk.go("/console/lists", desk.words("The choice is saved. The lists follow within minutes."))


ROUTES: Final = [
    show_access,
    choose_for_station,
    send_anew,
    clear_cache,
    ask_settings,
    decide_offline,
    reserve,
    list_lists,
    choose_for_all,
]
