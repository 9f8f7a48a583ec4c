"""What a charger shows: messages, its tariff and the price while it runs; what its terminal took; texts for many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.displays import queries
from laddverk.displays import service as displays
from laddverk.displays.model import FATAL, Wanted
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CommandId, StationId, shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.ocpp import quirks
from laddverk.ocpp.facts import DisplayText
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.stations.queries import StationDetail
from laddverk.web.console import displays_words, energy_words
from laddverk.web.console.commands import asked_of_charger
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.registering import whole
from laddverk.web.console.stations import seen_station
from laddverk.web.live import Parts
from laddverk.web.visit import named

NUMBER_MAX: Final = 2**31 - 1
LASTS: Final = {
    "60": timedelta(hours=1),
    "720": timedelta(hours=12),
    "1440": timedelta(days=1),
    "10080": timedelta(days=7),
}
"""For how long a text stays, by the minutes in the form; nothing else is until it is taken off."""
STATIONS_CHOSEN_MAX: Final = 500


async def known_of(desk: Desk, tx: Transaction, station: StationDetail) -> dict[str, Any]:
    """Return what the page shows of a charger's display."""
    meant = await displays.meant_for(tx, StationId(station.id), desk.now)
    told = await queries.tariffs_told(tx, station.id)
    sent = await queries.tariffs(tx, station.id)
    return {
        "station": station,
        "display_words": displays_words,
        "energy_words": energy_words,
        "is_16": station.protocol == "ocpp1.6",
        "is_21": station.protocol == "ocpp2.1",
        "messages": await queries.messages(tx, station.id, desk.now),
        "foreign": await queries.foreign(tx, station.id),
        "read_at": await queries.read_at(tx, station.id),
        "meant": meant,
        "sent": sent,
        "told": told,
        "drift": drift(meant[1].tariff.id if meant and meant[1].may_be_sent else None, sent, told),
        "fatal": FATAL,
        "costs": await queries.costs(tx, station.id),
        "computed": await queries.computed(tx, station.id),
        "connectors": await stations_queries.connectors(tx, station.id),
        "settlements": await queries.settlements_at(tx, station.id) if desk.may(Permission.PAYMENTS_READ) else [],
        "swaps": await queries.swaps(tx, station.id) if desk.may(Permission.SESSIONS_READ) else [],
        "questions": await queries.questions(tx, station.id) if desk.may(Permission.PAYMENTS_READ) else [],
        "templates": await queries.templates(tx, desk.sites),
        "by_data": displays.by_data(station.vendor, station.model, station.firmware, station.quirks, _models(desk)),
        "tab": "display",
    }


def _models(desk: Desk) -> quirks.Registry:
    return quirks.registry_of(desk.house.settings.quirks_dir)


def drift(meant: str | None, sent: list[queries.TariffRow], told: queries.TariffsTold | None) -> bool:
    """Whether the charger computes with another tariff than the one that applies: by its own word, else by ours."""
    if told is not None and (not sent or told.told_at >= max(row.changed_at for row in sent)):
        return {one.tariff_id for one in told.tariffs if one.kind == "DefaultTariff"} != ({meant} if meant else set())
    there = {row.tariff_id for row in sent if row.condition.value in ("shown", "wanted")}
    return bool(there) and there != {meant}


