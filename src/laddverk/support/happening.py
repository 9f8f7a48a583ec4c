"""The timeline of a case with what machines did around it: statuses, errors, contact, tags, commands, money, limits.

One statement. Each kind of event is read by its own index within the time of the case and cut to its newest, what went
wrong by itself: a charger that stutters drowns none of its faults. Where something was cut, a line says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.model import Case
from laddverk.support.queries import ENTRIES, EntryRow
from laddverk.support.situations.gathering import Subject

BEFORE: Final = timedelta(hours=2)  # who turns to us has tried for a while
AFTER: Final = timedelta(hours=24)
EACH_MAX: Final = 25  # of one kind at one outlet, and of those that went wrong as many
CUT: Final = "cut"
"""The source of a line that says where no more is shown; its `kind` is the source of what is not."""
ENTRIES_MAX: Final = 300
COMMANDS: Final = (
    "start_charging", "stop_charging", "unlock_connector", "reset", "change_availability", "clear_cache",
    "reserve_now", "cancel_reservation",
)  # fmt: skip
"""Those that a driver notices. What an agent asked for in the case stands there as their deed."""

# $3 charger, $4 its EVSE or 0, $5 and $6 between when, $7 payment, $8 driver, $9 of each kind, $10 commands. Some
# chargers write of every state that no error is there, as code or in words: an error is what a code says.
MACHINES_SHOWN: Final = """
SELECT at, 'state' AS source, status AS kind, '' AS channel, 'machine' AS by_kind, '' AS by_name, '' AS text,
       jsonb_build_object('evse', evse_number, 'error', error, 'info', info, 'is_grave', is_grave) AS params,
       '' AS body, NULL::uuid AS id, NULL::bigint AS number
FROM (SELECT evse_number, connector_number FROM connector WHERE station_id = $3 AND ($4 = 0 OR evse_number = $4)
      UNION SELECT 0, 0) AS plug
CROSS JOIN (VALUES (true), (false)) AS sort (is_grave)
CROSS JOIN LATERAL (
    SELECT started_at AS at, status, code.error, coalesce(info, '') AS info
    FROM connector_state AS was
    CROSS JOIN LATERAL (SELECT concat_ws(' · ', nullif(was.error_code, 'NoError'), CASE
        WHEN was.vendor_error_code !~* '^((0x)?0*|no[ _]?error)$' THEN was.vendor_error_code END) AS error) AS code
    WHERE was.station_id = $3 AND was.evse_number = plug.evse_number AND was.connector_number = plug.connector_number
      AND started_at BETWEEN $5 AND $6 AND same_since = started_at
      AND (status = 'faulted' OR code.error <> '') = sort.is_grave
    ORDER BY started_at DESC LIMIT $9
) AS state
UNION ALL
SELECT change.at, 'link', change.kind, '', 'machine', '', '', jsonb_build_object('why', change.why), '', NULL, NULL
FROM (
    SELECT connected_at, disconnected_at, coalesce(close_reason, '') AS why FROM station_connection
    WHERE station_id = $3 AND connected_at <= $6 AND connected_at >= coalesce(
        (SELECT max(connected_at) FROM station_connection WHERE station_id = $3 AND connected_at < $5), $5)
    ORDER BY connected_at DESC LIMIT $9
) AS link
CROSS JOIN LATERAL (VALUES (connected_at, 'connected', ''), (disconnected_at, 'disconnected', why))
    AS change (at, kind, why)
WHERE change.at BETWEEN $5 AND $6
UNION ALL
-- Of somebody else's tag it is nobody's business why it was refused: the driver's own, or any where none is known.
SELECT at, 'tag', status, '', 'machine', '', '', jsonb_build_object('why', reason, 'is_grave', is_grave), '', NULL, NULL
FROM (VALUES (true), (false)) AS sort (is_grave)
CROSS JOIN LATERAL (
    SELECT at, status, reason FROM authorisation
    WHERE station_id = $3 AND received_at BETWEEN $5 AND $6
      AND ($8::uuid IS NULL OR driver_id = $8 OR driver_id IS NULL) AND (status <> 'Accepted') = sort.is_grave
    ORDER BY received_at DESC LIMIT $9
) AS tag
UNION ALL
(SELECT created_at, 'order', command.kind, '', CASE actor_kind WHEN 'operator' THEN 'person' ELSE 'machine' END,
        requested_by, '', jsonb_build_object('state', state, 'word', coalesce(outcome, '')), '', command.id, NULL
 FROM command
 WHERE station_id = $3 AND created_at BETWEEN $5 AND $6 AND command.kind = ANY($10)
   AND ($4 = 0 OR coalesce((command ->> 'evse_number')::int, 0) IN (0, $4))
   AND command.id <> ALL (ARRAY(SELECT command_id FROM case_deed WHERE case_id = $1 AND command_id IS NOT NULL))
 ORDER BY created_at DESC LIMIT $9)
