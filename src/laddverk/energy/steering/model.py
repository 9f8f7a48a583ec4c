"""What the loop knows of a site, what it hears, and what it decides. All Structs; times are seconds since 1970."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from laddverk.energy.circuits.model import NO_CURRENT, PerPhase

LIVES_S: Final = 300.0
"""How long a limit of a session holds when nobody renews it: the longest that a site lives on old decisions."""
RENEWED_S: Final = 130.0
"""Renewed when it has so long left: time for several attempts over a bad line."""
ANSWER_S: Final = 30.0
"""No answer within this time: it may be in the charger or not, and is sent again."""
SETTLES_S: Final = 4.0
"""A car follows its pilot within five seconds (IEC 61851-1); a sample from before is of the old limit."""
OBEYS_WITHIN_S: Final = 50.0
"""A charger that said yes must be seen to obey within this time; slow ones need half a minute."""
UNSEEN_S: Final = 45.0
"""What no sample can confirm (a default under a limit, an outlet that does not measure) is taken for done so long
after its answer: slow chargers apply within 40 s."""
SAMPLE_FRESH_S: Final = 90.0
CLOCK_SLACK_S: Final = 20.0
"""By which a charger's clock may have moved since it last told the time."""
TOLERANCE_A: Final = 1.0
TOLERANCE_SHARE: Final = 0.12
"""A car may take a little more than its pilot says; beyond both the charger does not obey."""
OVER_MAX: Final = 1.25
"""Beyond this a car does not round up, its charger ignores."""
CHANGE_MIN_A: Final = 1.0
"""Smaller raises are not worth a message; lowering has no such bound."""
DEFAULT_A: Final = 6.0
"""What a standing default gives: the least that charges (IEC 61851)."""


class Circuit(Struct, frozen=True, kw_only=True):
    """A circuit as the loop needs it. Parents stand before their children; `parent` -1 is the grid connection."""

    key: str
    parent: int
    usable_a: PerPhase
    """What may flow now: the fuse less its margin, or a lower limit of a window or a signal."""
    fuse_a: PerPhase | None = None
    """The fuse less its margin, at any hour; None: as `usable_a`."""
    is_metered: bool = False
    typed_a: PerPhase = NO_CURRENT
    """The most that other load draws from this circuit itself, as people estimate it."""
    typed_below_a: PerPhase = NO_CURRENT
    """The same of all circuits below, which flows through this one as well."""

    @property
    def carries_a(self) -> PerPhase:
        """What flows for good without opening the fuse, however low a window or a signal sets what may flow."""
        return self.usable_a if self.fuse_a is None else self.fuse_a


class Outlet(Struct, frozen=True, kw_only=True):
    """An outlet as it is placed."""

    key: str
    circuit: int
    phases: int
    """1 or 3; 0 is DC, which loads all three alike."""
    wires: tuple[int, int, int] | None = None
    """The phases of the grid behind the charger's own; None: nobody has verified it, all three count."""
    current_max_a: float = 32.0
    keeps_standing: bool = False
    """It was seen to keep its standing default over a restart."""
    lines_factor: float = 1.0
    """Other than 1 on a 230 V IT grid: an ampere of a car between the lines may be √3 in each of them, and one of DC,
    690 W, is. A one-phase outlet whose place is verified lies between the first two of its `wires`, and puts one ampere
    on each."""
    rank: int = 0
    reserved_a: float = 0.0
    weight: float = 1.0
    takes_dynamic: bool = False
    """It says that it takes dynamic profiles (2.1): a limit in them is changed by a message of its own."""
    stack_level: int = 0
    """The level of our profiles in it: the highest that it takes, so that nobody's profile stands above a limit."""
    in_watts: bool = False
    """It takes limits in watts only: a car on one phase may draw all of them there."""

    @property
    def is_between_lines(self) -> bool:
        """Whether it is known between which two lines of a 230 V IT grid it lies."""
        return self.lines_factor != 1.0 and self.wires is not None

    @property
    def is_balanced_between_lines(self) -> bool:
        """Whether it is DC on a 230 V IT grid: it loads all lines alike, with more than its unit of 690 W says."""
        return self.lines_factor != 1.0 and self.phases == 0


class Trust(StrEnum):
    """Whether an outlet does as it is told."""

    UNKNOWN = "unknown"
    """Never seen to obey: counts with all that its hardware can."""
    OBEYS = "obeys"
    IGNORES = "ignores"
    """Measured above everything that it was ever allowed, or still after it had said yes to less."""


