"""The words of comparisons: how a version did at a station, how a car fares, who was expected at an outlet."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from laddverk.kernel.ids import SiteId, StationId


class StationDays(Struct, frozen=True, kw_only=True):
    """How one station did with one version, over the days that are compared."""

    vendor: str
    model: str
    firmware: str
    station_id: StationId
    site_id: SiteId | None = None
    first_day: datetime
    days: int
    attempts: int
    """Votes: one for each person and day."""
    failed: int
    troubles: int


class Version(Struct, frozen=True, kw_only=True):
    """How all stations did with one version."""

    vendor: str
    model: str
    firmware: str
    first_day: datetime
    stations: int
    days: int
    attempts: int
    failed: int
    troubles: int

    @property
    def name(self) -> str:
        """Return what names it among all: as `scope.Placed.cohort`."""
        return f"{self.vendor} {self.model} {self.firmware}"


class Measure(Struct, frozen=True, kw_only=True):
    """A version against those before it, by one rate."""

    what: str
    """`failed` (of attempts) or `troubles` (of station-days)."""
    events: int
    exposure: int
    before: int
    exposure_before: int
    chance: float
    """That its rate is more than 1.5 times the one before."""


class Compared(Struct, frozen=True, kw_only=True):
    """A version, and how it stands to those before it; no measures when there were none, or too little is known."""

    version: Version
    measures: tuple[Measure, ...] = ()
    is_worse: bool = False
    worst_station: StationId | None = None

    @property
    def chance(self) -> float | None:
        """Return the larger of the chances that it is worse."""
        return max((measure.chance for measure in self.measures), default=None)


class CarVisit(Struct, frozen=True, kw_only=True):
    """One visit of one car (or token) to a station, newest first where there are several."""

    key: str
    is_car: bool
    make: str
    station_id: StationId
    ended_at: datetime
    ok: bool


class CarCase(Struct, frozen=True, kw_only=True):
    """A car that fails everywhere."""

    key: str
    is_car: bool
    make: str
    stations: int
    visits: int
    failed: int
    since: datetime
    last_at: datetime
    station_id: StationId
    """Where it failed last."""


class Quiet(Struct, frozen=True, kw_only=True):
    """An outlet that is free, and at which nobody has tried to charge for long."""

    station_id: StationId
    evse_number: int
    quiet_since: datetime
    zone: str
    hours: dict[int, int]
    """Own attempts of eight weeks before by hour of the week (local; Monday 0 is 0)."""
    weeks: float
    """How long it was seen before it fell quiet, at most eight."""
    site_now: int
    """Attempts at the rest of the site since."""
    site_before: int
    """And in the eight weeks before."""
    site_weeks: float


class Expected(Struct, frozen=True, kw_only=True):
    """Who should have come to a quiet outlet."""

    attempts: float
    chance: float
    """That nobody comes all the same."""
    factor: float
    """How its neighbours do against their own past: less than 1 in holidays."""
