"""The facts of a driver's trouble, read from what we know: the outlet, the wish to charge, the charge, the money."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.codes.decoding import decoded
from laddverk.diagnostics.codes.model import Code
from laddverk.diagnostics.model import Family, Severity
from laddverk.ocpp.answers import Authorisation
from laddverk.payments.reserved import queries as reserved
from laddverk.platform.database import Transaction
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

ELSEWHERE_WITHIN: Final = timedelta(seconds=60)
TOKENS_SINCE: Final = timedelta(minutes=10)
STANDS_MAX: Final = timedelta(days=7)  # who stands longer has stopped being about a charge
HABIT_SINCE: Final = timedelta(days=60)  # what an outlet usually gives changes with the season
HABIT_SESSIONS_MIN: Final = 5  # fewer make no habit
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
REFUSED: Final[Mapping[str, str]] = {
    Authorisation.INVALID: "unknown",
    Authorisation.BLOCKED: "blocked",
    Authorisation.EXPIRED: "expired",
}
HELD_BACK: Final = "new starts are held back: "
OWING: Final = ("to_pay", "overdue", "too_much")
"""Why `access` holds back the starts of who owes something."""
CONTRACT: Final = re.compile(r"[A-Z]{2}-?[A-Z0-9]{3}-?C[A-Z0-9]{8}-?[A-Z0-9]?")
"""A contract id (eMAID, DIN SPEC 91286): one that we do not know is another service's, not a tag of ours."""
UNPAID: Final = frozenset({"created", "checkout", "unknown"})
ENDED_BADLY: Final = frozenset({"failed", "cancelled", "expired"})