class Held(Struct, frozen=True, kw_only=True):
    """A limit that may be in a charger."""

    limit_a: float
    sent_at: float
    until: float | None = None
    """None: it stands until it is replaced."""
    order_id: int = 0
    answered_at: float | None = None
    """When the charger said yes."""
    confirmed: bool = False
    """Answered and seen (or answered, where nothing measures): nothing older holds any more."""
    changed_at: float = 0.0
    """Of one that is confirmed: since when it holds, counting that it was sent again."""
    clock_ahead_s: float = 0.0
    """By how much its times were moved for the charger's clock."""
    is_dynamic: bool = False
    """It is in a dynamic profile, which ends at `until` however often its limit is changed."""
    over_phases: int = 1
    """Told in watts for so many phases: a car that uses one of them may draw so many times the limit there."""
    stack_level: int = 0

    @property
    def reach_a(self) -> float:
        """What may flow on one phase, on however few of them a car charges."""
        return self.limit_a * self.over_phases


class Sample(Struct, frozen=True):
    """What an outlet measured: the current on each of its own phases."""

    at: float
    current_a: PerPhase

    @property
    def most_a(self) -> float:
        """The highest phase."""
        return max(self.current_a)


class Belief(Struct, frozen=True, kw_only=True):
    """What is known of one outlet."""

    trust: Trust = Trust.UNKNOWN
    is_online: bool = False
    has_session: bool = False
    session_since: float = 0.0
    standing: tuple[Held, ...] = ()
    """Standing defaults that may be in it, newest last; empty: nothing was ever confirmed, anything may be."""
    limits: tuple[Held, ...] = ()
    """Limits of the session that may be in it, newest last."""
    sample: Sample | None = None
    previous: Sample | None = None
    phases_seen: int | None = None
    """On how many phases the car of this session was seen to charge."""
    over: float = 1.0
    """By which factor the car was seen above its limit."""
    clock_ahead_s: float = 0.0
    """How far the charger's clock is ahead of ours."""
    attained_wh: float = 0.0
    is_on: bool = False
    switched_at: float = 0.0
    """When it was last let in, or paused so that it must rest; 0: it may be switched at any time."""
    paused_at: float = -1e18
    nothing_since: float | None = None
    """Since when a car that may charge has drawn nothing: it is full, or waits for something of its own."""
    default_since: float | None = None
    """Of DC: since when it could have had a standing default without a break; None: it could not."""
    disobeyed_since: float | None = None
    obeyed_since: float | None = None
    """Of one that was caught ignoring: since when it does as it is told again."""
    told_at: dict[str, float] = {}
    """By kind of order: when the last one went out that has had no answer yet."""
    booted_at: float = 0.0
    """Which start of the charger is known of: a later one made it forget, whenever we hear of it."""
    keeps_default: bool | None = None
    """Whether its standing default was still there after its last restart; None: nobody has looked."""
    had_standing: Held | None = None
    """After a restart that is still to be looked into: the default that stood before."""
    fails_dynamic: bool = False
    """It refused a dynamic profile, or a change of one, or did not follow it: it gets fixed ones until it restarts."""
    refusals: int = 0
    """Of profiles on a level on which it has taken none since it started: they go on a lower one then."""
    took_level: int = -1
    """The highest level on which it took a profile since it started, or may have."""


class MeterState(StrEnum):
    """What is thought of a circuit's meter."""

    FRESH = "fresh"
    STALE = "stale"
    """Silent for a while: a safety term grows with its age."""
    LOST = "lost"
    """Silent for too long, or never heard: the worst that was seen or typed counts."""
    WRONG = "wrong"
    """It shows what cannot be: less than the chargers draw, or a step of another size than theirs."""


class Estimate(Struct, frozen=True, array_like=True):
    """What flowed through a circuit besides what cars were known to draw on each phase."""

    at: float
    load_a: PerPhase
    unplaced: dict[str, float] = {}
    """By outlet: what it drew on a phase that nobody knows. It is still in `load_a`, on the phase where it flowed."""


class Load(Struct, frozen=True, kw_only=True):
    """What is known of the load of one metered circuit."""

    reading: PerPhase | None = None
    read_at: float = -1e18
    changed_at: float = -1e18
    """When the reading last differed from the one before: one that never changes is no reading."""
    recent: tuple[Estimate, ...] = ()
    """Estimates of the other load, each certain when it was made, within the window."""
    pending: PerPhase | None = None
    """Since the last certain one: the highest that it must have been at least."""
    heard_since: float = 0.0
    worst_seen: PerPhase = NO_CURRENT
    sure: tuple[tuple[float, PerPhase, PerPhase], ...] = ()
    """The last minute's readings at moments when every outlet's draw was known, with that draw; oldest first."""
    steps: tuple[tuple[float, float], ...] = ()
    """Steps of the chargers: by how much the meter answered times their size, and their size squared (A²)."""
    impossible_since: float | None = None
    """Since when it has shown less than the cars draw."""
    is_wrong_since: float | None = None


