"""What the loop believes, sent and decided, and what it reads of the network. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits.model import PerPhase
from laddverk.energy.steering.model import Belief, Load
from laddverk.ocpp.facts import Composite
from laddverk.platform.database import Transaction

STATE: Final = """
-- Locked: two steps of one site never run at the same time.
SELECT beliefs, loads, next_order, tree_version, stepped_at, pending FROM steering_state WHERE site_id = $1 FOR UPDATE
"""
KEEP_STATE: Final = """
INSERT INTO steering_state
    (site_id, beliefs, loads, meters, other_a, alarms, next_order, tree_version, stepped_at, pending)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (site_id) DO UPDATE
SET beliefs = excluded.beliefs, loads = excluded.loads, meters = excluded.meters, other_a = excluded.other_a,
    alarms = excluded.alarms, next_order = excluded.next_order, tree_version = excluded.tree_version,
    stepped_at = excluded.stepped_at, pending = excluded.pending
"""
ZONE: Final = "SELECT timezone FROM site WHERE id = $1"
LINKS: Final = """
SELECT id AS station_id, connected_at, booted_at FROM station WHERE id = ANY($1)
"""
RUNNING: Final = """
SELECT id, station_id, evse_number, started_at, received_at, energy_wh FROM session
WHERE station_id = ANY($1) AND ended_at IS NULL
"""
SAMPLES: Final = """
-- The latest of each running session that came since an instant, whatever the charger's clock says of when it was.
-- A DC outlet's current is its battery's: its power counts.
SELECT session.station_id, session.evse_number, drawn.at, drawn.said_at, drawn.received_at, drawn.power_w,
       drawn.current_l1_a, drawn.current_l2_a, drawn.current_l3_a
FROM session CROSS JOIN LATERAL (
    SELECT at, said_at, received_at, power_w, current_l1_a, current_l2_a, current_l3_a FROM sample
    WHERE sample.station_id = session.station_id AND sample.transaction_key = session.transaction_key
      AND (current_l1_a IS NOT NULL OR power_w IS NOT NULL)
    ORDER BY at DESC LIMIT 4
) AS drawn
WHERE session.station_id = ANY($1) AND session.ended_at IS NULL AND drawn.received_at > $2 ORDER BY drawn.at
"""
READINGS: Final = "SELECT circuit_id, at, current_a FROM circuit_load WHERE site_id = $1 AND at > $2"
ANSWERS: Final = """
-- Orders whose command has its outcome; they are heard once.
DELETE FROM steering_order USING command
WHERE steering_order.site_id = $1 AND command.id = steering_order.command_id AND command.finished_at IS NOT NULL
RETURNING steering_order.order_id, steering_order.station_id, steering_order.evse_number, command.state,
          greatest(coalesce(command.answered_at, command.finished_at), steering_order.sent_at) AS at,
          command.detail->'composite' AS composite
