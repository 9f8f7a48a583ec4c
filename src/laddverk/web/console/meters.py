"""The meters of a site: what they say, how they are read, which circuit they measure; one asked while one looks."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from laddverk.energy.circuits.model import MeterId
from laddverk.energy.meters import payloads, register_maps, rules, sealing, service, store
from laddverk.energy.meters.modbus import ModbusMeter, Read
from laddverk.energy.meters.model import Meter, Setup, Trouble, Unreadable, Way
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, new_id, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform.database import Transaction
from laddverk.web import spreadsheets
from laddverk.web.console import meter_days, meter_words
from laddverk.web.console.circuit_forms import chosen, number
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.load import Known, href, known_of, told
from laddverk.web.visit import named

PLACE: Final = "/console/sites/{site_id:str}/load/meters"
PUSHED: Final = '{"readings": [{"at": "2026-01-31T17:00:00Z", "current_a": [12.5, 9, 11]}]}'


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def list_meters(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """The meters of a site."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        meters = await store.of_site(tx, known.site.id)
        latest = await store.latest(tx, [meter.id for meter in meters])
        troubles = {meter.id: await _trouble(tx, meter.id) for meter in meters}
    return desk.page(
        "console/load/meters.html",
        meters=meters,
        latest=latest,
        troubles=troubles,
        quality={meter.id: rules.quality(latest.get(meter.id), desk.now) for meter in meters},
        measured={source.meter_id: source.name for source in known.tree.sources if source.meter_id}
        | {circuit.meter_id: circuit.name for circuit in known.tree.circuits if circuit.meter_id},
        names=meter_words,
        **told(desk, known),
    )


async def _trouble(tx: Transaction, meter_id: UUID) -> Trouble | None:
    kept = await store.trouble(tx, meter_id)
    return None if kept is None else msgspec.convert(kept, Trouble)


