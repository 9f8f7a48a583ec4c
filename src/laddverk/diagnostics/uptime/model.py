"""The words of uptime: what an outlet was and from when to when, what counts as what, and what comes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from laddverk.ocpp.facts import Status

NOTHING = timedelta(0)


class State(StrEnum):
    """What an outlet was. `planned` and `closed` lie over the others and hide them where they are shown."""

    UP_IDLE = "up_idle"
    UP_USE = "up_use"
    DEGRADED = "degraded"
    """It charges, and not as promised: less power, no way to pay, one of its connectors."""
    DOWN_FAULT = "down_fault"
    DOWN_ORDERED = "down_ordered"
    """Out of order because we told it to be."""
    UNKNOWN = "unknown"
    """Not connected."""
    SILENT = "silent"
    """It looked fine and did not charge."""
    PLANNED = "planned"
    CLOSED = "closed"
    """Outside opening hours."""


class Span(Struct, frozen=True, order=True):
    """From when to when; no end: it goes on."""

    start: datetime
    end: datetime | None = None


class Reason(Struct, frozen=True):
    """A span, and what it is about: `power` or `payment` for what is degraded."""

    span: Span
    word: str


class Said(Struct, frozen=True, kw_only=True):
    """What a connector, or with number 0 the EVSE or station, said of itself, until it said something else."""

    connector_number: int = 1
    span: Span
    status: Status
    error_code: str | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """All that is known of one outlet. Spans may overlap, touch, and come in any order."""

    in_service: Span
    """From its first connection until it was retired."""
    said: tuple[Said, ...] = ()
    station_said: tuple[Said, ...] = ()
    linked: tuple[Span, ...] = ()
    ordered: tuple[Span, ...] = ()
    """From an order of ours to be out of order until the order to be in order."""
    silent: tuple[Span, ...] = ()
    degraded: tuple[Reason, ...] = ()
    planned: tuple[Span, ...] = ()
    closed: tuple[Span, ...] = ()
    proven: tuple[Span, ...] = ()
    """Corrections: it charged in this span though it was not connected."""


class Interval(Struct, frozen=True, kw_only=True):
    """A stretch in which an outlet was one thing."""

    start: datetime
    end: datetime
    state: State
    why: str = ""
    """`unavailable`: it was out of order and nobody had ordered it. `proven`: a correction. `power`, `payment`,
    `connector`: in what way degraded. A code of the charger's for a fault."""
    planned: bool = False
    closed: bool = False

    @property
    def lasted(self) -> timedelta:
        """How long it was so."""
        return self.end - self.start

    @property
    def shown(self) -> State:
        """What is shown: the plan and the opening hours lie over what it was."""
        return State.CLOSED if self.closed else State.PLANNED if self.planned else self.state


Counting = Literal["up", "down"]


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How uptime is counted: one file. A change of what it says is a new version."""

    name: str
    version: int
    en: str
    sv: str
    source: str
    """The law or contract it follows."""
    down: tuple[str, ...]
    """Which states count as out of order: a word of `State`, or `degraded:power` for one way of being degraded."""
    grace_minutes: dict[str, int] = {}
    """By state: so many minutes at the beginning of each stretch count as up."""
    planned: Literal["as_it_was", "excluded", "up"] = "as_it_was"
    """What becomes of an outage in a maintenance window."""
    closed: Literal["outside", "excluded", "as_it_was"] = "outside"
    """Hours outside opening hours: not part of the time at all, or an outage in them is excluded."""
    excluded_reasons: tuple[str, ...] = ()
    """Which reasons of the ledger of exclusions it accepts."""
    period_minutes: int | None = None
    """What a year has by the letter of the rule, where it has more by the calendar."""
    weighting: Literal["time", "mean"] = "time"
    """A site's figure: of all minutes together, or the mean of its outlets' figures."""
    unit: Literal["outlet", "station"] = "outlet"
    """What is counted: each outlet, or each station, which is out of order when none of its outlets can charge."""
    power_min_w: int = 0
    """Outlets with less power are not concerned."""
    target: float | None = None

    def titled(self, language: str) -> str:
        """Return its name in words."""
        return self.sv if language == "sv" else self.en


class Exempt(Struct, frozen=True):
    """An approved exclusion, as far as counting needs it."""

    span: Span
    reason: str


class Outage(Struct, frozen=True, kw_only=True):
    """A stretch that a policy counts as out of order: neighbouring intervals together."""

    start: datetime
    end: datetime
    state: State
    """What it was first."""
    is_over: bool
    """It ended within what was looked at."""
    excluded: timedelta = NOTHING
    why: str = ""

    @property
    def lasted(self) -> timedelta:
        """How long it was out of order."""
        return self.end - self.start


class Count(Struct, frozen=True, kw_only=True):
    """What a policy makes of one outlet in one period."""

    policy: str
    version: int
    eligible: timedelta = NOTHING
    outage: timedelta = NOTHING
    excluded: timedelta = NOTHING
    """Of the outage; never more than it."""
    outages: tuple[Outage, ...] = ()

    @property
    def raw(self) -> float | None:
        """Uptime before exclusions, 0 to 1; None when no time counts."""
        return 1 - self.outage / self.eligible if self.eligible else None

    @property
    def uptime(self) -> float | None:
        """Uptime as the policy has it, 0 to 1; None when no time counts."""
        return 1 - (self.outage - self.excluded) / self.eligible if self.eligible else None