class Known(Struct, frozen=True, kw_only=True):
    """All that is known of a site between two steps."""

    circuits: tuple[Circuit, ...]
    outlets: tuple[Outlet, ...]
    beliefs: dict[str, Belief]
    loads: dict[str, Load] = {}
    next_order: int = 1
    stepped_at: float = 0.0
    pending: dict[str, float] = {}
    """By name: since when something has been so that people are told of when it lasts."""


# What is heard.


class MeterRead(Struct, frozen=True):
    """A circuit's meter said what flowed."""

    circuit: str
    at: float
    current_a: PerPhase


class Sampled(Struct, frozen=True):
    """An outlet's own meter said what its car draws, on each of the charger's phases."""

    outlet: str
    at: float
    current_a: PerPhase
    clock_ahead_s: float = 0.0
    """How far the charger's clock was ahead of ours when it said so."""


class Answered(Struct, frozen=True):
    """A charger answered to an order, or its connection closed over it (`took` None: nobody knows)."""

    outlet: str
    order_id: int
    took: bool | None
    at: float


class Composed(Struct, frozen=True):
    """A charger told which limit holds now at an outlet: what all that is in it adds up to."""

    outlet: str
    order_id: int
    at: float
    limit_a: float | None
    """None: none at all, or it does not say."""


class LinkChanged(Struct, frozen=True):
    """A charger came or went; `restarted`: it came back from a restart, and may have forgotten everything."""

    outlet: str
    is_online: bool
    at: float
    restarted: bool = False
    clock_ahead_s: float = 0.0
    booted_at: float = 0.0
    """When it last started; 0: nobody knows."""


class SessionChanged(Struct, frozen=True):
    """A session began or ended at an outlet."""

    outlet: str
    is_running: bool
    at: float
    attained_wh: float = 0.0


Heard = MeterRead | Sampled | Answered | Composed | LinkChanged | SessionChanged


# What is decided.


class OrderKind(StrEnum):
    """What a charger is told."""

    STANDING = "standing"
    """A standing default (TxDefaultProfile)."""
    LIMIT = "limit"
    """A limit of the running session, with an end (TxProfile)."""
    LOOK = "look"
    """Tell which limit holds (GetCompositeSchedule): after a restart, does the standing default still stand?"""
    STOP = "stop"
    """End the charge: the last resort for one that takes more than there is and does not obey."""


class Way(StrEnum):
    """How a limit is told."""

    FIXED = "fixed"
    """A profile of its own, absolute, with its end (SetChargingProfile)."""
    DYNAMIC = "dynamic"
    """The same as a dynamic profile (2.1, K28), whose limit may be changed while it holds."""
    UPDATE = "update"
    """The dynamic profile that is there gets another limit (UpdateDynamicSchedule); its end stays."""


class Order(Struct, frozen=True, kw_only=True):
    """Something to send now."""

    id: int
    outlet: str
    kind: OrderKind
    limit_a: float = 0.0
    until: float | None = None
    clock_ahead_s: float = 0.0
    """What to add to times in the order, for the charger's own clock."""
    is_raise: bool = False
    way: Way = Way.FIXED
    stack_level: int = 0
    phases: int | None = None
    """Over how many phases the limit counts where it is told in watts; None: over all that the outlet has."""


class AlarmKind(StrEnum):
    """What people should know."""

    IGNORES = "ignores"
    METER_LOST = "meter_lost"
    METER_WRONG = "meter_wrong"
    OVERLOAD = "overload"
    """More flows than may, now."""
    CANNOT_HOLD = "cannot_hold"
    """For minutes the worst case has not fitted: what chargers may draw that did not say, prove or obey."""
    WRONG_ROTATION = "wrong_rotation"


class Alarm(Struct, frozen=True, kw_only=True):
    """Something is wrong, and where."""

    kind: AlarmKind
    key: str
    """Of an outlet or a circuit."""
    phase: int | None = None
    value_a: float = 0.0
    limit_a: float = 0.0


class Share(Struct, frozen=True, kw_only=True):
    """What an outlet gets, and why: as decided, not yet as confirmed."""

    outlet: str
    limit_a: float
    worst_a: float
    """The most that it may draw now, whatever was decided."""
    reason: dict[str, object] = {}
    """As data: a code and its values; words come from `allocating.explaining` and the screens."""


class Decided(Struct, frozen=True, kw_only=True):
    """The outcome of a step."""

    known: Known
    orders: tuple[Order, ...] = ()
    shares: tuple[Share, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    other_a: dict[str, PerPhase] = {}
    """The other load that each circuit was taken to have, at worst."""
    meters: dict[str, MeterState] = {}