OUTLET: Final = """
SELECT connector.code, station.name AS station_name, connector.status, connector.power_type, connector.power_max_w,
       connector.plug, coalesce(connector.status_since, station.registered_at) AS status_since,
       station.connected_at IS NOT NULL AS is_connected,
       coalesce(station.connected_at, station.disconnected_at) AS connected_changed_at, station.vendor, station.model,
       station.error_code AS station_error_code, connector.error_code, connector.vendor_error_code,
       connector.error_info, station.site_id, site.timezone,
       (SELECT jsonb_agg(jsonb_build_array(family, severity, evidence->-1->'values'->>'name') ORDER BY severity)
        FROM finding
        WHERE finding.station_id = station.id AND finding.evse_number IN (0, connector.evse_number)
          AND cleared_at IS NULL AND severity <= 1) AS findings,
       (SELECT min(number) FROM incident
        WHERE incident.station_id = station.id AND incident.evse_number IN (0, connector.evse_number)
          AND state IN ('new', 'acknowledged', 'in_work', 'verifying') AND severity <= 2) AS incident_number,
       EXISTS (SELECT 1 FROM command
               WHERE command.station_id = station.id AND kind = 'unlock_connector'
                 AND state IN ('accepted', 'confirmed') AND created_at > $4
                 AND (command.command->>'evse_number')::int = connector.evse_number) AS is_unlocked,
       -- 2.x says whether a cable of its own is on it (cType2) or a socket (sType2); 1.6 does not.
       coalesce((SELECT value LIKE 'c%' FROM station_variable
                 WHERE station_variable.station_id = station.id AND variable = 'ConnectorType' AND attribute = 'Actual'
                   AND component = 'Connector@' || connector.evse_number || '.' || connector.connector_number),
                false) AS has_own_cable
FROM connector JOIN station ON station.id = connector.station_id JOIN site ON site.id = station.site_id
WHERE connector.station_id = $1 AND connector.evse_number = $2 AND connector.connector_number = $3
"""
FIRST_CONNECTOR: Final = """
SELECT min(connector_number) FROM connector WHERE station_id = $1 AND evse_number = $2
"""
START: Final = """
SELECT created_at, expires_at, cancelled_at, cancelled_why, session_id, payment_id FROM start_request WHERE id = $1
"""
SESSION: Final = """
SELECT session.id, session.started_at, session.ended_at, session.charging_ended_at, session.energy_wh,
       session.power_w, coalesce(session.state_at, paused.status_since) AS state_since,
       -- 1.6 says it of the outlet, 2.x of the transaction.
       coalesce(session.charging_state, paused.status, 'charging') AS state,
       coalesce(session.stop_reason, '') AS stop_reason, session.soc_percent, session.payment_id,
       share.limit_a, share.until AS limit_until, drawn.phases AS phases_used,
       coalesce(jsonb_path_exists(tariff_version.body, '$.**.dimension ? (@ == "idle")'), false) AS has_idle_fee
FROM session
LEFT JOIN tariff_version ON tariff_version.id = session.tariff_version_id
LEFT JOIN LATERAL (
    SELECT status, status_since FROM connector
    WHERE connector.station_id = session.station_id AND connector.evse_number = session.evse_number
      AND status IN ('suspended_ev', 'suspended_evse') LIMIT 1
) AS paused ON session.ended_at IS NULL
LEFT JOIN LATERAL (
    SELECT limit_a, (reason->>'until')::timestamptz AS until, reason->>'code' AS code FROM steering_share
    WHERE steering_share.station_id = session.station_id AND steering_share.evse_number = session.evse_number
    ORDER BY at DESC LIMIT 1
) AS share ON session.ended_at IS NULL AND share.code <> 'all_it_takes'
LEFT JOIN LATERAL (
    SELECT (coalesce(current_l1_a, 0) > $2)::int + (coalesce(current_l2_a, 0) > $2)::int
           + (coalesce(current_l3_a, 0) > $2)::int AS phases
    FROM sample WHERE sample.station_id = session.station_id AND sample.transaction_key = session.transaction_key
      AND current_l1_a IS NOT NULL
    ORDER BY at DESC LIMIT 1
) AS drawn ON true
WHERE session.id = $1
"""
STANDS_THERE: Final = """
-- Whose car stands there: a charge that runs, else the last one, whose cable is in still. Not the asker's own that is
-- over. 1.6 says Finishing until the cable is out; 2.x goes on saying Occupied since before the end.
SELECT id FROM (
    SELECT id, started_at, true AS runs FROM session
    WHERE station_id = $1 AND evse_number = $2 AND ended_at IS NULL
    UNION ALL
    SELECT last.id, last.started_at, false FROM (
        SELECT id, driver_id, started_at, ended_at FROM session
        WHERE station_id = $1 AND evse_number = $2 AND ended_at IS NOT NULL ORDER BY started_at DESC LIMIT 3
    ) AS last
    WHERE (last.driver_id IS DISTINCT FROM $3::uuid OR $3 IS NULL) AND last.ended_at > $4 AND EXISTS (
        SELECT FROM connector WHERE connector.station_id = $1 AND connector.evse_number = $2
          AND (connector.status = 'finishing'
               OR (connector.status = 'occupied' AND connector.status_since <= last.ended_at)))
) AS stands ORDER BY runs DESC, started_at DESC LIMIT 1
"""
USUAL: Final = """
SELECT count(*)::int AS sessions,
       percentile_cont(0.5) WITHIN GROUP (
           ORDER BY energy_wh * 3600 / extract(epoch FROM coalesce(charging_ended_at, ended_at) - started_at)
       )::int AS power_w
FROM session
WHERE station_id = $1 AND evse_number = $2 AND started_at > $3 AND ended_at IS NOT NULL AND energy_wh >= 1000
  AND coalesce(charging_ended_at, ended_at) > started_at + interval '10 minutes'
"""
PAYMENT: Final = """
SELECT provider, state, coalesce(failure_code, (
           -- Declined in the app: the payment itself is still open, for another try.
           SELECT CASE state WHEN 'declined' THEN coalesce(error_code, 'RF07') WHEN 'cancelled' THEN 'CANCELLED'
                             WHEN 'failed' THEN error_code END
           FROM swish_attempt WHERE swish_attempt.payment_id = payment.id ORDER BY number DESC LIMIT 1
       ), '') AS failure_code, authorised_minor, captured_minor, refunded_minor,
       due_minor, created_at, currency,
       (SELECT count(*) FROM payment AS other WHERE other.session_id = payment.session_id
        AND other.purpose = 'session' AND other.captured_minor > other.refunded_minor) > 1 AS is_double
FROM payment WHERE id = $1
"""
TAG_SHOWN: Final = """
-- Of somebody else's tag it is nobody's business why it was refused: the driver's own, or any where none is asked of.
SELECT at, status, reason, token_uid FROM authorisation
WHERE station_id = $1 AND received_at > $2 AND ($3::uuid IS NULL OR driver_id = $3 OR driver_id IS NULL)
ORDER BY received_at DESC LIMIT 1
"""
ELSEWHERE: Final = """
SELECT connector.code, connector.status_since AS plugged_at
FROM connector JOIN station ON station.id = connector.station_id
WHERE station.site_id = $1 AND station.retired_at IS NULL AND connector.status IN ('preparing', 'occupied')
  AND (connector.station_id, connector.evse_number) <> ($2, $3)
  AND connector.status_since BETWEEN $4 AND $5
  -- Somebody else's start there says Preparing too.
  AND NOT EXISTS (SELECT 1 FROM start_request
                  WHERE start_request.station_id = connector.station_id
                    AND start_request.evse_number = connector.evse_number
                    AND start_request.cancelled_at IS NULL AND start_request.session_id IS NULL
                    AND start_request.created_at > $4)
ORDER BY abs(extract(epoch FROM connector.status_since - $6)) LIMIT 1
"""


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