@get(f"{PLACE}/new", opt={NEEDS: Permission.STATIONS_WRITE})
async def new_meter(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """The form of a new meter, of the way that was chosen."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
    way = desk.asked("way", Way.MODBUS.value)
    values = {"way": way if way in {each.value for each in Way} else Way.MODBUS.value, "every": "2", "ratio": "1"}
    values |= {"port": "1883" if way == Way.MQTT else "502", "unit": "1", "fields": payloads.USUAL}
    return _form(desk, known, values, {})


@post(f"{PLACE}/new", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def add_meter(desk: AtDesk, site_id: FromPath[str]) -> Response[Any]:
    """Add a meter."""
    form = await desk.form()
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
    meter_id = MeterId(new_id())
    try:
        setup, secret = _setup(form), _secret(desk, form, meter_id)
        async with desk.transaction() as tx:
            made = await service.add(
                tx, desk.actor, SiteId(known.site.id), form.get("name", ""), setup, _models(desk), desk.now,
                reason=form.get("reason", ""), secret=secret, meter_id=meter_id,
            )  # fmt: skip
            await _measure(desk, tx, made, form)
    except Problem as problem:
        return _form(desk, known, form, desk.errors(problem), problem.status)
    return desk.go(_place(known.site.id, made.id), desk.words("The meter is added."))


@get(f"{PLACE}/{{meter_id:str}}", opt={NEEDS: Permission.STATIONS_READ})
async def show_meter(desk: AtDesk, site_id: FromPath[str], meter_id: FromPath[str]) -> Response[str]:
    """A meter: what it says, what is wrong with it, and how it is read."""
    return await _page(desk, site_id, meter_id, {}, {})


@post(f"{PLACE}/{{meter_id:str}}", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def do_meter(desk: AtDesk, site_id: FromPath[str], meter_id: FromPath[str]) -> Response[Any]:
    """Change a meter, remove it, or ask it once."""
    form, identity = await desk.form(), named("mtr", meter_id)
    async with desk.transaction() as tx:
        site = (await known_of(desk, tx, site_id)).site.id
        meter = await service.seen(tx, desk.actor, identity, Permission.STATIONS_WRITE)
        found(meter if meter.site_id == site else None)
    try:
        if form.get("what") == "read":
            return await _page(desk, site_id, meter_id, {}, {}, read=await _read(desk, meter))
        async with desk.transaction() as tx:
            if form.get("what") == "remove":
                await service.remove(tx, desk.actor, identity, desk.now, reason=form.get("reason", ""))
                return desk.go(f"{href(site)}/meters", desk.words("The meter is removed."))
            changed = await service.change(
                tx, desk.actor, identity, form.get("name", ""), _setup(form), _models(desk), desk.now,
                reason=form.get("reason", ""), secret=_secret(desk, form, meter.id),
            )  # fmt: skip
            await _measure(desk, tx, changed, form)
    except Problem as problem:
        return await _page(desk, site_id, meter_id, form, desk.errors(problem), status=problem.status)
    return desk.go(_place(site, identity), desk.words("The meter is changed."))


async def _read(desk: Desk, meter: Meter) -> Read | Unreadable:
    if meter.setup.way is not Way.MODBUS:
        raise Invalid("Only a meter that we ask can be read now.", field="what")
    try:
        return await ModbusMeter(meter.setup, desk.house.settings, desk.house.clock).once()
    except Unreadable as trouble:
        return trouble


async def _page(
    desk: Desk, site_id: str, meter_id: str, values: dict[str, str], errors: dict[str, str], *, status: int = 200,
    read: Read | Unreadable | None = None,
) -> Response[str]:  # fmt: skip
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        meter = await service.seen(tx, desk.actor, named("mtr", meter_id), Permission.STATIONS_READ)
        found(meter if meter.site_id == known.site.id else None)
        latest = (await store.latest(tx, [meter.id])).get(meter.id)
        trouble = await _trouble(tx, meter.id)
        day = await meter_days.of_meter(tx, known, meter.id, desk.now)
    return _form(
        desk, known, _values(meter, known) | values, errors, status, meter=meter, latest=latest, trouble=trouble,
        quality=rules.quality(latest, desk.now), read=read if isinstance(read, Read) else None,
        failed=read if isinstance(read, Unreadable) else None,
        push_lines=(f"POST {desk.house.settings.web_url}/api/v1/meters/{shown('mtr', meter.id)}/readings", PUSHED),
        day=day,
    )  # fmt: skip


def _form(
    desk: Desk, known: Known, values: dict[str, str], errors: dict[str, str], status: int = 200, **more: object
) -> Response[str]:
    return desk.page(
        "console/load/meter.html",
        status=status,
        values=values,
        errors=errors,
        stations=list({shown("sta", row.station_id): row.station_name for row in known.outlets}.items()),
        models=[(key, one.name) for key, one in _models(desk).items()],
        names=meter_words,
        **({"meter": None} | more),
        **told(desk, known),
    )


def _models(desk: Desk) -> dict[str, register_maps.RegisterMap]:
    return register_maps.known(desk.house.settings.meter_maps_dir)


def _place(site: UUID, meter_id: UUID) -> str:
    return f"{href(site)}/meters/{shown('mtr', meter_id)}"


def _setup(form: dict[str, str]) -> Setup:
    way = chosen(Way, form, "way")
    return Setup(
        way=way, host=form.get("host", "").strip(), port=int(number(form, "port", 502)), model=form.get("model", ""),
        unit=int(number(form, "unit", 1)), every_s=number(form, "every", 2.0), ratio=number(form, "ratio", 1.0),
        topic=form.get("topic", "").strip(), user=form.get("user", "").strip(), is_tls=form.get("tls") == "yes",
        fields=payloads.fields_in(form.get("fields", "")) if way is Way.MQTT else {},
        station_id=named("sta", form["station"]) if way is Way.OCPP and form.get("station") else None,
    )  # fmt: skip


def _secret(desk: Desk, form: dict[str, str], meter_id: MeterId) -> bytes | None:
    password = form.get("password", "")
    return sealing.sealed(desk.house.secrets, password, meter_id) if password else None


async def _measure(desk: Desk, tx: Transaction, meter: Meter, form: dict[str, str]) -> None:
    text = form.get("circuit", "")
    circuit_id = named("cir", text) if text else None
    await service.measure(tx, desk.actor, meter, circuit_id, desk.now, reason=form.get("reason", ""))


def _values(meter: Meter, known: Known) -> dict[str, str]:
    """Return a meter as its form shows it; its password never."""
    setup = meter.setup
    measured = [circuit.id for circuit in known.tree.circuits if circuit.meter_id == meter.id]
    return {
        "name": meter.name, "way": setup.way.value, "host": setup.host, "port": str(setup.port),
        "unit": str(setup.unit), "model": setup.model, "every": f"{setup.every_s:g}", "ratio": f"{setup.ratio:g}",
        "topic": setup.topic, "user": setup.user, "tls": "yes" if setup.is_tls else "",
        "station": shown("sta", setup.station_id) if setup.station_id else "",
        "fields": payloads.text_of(setup.fields), "circuit": shown("cir", measured[0]) if measured else "",
    }  # fmt: skip


@get(f"{PLACE}/{{meter_id:str}}/minutes.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_minutes(desk: AtDesk, site_id: FromPath[str], meter_id: FromPath[str]) -> Stream:
    """What a meter showed at most in each minute of some days, with the limit of its circuit, as CSV."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        meter = await service.seen(tx, desk.actor, named("mtr", meter_id), Permission.STATIONS_READ)
        found(meter if meter.site_id == known.site.id else None)
    first, last = meter_days.asked(desk)
    return spreadsheets.streamed("minutes", meter_days.HEADING, meter_days.rows(desk, known, meter.id, first, last))


ROUTES: Final = [list_meters, new_meter, add_meter, show_meter, do_meter, export_minutes]
