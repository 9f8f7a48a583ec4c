"""The facts of a driver's trouble in PostgreSQL: an outlet, what is found on it, who stands there, the money.

SQL and nothing else; no decision is made here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.situations.model import ElsewhereFacts

# A finding of an emergency stop and of nothing else, whose place has said since that it can be used. What was said
# before it, or of another place, is no sign that the stop is out; a place that we do not know of says nothing.
STOP_IS_OUT: Final = """
(SELECT coalesce(bool_and(replace(coalesce(said->'values'->>'name', ''), '_', '') ILIKE '%emergencystop%'), false)
 FROM jsonb_array_elements(finding.evidence) AS said)
AND (SELECT coalesce(bool_and(coalesce(place.status IN ('available', 'preparing', 'charging')
                                       AND place.status_since > finding.last_at, false)), false)
     FROM (SELECT status, status_since FROM station AS whole
           WHERE whole.id = finding.station_id AND finding.evse_number = 0
           UNION ALL
           SELECT status, status_since FROM connector AS part
           WHERE part.station_id = finding.station_id AND part.evse_number = finding.evse_number) AS place)
"""
# Beside a session: whether its car stands there still, whether it is done, and since when. 1.6 says Finishing until the
# cable is out; 2.x goes on saying Occupied since before the end. Only the newest session of an outlet is asked.
CAR_FROM: Final = """
LEFT JOIN connector ON connector.station_id = session.station_id AND connector.evse_number = session.evse_number
     AND connector.connector_number = session.connector_number
CROSS JOIN LATERAL (
    SELECT session.ended_at IS NULL OR connector.status = 'finishing'
           OR (connector.status = 'occupied' AND connector.status_since <= session.ended_at) AS stands,
           session.ended_at IS NOT NULL
           OR coalesce(session.charging_state, connector.status) IN ('suspended_ev', 'idle') AS is_done,
           coalesce(session.ended_at, session.state_at, connector.status_since) AS done_at
) AS car
"""

OUTLET: Final = f"""
SELECT connector.code, station.name AS station_name, connector.status, connector.power_type, connector.power_max_w,
       connector.plug, coalesce(connector.status_since, station.registered_at) AS status_since,
       station.connected_at IS NOT NULL AS is_connected,
       coalesce(station.connected_at, station.disconnected_at) AS connected_changed_at, station.vendor, station.model,
       station.error_code AS station_error_code, connector.error_code, connector.vendor_error_code,
       connector.error_info, station.site_id, site.timezone,
       (SELECT jsonb_agg(jsonb_build_array(family, severity, jsonb_path_query_array(evidence, '$[*].values.name'),
                                           {STOP_IS_OUT}) ORDER BY severity)
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
WHERE connector.station_id = $1 AND connector.evse_number = $2 AND connector.connector_number = coalesce(
    nullif($3, 0), (SELECT min(connector_number) FROM connector WHERE station_id = $1 AND evse_number = $2))
"""  # noqa: S608 - constant text
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
CAR_THERE: Final = f"""
SELECT session.id, session.driver_id, car.is_done, car.done_at
FROM (SELECT * FROM session WHERE station_id = $1 AND evse_number = $2 AND NOT reservation_expired
      ORDER BY started_at DESC LIMIT 1) AS session
{CAR_FROM}
WHERE car.stands AND (session.ended_at IS NULL OR session.ended_at > $3)
"""  # noqa: S608 - constant text
USUAL: Final = """
SELECT count(*)::int AS sessions, percentile_cont(0.5) WITHIN GROUP (ORDER BY power_w)::int AS power_w
FROM (
    SELECT energy_wh * 3600 / extract(epoch FROM coalesce(charging_ended_at, ended_at) - started_at) AS power_w
    FROM session
    WHERE station_id = $1 AND evse_number = $2 AND started_at > $3 AND ended_at IS NOT NULL AND energy_wh >= 1000
      AND coalesce(charging_ended_at, ended_at) > started_at + interval '10 minutes'
    ORDER BY started_at DESC LIMIT $4
) AS lately
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


class OutletRow(Struct, frozen=True):
    """The outlet, and what is known of its charger."""

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
    findings: list[tuple[str, int, list[str], bool]] | None
    """Family, severity, what was said, and whether it is of an emergency stop alone that is out again."""
    incident_number: int | None
    is_unlocked: bool
    has_own_cable: bool


class StartRow(Struct, frozen=True):
    """A wish to charge."""

    created_at: datetime
    expires_at: datetime
    cancelled_at: datetime | None
    cancelled_why: str | None
    session_id: UUID | None
    payment_id: UUID | None


class SessionRow(Struct, frozen=True):
    """A charge."""

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


class UsualRow(Struct, frozen=True):
    """What an outlet usually gives."""

    sessions: int
    power_w: int | None


class PaymentRow(Struct, frozen=True):
    """A payment, and what came of its newest try."""

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


class TokenRow(Struct, frozen=True):
    """A tag that was shown."""

    at: datetime
    status: str
    reason: str
    token_uid: str


class CarThere(Struct, frozen=True):
    """The charge of the car that stands at an outlet."""

    id: UUID
    driver_id: UUID | None
    is_done: bool
    """It is over, or takes no more just now."""
    done_at: datetime | None


async def outlet(
    tx: Transaction, station_id: UUID, evse_number: int, connector_number: int, unlocked_since: datetime
) -> OutletRow | None:  # fmt: skip
    """Return an outlet; connector 0 is the first of its EVSE."""
    return await tx.fetch_one(OutletRow, OUTLET, station_id, evse_number, connector_number, unlocked_since)


async def start(tx: Transaction, start_request_id: UUID) -> StartRow | None:
    """Return a wish to charge."""
    return await tx.fetch_one(StartRow, START, start_request_id)


async def session(tx: Transaction, session_id: UUID, draws_from_a: float) -> SessionRow | None:
    """Return a charge; a phase with less than `draws_from_a` is not used."""
    return await tx.fetch_one(SessionRow, SESSION, session_id, draws_from_a)


async def car_at(tx: Transaction, station_id: UUID, evse_number: int, since: datetime) -> CarThere | None:
    """Return whose car stands at an outlet: of its newest charge, which runs or has ended since. None: nobody's."""
    return await tx.fetch_one(CarThere, CAR_THERE, station_id, evse_number, since)


async def usual(
    tx: Transaction, station_id: UUID, evse_number: int, since: datetime, sessions_max: int
) -> UsualRow | None:
    """Return what an outlet has given since, in its newest sessions."""
    return await tx.fetch_one(UsualRow, USUAL, station_id, evse_number, since, sessions_max)


async def payment(tx: Transaction, payment_id: UUID) -> PaymentRow | None:
    """Return a payment."""
    return await tx.fetch_one(PaymentRow, PAYMENT, payment_id)


async def tag_shown(
    tx: Transaction, station_id: UUID, since: datetime, driver_id: UUID | None
) -> TokenRow | None:  # fmt: skip
    """Return the tag that was shown last, of a driver or of nobody that we know; of anybody where none is named."""
    return await tx.fetch_one(TokenRow, TAG_SHOWN, station_id, since, driver_id)


async def elsewhere(
    tx: Transaction, site_id: UUID, station_id: UUID, evse_number: int, since: datetime, until: datetime, at: datetime
) -> ElsewhereFacts | None:  # fmt: skip
    """Return another outlet of a site that saw a cable between two instants, nearest to `at`."""
    return await tx.fetch_one(ElsewhereFacts, ELSEWHERE, site_id, station_id, evse_number, since, until, at)
