"""Circuits, places, sources and limits over time as Structs: what a site's electricity looks like."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.events import Event
from laddverk.kernel.ids import SiteId, StationId

CircuitId = NewType("CircuitId", UUID)
SourceId = NewType("SourceId", UUID)
MeterId = NewType("MeterId", UUID)

PerPhase = tuple[float, float, float]
"""Amperes on L1, L2 and L3 of the grid."""

NO_CURRENT: Final[PerPhase] = (0.0, 0.0, 0.0)
FUSES_A: Final = (
    10, 13, 16, 20, 25, 32, 35, 40, 50, 63, 80, 100, 125, 160, 200, 224, 250, 315, 355, 400, 425, 500, 630, 800, 1_000,
    1_250,
)  # fmt: skip
"""What fuses are sold in (IEC 60269, and the 35 A of Nordic house connections); any other value may be typed."""
CIRCUITS_MAX: Final = 300  # of one site: a garage of a thousand outlets in groups of ten, and its boards
PLACES_MAX: Final = 2_000  # of one site
DEPTH_MAX: Final = 12  # circuits above one another; real sites have three to five
WINDOWS_MAX: Final = 50  # of one circuit
SOURCES_MAX: Final = 20  # of one site
WEIGHT_MIN: Final = 0.1  # of an outlet's share
WEIGHT_MAX: Final = 10.0  # whoever is to have still more gets a priority class, or current of its own
LIMIT_MAX_A: Final = 6_300.0  # the largest low-voltage breaker; more is a typing mistake
NAME_MAX: Final = 80


class Wiring(StrEnum):
    """How the site's grid is wired."""

    STAR_400 = "star_400"
    """TN or TT: three phases and neutral, 230 V to neutral. What nearly all of Sweden has."""
    DELTA_230 = "delta_230"
    """IT: 230 V between the phases, no neutral. Older grids of Norway. A one-phase outlet loads two lines."""


class CircuitKind(StrEnum):
    """What a circuit is, as an electrician names it."""

    GRID = "grid"
    """The connection to the grid: the root of the tree."""
    BOARD = "board"
    """A distribution board."""
    GROUP = "group"
    """A group or a feeder: what several outlets, or the outlets of one charger, share."""


class Rotation(StrEnum):
    """Which phases of the grid (R, S, T are L1, L2, L3) the charger's L1, L2 and L3 are connected to, in this order.

    A one-phase outlet uses the first letter alone; on a 230 V IT grid, between two lines, the first two.
    """

    RST = "RST"
    RTS = "RTS"
    SRT = "SRT"
    STR = "STR"
    TRS = "TRS"
    TSR = "TSR"

    @property
    def phases(self) -> tuple[int, int, int]:
        """The phases of the grid (0, 1, 2) that the charger's L1, L2 and L3 are connected to."""
        first, second, third = (("RST").index(letter) for letter in self.value)
        return first, second, third


class SourceKind(StrEnum):
    """What feeds a site besides the grid."""

    SOLAR = "solar"
    BATTERY = "battery"


class LimitFrom(StrEnum):
    """Who limits a circuit for a time."""

    SCHEDULE = "schedule"
    """Hours that people typed: a window."""
    DSO = "dso"
    """A signal of the grid operator."""
    OPENADR = "openadr"
    """A program that speaks OpenADR 3."""
    PERSON = "person"
    """Somebody of ours, for a time."""