UNION ALL
(SELECT at, 'limit', reason ->> 'code', '', 'rule', '', '', jsonb_build_object('limit_a', limit_a), '', NULL, NULL
 FROM steering_share
 WHERE site_id = (SELECT site_id FROM station WHERE id = $3) AND station_id = $3 AND evse_number = $4
   AND at BETWEEN $5 AND $6
 ORDER BY at DESC LIMIT $9)
UNION ALL
(SELECT event.at, 'money', event.kind, '', 'machine', '', '',
        jsonb_build_object('amount_minor', event.amount_minor, 'currency', payment.currency), '', NULL, NULL
 FROM payment JOIN payment_event AS event ON event.payment_id = payment.id
 WHERE payment.id = $7 ORDER BY event.at DESC LIMIT $9)
"""
MACHINE_SOURCES: Final = frozenset({"state", "link", "tag", "order", "limit", "money"})
EVERYTHING: Final = f"""
SELECT * FROM (
    (SELECT * FROM ({ENTRIES}) AS said
     -- How a payment is now says less than its steps, where those stand there: those of the newest start's.
     WHERE source <> 'payment' OR id <> $7 OR NOT EXISTS (SELECT FROM payment_event WHERE payment_id = $7)
     ORDER BY at DESC, id DESC LIMIT $2)
    UNION ALL
    ({MACHINES_SHOWN})
) AS everything ORDER BY at DESC, id DESC
"""  # noqa: S608 - constants above


class Around(Struct, frozen=True, kw_only=True):
    """Where and when machines are looked at for a case."""

    station_id: UUID | None
    evse_number: int
    since: datetime
    until: datetime
    payment_id: UUID | None
    driver_id: UUID | None


def around(case: Case, subject: Subject, began_at: datetime | None, ended_at: datetime | None) -> Around:
    """Return what is looked at: the outlet from before the case or its charge, which ran between these instants."""
    since, until = case.created_at - BEFORE, case.created_at + AFTER
    if began_at is not None and since - AFTER < began_at < since:
        since = began_at - BEFORE
    if ended_at is not None and until < ended_at < until + AFTER:
        until = ended_at
    return Around(
        station_id=subject.station_id, evse_number=subject.evse_number, since=since, until=until,
        payment_id=subject.payment_id or case.payment_id, driver_id=case.driver_id,
    )  # fmt: skip


async def everything(tx: Transaction, case_id: UUID, where: Around) -> list[EntryRow]:
    """Return all that was said and done about a case, and what machines did around it, the newest first."""
    rows = await tx.fetch(
        EntryRow, EVERYTHING, case_id, ENTRIES_MAX, where.station_id, where.evse_number, where.since, where.until,
        where.payment_id, where.driver_id, EACH_MAX + 1, list(COMMANDS),
    )  # fmt: skip
    return list(_cut(rows))


def _cut(rows: Iterable[EntryRow]) -> Iterable[EntryRow]:
    """Yield events, the newest first, without those of which there are more than `EACH_MAX`.

    One line for each source says so, and one for what went wrong: where the first of them is left out.
    """
    counted: Counter[tuple[object, ...]] = Counter()
    told = set[tuple[str, bool]]()
    for row in rows:
        if row.source not in MACHINE_SOURCES:
            yield row
            continue
        is_grave = row.params.get("is_grave", row.source != "limit")
        counted[key := (row.source, row.kind if row.source == "link" else "", row.params.get("evse"), is_grave)] += 1
        if counted[key] <= EACH_MAX:
            yield row
        elif (row.source, is_grave) not in told:
            told.add((row.source, is_grave))
            yield EntryRow(
                at=row.at, source=CUT, kind=row.source, channel="", by_kind="machine", by_name="", text="",
                params={"count": EACH_MAX, "is_grave": is_grave}, body="",
            )  # fmt: skip
