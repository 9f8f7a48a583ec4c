"""What the allocator is asked and what it answers: branches, demands, grants and their reasons as data."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from laddverk.energy.circuits.model import PerPhase

FLOOR_A: Final = 6.0  # IEC 61851: with less no car charges
QUANTUM_WH: Final = 2_000.0  # between 1 and 5 kWh it hardly matters who waits; 2 leaves the fewest without anything
FIRST_WH: Final = 500.0  # twenty minutes at 6 A on one phase


class Branch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A circuit with what the cars on it may take together. Parents stand before their children."""

    key: str
    parent: int = -1
    """The parent's place among the branches; -1: none."""
    limit_a: PerPhase
    """For the demands of this call: the fuse, less its margin, other loads and whatever is held for somebody else."""
    until: datetime | None = None
    """When this limit is known to change next, for the words that explain it."""


class Wish(Struct, frozen=True, kw_only=True):
    """What a driver asked for. It moves a demand forward in its class, and never takes all from another."""

    energy_wh: float
    """Of the whole session, what was charged already included."""
    departs_at: datetime


class Demand(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An outlet at which a car would charge."""

    key: str
    branch: int
    """The place among the branches of the circuit it hangs on."""
    use_a: PerPhase
    """What each ampere of its limit puts on each phase of the grid: 1 or 0 on a star, 1 or √3 on a delta. A car whose
    phases nobody knows counts on all phases of its charger; an outlet of unknown rotation counts on all three."""
    angle_deg: PerPhase | None = None
    """On a delta: by how much its current leads on each line, -30 to 30, which lets currents be added as vectors.
    None: it counts in full whatever the others do."""
    floor_a: float = FLOOR_A
    """Less than this is nothing; 0: any current will do (DC)."""
    ceiling_a: float
    """The most that the car, its cable and the outlet take."""
    weight: float = 1.0
    """Above the floor, currents grow in proportion to this."""
    rank: int = 0
    """Priority class: higher is served first."""
    reserved_a: float = 0.0
    """What this outlet gets before anybody else gets anything."""
    watts_per_a: float = 230.0
    """What an ampere of its limit gives: 230 on one phase, 690 on three."""
    attained_wh: float = 0.0
    """What the car got in this session."""
    since: datetime
    """When it was plugged in."""
    is_on: bool = False
    """Its present limit lets it charge."""
    switched_at: datetime | None = None
    """When it was last switched on or off by us; None: never."""
    idle_since: datetime | None = None
    """Since when its car takes nothing though it may: it is full, or has not begun. None: it takes, or nobody knows."""
    target_a: float | None = None
    """What the plan gives it for now; a wish of ours to spare money, never a reason to exceed a limit."""
    wish: Wish | None = None


class Policy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an operator shares what is scarce."""

    quantum_wh: float = QUANTUM_WH
    """Who got a quantum less goes first; within a quantum, whoever charges goes on."""
    first_wh: float = FIRST_WH
    """Who has got less than this goes before all of its class who have more: a short stay gets something too."""
    on_for: timedelta = timedelta(minutes=15)
    """A car that was let in is not sent away before, as long as there is room for it."""
    off_for: timedelta = timedelta(minutes=10)
    """A car that was switched off is not switched on before: some cars take no third change in a few minutes."""
    asked_again_after: timedelta = timedelta(minutes=30)
    """A car that took nothing and was switched off for others is asked again after this, as if it had just come."""
    urgent_within: timedelta = timedelta(hours=1)
    """A wish with less slack than this goes one quantum ahead."""
    step_a: float = 0.1
    """Limits are rounded down to this: OCPP 1.6 has one decimal. What is left over is left: handing out tenths would
    move them from car to car, and each move is a message that a charger must follow."""


class Situation(Struct, frozen=True, kw_only=True):
    """Everything a decision depends on, the instant apart: kept as it is, a replay finds the same answer."""

    branches: tuple[Branch, ...]
    demands: tuple[Demand, ...]
    policy: Policy = Policy()


class ReasonCode(StrEnum):
    """Why a demand gets what it gets."""

    ALL_IT_TAKES = "all_it_takes"
    """Nothing limits it but the car and the outlet."""
    PLANNED = "planned"
    """The plan gives it no more for now."""
    CIRCUIT_FULL = "circuit_full"
    """It has its share of a circuit that is full on a phase."""
    NO_ROOM = "no_room"
    """Nothing: less than its floor is left on a circuit."""
    TURN_OF_OTHERS = "turn_of_others"
    """Nothing: the circuit is full, and the others on it have had less so far."""
    RANKED_BELOW = "ranked_below"
    """Nothing: the circuit is full with those of a higher priority class."""
    RESTING = "resting"
    """Nothing yet: it was switched off a moment ago."""
    TAKES_NOTHING = "takes_nothing"
    """Nothing: its car took nothing when it could, and others take all there is."""
    PAUSED_BY_PLAN = "paused_by_plan"
    """Nothing: the plan charges it later."""


class Reason(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why, as data. `explaining.sentence` puts it into words."""

    code: ReasonCode
    branch: str | None = None
    """The key of the circuit that is full."""
    phase: int | None = None
    """1, 2 or 3: the phase it is full on."""
    until: datetime | None = None
    """When this is expected to change: the limit, a car that is done or leaves, a rest that ends."""
    sharing: int = 0
    """How many charge on that circuit and phase, this one included."""
    weight: float = 0.0
    """Its own among those of its class whose currents there are in proportion to weights; 0: all weigh the same."""
    weights: float = 0.0
    """Of all of them together."""


class Grant(Struct, frozen=True, kw_only=True):
    """What one demand gets now: 0, or at least its floor."""

    key: str
    limit_a: float
    reason: Reason
