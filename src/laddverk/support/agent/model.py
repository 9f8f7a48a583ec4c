"""Words of what agents do: what a button means, what was given with it, and a deed as it is kept."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.support.identity import Need
from laddverk.support.model import Case
from laddverk.support.situations.gathering import Subject
from laddverk.support.situations.model import AgentButton, Facts, Told


class DeedState(StrEnum):
    """Where a deed stands; what its command came to is the command's own state."""

    DONE = "done"
    WAITS = "waits"
    """For a second person."""
    DECLINED = "declined"


class Meaning(Struct, frozen=True, kw_only=True):
    """What a button does, in words, and what it needs. Texts are English and marked."""

    label: str
    effect: str
    """What happens when it is pressed."""
    told: str
    """What stands on the timeline: places `who`, `where`, `to`, `amount`."""
    permission: Permission
    need: Need = Need.OUTLET
    """How sure we must be of who asks."""
    asks: tuple[str, ...] = ()
    """What is entered with it: reason, amount, code, tag."""
    leads: str = ""
    """A button that only leads somewhere: `load` or `payment`."""


class Given(Struct, frozen=True, kw_only=True):
    """What an agent entered with a button."""

    reason: str = ""
    amount_minor: int | None = None
    """None: all that can be."""
    code: str = ""
    tag: str = ""
    """How a tag's number ends; empty: the only one that fits."""
    once: UUID | None = None


class Deed(Struct, frozen=True, kw_only=True):
    """One thing that an agent asked for, as it is kept."""

    id: UUID
    case_id: UUID
    at: datetime
    by_id: UUID | None = None
    by_name: str
    deed: AgentButton
    reason: str = ""
    amount_minor: int | None = None
    currency: str | None = None
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    station_id: UUID | None = None
    command_id: UUID | None = None
    start_request_id: UUID | None = None
    work_order_id: UUID | None = None
    mail_id: UUID | None = None
    text_id: UUID | None = None
    detail: str = ""
    state: DeedState = DeedState.DONE
    decided_at: datetime | None = None
    decided_by: str = ""
    once: UUID | None = None


class Trouble(Struct, frozen=True, kw_only=True):
    """A case as an agent acts on it: what it is about at this instant, and what is told of it."""

    case: Case
    subject: Subject
    facts: Facts
    told: Told


class Result(Struct, frozen=True, kw_only=True):
    """What a deed led to."""

    command_id: UUID | None = None
    station_id: UUID | None = None
    start_request_id: UUID | None = None
    refund_id: UUID | None = None
    payment_id: UUID | None = None
    work_order_id: UUID | None = None
    mail_id: UUID | None = None
    text_id: UUID | None = None
    amount_minor: int | None = None
    currency: str | None = None
    detail: str = ""
    waits: bool = False
    """It needs a second person."""