class _Outlet(Struct, frozen=True):
    code: str
    station_name: str
    status: str
    power_type: str
    power_max_w: int
    plug: str
    status_since: datetime
    is_connected: bool
    connected_changed_at: datetime | None
    vendor: str
    model: str
    station_error_code: str | None
    error_code: str | None
    vendor_error_code: str | None
    error_info: str | None
    site_id: UUID
    timezone: str
    findings: list[tuple[str, int, str | None]] | None
    incident_number: int | None
    is_unlocked: bool
    has_own_cable: bool


class _Start(Struct, frozen=True):
    created_at: datetime
    expires_at: datetime
    cancelled_at: datetime | None
    cancelled_why: str | None
    session_id: UUID | None
    payment_id: UUID | None


class _Session(Struct, frozen=True):
    id: UUID
    started_at: datetime
    ended_at: datetime | None
    charging_ended_at: datetime | None
    energy_wh: int
    power_w: int | None
    state: str
    state_since: datetime | None
    stop_reason: str
    soc_percent: int | None
    payment_id: UUID | None
    limit_a: float | None
    limit_until: datetime | None
    phases_used: int | None
    has_idle_fee: bool


class _Usual(Struct, frozen=True):
    sessions: int
    power_w: int | None


class _Payment(Struct, frozen=True):
    provider: str
    state: str
    failure_code: str
    authorised_minor: int
    captured_minor: int
    refunded_minor: int
    due_minor: int | None
    created_at: datetime
    currency: str
    is_double: bool


class _Token(Struct, frozen=True):
    at: datetime
    status: str
    reason: str
    token_uid: str


async def facts_of(tx: Transaction, subject: Subject, now: datetime) -> Facts:
    """Return what is known of `subject` at `now`. What is not there is left out; nothing is guessed."""
    start = await tx.fetch_one(_Start, START, subject.start_request_id) if subject.start_request_id else None
    session_id = subject.session_id or (start.session_id if start else None)
    session = await tx.fetch_one(_Session, SESSION, session_id, DRAWS_FROM_A) if session_id else None
    is_drivers = session is not None
    if session is None and start is None and subject.station_id is not None:
        there = await tx.value(
            STANDS_THERE, subject.station_id, subject.evse_number, subject.driver_id, now - STANDS_MAX
        )  # fmt: skip
        session = await tx.fetch_one(_Session, SESSION, there, DRAWS_FROM_A) if there else None
    payment_id = subject.payment_id or (start.payment_id if start else None)
    payment_id = payment_id or (session.payment_id if session is not None and is_drivers else None)
    payment = await tx.fetch_one(_Payment, PAYMENT, payment_id) if payment_id else None
    stopped_by_us = await reserved.why_stopped(tx, payment_id) if payment_id and is_drivers else ""
    outlet = await _outlet(tx, subject, session, now)
    return Facts(
        now=now,
        outlet=_seen(outlet) if outlet else None,
        start=_start(start, payment) if start else None,
        session=await _session(tx, subject, session, stopped_by_us, is_drivers=is_drivers, now=now)
        if session
        else None,
        token=await _token(tx, subject, now) if start is None else None,
        payment=_payment(payment) if payment else None,
        elsewhere=await _elsewhere(tx, subject, outlet, start) if outlet and start else None,
        complaint=subject.complaint,
    )


async def _outlet(tx: Transaction, subject: Subject, session: _Session | None, now: datetime) -> _Outlet | None:
    if subject.station_id is None or not subject.evse_number:
        return None
    connector = subject.connector_number or await tx.value(FIRST_CONNECTOR, subject.station_id, subject.evse_number)
    since = session.ended_at if session is not None and session.ended_at is not None else now - TOKENS_SINCE
    return await tx.fetch_one(_Outlet, OUTLET, subject.station_id, subject.evse_number, connector, since)


