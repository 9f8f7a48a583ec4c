"""What may hold a site back, what was observed of it, and what is found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.planning.usage.censoring import Slot

NEEDED: Final = timedelta(weeks=4)  # a week is the rhythm of people; four of them tell a rhythm from a chance
YEAR: Final = timedelta(days=365.25)


class Kind(StrEnum):
    """What holds a site back."""

    PORTS = "ports"
    """Every outlet charges a car: there are too few."""
    POWER = "power"
    """A circuit is full on its phases alike: cars get less than they and their outlets could take."""
    PHASE = "phase"
    """A circuit is full on a phase that more outlets hang on than on the others, or may."""
    OVERSTAY = "overstay"
    """Every outlet is taken, some by cars that do not charge any more."""
    RELIABILITY = "reliability"
    """There is no room because an outlet is out of order, or charging failed and people gave up."""
    PRICE = "price"
    """It costs more than elsewhere in the network."""


class Proof(Struct, frozen=True, kw_only=True):
    """One sentence of evidence: English, translated where it is shown, with its values and the page that shows it."""

    text: str
    values: Mapping[str, Any] = {}
    page: str = ""
    """Which page shows it: `usage`, `uptime`, `load`, `outcomes`, `prices`."""


class Found(Struct, frozen=True, kw_only=True):
    """One thing that holds a site back, scaled to a year."""

    kind: Kind
    hours: float | None
    """In which it binds; None where that cannot be told: a price keeps people away at any hour."""
    sessions: float | None
    """Lost; of those who got less current, as many as their lost energy would have filled. None where that cannot be
    told."""
    energy_wh: float
    """Lost."""
    is_estimate: bool
    """The sessions or the energy are estimated, not seen."""
    proofs: tuple[Proof, ...] = ()


class PoolWeek(Struct, frozen=True, kw_only=True):
    """A pool over the period, by hour of the local week; seconds of the period in which all were taken, and how."""

    plug: str
    ports: int = 0
    """As many as stood there; 0 where it was not asked for, or nobody knows."""
    slots: Mapping[int, Slot]
    full_s: Mapping[int, float]
    full_busy_s: Mapping[int, float]
    full_charging_s: Mapping[int, float]
    dark_s: Mapping[int, float]
    stay_s: float | None = None
    """The mean stay of a session there; None where it was not asked for, or nobody knows."""


class Held(Struct, frozen=True, kw_only=True):
    """What load management held back on one phase of one circuit."""

    branch: str
    phase: int
    limited_s: float
    """Summed over outlets at which a car would have charged faster."""
    cars: int
    cars_short: int
    """Of these: left while they still charged."""
    short_wh: float
    """What these would have got at full power meanwhile: at most that was lost."""


class Circuit(Struct, frozen=True, kw_only=True):
    """A circuit as far as its phases go."""

    key: str
    name: str
    on_phase: tuple[int, int, int]
    """How many outlets may load each phase; one whose rotation is not known may load each."""
    unknown: int
    """Outlets on fewer than three phases whose rotation is not known."""


class Room(Struct, frozen=True, kw_only=True):
    """What is known of the room for cars at a site over a period."""

    site_id: UUID
    name: str
    since: datetime
    until: datetime
    pools: tuple[PoolWeek, ...]
    session_wh: float | None = None
    """The mean energy of a session there; None where it was not asked for, or nobody knows."""
    given_up: int
    """Starts that failed, after which the person did not try again."""
    failed: int

    @property
    def per_year(self) -> float:
        """What a count of the period is multiplied by to make a year."""
        seconds = (self.until - self.since).total_seconds()
        return YEAR.total_seconds() / seconds if seconds > 0 else 0.0


class Observed(Room, frozen=True, kw_only=True):
    """Everything known of a site over a period."""

    began: int
    held: tuple[Held, ...]
    circuits: Mapping[str, Circuit]
    unpaid: int
    """People who opened the page to pay and did not."""
    price_minor: float | None
    """Revenue for each kWh, without VAT."""
    network_price_minor: float | None
    """The median of the other sites."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What holds a site back, the worst first; nothing where nothing does, or where it is too soon to say."""

    site_id: UUID
    name: str
    since: datetime
    until: datetime
    is_too_soon: bool
    is_managed: bool
    """It has circuits whose load is managed, so that power and phases are measured; else nothing is found of them."""
    found: tuple[Found, ...]
    began_per_year: float = 0.0
    more_ports: tuple[tuple[str, int, tuple[float, ...]], ...] = ()
    """By pool: plug, outlets now, and who would be turned away in a year with none, one, two, three more."""

    @property
    def sessions(self) -> float:
        """Sessions lost in a year, over all that holds it back, as far as is known."""
        return sum(one.sessions or 0.0 for one in self.found)

    @property
    def energy_wh(self) -> float:
        """Energy lost in a year, Wh."""
        return sum(one.energy_wh for one in self.found)

    @property
    def hours(self) -> float:
        """Hours a year, over all that holds it back, as far as is known."""
        return sum(one.hours or 0.0 for one in self.found)

    @property
    def knows_sessions(self) -> bool:
        """Of something that holds it back is known how many sessions it costs."""
        return any(one.sessions is not None for one in self.found)

    @property
    def knows_hours(self) -> bool:
        """Of something that holds it back is known in how many hours it does."""
        return any(one.hours is not None for one in self.found)
