"""What a replay is made of and what comes of it. All Structs; times are seconds since 1970."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from laddverk.energy.allocating.model import Policy

PerPhase = tuple[float, float, float]
"""Amperes on L1, L2 and L3 of the grid."""

PATIENCE_S: Final = 1_800.0  # who finds no free outlet waits for half an hour at most (drivers' own words in surveys)
GRACE_S: Final = 900.0  # idle time that no fee is taken for
WEEK_S: Final = 604_800.0
DAY_S: Final = 86_400.0
NO_LIMIT_A: Final = 1e6  # of a site whose circuits nobody has entered


class Feeder(Struct, frozen=True, kw_only=True):
    """A circuit. Parents stand before their children."""

    key: str
    name: str = ""
    parent: int = -1
    limit_a: PerPhase
    """For cars: the fuse less its margin and the other load."""
    over_a: PerPhase = (NO_LIMIT_A, NO_LIMIT_A, NO_LIMIT_A)
    """What the fuse holds beside that for as long as it takes to find out a charger that fails."""


class Port(Struct, frozen=True, kw_only=True):
    """An outlet."""

    key: str
    feeder: int
    phases: int = 3
    """1 or 3; 0 is DC."""
    wires: tuple[int, int, int] | None = None
    """The phases of the grid behind its own; None: nobody has verified it, so all three count."""
    current_max_a: float = 32.0
    rank: int = 0
    reserved_a: float = 0.0
    weight: float = 1.0
    lines_factor: float = 1.0
    """√3 on a grid without neutral."""


class Stretch(Struct, frozen=True, kw_only=True):
    """Limits that hold in a part of every week, instead of the feeders' own."""

    starts_s: float
    """Since Monday 00:00 local time."""
    limits_a: tuple[PerPhase, ...]
    """One for each feeder."""


class Battery(Struct, frozen=True, kw_only=True):
    """A battery at the grid connection: it helps when the fuse is full, and fills by the sun and when there is room."""

    power_w: float
    energy_wh: float
    efficiency: float = 0.9
    """Of charging and discharging together."""


class Ground(Struct, frozen=True, kw_only=True):
    """A site as it would be."""

    feeders: tuple[Feeder, ...]
    ports: tuple[Port, ...]
    fuse_a: float = 0.0
    """What the connection's fuse is rated at, margin and other load included; 0: nothing limits the site."""
    is_steered: bool = True
    """Load management shares what there is. Without it each port has a fixed share that fits, of 6 A or nothing."""
    stretches: tuple[Stretch, ...] = ()
    """By their start; the last one of the week holds until the first."""
    local_ahead_s: float = 3_600.0
    """By how much local time is ahead of UTC, for the hours of the day and the week."""
    idle_cut: float = 0.0
    """By which share of the idle time beyond the grace drivers leave earlier, 0 to 1."""
    battery: Battery | None = None
    shaves_peaks: bool = False
    """The battery also keeps the power from the grid below the highest hour so far: there is a fee for it."""
    solar_w: tuple[float, ...] = ()
    """For every hour of a year from the 1st of January, local time; empty: no panels."""
    patience_s: float = PATIENCE_S
    policy: Policy = Policy()


class Binding(Struct, frozen=True, kw_only=True):
    """For how long a phase of a feeder kept cars from more."""

    feeder: str
    phase: int
    hours: float


class Served(Struct, frozen=True, kw_only=True):
    """What one stay got."""

    key: str
    energy_wh: float
    asked_wh: float
    waited_s: float = 0.0
    is_blocked: bool = False


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of one draw."""

    arrivals: int
    blocked: int
    """Who found no free outlet and left, at once or after waiting."""
    waited: int
    """Who waited and then charged."""
    mean_wait_s: float
    """Of those who waited and charged."""
    asked_wh: float
    """Of all that came, blocked ones included."""
    blocked_wh: float
    """What those who found no outlet would have taken."""
    delivered_wh: float
    p05: float
    """The share that all but the worst-off twentieth of those who got an outlet have reached at least."""
    peak_w: float
    """The highest mean of an hour, from the grid."""
    short_h: float
    """Hours in which a car would have taken more than it got."""
    full_h: float
    """Hours in which no outlet was free."""
    span_h: float
    """How much time was played."""
    by_hour_wh: tuple[float, ...]
    """Energy into cars by the hour of the day, local time, all days together."""
    own_solar_wh: float = 0.0
    """What panels gave to cars, and to the battery for them, without what it loses."""
    sold_solar_wh: float = 0.0
    """What else they gave in the time that was played."""
    idle_h: float = 0.0
    """How long full cars stayed beyond the grace, all together."""
    bindings: tuple[Binding, ...] = ()
    """The longest first."""

    @property
    def delivered(self) -> float:
        """The share of all energy asked for that was delivered."""
        return self.delivered_wh / self.asked_wh if self.asked_wh > 0 else 1.0

    @property
    def blocked_share(self) -> float:
        """The share of arrivals that found no outlet."""
        return self.blocked / self.arrivals if self.arrivals else 0.0
