"""The API's meters of circuits: listed, added, and readings that a program pushes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from laddverk.energy.circuits.model import MeterId, PerPhase
from laddverk.energy.meters import register_maps, rules, sealing, service, store
from laddverk.energy.meters.model import Latest, Meter, Quality, Reading, Setup
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, new_id, parsed, shown
from laddverk.kernel.problems import NotFound
from laddverk.stations import queries as stations_queries
from laddverk.web.api.keys import needs
from laddverk.web.api.request import Asking

READINGS_MAX: Final = 500  # of one request: what a logger gathers in an hour

Text = Annotated[str, Meta(max_length=500)]
Instant = Annotated[datetime, Meta(tz=True)]


class MeterShape(Struct, frozen=True, kw_only=True):
    """A meter, and what it said last. A password is never shown."""

    id: str
    site: str
    name: str
    setup: Setup
    quality: Quality
    at: datetime | None = None
    current_a: PerPhase | None = None
    power_w: float | None = None


class MeterToAdd(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A meter to read, or to push to."""

    site: str
    name: Text
    setup: Setup
    reason: Text
    password: Annotated[str, Meta(max_length=sealing.PASSWORD_MAX)] = ""
    """Of a broker of MQTT."""


class PushedReading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a meter showed at an instant. Positive is drawn from the grid."""

    at: Instant
    current_a: PerPhase
    voltage_v: PerPhase | None = None
    power_w: float | None = None
    import_wh: float | None = None
    export_wh: float | None = None


class ReadingsToPush(Struct, frozen=True, forbid_unknown_fields=True):
    """Readings in any order. The same reading twice changes nothing; an older one never replaces a newer."""

    readings: Annotated[list[PushedReading], Meta(min_length=1, max_length=READINGS_MAX)]


class Pushed(Struct, frozen=True):
    """How many readings were taken, and how many circuits this meter measures."""

    readings: int
    circuits: int


@get("/circuits/{site:str}/meters", opt=needs(Permission.STATIONS_READ))
async def list_meters(asked: Asking, site: FromPath[str]) -> list[MeterShape]:
    """List the meters of a site, with what they said last."""
    async with asked.transaction() as tx:
        row = await stations_queries.site(tx, asked.actor.site_ids, parsed("sit", site, field="site"))
        if row is None:
            raise NotFound("There is no such site.")
        meters = await store.of_site(tx, row.id)
        latest = await store.latest(tx, [meter.id for meter in meters])
    return [_shape(meter, latest.get(meter.id), asked.now) for meter in meters]


def _shape(meter: Meter, latest: Latest | None, now: datetime) -> MeterShape:
    return MeterShape(
        id=shown("mtr", meter.id), site=shown("sit", meter.site_id), name=meter.name, setup=meter.setup,
        quality=rules.quality(latest, now), at=latest.at if latest else None,
        current_a=latest.current_a if latest else None, power_w=latest.power_w if latest else None,
    )  # fmt: skip


@post("/meters", opt=needs(Permission.STATIONS_WRITE))
async def add_meter(asked: Asking, data: JSONBody[MeterToAdd]) -> MeterShape:
    """Add a meter to a site. Which circuits it measures is said at the circuits."""
    meter_id = MeterId(new_id())
    secret = sealing.sealed(asked.house.secrets, data.password, meter_id) if data.password else None
    models = register_maps.known(asked.house.settings.meter_maps_dir)
    async with asked.transaction() as tx:
        made = await service.add(
            tx, asked.actor, SiteId(parsed("sit", data.site, field="site")), data.name, data.setup, models, asked.now,
            reason=data.reason, secret=secret, meter_id=meter_id,
        )  # fmt: skip
    return _shape(made, None, asked.now)


@post("/meters/{meter:str}/readings", opt=needs(Permission.METERS_WRITE), status_code=200)
async def push_readings(asked: Asking, meter: FromPath[str], data: JSONBody[ReadingsToPush]) -> Pushed:
    """Push what a meter showed: at least every ten seconds, so that the loop may reckon with it as of now."""
    readings = [Reading(**{name: getattr(one, name) for name in Reading.__struct_fields__}) for one in data.readings]
    async with asked.transaction() as tx:
        to = await service.seen(tx, asked.actor, parsed("mtr", meter, field="meter"), Permission.METERS_WRITE)
        circuits = await service.pushed(tx, to, readings, asked.now)
    return Pushed(len(readings), circuits)


HANDLERS: Final = [list_meters, add_meter, push_readings]
