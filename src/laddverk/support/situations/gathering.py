"""The facts of a driver's trouble, read from what we know: the outlet, the wish to charge, the charge, the money."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.access.rules import DRIVER_BLOCKED, HELD_BACK
from laddverk.diagnostics.codes.decoding import decoded
from laddverk.diagnostics.codes.model import Code
from laddverk.diagnostics.model import Family, Severity
from laddverk.ocpp.answers import Authorisation
from laddverk.payments.reserved import queries as reserved
from laddverk.platform.database import Transaction
from laddverk.sessions.model import WhyFailed
from laddverk.sessions.payers import LIMIT_REACHED
from laddverk.support.situations import store
from laddverk.support.situations.model import (
    Complaint,
    ElsewhereFacts,
    Facts,
    OutletFacts,
    PaymentFacts,
    Rail,
    SessionFacts,
    StartFacts,
    StartStage,
    TokenFacts,
)
from laddverk.support.situations.store import OutletRow, PaymentRow, SessionRow, StartRow

ELSEWHERE_WITHIN: Final = timedelta(seconds=60)
TOKENS_SINCE: Final = timedelta(minutes=10)
STANDS_MAX: Final = timedelta(days=7)  # who stands longer has stopped being about a charge
HABIT_SINCE: Final = timedelta(days=60)  # what an outlet usually gives changes with the season
HABIT_SESSIONS_MIN: Final = 5  # fewer make no habit
HABIT_SESSIONS_MAX: Final = 30  # more move the median little, and a busy outlet has hundreds
DRAWS_FROM_A: Final = 1.0  # less on a phase is noise
THREE: Final = 3
EMERGENCY: Final = "emergencystop"
OUT_OF_USE: Final = frozenset({"faulted", "unavailable", "unknown"})
FAILURES: Final = {
    "expired_card": "expired",
    "BANKIDCL": "cancelled",
    "RF07": "declined",
    "TM01": "timed_out",
    "page_closed": "timed_out",
    "CANCELLED": "cancelled",
}
"""Words of the rails for how a payment failed; all others are a plain no."""
TAKEN_BACK: Final = "CANCELLED"
"""Of a request in the Swish app: not by the payer, but by us, because they went back or their time was over."""
REFUSED: Final[Mapping[str, str]] = {
    Authorisation.INVALID: "unknown",
    Authorisation.BLOCKED: "blocked",
    Authorisation.EXPIRED: "expired",
}
HELD: Final = {"to_pay": "owes", "overdue": "owes", "too_much": "owes", "no_way": "no_way"}
"""Why `access` holds back the starts of a driver."""
CONTRACT: Final = re.compile(r"[A-Z]{2}-?[A-Z0-9]{3}-?C[A-Z0-9]{8}-?[A-Z0-9]?")
"""A contract id (eMAID, DIN SPEC 91286): one that we do not know is another service's, not a tag of ours."""
UNPAID: Final = frozenset({"created", "checkout", "unknown"})
ENDED_BADLY: Final = frozenset({"failed", "cancelled", "expired"})


class Subject(Struct, frozen=True, kw_only=True):
    """Whose trouble it is, and where, as far as it is known."""

    station_id: UUID | None = None
    evse_number: int = 0
    connector_number: int = 0
    """0: the first of its EVSE."""
    start_request_id: UUID | None = None
    session_id: UUID | None = None
    payment_id: UUID | None = None
    driver_id: UUID | None = None
    complaint: Complaint = Complaint.NONE


