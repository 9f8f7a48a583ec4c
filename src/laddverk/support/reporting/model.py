"""Words of reports."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for


class By(StrEnum):
    """What cases are grouped by."""

    KIND = "kind"
    SITUATION = "situation"
    CHANNEL = "channel"
    SITE = "site"
    MODEL = "model"
    FIRMWARE = "firmware"


GROUPS: Final = {
    By.KIND: N_("What it is about"),
    By.SITUATION: N_("Situation"),
    By.CHANNEL: N_("Way it came"),
    By.SITE: N_("Site"),
    By.MODEL: N_("Model of charger"),
    By.FIRMWARE: N_("Firmware"),
}


class Span(Struct, frozen=True):
    """What a report is about: from an instant until another, of some sites or all, at one of them or everywhere."""

    since: datetime
    until: datetime
    sites: frozenset[UUID] | None = None
    site_id: UUID | None = None


class CaseTimes(Struct, frozen=True, kw_only=True):
    """When a case was opened, answered and closed, and what was promised for it."""

    created_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    answer_due_at: datetime | None
    solve_due_at: datetime | None
    paused_at: datetime | None
    paused_s: int
    promise_id: UUID | None
    is_drivers: bool


class Contacts(Struct, frozen=True, kw_only=True):
    """What became of the times that somebody wanted help."""

    contacts: int
    settled: int
    """Of which it is known how they ended."""
    alone: int
    """Of those, how many needed no person of ours."""
    with_energy: int
    energy_median_s: float | None
    energy_p90_s: float | None
    known: int
    """By a driver whom we know."""
    again: int
    """Of those, how many came again within seven days."""
    sessions: int
    """Charges that began meanwhile."""


class Calls(Struct, frozen=True):
    """Calls that came in."""

    calls: int
    queued: int
    abandoned: int
    """Wanted a person, and hung up before one answered, without leaving a number to be called back."""
    wait_median_s: float | None


class Thought(Struct, frozen=True):
    """What drivers thought."""

    good: int
    bad: int


class Refunds(Struct, frozen=True):
    """Money that went back."""

    refunds: int
    by_rule: int
    """Of which no person of ours had a hand in."""


class Group(Struct, frozen=True):
    """Cases of one kind, site, model …, and those who were helped without one."""

    key: str
    name: str
    cases: int
    before: int
    """In the period before."""
    answered_median_s: float | None
    solved_median_s: float | None
    alone: int = 0
    """How many were helped by page, chat or phone without a case."""
    alone_before: int = 0


class Times(Struct, frozen=True, kw_only=True):
    """How soon cases were answered and solved: by the clock, in hours of work, and by what was promised."""

    opened: int = 0
    closed: int = 0
    answer_median_s: float | None = None
    answer_p90_s: float | None = None
    answer_work_s: float | None = None
    solve_median_s: float | None = None
    solve_p90_s: float | None = None
    solve_work_s: float | None = None
    answers_kept: int = 0
    answers_promised: int = 0
    solutions_kept: int = 0
    solutions_promised: int = 0


class Figures(Struct, frozen=True, kw_only=True):
    """One period in numbers."""

    times: Times
    contacts: Contacts
    calls: Calls
    thought: Thought
    refunds: Refunds
