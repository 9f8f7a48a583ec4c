"""The API's attempts: how tries to charge went, one by one and counted; and what a charger lets us see."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from litestar import get
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from laddverk.diagnostics import observability, queries_station
from laddverk.diagnostics.detectors.base import Scene
from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.diagnostics.outcomes import queries
from laddverk.diagnostics.outcomes.queries import By, Span
from laddverk.diagnostics.scenes import Scenery
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, parsed, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, checked_limit
from laddverk.web.api.shapes import Page, page

USUAL: Final = timedelta(days=30)  # counted when nothing is said of the time
SPAN_MAX: Final = timedelta(days=400)  # outcomes are kept so long


class Attempt(Struct, frozen=True):
    """One attempt to charge. `evse` 0: nobody knows at which outlet.

    `outcome`: ok, auth_fail, payment_fail, plug_no_start, zero_energy, early_abort or abnormal_end; no_auth where
    nobody showed a token; excluded where it says nothing of the charger. `why` holds what decided it, word by word.
    """

    station: str
    evse: int
    began_at: datetime
    ended_at: datetime
    outcome: str
    why: list[str]
    session: str | None
    energy_wh: int
    stop_reason: str
    error_codes: list[str]
    limit_a: float | None
    first_of_visit: bool
    car_make: str


class Rate(Struct, frozen=True):
    """How attempts of one group went. What says nothing of the charger is `excluded`; `nobody` showed no token.

    `success`: ok of attempts; `first_time`: visits whose first attempt went well; `visit_success`: visits in which
    somebody could charge in the end. Null where there were none.
    """

    label: str
    id: str | None
    attempts: int
    ok: int
    excluded: int
    nobody: int
    visits: int
    success: float | None
    first_time: float | None
    visit_success: float | None


class Seen(Struct, frozen=True):
    """What one detector can see at one outlet (0: the station): what it needs and does not get makes it blind."""

    detector: str
    evse: int
    observable: bool
    missing: list[str]


class Observable(Struct, frozen=True):
    """What a charger lets us see: the share of detectors that see anything, and when each input came last, by EVSE."""

    covered_percent: int | None
    inputs: dict[str, dict[str, datetime]]
    detectors: list[Seen]


async def _station(tx: Transaction, asked: Asked, text: str) -> StationId:
    row = await stations_queries.station(tx, asked.actor.site_ids, parsed("sta", text, field="station"))
    if row is None:
        raise NotFound("There is no such station.", field="station")
    return StationId(row.id)


@get("/stations/{station:str}/attempts", opt=needs(Permission.STATIONS_READ))
async def list_attempts(
    asked: Asking,
    station: FromPath[str],
    evse: FromQuery[int] = 0,
    outcome: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Attempt]:
    """List the attempts to charge at a charger, the newest first."""
    checked_limit(limit, offset)
    if not 0 <= evse < 2**31:
        raise Invalid("There is no such outlet.", field="evse")
    async with asked.transaction() as tx:
        identity = await _station(tx, asked, station)
        rows = await queries.latest(tx, identity, evse, outcome, limit=limit + 1, offset=offset)
    return page([_attempt(identity, row) for row in rows], limit=limit, offset=offset)


def _attempt(station_id: StationId, row: queries.OutcomeRow) -> Attempt:
    return Attempt(
        station=shown("sta", station_id), evse=row.evse_number, began_at=row.began_at, ended_at=row.ended_at,
        outcome=row.outcome, why=list(row.why), session=shown("ses", row.session_id) if row.session_id else None,
        energy_wh=row.energy_wh, stop_reason=row.stop_reason, error_codes=list(row.error_codes), limit_a=row.limit_a,
        first_of_visit=row.first_of_visit, car_make=row.car_make,
    )  # fmt: skip


@get("/attempts/rates", opt=needs(Permission.STATIONS_READ))
async def count_attempts(
    asked: Asking,
    by: FromQuery[str] = "all",
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    station: FromQuery[str | None] = None,
    site: FromQuery[str | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Rate]:
    """Count how attempts went, of 30 days if no time is given.

    `by` is all, evse, station, site, model, firmware, hour or car_make; those with most failures come first.
    """
    checked_limit(limit, offset)
    if by not in set(By):
        raise Invalid("Attempts cannot be grouped by that.", field="by")
    span = _span(asked, since, until, station, site)
    async with asked.transaction() as tx:
        rows = await queries.rates(tx, asked.actor.site_ids, span, By(by), limit=limit + 1, offset=offset)
    return page([_rate(By(by), row) for row in rows], limit=limit, offset=offset)


def _span(asked: Asked, since: datetime | None, until: datetime | None, station: str | None, site: str | None) -> Span:
    for name, at in (("since", since), ("until", until)):
        if at is not None and at.tzinfo is None:
            raise Invalid("Say the offset from UTC with the time.", field=name)
    until = until or asked.now
    since = since or until - USUAL
    if not timedelta(0) <= until - since <= SPAN_MAX:
        raise Invalid("Ask for at most %(days)s days, the first before the last.", field="since", days=SPAN_MAX.days)
    return Span(
        since=since,
        until=until,
        station_id=StationId(parsed("sta", station, field="station")) if station else None,
        site_id=parsed("sit", site, field="site") if site else None,
    )


def _rate(by: By, row: queries.Rates) -> Rate:
    prefix = "sit" if by is By.SITE else "sta"
    return Rate(
        label=row.label, id=shown(prefix, row.identity) if row.identity else None, attempts=row.attempts, ok=row.ok,
        excluded=row.excluded, nobody=row.nobody, visits=row.visits, success=row.success, first_time=row.first_time,
        visit_success=row.visit_success,
    )  # fmt: skip


@get("/stations/{station:str}/observability", opt=needs(Permission.STATIONS_READ))
async def show_observability(asked: Asking, station: FromPath[str]) -> Observable:
    """Show what a charger lets us see, and which detectors see nothing there. Silence is not health."""
    async with asked.transaction() as tx:
        identity = await _station(tx, asked, station)
        watched = await queries_station.watched(tx, identity)
        scene = (await Scenery().of(tx, [identity], asked.now)).get(identity) or Scene(station_id=identity)
    inputs = watched.observable if watched else {}
    rows = observability.coverage(DETECTORS, inputs, scene, asked.now)
    return Observable(
        observability.covered_percent(rows),
        inputs,
        [Seen(row.detector, row.evse_number, row.observable, [one.value for one in row.missing]) for row in rows],
    )


HANDLERS: Final = [list_attempts, count_attempts, show_observability]