class Window(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A lower limit in the same hours of some days, in the site's local time.

    `ends_minute` at or before `starts_minute` is past midnight: the window belongs to the day it begins on.
    """

    limit_a: PerPhase
    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    """ISO weekdays, Monday is 1."""
    starts_minute: int = 0
    """Minutes after midnight, 0 to 1439."""
    ends_minute: int = 1440
    """1 to 1440."""
    note: str = ""


class Circuit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A cable with its fuse. `limit_a` is the fuse's rating; a phase of 0 does not exist here."""

    id: CircuitId
    name: str
    kind: CircuitKind
    limit_a: PerPhase
    parent_id: CircuitId | None = None
    """None: the grid connection."""
    margin_a: float = 0.0
    """Kept free on every phase, below the fuse."""
    meter_id: MeterId | None = None
    """The meter that measures all current through this circuit, chargers included; None: nothing measures it."""
    unmetered_a: PerPhase = NO_CURRENT
    """The most that other load than charging may draw from this circuit itself, not from those below, as people
    estimate it: counts where nothing measures."""
    windows: tuple[Window, ...] = ()
    note: str = ""

    @property
    def usable_a(self) -> PerPhase:
        """What may flow on each phase: the fuse less the margin, never below 0."""
        first, second, third = (max(0.0, limit - self.margin_a) for limit in self.limit_a)
        return first, second, third


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an outlet hangs, and how."""

    station_id: StationId
    evse_number: int
    circuit_id: CircuitId
    phases: int = 3
    """1 or 3; 0 is DC, which loads all three phases alike by its power."""
    rotation: Rotation = Rotation.RST
    is_rotation_known: bool = False
    """Somebody has looked or measured. Until then the outlet counts with its full current on every phase."""
    current_max_a: float = 32.0
    """For each phase, of its cable and hardware."""
    power_max_w: float = 0.0
    """Of a DC outlet; 0 for AC."""
    rank: int = 0
    """Priority class: higher is served first."""
    reserved_a: float = 0.0
    """What is kept for this outlet when it charges, whoever else does."""
    weight: float = 1.0
    """Its share of a full circuit beside the others': 2 gets twice as much, where neither has its least or its most."""

    @property
    def key(self) -> tuple[StationId, int]:
        """What names an outlet."""
        return self.station_id, self.evse_number


class Source(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What feeds a site besides the grid, and where it is connected."""

    id: SourceId
    name: str
    kind: SourceKind
    circuit_id: CircuitId
    power_max_w: float
    energy_wh: float = 0.0
    """What a battery holds; 0 for solar."""
    meter_id: MeterId | None = None


class Tree(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All of a site's circuits, places and sources. Version 0 is a site that has none yet."""

    site_id: SiteId
    version: int = 0
    wiring: Wiring = Wiring.STAR_400
    lets_ask: bool = False
    """Drivers may ask to come first."""
    circuits: tuple[Circuit, ...] = ()
    """Parents stand before their children (`rules.sorted_circuits`)."""
    places: tuple[Place, ...] = ()
    sources: tuple[Source, ...] = ()


class Signal(Struct, frozen=True, kw_only=True):
    """A lower limit between two instants, from outside."""

    circuit_id: CircuitId
    source: LimitFrom
    key: str
    """The sender's name of it: the same key replaces what was said before."""
    starts_at: datetime
    ends_at: datetime
    limit_a: PerPhase
    note: str = ""
    """What it is for, in the sender's words."""


class SignalRow(Struct, frozen=True, kw_only=True):
    """A signal as it is kept, with who told it and whether somebody has taken it away."""

    circuit_id: CircuitId
    source: LimitFrom
    key: str
    starts_at: datetime
    ends_at: datetime
    limit_a: PerPhase
    note: str
    told_at: datetime
    told_by: str
    taken_at: datetime | None
    taken_by: str


class Reading(Struct, frozen=True, kw_only=True):
    """What the meter of a circuit said last: all current through it, chargers included."""

    circuit_id: CircuitId
    at: datetime
    current_a: PerPhase


class Version(Struct, frozen=True, kw_only=True):
    """A version of a tree, without the tree: who changed what, when and why."""

    version: int
    made_at: datetime
    made_by: str
    change: str
    """English, translated where it is shown."""
    params: dict[str, str] = {}
    reason: str = ""
    undoes: int | None = None


class CircuitsChanged(Event, frozen=True, kw_only=True):
    """A site's tree has a new version, or a limit from outside came or went."""

    site_id: SiteId
    version: int
