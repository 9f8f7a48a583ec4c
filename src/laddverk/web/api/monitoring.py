"""The API's monitors, events, alarms and streams."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId
from laddverk.provisioning import service
from laddverk.provisioning.queries import monitoring
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asking, checked_limit, station_of
from laddverk.web.api.shapes import Page, of, page

STREAM_VALUES: Final = 500
CLOSED_SHOWN: Final = timedelta(days=1)


class Monitor(Struct, frozen=True):
    """A monitor inside a charger. `severity` is 0 (danger) to 9 (debug)."""

    monitor_id: int
    component: str
    variable: str
    kind: str
    value: float
    severity: int | None
    transaction: bool
    notification: str
    set_by: str
    told_at: datetime


class MonitorEvent(Struct, frozen=True):
    """Something that a monitor noticed."""

    at: datetime
    received_at: datetime
    event_id: int
    trigger: str
    component: str
    variable: str
    value: str
    notification: str
    monitor_id: int | None
    severity: int | None
    cause: int | None
    tech_code: str | None
    tech_info: str | None
    cleared: bool
    cleared_at: datetime | None


class Alarm(Struct, frozen=True):
    """Something that a charger alerts of, or did. `seen_*`: who has said to deal with it."""

    station_id: str
    alarm_key: str
    station_name: str
    component: str
    variable: str
    monitor_id: int | None
    tech_code: str | None
    tech_info: str | None
    severity: int | None
    value: str
    raised_at: datetime
    last_at: datetime
    cleared_at: datetime | None
    seen_at: datetime | None
    seen_by: str
    seen_note: str


class AlarmToAcknowledge(Struct, frozen=True, forbid_unknown_fields=True):
    """An alarm by its station and key, and a note on who deals with it and how."""

    station_id: str
    alarm_key: str
    note: str


class EventStream(Struct, frozen=True):
    """A stream of values (OCPP 2.1), its newest values last."""

    stream_id: int
    monitor_id: int
    component: str | None
    variable: str | None
    interval_s: int | None
    opened_at: datetime
    closed_at: datetime | None
    last_at: datetime | None
    values: list[str]


@get("/stations/{station:str}/monitors", opt=needs(Permission.STATIONS_READ))
async def list_monitors(asked: Asking, station: FromPath[str], search: FromQuery[str] = "") -> list[Monitor]:
    """List the monitors of a station, as it last told."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        return [of(Monitor, each) for each in await monitoring.monitors(tx, row.id, search)]


@get("/stations/{station:str}/events", opt=needs(Permission.STATIONS_READ))
async def list_events(
    asked: Asking,
    station: FromPath[str],
    before: FromQuery[datetime | None] = None,
    severity_max: FromQuery[int | None] = None,
    search: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
) -> list[MonitorEvent]:
    """List what the monitors of a station noticed, newest first."""
    checked_limit(limit, 0)
    until = before or asked.now + timedelta(days=1)
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        found = await monitoring.events(tx, row.id, until, severity_max=severity_max, search=search, limit=limit)
    return [of(MonitorEvent, each) for each in found]


@get("/stations/{station:str}/streams", opt=needs(Permission.STATIONS_READ))
async def list_streams(asked: Asking, station: FromPath[str]) -> list[EventStream]:
    """List the streams of a station with their newest values."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        found = await monitoring.streams(tx, row.id, asked.now - CLOSED_SHOWN, STREAM_VALUES)
    return [of(EventStream, each) for each in found]


@get("/alarms", opt=needs(Permission.STATIONS_READ))
async def list_alarms(
    asked: Asking,
    with_cleared: FromQuery[bool] = False,
    severity_max: FromQuery[int | None] = None,
    search: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Alarm]:
    """List what chargers alert of, the most severe first."""
    wanted = monitoring.AlarmFilter(with_cleared=with_cleared, severity_max=severity_max, search=search)
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await monitoring.alarms(tx, asked.actor.site_ids, wanted, limit=limit, offset=offset)
        total = await monitoring.count_alarms(tx, asked.actor.site_ids, wanted)
    return page([of(Alarm, each) for each in rows], limit=limit, offset=offset, total=total)


@post("/alarms/acknowledge", opt=needs(Permission.COMMANDS_SEND), status_code=204)
async def acknowledge_alarm(asked: Asking, data: JSONBody[AlarmToAcknowledge]) -> None:
    """Say that somebody deals with an alarm. It stands until the station takes it back."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, data.station_id)
        await service.acknowledge_alarm(tx, asked.actor, StationId(row.id), data.alarm_key, asked.now, note=data.note)


HANDLERS: Final = [
    list_monitors,
    list_events,
    list_streams,
    list_alarms,
    acknowledge_alarm,
]
