"""Studies as Structs: what is asked, what is played, what it costs."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.planning.replaying.model import Ground, Outcome

DRAWS_MAX: Final = 50  # beyond that the band between P10 and P90 hardly moves
DAYS_MAX: Final = 731
DAYS_MIN: Final = 7
STAYS_MAX: Final = 30_000  # of one study: a year of a large site; more takes hours
PORTS_MAX: Final = 300
WORK_MAX: Final = 4_000_000  # stays times replays: some hours of a core
SCENARIOS_MAX: Final = 3  # beside the growth that is reckoned with: a column of paper for each
SCENARIO_DRAWS_MAX: Final = 5  # a coarser band for a fraction of the arithmetic: the differences are between growths
RECORDED: Final = -1
"""The place of the replay of what was: the site as it is, every driver once, nobody more."""
OPEN_MAX: Final = 4  # studies that wait or run at one time: they share one core
TITLE_MAX: Final = 120
DAYS_PER_YEAR: Final = 365.25


class Kind(StrEnum):
    """What an option changes, the cheapest relief first."""

    AS_IS = "as_is"
    REFERENCE = "reference"
    """Not proposed: shows how much a thing is worth that the site has."""
    ROTATION = "rotation"
    RULE = "rule"
    IDLE_FEE = "idle_fee"
    FUSE = "fuse"
    PORTS = "ports"
    BATTERY = "battery"
    SOLAR = "solar"
    CONNECTION = "connection"
    BOTH = "both"
    """More outlets and a larger fuse."""


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a site is changed; what is at its default stays as it is."""

    ports: int = 0
    """More outlets; negative: fewer."""
    fuse_a: float = 0.0
    is_rotation_fixed: bool = False
    is_steered: bool | None = None
    idle_cut: float = 0.0
    battery_kw: float = 0.0
    battery_kwh: float = 0.0
    solar_kwp: float = 0.0


class Option(Struct, frozen=True, kw_only=True):
    """One change, and what it costs."""

    kind: Kind
    change: Change = Change()
    capex_minor: int = 0
    opex_year_minor: int = 0


class Prices(Struct, frozen=True, kw_only=True):
    """What things cost, in minor units without VAT. The defaults are examples: every operator has its own."""

    margin_per_kwh: int = 150
    port: int = 2_500_000
    port_year: int = 120_000
    rotation_per_port: int = 30_000
    rule: int = 1_500_000
    rule_year: int = 240_000
    idle_fee: int = 300_000
    idle_hour: int = 1_000
    """What the fee takes for an hour of idle time beyond the grace."""
    fuse_step: int = 500_000
    connection: int = 12_000_000
    battery_per_kwh: int = 600_000
    solar_per_kwp: int = 1_200_000
    own_solar_per_kwh: int = 80
    """What a kilowatt-hour from panels saves of bought energy."""
    sold_solar_per_kwh: int = 30
    """What one is sold for that no car takes."""
    peak_per_kw_year: int = 0
    """The grid's fee for the highest hour, a year; 0: there is none."""
    life_years: int = 10


class Asked(Struct, frozen=True, kw_only=True):
    """Everything that a study's answer depends on, beside the stays and the site as it was."""

    site_id: UUID
    first: date
    last: date
    """The last day, included."""
    growth: float = 0.0
    """How many more drivers: 0.2 for a fifth."""
    scenarios: tuple[float, ...] = ()
    """Other growths, each of which every option is played with too."""
    draws: int = 10
    seed: int = 1
    fuse_a: float = 0.0
    """Where the site has no circuits: the fuse to reckon with; 0: nothing limits it."""
    other_load_a: float = 0.0
    """Other load at the connection beside what stands in the circuits, on each phase."""
    ports_more: tuple[int, ...] = (1, 2, 4)
    port_current_a: float = 16.0
    idle_cut: float = 0.4
    """By which share of idle time beyond the grace a fee makes drivers leave earlier. An assumption."""
    battery_kw: float = 30.0
    battery_kwh: float = 60.0
    solar_kwp: float = 30.0
    connection_a: float = 200.0
    prices: Prices = Prices()
    tree_version: int = 0
    fees_source: str = ""
    """Whose fees of fuses the options were reckoned with."""

    @property
    def growths(self) -> tuple[float, ...]:
        """All growths that are played; the first is the one that is reckoned with."""
        return self.growth, *self.scenarios

    def draws_of(self, scenario: int) -> int:
        """Return how often chance is drawn for a growth, by its place among `growths`."""
        return self.draws if scenario == 0 else min(self.draws, SCENARIO_DRAWS_MAX)

    @property
    def replays(self) -> int:
        """How often each option is played."""
        return sum(self.draws_of(scenario) for scenario in range(len(self.growths)))


class State(StrEnum):
    """How far a study is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Study(Struct, frozen=True, kw_only=True):
    """A study, without its stays."""

    id: UUID
    site_id: UUID
    site_name: str
    timezone: str
    title: str
    asked: Asked
    ground: Ground
    options: tuple[Option, ...]
    stays_count: int
    units: int
    state: State
    why: str
    made_at: datetime
    made_by: str
    ended_at: datetime | None
    parts: int
    """How many replays are done."""
    cpu_s: float

    @property
    def share_done(self) -> float:
        """How far it is, 0 to 1."""
        return self.parts / self.units if self.units else 1.0

    @property
    def days(self) -> int:
        """How many days were played."""
        return (self.asked.last - self.asked.first).days + 1


class Part(Struct, frozen=True, kw_only=True):
    """What came of one option in one draw of one growth."""

    place: int
    draw: int
    outcome: Outcome
    scenario: int = 0
    """The place of the growth among all that are played."""
