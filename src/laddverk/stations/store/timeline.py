"""The state timeline: reports in, intervals out, whatever the order of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import Status
from laddverk.platform.database import Transaction


class Place(Struct, frozen=True, order=True):
    """Where a state is: a connector, an EVSE (connector 0) or the whole station (both 0)."""

    station_id: StationId
    evse_number: int
    connector_number: int


class StateReport(Struct, frozen=True, kw_only=True):
    """One report of a state, ready to be kept."""

    place: Place
    started_at: datetime
    content_key: str
    status: Status
    error_code: str | None
    vendor_error_code: str | None
    info: str | None
    said_at: datetime | None
    received_at: datetime


INSERT = """
INSERT INTO connector_state AS kept (station_id, evse_number, connector_number, started_at, content_key, status,
    error_code, vendor_error_code, info, said_at, received_at, same_since)
SELECT *, started_at FROM unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[], $5::text[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[])
    AS given (station_id, evse_number, connector_number, started_at, content_key, status, error_code,
              vendor_error_code, info, said_at, received_at)
ON CONFLICT (station_id, evse_number, connector_number, started_at, content_key) DO UPDATE
SET received_at = excluded.received_at, said_at = excluded.said_at
WHERE excluded.received_at < kept.received_at
RETURNING station_id, evse_number, connector_number, started_at
"""


class Touched(Struct, frozen=True):
    """A place whose timeline changed from an instant on."""

    station_id: StationId
    evse_number: int
    connector_number: int
    started_at: datetime


async def insert(tx: Transaction, reports: Sequence[StateReport]) -> list[Touched]:
    """Keep reports that are new, or were received earlier than the same one that is kept; return those."""
    return await tx.fetch(
        Touched,
        INSERT,
        [report.place.station_id for report in reports],
        [report.place.evse_number for report in reports],
        [report.place.connector_number for report in reports],
        [report.started_at for report in reports],
        [report.content_key for report in reports],
        [report.status.value for report in reports],
        [report.error_code for report in reports],
        [report.vendor_error_code for report in reports],
        [report.info for report in reports],
        [report.said_at for report in reports],
        [report.received_at for report in reports],
    )


RELINK = """
-- From the row before each change onwards: every interval ends where the next begins, and a row that says the same as
-- the one before it carries on that one's `same_since`.
WITH touched AS (
    SELECT station_id, evse_number, connector_number, min(started_at) AS from_at
    FROM unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[])
         AS given (station_id, evse_number, connector_number, started_at)
    GROUP BY 1, 2, 3
), reach AS (
    SELECT s.* FROM touched t CROSS JOIN LATERAL (
        SELECT * FROM connector_state c
        WHERE c.station_id = t.station_id AND c.evse_number = t.evse_number AND c.connector_number = t.connector_number
          AND c.started_at >= coalesce(
              (SELECT max(p.started_at) FROM connector_state p
               WHERE p.station_id = t.station_id AND p.evse_number = t.evse_number
                 AND p.connector_number = t.connector_number AND p.started_at < t.from_at), t.from_at)
    ) s
), marked AS (
    SELECT *, lead(started_at) OVER ordered AS next_at, first_value(same_since) OVER ordered AS first_since,
           row_number() OVER ordered > 1 AND (status, error_code) IS DISTINCT FROM
               (lag(status) OVER ordered, lag(error_code) OVER ordered) AS is_other
    FROM reach
    WINDOW ordered AS (PARTITION BY station_id, evse_number, connector_number
                       ORDER BY started_at, received_at, content_key)
), linked AS (
    SELECT *, coalesce(max(started_at) FILTER (WHERE is_other) OVER (
        PARTITION BY station_id, evse_number, connector_number ORDER BY started_at, received_at, content_key
        ROWS UNBOUNDED PRECEDING), first_since) AS since
    FROM marked
)
UPDATE connector_state c SET ended_at = l.next_at, same_since = l.since
FROM linked l
WHERE c.station_id = l.station_id AND c.evse_number = l.evse_number AND c.connector_number = l.connector_number
  AND c.started_at = l.started_at AND c.content_key = l.content_key
  AND (c.ended_at IS DISTINCT FROM l.next_at OR c.same_since <> l.since)
"""


async def relink(tx: Transaction, touched: Sequence[Touched]) -> None:
    """Make the intervals of the touched places whole again."""
    await tx.execute(
        RELINK,
        [one.station_id for one in touched],
        [one.evse_number for one in touched],
        [one.connector_number for one in touched],
        [one.started_at for one in touched],
    )


class Mirrored(Struct, frozen=True):
    """The newest state of a place, as its connector or station row now shows it."""

    station_id: StationId
    evse_number: int
    connector_number: int
    status: Status
    status_since: datetime
    error_code: str | None = None

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.station_id, self.evse_number, self.connector_number)


NEWEST_FROM = """
WITH touched AS (
    SELECT DISTINCT station_id, evse_number, connector_number
    FROM unnest($1::uuid[], $2::int[], $3::int[]) AS given (station_id, evse_number, connector_number)
), newest AS (
    SELECT s.* FROM touched t CROSS JOIN LATERAL (
        SELECT * FROM connector_state c
        WHERE c.station_id = t.station_id AND c.evse_number = t.evse_number AND c.connector_number = t.connector_number
        ORDER BY started_at DESC, received_at DESC, content_key DESC LIMIT 1
    ) s
)
"""

MIRROR_CONNECTORS = (
    NEWEST_FROM
    + """
UPDATE connector c SET status = n.status, status_since = n.same_since, error_code = n.error_code,
       vendor_error_code = n.vendor_error_code, error_info = n.info
FROM newest n
WHERE c.station_id = n.station_id AND c.evse_number = n.evse_number AND c.connector_number = n.connector_number
RETURNING c.station_id, c.evse_number, c.connector_number, c.status, c.status_since, c.error_code
"""
)

MIRROR_STATIONS = (
    NEWEST_FROM
    + """
UPDATE station s SET status = n.status, status_since = n.same_since, error_code = n.error_code
FROM newest n
WHERE s.id = n.station_id AND n.evse_number = 0 AND n.connector_number = 0
RETURNING s.id AS station_id, 0 AS evse_number, 0 AS connector_number, s.status, s.status_since, s.error_code
"""
)


async def mirror(tx: Transaction, places: Sequence[Place]) -> list[Mirrored]:
    """Show the newest state of `places` on their rows, and return what is shown; nothing for unknown connectors."""
    shown: list[Mirrored] = []
    for is_station, statement in ((False, MIRROR_CONNECTORS), (True, MIRROR_STATIONS)):
        wanted = [place for place in places if (place.evse_number == 0) == is_station]
        if wanted:
            shown += await tx.fetch(
                Mirrored,
                statement,
                [place.station_id for place in wanted],
                [place.evse_number for place in wanted],
                [place.connector_number for place in wanted],
            )
    return shown


class PlaceStatus(Struct, frozen=True):
    """What a connector, or a station as a whole, shows now."""

    station_id: StationId
    evse_number: int
    connector_number: int
    status: Status


STATUSES_OF = """
SELECT station_id, evse_number, connector_number, status FROM connector WHERE station_id = ANY($1)
UNION ALL SELECT id, 0, 0, status FROM station WHERE id = ANY($1)
"""


async def statuses_of(tx: Transaction, station_ids: Sequence[StationId]) -> list[PlaceStatus]:
    """Return the states that these stations and their connectors show."""
    return await tx.fetch(PlaceStatus, STATUSES_OF, list(station_ids))