def _seen(row: _Outlet) -> OutletFacts:
    codes = tuple(_codes(row))
    names = dict.fromkeys([each.name for each in codes] + [name for *_, name in row.findings or [] if name])
    is_stop = any(_is_stop(name) for name in names)
    is_let_go = is_stop and row.status not in OUT_OF_USE
    found = sorted([(each.severity, each.family) for each in codes] + _findings(row, but_stop=is_let_go))
    return OutletFacts(
        code=row.code,
        station_name=row.station_name,
        status=row.status,
        status_since=row.status_since,
        is_connected=row.is_connected,
        connected_changed_at=row.connected_changed_at,
        families=tuple(dict.fromkeys(family for _severity, family in found)),
        severity=found[0][0] if found else None,
        codes=tuple(names),
        is_stopped_by_hand=is_stop and not is_let_go,
        is_let_go=is_let_go,
        is_tethered=row.power_type == "dc" or row.has_own_cable,
        is_direct_current=row.power_type == "dc",
        power_max_w=row.power_max_w,
        is_unlocked=row.is_unlocked,
        is_reserved=row.status == "reserved",
        incident_number=row.incident_number,
    )


def _codes(row: _Outlet) -> list[Code]:
    own = decoded(row.vendor, row.model, row.error_code, row.vendor_error_code, None, row.error_info)
    return [*own, *decoded(row.vendor, row.model, row.station_error_code)]


def _findings(row: _Outlet, *, but_stop: bool) -> list[tuple[Severity, Family]]:
    """What is found on it and is bad enough to concern a driver; safety alone comes from codes and findings alike.

    `but_stop`: an emergency stop that was let go is no danger any more, though what it was pressed for is looked into.
    """
    return [
        (Severity(severity), Family(family))
        for family, severity, name in row.findings or []
        if not (but_stop and name and _is_stop(name))
    ]


def _is_stop(name: str) -> bool:
    return EMERGENCY in name.replace("_", "").lower()


def _start(row: _Start, payment: _Payment | None) -> StartFacts:
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
    tx: Transaction, subject: Subject, row: _Session, stopped_by_us: str, *, is_drivers: bool, now: datetime
) -> SessionFacts:  # fmt: skip
    usual = None
    if row.ended_at is None and subject.station_id is not None:
        usual = await tx.fetch_one(_Usual, USUAL, subject.station_id, subject.evse_number, now - HABIT_SINCE)
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


def _payment(row: _Payment) -> PaymentFacts:
    failed = row.state in ENDED_BADLY | UNPAID and bool(row.failure_code)  # on a hosted page one may try again
    return PaymentFacts(
        rail={"swish": Rail.SWISH, "wallet": Rail.BALANCE}.get(row.provider, Rail.CARD), state=row.state,
        failure=FAILURES.get(row.failure_code, "declined") if failed else "",
        reserved_minor=row.authorised_minor, captured_minor=row.captured_minor, refunded_minor=row.refunded_minor,
        due_minor=row.due_minor, reserved_at=row.created_at, currency=row.currency, is_double=row.is_double,
    )  # fmt: skip


async def _token(tx: Transaction, subject: Subject, now: datetime) -> TokenFacts | None:
    if subject.station_id is None:
        return None
    row = await tx.fetch_one(_Token, TAG_SHOWN, subject.station_id, now - TOKENS_SINCE, subject.driver_id)
    if row is None:
        return None
    is_owing = any(row.reason == f"{HELD_BACK}{why}" for why in OWING)
    return TokenFacts(
        at=row.at, is_accepted=row.status == Authorisation.ACCEPTED,
        reason="owes" if is_owing else REFUSED.get(row.status, ""),
        is_foreign=row.status == Authorisation.INVALID and CONTRACT.fullmatch(row.token_uid.upper()) is not None,
    )  # fmt: skip


async def _elsewhere(tx: Transaction, subject: Subject, outlet: _Outlet, start: _Start) -> ElsewhereFacts | None:
    return await tx.fetch_one(
        ElsewhereFacts, ELSEWHERE, outlet.site_id, subject.station_id, subject.evse_number,
        start.created_at - ELSEWHERE_WITHIN, start.created_at + ELSEWHERE_WITHIN, start.created_at,
    )  # fmt: skip
