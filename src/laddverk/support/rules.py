"""What may be entered of a case, and what becomes of it. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from laddverk.diagnostics.incidents.words import REPORT_KINDS
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.notices.rules import checked_recipient, one_line
from laddverk.platform.languages import DEFAULT, SUPPORTED
from laddverk.support.model import KINDS, Case, NewCase, Outcome, Priority, State, WaitsFor

SUBJECT_MAX: Final = 150
TEXT_MAX: Final = 10_000
NAME_MAX: Final = 100
PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
REOPENS_WITHIN: Final = timedelta(days=14)  # what comes later is another matter, and gets a number of its own
DANGER: Final = "danger"


def checked_text(text: str, field: str = "text") -> str:
    """Return somebody's words. Raises `Invalid` for none, or too many."""
    if not text.strip():
        raise Invalid("Write something.", field=field)
    if len(text) > TEXT_MAX or "\x00" in text:
        raise Invalid("The text is too long.", field=field, remedy="At most 10,000 characters.")
    return text.strip()


def checked_phone(text: str) -> str:
    """Return a phone number as +46…; '' for none. Raises `Invalid` (field phone)."""
    phone = re.sub(r"[\s()-]", "", text)
    phone = "+46" + phone[1:] if phone.startswith("0") and not phone.startswith("00") else phone
    if phone and PHONE.fullmatch(phone) is None:
        raise Invalid("This is no phone number.", field="phone", remedy="Write it like +46 70 123 45 67.")
    return phone


def checked(given: NewCase) -> NewCase:
    """Return what was entered, tidied. Raises `Invalid` (fields kind, subject, text, email, phone)."""
    if given.kind not in KINDS:
        raise Invalid("Choose what it is about.", field="kind")
    text = checked_text(given.text)
    email = checked_recipient(given.contact_email).lower() if given.contact_email.strip() else ""
    return replace(
        given,
        text=text,
        subject=subject_of(given.subject, text),
        contact_name=one_line(given.contact_name)[:NAME_MAX],
        contact_email=email,
        contact_phone=checked_phone(given.contact_phone),
        language=given.language if given.language in SUPPORTED else DEFAULT,
        priority=Priority.URGENT if given.kind == DANGER else given.priority,
    )


def subject_of(subject: str, text: str) -> str:
    """Return what a case is called in lists: what was entered, else its first words."""
    line = one_line(subject) or one_line(text.strip().splitlines()[0] if text.strip() else "")
    return line if len(line) <= SUBJECT_MAX else line[: SUBJECT_MAX - 1] + "…"


def speaks_of_a_charger(case: Case) -> bool:
    """Return whether a case is one driver's voice about an outlet, like a report from its page."""
    return case.station_id is not None and case.kind in REPORT_KINDS


def person_of(case: Case) -> str:
    """Return what tells its driver from others, so that who speaks twice counts once."""
    return str(case.driver_id or case.contact_email or case.contact_phone or case.id)


def answered(case: Case, now: datetime) -> Case:
    """Return `case` after somebody of ours has answered: it waits for the driver."""
    return replace(
        case, state=State.WAITING, waits_for=WaitsFor.DRIVER, answered_at=case.answered_at or now, changed_at=now,
        closed_at=None, closed_by="", outcome="",
    )  # fmt: skip


def written_to(case: Case, now: datetime) -> Case:
    """Return `case` after its driver has written. Raises `Conflict` when it was closed too long ago."""
    if case.closed_at is not None and now > case.closed_at + REOPENS_WITHIN:
        raise Conflict("This case was closed long ago.", remedy="Write to us anew.")
    return opened_again(case, now)


def opened_again(case: Case, now: datetime) -> Case:
    """Return `case` as one that somebody of ours has to look at."""
    return replace(
        case, state=State.OPEN, waits_for=WaitsFor.NOTHING, closed_at=None, closed_by="", outcome="", changed_at=now,
        snoozed_until=None,
    )  # fmt: skip


def closed(case: Case, outcome: Outcome, who: str, now: datetime) -> Case:
    """Return `case` as one that is over."""
    return replace(
        case, state=State.CLOSED, waits_for=WaitsFor.NOTHING, outcome=outcome.value, closed_at=now, closed_by=who,
        changed_at=now, snoozed_until=None,
    )  # fmt: skip


def waiting_for_incident(case: Case, now: datetime) -> Case:
    """Return `case` as one that goes on when its incident is over."""
    return replace(case, state=State.WAITING, waits_for=WaitsFor.INCIDENT, changed_at=now)


def after_incident(case: Case, now: datetime) -> Case:
    """Return `case` when its incident is over: what waited for it is somebody's turn again; it is told once."""
    told = replace(case, tell_when_mended=False, changed_at=now)
    return opened_again(told, now) if case.waits_for is WaitsFor.INCIDENT and not case.is_closed else told
