"""Words of upkeep: the work order, its states, checklist and parts."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NewType
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.model import Evidence, IncidentId
from laddverk.kernel.ids import StationId

WorkOrderId = NewType("WorkOrderId", UUID)


class State(StrEnum):
    """Where a work order stands."""

    PLANNED = "planned"
    ASSIGNED = "assigned"
    ON_SITE = "on_site"
    DONE = "done"
    """Whoever was there says so; the next charge will tell."""
    VERIFIED = "verified"
    CANCELLED = "cancelled"


OPEN: Final = frozenset({State.PLANNED, State.ASSIGNED, State.ON_SITE})


class Check(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a checklist."""

    text: str
    done_at: datetime | None = None
    by: str = ""


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Parts of one kind that were used; the cost is for all of them."""

    name: str
    count: int = 1
    cost_minor: int = 0


class WorkOrder(Struct, frozen=True, kw_only=True):
    """One work order, as it is kept."""

    id: WorkOrderId
    number: int
    station_id: StationId
    evse_number: int
    incident_id: IncidentId | None
    title: str
    family: str
    severity: int
    state: State
    assignee_name: str
    due_on: date | None
    evidence: tuple[Evidence, ...]
    runbook: str
    checklist: tuple[Check, ...]
    parts: tuple[Part, ...]
    cost_minor: int
    currency: str
    minutes: int
    cause: str
    created_at: datetime
    created_by: str
    started_at: datetime | None
    done_at: datetime | None
    done_by: str
    verdict_at: datetime | None
    verdict: str
    changed_at: datetime
    visit_id: UUID | None = None
    """The visit that it is planned in."""

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to go, or is there."""
        return self.state in OPEN

    @property
    def total_minor(self) -> int:
        """What the work cost, parts included."""
        return self.cost_minor + sum(part.cost_minor for part in self.parts)


class NewWorkOrder(Struct, frozen=True, kw_only=True):
    """A work order as somebody makes it. The title is theirs; '' takes what is wrong."""

    station_id: StationId
    evse_number: int = 0
    incident_id: IncidentId | None = None
    title: str = ""
    assignee_name: str = ""
    due_on: date | None = None


class Finish(Struct, frozen=True, kw_only=True):
    """What whoever was there found and used."""

    cause: str
    minutes: int = 0
    cost_minor: int = 0
    currency: str = ""
    note: str = ""


class OrderEvent(Struct, frozen=True, kw_only=True):
    """Something that happened to a work order."""

    at: datetime
    by_name: str
    text: str
    params: dict[str, Any] = {}
    note: str = ""