async def facts_of(tx: Transaction, subject: Subject, now: datetime) -> Facts:
    """Return what is known of `subject` at `now`. What is not there is left out; nothing is guessed."""
    start = await store.start(tx, subject.start_request_id) if subject.start_request_id else None
    session_id = subject.session_id or (start.session_id if start else None)
    session = await store.session(tx, session_id, DRAWS_FROM_A) if session_id else None
    is_drivers = session is not None
    if session is None and start is None:
        session = await _others(tx, subject, now)
    payment_id = subject.payment_id or (start.payment_id if start else None)
    payment_id = payment_id or (session.payment_id if session is not None and is_drivers else None)
    payment = await store.payment(tx, payment_id) if payment_id else None
    stopped_by_us = await reserved.why_stopped(tx, payment_id) if payment_id and is_drivers else ""
    outlet = await _outlet(tx, subject, session, now)
    return Facts(
        now=now,
        outlet=seen(outlet) if outlet else None,
        start=_start(start, payment) if start else None,
        session=await _session(tx, subject, session, stopped_by_us, is_drivers=is_drivers, now=now)
        if session
        else None,
        token=await _token(tx, subject, now) if start is None else None,
        payment=_payment(payment, start) if payment else None,
        elsewhere=await _elsewhere(tx, subject, outlet, start) if outlet and start else None,
        complaint=subject.complaint,
    )


async def _others(tx: Transaction, subject: Subject, now: datetime) -> SessionRow | None:
    """Return the charge of somebody else whose car stands there. The asker's own car stands in nobody's way."""
    if subject.station_id is None:
        return None
    there = await store.car_at(tx, subject.station_id, subject.evse_number, now - STANDS_MAX)
    if there is None or (subject.driver_id is not None and there.driver_id == subject.driver_id):
        return None
    return await store.session(tx, there.id, DRAWS_FROM_A)


async def _outlet(tx: Transaction, subject: Subject, session: SessionRow | None, now: datetime) -> OutletRow | None:
    if subject.station_id is None or not subject.evse_number:
        return None
    since = session.ended_at if session is not None and session.ended_at is not None else now - TOKENS_SINCE
    return await store.outlet(tx, subject.station_id, subject.evse_number, subject.connector_number, since)


def seen(row: OutletRow) -> OutletFacts:
    """Return what is seen of an outlet. Pure.

    An emergency stop that is out again is no danger any more, though what it was pressed for is looked into. One that
    a code names now is pressed, whatever else is said; beside another danger it is the other that counts.
    """
    codes, findings = tuple(_codes(row)), row.findings or []
    standing = [each for each in findings if not each[-1]]
    said_now = [each.name for each in codes] + [name for *_, names, _out in standing for name in names]
    said = dict.fromkeys(said_now + [name for *_, names, _out in findings for name in names])
    is_pressed = any(_is_stop(name) for name in said_now)
    is_let_go = len(standing) < len(findings) and not is_pressed and row.status not in OUT_OF_USE
    found = sorted(
        [(each.severity, each.family) for each in codes]
        + [(Severity(severity), Family(family)) for family, severity, _names, _out in standing]
    )
    return OutletFacts(
        code=row.code,
        station_name=row.station_name,
        status=row.status,
        status_since=row.status_since,
        is_connected=row.is_connected,
        connected_changed_at=row.connected_changed_at,
        families=tuple(dict.fromkeys(family for _severity, family in found)),
        severity=found[0][0] if found else None,
        codes=tuple(said),
        is_stopped_by_hand=is_pressed and not _other_danger(codes, standing),
        is_let_go=is_let_go,
        is_tethered=row.power_type == "dc" or row.has_own_cable,
        is_direct_current=row.power_type == "dc",
        power_max_w=row.power_max_w,
        is_unlocked=row.is_unlocked,
        is_reserved=row.status == "reserved",
        incident_number=row.incident_number,
    )


def _other_danger(codes: Sequence[Code], findings: Sequence[tuple[str, int, list[str], bool]]) -> bool:
    """Whether anything dangerous is said that is no emergency stop."""
    dangers = [[each.name] for each in codes if each.severity is Severity.SAFETY]
    dangers += [names for _family, severity, names, _out in findings if severity == Severity.SAFETY]
    return any(not names or not all(_is_stop(name) for name in names) for names in dangers)


def _codes(row: OutletRow) -> list[Code]:
    own = decoded(row.vendor, row.model, row.error_code, row.vendor_error_code, None, row.error_info)
    return [*own, *decoded(row.vendor, row.model, row.station_error_code)]


def _is_stop(name: str) -> bool:
    return EMERGENCY in name.replace("_", "").lower()


