"""What the energy room speaks of: outlets and what feeds them, wanted limits, composite schedules, needs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from laddverk.kernel.ids import CommandId
from laddverk.ocpp.facts import Profile, Purpose, RateUnit

VOLTAGE_V: Final = 230.0  # phase to neutral, Sweden
CURRENT_MIN_A: Final = 6.0  # IEC 61851: with less no car charges
PHASES_DEFAULT: Final = 3  # what the standard takes where numberPhases is not given
LIMIT_A_MAX: Final = 2_000.0  # more than any busbar of a charger carries
PROFILES_MAX: Final = 100  # of one station that may be there at once; chargers hold some dozens
COMPOSITE_S_MAX: Final = 7 * 86_400  # a week; beyond it nothing is planned
PERIODS_MAX: Final = 500  # of a composite schedule: half an hour's steps over a week, and more


class Condition(StrEnum):
    """Where a profile or a control is on its way into a charger and out again."""

    WANTED = "wanted"
    INSTALLED = "installed"
    REFUSED = "refused"
    LEAVING = "leaving"
    GONE = "gone"


class Note(StrEnum):
    """What whoever sets a limit should know about it."""

    PAUSED = "paused"
    """Below 6 A: no car charges with less, so 0 was sent."""
    CONVERTED = "converted"
    """The charger takes the other unit only; the limit was converted, never upward."""
    ROUNDED = "rounded"
    """1.6 has one decimal; the limit was rounded down."""


class Feed(Struct, frozen=True):
    """What supplies an outlet, as far as limits need it."""

    phases: int = PHASES_DEFAULT
    """1 or 3; 0 is DC."""
    current_max_a: float = 32.0
    power_max_w: float = 22_000.0

    @property
    def volts(self) -> float:
        """What makes watts of amperes on one phase. Nobody knows a DC car's: taken is full power at full current."""
        if self.phases == 0 and self.current_max_a > 0 and self.power_max_w > 0:
            return self.power_max_w / self.current_max_a
        return VOLTAGE_V


class Running(Struct, frozen=True):
    """A session that runs at an outlet, as profiles see it."""

    transaction_key: str
    started_at: datetime
    priority: bool = False


class Placed(Struct, frozen=True):
    """A profile, where it is (EVSE 0: the whole charger), and since when."""

    profile: Profile
    evse_number: int
    since: datetime
    limit_now: float | None = None
    """Of a dynamic profile: what it was last told."""


class Step(Struct, frozen=True):
    """From an instant on, so many amperes per phase may flow; None: nothing limits it."""

    at: datetime
    limit_a: float | None
    why: Purpose | None = None
    """Whose limit it is."""


class Wish(Struct, frozen=True, kw_only=True):
    """A limit that somebody, or the allocator, wants: constant, from now (or later) until an instant or until it is
    taken away; or in the same hours of every day or week.
    """

    evse_number: int
    """0 is the whole charger."""
    limit: float
    unit: RateUnit = RateUnit.AMPERE
    until: datetime | None = None
    purpose: Purpose = Purpose.TX_DEFAULT
    stack_level: int = 0
    phases: int | None = None
    starts_at: datetime | None = None
    """Now, when not given. Of a recurring limit: when its hours began for the last time."""
    recurrency: str | None = None
    """Daily or Weekly."""
    lasts_s: int | None = None
    """Of a recurring limit: for how long, each time; None is all the time."""
    is_dynamic: bool = False
    """It may be told another value while it holds (2.1)."""
    asks_every_s: int = 300
    """Of a dynamic one: how often a charger asks for its value that was not told any (`dynUpdateInterval`)."""


class Checked(Struct, frozen=True):
    """A profile as it may be sent, and what was changed for it."""

    profile: Profile
    notes: tuple[Note, ...] = ()


class Allowed(Struct, frozen=True):
    """What a station says of its smart charging; None where it said nothing."""

    units: frozenset[RateUnit] = frozenset(RateUnit)
    stack_max: int | None = None
    periods_max: int | None = None
    profiles_max: int | None = None
    dynamic: bool = False
    """It says that it takes dynamic profiles (2.1)."""


class Set(Struct, frozen=True):
    """A profile that is on its way to a charger."""

    profile_id: int
    command_id: CommandId
    notes: tuple[Note, ...] = ()
