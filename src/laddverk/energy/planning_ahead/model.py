"""What a plan is made of and what comes out: feeders, stays, sources, the capacity tariff's terms, targets, reasons."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from laddverk.energy.circuits.model import PerPhase

STEP_MINUTES: Final = 15  # what prices are quoted by since 2025, and the shortest interval of capacity tariffs
HORIZON_H: Final = 36  # prices of tomorrow are known from noon on; cars that come home today leave tomorrow
UNMET_PER_KWH: Final = 100.0  # major currency: a promised kilowatt-hour is worth more than any price or peak
VOLTAGE_V: Final = 230.0
FLOOR_A: Final = 6.0  # IEC 61851: with less no car charges


class Feeder(Struct, frozen=True, kw_only=True):
    """A circuit as the plan sees it. Parents stand before their children; the root's parent is -1."""

    key: str
    parent: int = -1
    limit_a: tuple[PerPhase, ...]
    """What cars together may take here, other load taken off: one for each period, or one for all."""


class Stay(Struct, frozen=True, kw_only=True):
    """A car that is plugged in, or expected, in periods of the horizon."""

    key: str
    feeder: int
    use: PerPhase
    """Amperes on each phase for each ampere given."""
    watts_per_a: float
    """230 for each phase on a star grid."""
    ceiling_a: float
    wanted_wh: float
    arrives: int = 0
    """The first period in which it may charge."""
    departs: int
    """The first period in which it is gone; beyond the horizon: what fits after it may wait until then."""
    unmet_per_kwh: float = UNMET_PER_KWH
    """Major currency: what leaving a kilowatt-hour uncharged is taken to cost. A promise costs more than a guess."""
    floor_a: float = FLOOR_A
    """Less than this is nothing (0: any current will do)."""


class Battery(Struct, frozen=True, kw_only=True):
    """A battery of the site."""

    capacity_wh: float
    held_wh: float
    power_max_w: float
    efficiency: float = 0.92
    """Of a whole round."""
    wear_per_kwh: float = 0.0
    """Major currency for each kilowatt-hour that leaves it."""


class PeakTerm(Struct, frozen=True, kw_only=True):
    """One fee of one month as the solver needs it. Peaks of one group do not count side by side."""

    per_kw: float
    """Major currency a month."""
    count: int
    sunk_kw: dict[Hashable, float]
    """By group: what the month has already seen, and what it is expected to see whatever is done."""
    intervals: tuple[PeakInterval, ...]


class PeakInterval(Struct, frozen=True):
    """An interval that the fee measures: periods `first` to `last` (exclusive) of the horizon lie in it."""

    group: Hashable
    factor: float
    first: int
    last: int
    hours: float
    """Of the whole interval: a part of it may lie before the horizon."""
    taken_kwh: float = 0.0
    """What was taken in that part."""


class Ahead(Struct, frozen=True, kw_only=True):
    """All that a plan depends on. Sequences have an entry for each period."""

    begins_at: datetime
    step_minutes: int = STEP_MINUTES
    price_per_kwh: tuple[float, ...]
    """What a kilowatt-hour from the grid costs with fees and taxes, major currency."""
    sell_per_kwh: tuple[float, ...] = ()
    """What one into the grid gives; empty: nothing."""
    base_load_w: tuple[float, ...] = ()
    """All load but cars and battery; empty: none."""
    solar_w: tuple[float, ...] = ()
    battery: Battery | None = None
    feeders: tuple[Feeder, ...]
    stays: tuple[Stay, ...] = ()
    peaks: tuple[PeakTerm, ...] = ()

    @property
    def periods(self) -> int:
        return len(self.price_per_kwh)

    @property
    def step_h(self) -> float:
        return self.step_minutes / 60


class MadeBy(StrEnum):
    """How a plan came to be."""

    SOLVER = "solver"
    CAP_RULE = "cap_rule"


class WhyCapped(StrEnum):
    """Why the cap rule was taken."""

    FORECASTS_POOR = "forecasts_poor"
    """Too many departures or energies would be guessed."""
    TOO_LATE = "too_late"
    """No plan was found within the time."""
    NO_ANSWER = "no_answer"
    """The solver gave up: the numbers contradict one another."""
    NO_PRICES = "no_prices"
    PRICES_STALE = "prices_stale"
    """The exchange's price of now is not known: what was known has run out."""


class Waits(StrEnum):
    """Why a car is not given all that it could take now."""

    CHEAPER = "cheaper"
    """The energy costs less later."""
    PEAK = "peak"
    """Now it would raise a peak that is charged for."""
    FULL = "full"
    """A circuit above it is full."""
    SUN = "sun"
    """Energy of the site's own is expected."""


class Wait(Struct, frozen=True, kw_only=True):
    """Why a stay waits, as data."""

    key: str
    why: Waits
    until: datetime | None
    """When the plan gives it more; None: not within the horizon."""
    cheaper_by: float = 0.0
    """Major currency for each kilowatt-hour, with what it would do to the peaks."""
    feeder: str = ""


class Basis(StrEnum):
    """What a forecast of a site's load or sun is made of."""

    MEASURED = "measured"
    """Its own readings of the last weeks."""
    GUESSED = "guessed"
    """What people estimated of the load; a share of a clear sky of the sun."""
    IN_THE_METER = "in_the_meter"
    """The sun has no meter of its own: it is in what the meter of the site shows."""
    UNKNOWN = "unknown"


class Knows(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a plan was made of beside the cars that are there."""

    load: Basis = Basis.UNKNOWN
    load_quarters: int = 0
    """How much of the load was measured."""
    sun: Basis | None = None
    """None: there are no solar cells."""
    sun_quarters: int = 0
    cars_low: int = 0
    """How many cars are expected within a day."""
    cars_mean: float = 0.0
    cars_high: int = 0
    widened_h: float = 0.0
    """By how much intervals of departures were widened, for they missed so often lately."""
    prices_until: datetime | None = None
    """Later prices are those of the nearest known day."""


class Advice(Struct, frozen=True, kw_only=True):
    """What a battery should do, which nobody here commands."""

    power_w: tuple[float, ...]
    """Above 0 it charges."""
    held_wh: float
    """What it is taken to hold at the beginning: half, for nothing tells."""
    saves: float
    """Major currency over the horizon."""


class Plan(Struct, frozen=True, kw_only=True):
    """Who is to have how much when. A solver's targets never sum above a limit of the tree; those of the cap rule are
    ceilings of each car alone, below `cap_w` together.
    """

    begins_at: datetime
    step_minutes: int
    made_by: MadeBy = MadeBy.SOLVER
    why_capped: WhyCapped | None = None
    targets_a: dict[str, tuple[float, ...]]
    """For each stay and period."""
    cap_w: tuple[float, ...] = ()
    """What all cars together should stay below in each period."""
    unmet_wh: dict[str, float]
    """What it will lack when it leaves; only where something is lacking."""
    grid_w: tuple[float, ...] = ()
    battery_w: tuple[float, ...] = ()
    """Above 0 it charges."""
    marginal_per_kwh: tuple[float, ...] = ()
    """What one more kilowatt-hour would cost in each period, all counted."""
    cost: float = 0.0
    """Major currency: energy (what is left for after the horizon at the mean price), and what is added to the fees of
    peaks; without penalties.
    """
    waits: tuple[Wait, ...] = ()
    base_w: tuple[float, ...] = ()
    """The forecast of all load but cars."""
    solar_w: tuple[float, ...] = ()
    expected_w: tuple[float, ...] = ()
    """Of `cap_w`, what cars have that are not there yet."""
    advice: Advice | None = None
    knows: Knows | None = None