def _start(row: StartRow, payment: PaymentRow | None) -> StartFacts:
    stage = StartStage.ASKED
    if row.session_id is not None:
        stage = StartStage.BEGUN
    elif row.cancelled_at is not None:
        stage = StartStage.FAILED
    elif payment is not None and payment.state in UNPAID:
        stage = StartStage.PAYING
    return StartFacts(
        stage=stage, asked_at=row.created_at, expires_at=row.expires_at, failed_at=row.cancelled_at,
        why=row.cancelled_why or "",
    )  # fmt: skip


async def _session(
    tx: Transaction, subject: Subject, row: SessionRow, stopped_by_us: str, *, is_drivers: bool, now: datetime
) -> SessionFacts:  # fmt: skip
    usual = None
    if row.ended_at is None and subject.station_id is not None:
        usual = await store.usual(tx, subject.station_id, subject.evse_number, now - HABIT_SINCE, HABIT_SESSIONS_MAX)
    return SessionFacts(
        is_drivers=is_drivers, started_at=row.started_at, ended_at=row.ended_at,
        charging_ended_at=row.charging_ended_at, energy_wh=row.energy_wh, power_w=row.power_w, state=row.state,
        state_since=row.state_since, stop_reason=row.stop_reason, stopped_by_us=stopped_by_us,
        soc_percent=row.soc_percent, limit_a=row.limit_a,
        limit_until=row.limit_until if row.limit_until and row.limit_until > now else None,
        phases_used=row.phases_used or None, phases_offered=THREE,
        usual_power_w=usual.power_w if usual is not None and usual.sessions >= HABIT_SESSIONS_MIN else None,
        has_idle_fee=row.has_idle_fee,
    )  # fmt: skip


def _payment(row: PaymentRow, start: StartRow | None) -> PaymentFacts:
    failed = row.state in ENDED_BADLY | UNPAID and bool(row.failure_code)  # on a hosted page one may try again
    failure = FAILURES.get(row.failure_code, "declined") if failed else ""
    if failed and row.failure_code == TAKEN_BACK and start is not None and start.cancelled_why == WhyFailed.EXPIRED:
        failure = "timed_out"
    return PaymentFacts(
        rail={"swish": Rail.SWISH, "wallet": Rail.BALANCE}.get(row.provider, Rail.CARD), state=row.state,
        failure=failure,
        reserved_minor=row.authorised_minor, captured_minor=row.captured_minor, refunded_minor=row.refunded_minor,
        due_minor=row.due_minor, reserved_at=row.created_at, currency=row.currency, is_double=row.is_double,
    )  # fmt: skip


async def _token(tx: Transaction, subject: Subject, now: datetime) -> TokenFacts | None:
    if subject.station_id is None:
        return None
    row = await store.tag_shown(tx, subject.station_id, now - TOKENS_SINCE, subject.driver_id)
    if row is None:
        return None
    return TokenFacts(
        at=row.at, is_accepted=row.status == Authorisation.ACCEPTED, reason=why_refused(row.status, row.reason),
        is_foreign=row.status == Authorisation.INVALID and CONTRACT.fullmatch(row.token_uid.upper()) is not None,
    )  # fmt: skip


def why_refused(status: str, reason: str) -> str:
    """Return why a tag was refused, as far as its holder is told: that their account is blocked is not. Pure."""
    if reason.startswith(HELD_BACK):
        return HELD.get(reason.removeprefix(HELD_BACK), "")
    if reason == LIMIT_REACHED:
        return "limit"
    return "" if reason.startswith(DRIVER_BLOCKED) else REFUSED.get(status, "")


async def _elsewhere(tx: Transaction, subject: Subject, outlet: OutletRow, start: StartRow) -> ElsewhereFacts | None:
    assert subject.station_id is not None, "it has an outlet"
    since, until = start.created_at - ELSEWHERE_WITHIN, start.created_at + ELSEWHERE_WITHIN
    return await store.elsewhere(
        tx, outlet.site_id, subject.station_id, subject.evse_number, since, until, start.created_at
    )