@get("/console/stations/{station_id:str}/display", opt={NEEDS: Permission.STATIONS_READ})
async def show_display(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """What a charger shows to people."""
    return await _page(desk, station_id)


async def _page(
    desk: Desk, station_id: str, values: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> Response[str]:
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, await seen_station(desk, tx, station_id))
    return desk.page(
        "console/displays/station.html",
        status=422 if errors else 200,
        values=values or {},
        errors=errors or {},
        **known,
    )


async def live_parts(desk: Desk, station_id: str) -> Parts:
    """Return the parts that change by themselves."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, await seen_station(desk, tx, station_id))
    names = ("messages", "prices", "swaps")
    return {f"display-{name}": desk.template(f"console/displays/{name}.html", **known) for name in names}


def wanted_of(form: Mapping[str, str], now: datetime, zone: str) -> Wanted:
    """Return the message that a form wants. Raises `Invalid` naming the field."""
    texts = tuple(
        DisplayText(form[f"text_{language}"], language) for language in ("sv", "en") if form.get(f"text_{language}")
    )
    lasts = LASTS.get(form.get("lasts", ""))
    starts_at = _local(form.get("starts_at", ""), zone)
    evse = form.get("evse", "")
    return Wanted(
        texts=texts,
        priority=form.get("priority", "NormalCycle"),
        state=form.get("state") or None,
        starts_at=starts_at,
        ends_at=(starts_at or now) + lasts if lasts else None,
        evse_number=whole(evse, "evse", 1, 999) if evse else None,
    )


def _local(text: str, zone: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("This is no time.", field="starts_at") from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))


@post("/console/stations/{station_id:str}/display/message", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def show_message(desk: AtDesk, station_id: FromPath[str]) -> Response[Any]:
    """Put a message on a display: a text of its own, or one of those for many."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            wanted = wanted_of(form, desk.now, station.site_timezone)
            await displays.show(
                tx, desk.actor, StationId(station.id), wanted, desk.now, reason=form.get("reason", ""),
                known=_models(desk),
            )  # fmt: skip
    except Problem as problem:
        if isinstance(problem, NotFound):
            raise
        return await _page(desk, station_id, form, desk.errors(problem))
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    path = f"/console/stations/{shown('sta', station.id)}/display"
    return desk.go(path, desk.words("The message is on its way."))


@post(
    "/console/stations/{station_id:str}/display/commands/{action:str}",
    opt={NEEDS: Permission.COMMANDS_SEND},
    status_code=200,
)
async def command(desk: AtDesk, station_id: FromPath[str], action: FromPath[str]) -> Response[Any]:
    """Take a message off, read what is shown, send or read tariffs, let a battery be swapped; the outcome in place."""
    form = await desk.form()
    return await asked_of_charger(
        desk, station_id, "/display", lambda tx, station: _command(desk, tx, station, action, form)
    )


async def _command(
    desk: Desk, tx: Transaction, station_id: StationId, action: str, form: Mapping[str, str]
) -> CommandId:
    reason = form.get("reason", "")
    match action:
        case "clear":
            number = whole(form.get("number", ""), "number", 0, NUMBER_MAX)
            return await displays.clear_message(
                tx, desk.actor, station_id, number, desk.now, reason=reason, known=_models(desk)
            )
        case "read":
            return await displays.read_messages(tx, desk.actor, station_id, desk.now)
        case "send-tariff":
            return await displays.send_tariff(tx, desk.actor, station_id, desk.now, reason=reason)
        case "read-tariffs":
            return await displays.read_tariffs(tx, desk.actor, station_id, desk.now)
        case "clear-tariffs":
            return await displays.clear_tariffs(tx, desk.actor, station_id, desk.now, reason=reason)
        case "change-tariff":
            evse = whole(form.get("evse", ""), "evse", 1, 999)
            return await displays.change_session_tariff(tx, desk.actor, station_id, evse, desk.now, reason=reason)
        case "swap":
            return await displays.request_swap(
                tx, desk.actor, station_id, form.get("token", ""), desk.now, reason=reason
            )
    raise NotFound("There is no such command.")


@get("/console/displays", opt={NEEDS: Permission.STATIONS_READ})
async def list_templates(desk: AtDesk) -> Response[str]:
    """Texts for many chargers, and where they are shown."""
    return await _templates(desk)


async def _templates(
    desk: Desk, values: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> Response[str]:
    async with desk.transaction() as tx:
        rows = await queries.templates(tx, desk.sites, desk.listing("name").search)
        stations = await queries.display_stations(tx, desk.sites)
    return desk.page(
        "console/displays/templates.html",
        status=422 if errors else 200,
        rows=rows,
        stations=stations,
        display_words=displays_words,
        values=values or {},
        errors=errors or {},
    )


@post("/console/displays", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def add_template(desk: AtDesk) -> Response[Any]:
    """Keep a text for many chargers."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            wanted = wanted_of(form, desk.now, desk.house.settings.timezone)
            await displays.add_template(tx, desk.actor, form.get("name", ""), wanted, desk.now)
    except Problem as problem:
        return await _templates(desk, form, desk.errors(problem))
    return desk.go("/console/displays", desk.words("The text was saved."))


@post("/console/displays/{template_id:str}/{action:str}", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def use_template(desk: AtDesk, template_id: FromPath[str], action: FromPath[str]) -> Response[Any]:
    """Send a text to the chosen chargers, take it off all, or take it out of use."""
    form = await desk.form()
    chosen = [StationId(named("sta", each)) for each in (await desk.choices("stations"))[:STATIONS_CHOSEN_MAX]]
    try:
        async with desk.transaction() as tx:
            said = await _use(desk, tx, template_id, action, form, chosen)
    except Problem as problem:
        if isinstance(problem, NotFound):
            raise
        return await _templates(desk, form, desk.errors(problem))
    desk.tell(COMMANDS_TOPIC, *(f"station:{each}" for each in chosen))
    return desk.go("/console/displays", said)


async def _use(
    desk: Desk, tx: Transaction, template_id: str, action: str, form: Mapping[str, str], chosen: list[StationId]
) -> str:
    identity, reason = named("txt", template_id), form.get("reason", "")
    match action:
        case "show":
            lasts = LASTS.get(form.get("lasts", ""))
            sent, refused = await displays.show_template(
                tx, desk.actor, identity, chosen, desk.now, ends_at=desk.now + lasts if lasts else None, reason=reason,
                known=_models(desk),
            )  # fmt: skip
            said = desk.words("On its way to %(count)s chargers.", count=sent)
            if refused:
                said += " " + desk.words("%(count)s cannot show it: %(why)s", count=len(refused), why=refused[0][1])
            return said
        case "clear":
            count = await displays.clear_template(tx, desk.actor, identity, desk.now, reason=reason)
            return desk.words("It is taken off %(count)s chargers.", count=count)
        case "retire":
            await displays.retire_template(tx, desk.actor, identity, desk.now, reason)
            return desk.words("The text is out of use.")
    raise NotFound("There is no such page.")


@get("/console/settlements", opt={NEEDS: Permission.PAYMENTS_READ})
async def list_settlements(desk: AtDesk) -> Response[str]:
    """What terminals in chargers took."""
    listing = desk.listing("settled")
    async with desk.transaction() as tx:
        rows = await queries.settlements(
            tx, desk.sites, listing.search, desk.asked("status"), limit=PAGE_SIZE + 1, offset=listing.offset
        )
    return desk.page(
        "console/displays/settlements.html",
        rows=rows[:PAGE_SIZE],
        has_next=len(rows) > PAGE_SIZE,
        listing=listing,
        display_words=displays_words,
    )


ROUTES: Final = [show_display, show_message, command, list_templates, add_template, use_template, list_settlements]