"""
KEEP_ORDER: Final = """
INSERT INTO steering_order (site_id, order_id, station_id, evse_number, kind, limit_a, command_id, sent_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
KEEP_SHARES: Final = """
-- A row only where something else is decided than before.
INSERT INTO steering_share (site_id, station_id, evse_number, at, limit_a, worst_a, reason, tree_version)
SELECT $1, given.station_id, given.evse_number, $2, given.limit_a, given.worst_a, given.reason::jsonb, $3
FROM unnest($4::uuid[], $5::int[], $6::float8[], $7::float8[], $8::text[])
     AS given (station_id, evse_number, limit_a, worst_a, reason)
LEFT JOIN LATERAL (
    SELECT limit_a, reason->>'code' AS code FROM steering_share
    WHERE site_id = $1 AND station_id = given.station_id AND evse_number = given.evse_number
    ORDER BY at DESC LIMIT 1
) AS before ON true
WHERE before.limit_a IS DISTINCT FROM given.limit_a OR before.code IS DISTINCT FROM given.reason::jsonb->>'code'
ON CONFLICT DO NOTHING
"""
SITES: Final = """
-- Sites with circuits; of these stations or sessions alone where they are given.
SELECT DISTINCT circuit_tree.site_id FROM circuit_tree
WHERE ($1::uuid[] IS NULL AND $2::uuid[] IS NULL)
   OR site_id IN (SELECT station.site_id FROM station WHERE station.id = ANY($1))
   OR site_id IN (SELECT station.site_id FROM session JOIN station ON station.id = session.station_id
                  WHERE session.id = ANY($2))
"""
SENT_BY_US: Final = """
SELECT DISTINCT site_id FROM steering_order WHERE command_id = ANY($1)
"""
DROP_OLD: Final = "DELETE FROM steering_share WHERE at < $1"
DROP_OLD_ORDERS: Final = "DELETE FROM steering_order WHERE sent_at < $1"


class State(Struct, frozen=True):
    """What the loop believed after its last step."""

    beliefs: dict[str, Belief]
    loads: dict[str, Load]
    next_order: int
    tree_version: int
    stepped_at: datetime
    pending: dict[str, float] = {}


class Link(Struct, frozen=True):
    """Whether a station is connected, and when it last started."""

    station_id: UUID
    connected_at: datetime | None
    booted_at: datetime | None


class Running(Struct, frozen=True):
    """A session that runs."""

    id: UUID
    station_id: UUID
    evse_number: int
    started_at: datetime
    received_at: datetime
    """When we heard that it began."""
    energy_wh: int


class SampleRow(Struct, frozen=True):
    """A reading of an outlet."""

    station_id: UUID
    evse_number: int
    at: datetime
    said_at: datetime | None
    received_at: datetime
    power_w: int | None
    current_l1_a: float | None
    current_l2_a: float | None
    current_l3_a: float | None


class Reading(Struct, frozen=True):
    """What flowed through a circuit."""

    circuit_id: UUID
    at: datetime
    current_a: PerPhase


class AnswerRow(Struct, frozen=True):
    """What became of an order."""

    order_id: int
    station_id: UUID
    evse_number: int
    state: str
    at: datetime
    composite: Composite | None = None
    """What the charger makes of all that is in it, where that was asked."""


async def state(tx: Transaction, site_id: UUID) -> State | None:
    """Return what was believed of a site, locked until `tx` ends; None before its first step."""
    return await tx.fetch_one(State, STATE, site_id)


async def keep_state(
    tx: Transaction, site_id: UUID, kept: State, meters: dict[str, str], other_a: dict[str, PerPhase], alarms: Any
) -> None:
    """Keep what is believed now, and how the site is."""
    await tx.execute(
        KEEP_STATE, site_id, kept.beliefs, kept.loads, meters, other_a, alarms, kept.next_order, kept.tree_version,
        kept.stepped_at, kept.pending,
    )  # fmt: skip


async def zone(tx: Transaction, site_id: UUID) -> str:
    """Return the time zone of a site."""
    return str(await tx.value(ZONE, site_id))


async def links(tx: Transaction, station_ids: Sequence[UUID]) -> list[Link]:
    """Return the connections of stations."""
    return await tx.fetch(Link, LINKS, list(station_ids))


async def running(tx: Transaction, station_ids: Sequence[UUID]) -> list[Running]:
    """Return the sessions that run at stations."""
    return await tx.fetch(Running, RUNNING, list(station_ids))


async def samples(tx: Transaction, station_ids: Sequence[UUID], after: datetime) -> list[SampleRow]:
    """Return the latest readings of outlets that came after an instant, at most four of each, oldest first."""
    return await tx.fetch(SampleRow, SAMPLES, list(station_ids), after)


async def readings(tx: Transaction, site_id: UUID, after: datetime) -> list[Reading]:
    """Return the latest reading of each circuit of a site that came after an instant."""
    return await tx.fetch(Reading, READINGS, site_id, after)


async def answers(tx: Transaction, site_id: UUID) -> list[AnswerRow]:
    """Return the outcomes of orders that have not been heard yet."""
    return await tx.fetch(AnswerRow, ANSWERS, site_id)


async def keep_order(
    tx: Transaction, site_id: UUID, order_id: int, outlet: tuple[UUID, int], kind: str, limit_a: float,
    command_id: UUID, now: datetime,
) -> None:  # fmt: skip
    """Remember which command carries an order."""
    await tx.execute(KEEP_ORDER, site_id, order_id, outlet[0], outlet[1], kind, limit_a, command_id, now)


async def keep_shares(
    tx: Transaction, site_id: UUID, now: datetime, version: int,
    shares: Sequence[tuple[UUID, int, float, float, str]],
) -> bool:  # fmt: skip
    """Keep who gets what and why (station, EVSE, limit, worst case, reason as JSON), where it changed; tell whether."""
    if not shares:
        return False
    columns: list[list[object]] = [list(column) for column in zip(*shares, strict=True)]
    return await tx.execute(KEEP_SHARES, site_id, now, version, *columns) > 0


async def drop_old(tx: Transaction, before: datetime) -> None:
    """Forget decisions and orders from before an instant."""
    await tx.execute(DROP_OLD, before)
    await tx.execute(DROP_OLD_ORDERS, before)


async def sites(
    tx: Transaction, station_ids: Sequence[UUID] | None = None, session_ids: Sequence[UUID] | None = None
) -> list[UUID]:
    """Return the sites that have circuits: all, or those of these stations and sessions."""
    return await tx.values(
        SITES, None if station_ids is None else list(station_ids), None if session_ids is None else list(session_ids)
    )


async def sites_of_commands(tx: Transaction, command_ids: Sequence[UUID]) -> list[UUID]:
    """Return the sites whose loop sent one of these commands and waits for its outcome."""
    return await tx.values(SENT_BY_US, list(command_ids))
