"""Everything that happened to one station, on one line of time: machine, person and rule. SQL only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

TIMELINE: Final = """
-- Each source is cut to the newest by its own index before they are merged, so what is too old can go at the end.
-- $4: which kinds; $5: which outlet, 0 all; $6: not before.
SELECT * FROM (
    (SELECT started_at AS at, 'state' AS kind, evse_number, status AS word,
            concat_ws(' · ', error_code, vendor_error_code, info) AS detail, '' AS who, '' AS state, NULL::uuid AS id
     FROM connector_state WHERE station_id = $1 AND started_at < $2 AND same_since = started_at AND 'state' = ANY($4)
       AND ($5 = 0 OR evse_number IN (0, $5))
     ORDER BY started_at DESC LIMIT $3)
    UNION ALL
    (SELECT began_at, 'outcome', evse_number, outcome, array_to_string(error_codes, ' · '), '', why::text, session_id
     FROM session_outcome WHERE station_id = $1 AND began_at < $2 AND 'outcome' = ANY($4)
       AND ($5 = 0 OR evse_number IN (0, $5))
     ORDER BY began_at DESC LIMIT $3)
    UNION ALL
    (SELECT connected_at, 'connected', NULL, protocol, '', '', '', NULL FROM station_connection
     WHERE station_id = $1 AND connected_at < $2 AND 'link' = ANY($4) ORDER BY connected_at DESC LIMIT $3)
    UNION ALL
    (SELECT disconnected_at, 'disconnected', NULL, coalesce(close_reason, ''), coalesce(close_code::text, ''), '', '',
            NULL
     FROM station_connection WHERE station_id = $1 AND disconnected_at < $2 AND 'link' = ANY($4)
     ORDER BY disconnected_at DESC LIMIT $3)
    UNION ALL
    (SELECT received_at, 'boot', NULL, coalesce(payload ->> 'reason', ''), coalesce(payload ->> 'firmware', ''), '',
            '', NULL
     FROM station_report WHERE station_id = $1 AND received_at < $2 AND kind = 'BootNotification' AND 'boot' = ANY($4)
     ORDER BY received_at DESC LIMIT $3)
    UNION ALL
    (SELECT coalesce(u.finished_at, u.changed_at), 'firmware', NULL, image.version, u.reason, '', u.state, u.id
     FROM firmware_update AS u JOIN firmware_image AS image ON image.id = u.image_id
     WHERE u.station_id = $1 AND coalesce(u.finished_at, u.changed_at) < $2 AND 'boot' = ANY($4)
     ORDER BY 1 DESC LIMIT $3)
    UNION ALL
    (SELECT created_at, 'command', (command ->> 'evse_number')::int, kind, reason, requested_by, state, id
     FROM command WHERE station_id = $1 AND created_at < $2 AND 'command' = ANY($4)
       AND ($5 = 0 OR coalesce((command ->> 'evse_number')::int, 0) IN (0, $5))
     ORDER BY created_at DESC LIMIT $3)
    UNION ALL
    (SELECT raised_at, 'raised', evse_number, detector, family, '', '', incident_id FROM finding
     WHERE station_id = $1 AND raised_at < $2 AND 'problem' = ANY($4) AND ($5 = 0 OR evse_number IN (0, $5))
     ORDER BY raised_at DESC LIMIT $3)
    UNION ALL
    (SELECT cleared_at, 'cleared', evse_number, detector, family, '', '', incident_id FROM finding
     WHERE station_id = $1 AND cleared_at < $2 AND 'problem' = ANY($4) AND ($5 = 0 OR evse_number IN (0, $5))
     ORDER BY cleared_at DESC LIMIT $3)
    UNION ALL
    (SELECT raised_at, 'opened', evse_number, family, number::text, '', severity::text, id FROM incident
     WHERE stations @> ARRAY[$1::uuid] AND raised_at < $2 AND 'problem' = ANY($4)
       AND ($5 = 0 OR evse_number IN (0, $5))
     ORDER BY raised_at DESC LIMIT $3)
    UNION ALL
    (SELECT c.at, 'closed', incident.evse_number, c.cause, incident.number::text, c.by_name, '', incident.id
     FROM incident JOIN incident_closing AS c ON c.incident_id = incident.id
     WHERE incident.stations @> ARRAY[$1::uuid] AND c.at < $2 AND 'problem' = ANY($4)
       AND ($5 = 0 OR incident.evse_number IN (0, $5))
     ORDER BY c.at DESC LIMIT $3)
    UNION ALL
    (SELECT decided_at, 'remedy', evse_number, action, '', '', CASE WHEN dry THEN 'dry' ELSE verdict END, incident_id
     FROM remedy WHERE station_id = $1 AND decided_at < $2 AND 'mending' = ANY($4)
       AND ($5 = 0 OR evse_number IN (0, $5))
     ORDER BY decided_at DESC LIMIT $3)
    UNION ALL
    (SELECT created_at, 'ordered', evse_number, title, number::text, created_by, '', id FROM work_order
     WHERE station_id = $1 AND created_at < $2 AND 'mending' = ANY($4) AND ($5 = 0 OR evse_number IN (0, $5))
     ORDER BY created_at DESC LIMIT $3)
    UNION ALL
    (SELECT done_at, 'done', evse_number, cause, number::text, done_by, verdict, id FROM work_order
     WHERE station_id = $1 AND done_at < $2 AND 'mending' = ANY($4) AND ($5 = 0 OR evse_number IN (0, $5))
     ORDER BY done_at DESC LIMIT $3)
    UNION ALL
    (SELECT at, 'report', evse_number, kind, text, '', '', incident_id FROM driver_report
     WHERE station_id = $1 AND at < $2 AND 'report' = ANY($4) AND ($5 = 0 OR evse_number IN (0, $5))
     ORDER BY at DESC LIMIT $3)
    UNION ALL
    (SELECT at, 'variable', NULL, concat_ws('.', nullif(component, ''), variable),
            coalesce(value, ''), changed_by, cause, NULL
     FROM station_variable_change AS c WHERE station_id = $1 AND at < $2 AND 'change' = ANY($4)
       AND EXISTS (SELECT FROM station_variable_change AS e WHERE e.station_id = c.station_id
                   AND e.component = c.component AND e.variable = c.variable AND e.attribute = c.attribute
                   AND e.at < c.at)
     ORDER BY at DESC LIMIT $3)
    UNION ALL
    -- By our own clock: what may be an attack may also lie about the time.
    (SELECT received_at, 'security', NULL, kind, tech_info, CASE WHEN times > 1 THEN times::text ELSE '' END,
            CASE WHEN critical THEN source ELSE '' END, NULL
     FROM security_event WHERE station_id = $1 AND received_at < $2 AND 'security' = ANY($4)
     ORDER BY received_at DESC LIMIT $3)
    UNION ALL
    (SELECT at, 'change', NULL, action, reason, actor_name, '', NULL FROM audit_log
     WHERE object_id = $1 AND at < $2 AND action <> 'command.requested' AND 'change' = ANY($4)
     ORDER BY at DESC LIMIT $3)
) AS happened WHERE $6::timestamptz IS NULL OR at >= $6 ORDER BY at DESC LIMIT $3
"""

KINDS: Final = ("state", "outcome", "link", "boot", "command", "problem", "mending", "report", "security", "change")


class HappeningRow(Struct, frozen=True, kw_only=True):
    """One thing that happened to a station. What the fields hold depends on `kind`."""

    at: datetime
    kind: str
    evse_number: int | None
    word: str
    detail: str
    who: str
    state: str
    id: UUID | None


async def timeline(
    tx: Transaction,
    station_id: UUID,
    before: datetime,
    kinds: Sequence[str] = KINDS,
    *,
    evse_number: int = 0,
    since: datetime | None = None,
    limit: int = 60,
) -> list[HappeningRow]:
    """Return what happened to a station, or to one outlet and its station, before an instant, newest first."""
    return await tx.fetch(HappeningRow, TIMELINE, station_id, before, limit, list(kinds), evse_number, since)
