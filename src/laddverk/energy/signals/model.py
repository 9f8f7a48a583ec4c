"""A program that limits a circuit: how it is asked, what was heard of it, and what is wrong, as Structs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits.model import CircuitId, PerPhase
from laddverk.kernel.ids import SiteId

VtnId = NewType("VtnId", UUID)

NAME_MAX: Final = 80
URL_MAX: Final = 500
ID_MAX: Final = 128  # of an object of OpenADR 3
CLIENT_MAX: Final = 200
VTNS_MAX: Final = 10  # of one site: a grid operator and an aggregator, and room for changing them
TARGETS_MAX: Final = 20


class Setup(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a program is asked, and what holds when nobody answers."""

    url: str
    """Where the API begins: `https://vtn.example/openadr3/3.1.0`."""
    program: str
    """The name of the program, or its id."""
    client_id: str
    token_url: str = ""
    """Where tokens come from; empty: as the server says (`/auth/server` of 3.1), else `/auth/token`."""
    scope: str = ""
    targets: tuple[str, ...] = ()
    """Our names there (VEN, resource, group): an event for others is not ours. Empty: the server sorts that out."""
    every_s: float = 60.0
    silent_after_s: float = 900.0
    """So long without an answer is silence."""
    silent_a: PerPhase | None = None
    """What the circuit may take while it is silent; None: what was heard before, to its end."""


class Vtn(Struct, frozen=True, kw_only=True):
    """A program of a server, and the circuit that it limits."""

    id: VtnId
    site_id: SiteId
    circuit_id: CircuitId
    name: str
    setup: Setup
    secret: bytes | None = None
    made_at: datetime
    changed_at: datetime


class Why(StrEnum):
    """Why nothing comes of a program."""

    NOT_ALLOWED = "not_allowed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REFUSED = "refused"
    NOT_LET_IN = "not_let_in"
    NO_PROGRAM = "no_program"
    FAILED = "failed"
    NOT_READABLE = "not_readable"
    SEAL_BROKEN = "seal_broken"


class Unheard(Exception):
    """Nothing came of a program. `detail` is for who mends it; `again_s` is when the server wants to be asked again."""

    def __init__(self, why: Why, detail: str = "", again_s: float = 0.0) -> None:
        super().__init__(f"{why.value}: {detail}")
        self.why = why
        self.detail = detail.replace("\0", "")[:200]
        self.again_s = again_s


class Trouble(Struct, frozen=True, kw_only=True):
    """What is wrong, since when."""

    why: Why
    detail: str = ""
    since: datetime


class Oddity(StrEnum):
    """What was strange about an event."""

    UNITS = "units"
    """Its limit is in units that are none of power or current: the limit of silence holds for its time."""
    NO_NUMBER = "no_number"
    """Its limit is no number: the limit of silence holds for its time."""
    NO_TIMES = "no_times"
    """Its times cannot be understood: it is left out."""
    OTHER_PAYLOAD = "other_payload"
    """It says something else than how much may be taken: a price, a message."""
    TOO_MANY = "too_many"
    """There are more events or intervals than are read."""
    CLOCK = "clock"
    """The server's clock is wrong: limits hold by its clock and by ours."""


class Remark(Struct, frozen=True, kw_only=True):
    """What was strange, and about which event."""

    oddity: Oddity
    event: str = ""
    detail: str = ""


class Limited(Struct, frozen=True, kw_only=True):
    """How much may be taken between two instants, as an event says."""

    key: str
    """Of the event and its interval: the same at the next answer."""
    starts_at: datetime
    ends_at: datetime
    limit_a: PerPhase
    note: str = ""


class Heard(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was heard of a program last."""

    asked_at: datetime | None = None
    answered_at: datetime | None = None
    trouble: Trouble | None = None
    events: int = 0
    limits: int = 0
    remarks: tuple[Remark, ...] = ()
    program_id: str = ""
    program_name: str = ""
    clock_ahead_s: float = 0.0
    is_silent: bool = False
    """The limit of silence holds."""
    again_at: datetime | None = None
    """The server asked not to be asked before."""
