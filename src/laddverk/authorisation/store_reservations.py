"""Reservations in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.authorisation.model import (
    Asked,
    Held,
    Place,
    Reservation,
    ReservationLapsed,
    ReservationState,
    Spot,
    Wish,
)
from laddverk.kernel.ids import DriverId, StationId, new_id
from laddverk.platform.database import Transaction

LOCK_STATION: Final = """
-- Two who want the same outlet wait for each other here; the second then sees the first one's reservation.
SELECT id AS station_id, site_id, protocol, connected_at IS NOT NULL AS connected, retired_at IS NOT NULL AS retired
FROM station WHERE id = $1 FOR NO KEY UPDATE
"""
SPOTS: Final = "SELECT evse_number, plug, status FROM connector WHERE station_id = $1 AND evse_number > 0"
HELD: Final = """
SELECT id, evse_number, driver_id, token_uid FROM reservation
WHERE station_id = $1 AND state IN ('asked', 'held') AND expires_at > $2 ORDER BY id
"""
OWN_TAG: Final = """
-- The tag that a driver's reservation is for: the one that is wanted, else the one used last.
SELECT uid, kind, group_code FROM token
WHERE driver_id = $1 AND blocked_at IS NULL AND (valid_until IS NULL OR valid_until > $2) AND NOT is_master
  AND kind NOT IN ('app', 'adhoc') AND ($3 = '' OR uid = $3) AND length(uid) <= $4
ORDER BY last_used_at DESC NULLS LAST, created_at LIMIT 1
"""
LOOSE_TAG: Final = "SELECT uid, kind, group_code, driver_id FROM token WHERE uid = $1 AND blocked_at IS NULL"
ASKED: Final = """
SELECT count(*) FILTER (WHERE state IN ('asked', 'held') AND expires_at > $2) AS active,
       count(*) FILTER (WHERE no_show AND expires_at > $3) AS no_shows
FROM reservation WHERE driver_id = $1
"""
IS_BLOCKED: Final = "SELECT blocked_at IS NOT NULL FROM driver WHERE id = $1"
INSERT: Final = """
INSERT INTO reservation (id, station_id, evse_number, connector_type, driver_id, token_uid, token_type, group_code,
                         requested_by, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING number
"""
SET_COMMAND: Final = "UPDATE reservation SET command_id = $2 WHERE id = $1"
SET_CANCEL: Final = "UPDATE reservation SET cancel_id = $2, why = $3 WHERE id = $1"
RESERVATION: Final = """
SELECT r.id, r.number, r.station_id, station.site_id, r.evse_number, r.driver_id, r.state, r.expires_at, r.command_id,
       r.cancel_id
FROM reservation AS r JOIN station ON station.id = r.station_id
"""
LOCK: Final = RESERVATION + "WHERE r.id = $1 FOR UPDATE OF r"
LOCK_BY_COMMANDS: Final = (
    RESERVATION
    + """
WHERE r.command_id = ANY($1) OR r.cancel_id = ANY($1) ORDER BY r.id FOR UPDATE OF r
"""
)
LOCK_OVERDUE: Final = (
    RESERVATION
    + """
WHERE r.state IN ('asked', 'held') AND r.expires_at <= $1 ORDER BY r.id LIMIT $2 FOR UPDATE OF r SKIP LOCKED
"""
)
HOLD: Final = "UPDATE reservation SET state = 'held', held_at = $2, why = '' WHERE id = $1 AND state = 'asked'"
END: Final = """
UPDATE reservation SET state = $2, ended_at = $3, why = CASE WHEN $4 = '' THEN why ELSE $4 END, no_show = $5
WHERE id = $1 AND state IN ('asked', 'held')
"""
LAPSED: Final = """
-- Those of these reservations that were kept until they expired, and nobody came.
SELECT number, station_id, evse_number, driver_id, token_uid, held_at AS kept_from, least(ended_at, expires_at) AS until
FROM reservation WHERE id = ANY($1) AND no_show AND held_at IS NOT NULL ORDER BY number
"""
RELEASE: Final = """
-- A station releases its own reservations only, and each once.
UPDATE reservation AS r
SET state = given.state, ended_at = given.at, why = given.word,
    no_show = given.state = 'expired' AND r.held_at IS NOT NULL AND r.cancel_id IS NULL
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::timestamptz[])
     AS given (station_id, number, state, word, at)
WHERE r.station_id = given.station_id AND r.number = given.number AND r.state IN ('asked', 'held')
RETURNING r.id
"""
USE: Final = """
-- A session uses the reservation that it names, else the one that is kept for its tag or the tag's group at its outlet.
-- One that was over a moment before counts as used: the session was told late.
UPDATE reservation AS r SET state = 'used', ended_at = given.at, no_show = false
FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::timestamptz[]) WITH ORDINALITY
     AS given (station_id, number, evse_number, token_uid, at, position)
WHERE r.station_id = given.station_id
  AND (r.number = given.number
       OR ((r.evse_number IS NULL OR r.evse_number = given.evse_number)
           AND (r.token_uid = given.token_uid
                OR (r.group_code <> '' AND EXISTS (SELECT FROM token WHERE token.uid = given.token_uid
                                                   AND token.group_code = r.group_code)))))
  AND given.at >= r.created_at - interval '1 minute' AND given.at <= r.expires_at + interval '1 minute'
  AND r.state IN ('asked', 'held', 'expired')
RETURNING given.position - 1 AS place, coalesce(r.held_at, r.created_at) AS kept_from, r.number
"""


class Used(Struct, frozen=True):
    """That a session used a reservation: its place among those that were asked about, and since when it was kept."""

    place: int
    kept_from: datetime
    number: int


class Token(Struct, frozen=True):
    """A tag that an outlet is kept for."""

    uid: str
    kind: str
    group_code: str
    driver_id: UUID | None = None


async def place(tx: Transaction, station_id: StationId, now: datetime) -> Place | None:
    """Return a station with its outlets and what is kept there, locked."""
    found = await tx.fetch_one(Place, LOCK_STATION, station_id)
    if found is None:
        return None
    return Place(
        station_id=found.station_id,
        site_id=found.site_id,
        protocol=found.protocol,
        connected=found.connected,
        retired=found.retired,
        spots=tuple(await tx.fetch(Spot, SPOTS, station_id)),
        held=tuple(await held(tx, station_id, now)),
    )


async def held(tx: Transaction, station_id: StationId, now: datetime) -> list[Held]:
    """Return the active reservations at a station."""
    return await tx.fetch(Held, HELD, station_id, now)


async def spots(tx: Transaction, station_id: StationId) -> list[Spot]:
    """Return the outlets of a station with their states."""
    return await tx.fetch(Spot, SPOTS, station_id)


async def own_token(tx: Transaction, driver_id: DriverId, uid: str, length_max: int, now: datetime) -> Token | None:
    """Return the tag of a driver that an outlet can be kept for; a certain one when `uid` is given."""
    return await tx.fetch_one(Token, OWN_TAG, driver_id, now, uid, length_max)


async def token(tx: Transaction, uid: str) -> Token | None:
    """Return a tag that is not blocked, whosever it is."""
    return await tx.fetch_one(Token, LOOSE_TAG, uid)


async def asked(tx: Transaction, driver_id: DriverId, now: datetime, within: timedelta) -> Asked:
    """Return how many reservations a driver has, and to how many they did not come."""
    found = await tx.fetch_one(Asked, ASKED, driver_id, now, now - within)
    assert found is not None, "an aggregate has a row"
    return found


async def is_blocked(tx: Transaction, driver_id: DriverId) -> bool | None:
    """Return whether a driver is blocked; None when there is no such driver."""
    blocked: bool | None = await tx.value(IS_BLOCKED, driver_id)
    return blocked


async def insert(
    tx: Transaction, wish: Wish, token: Token, token_type: str, requested_by: str, now: datetime, expires_at: datetime
) -> tuple[UUID, int]:
    """Add a reservation; return its id and the number that the charger is told."""
    reservation_id = new_id()
    number: int = await tx.value(
        INSERT, reservation_id, wish.station_id, wish.evse_number, wish.connector_type, wish.driver_id, token.uid,
        token_type, token.group_code, requested_by, now, expires_at,
    )  # fmt: skip
    return reservation_id, number


async def set_command(tx: Transaction, reservation_id: UUID, command_id: UUID) -> None:
    """Write which command asks the charger to keep it."""
    await tx.execute(SET_COMMAND, reservation_id, command_id)


async def set_cancel(tx: Transaction, reservation_id: UUID, command_id: UUID, why: str) -> None:
    """Write which command lets it go, and why."""
    await tx.execute(SET_CANCEL, reservation_id, command_id, why)


async def lock(tx: Transaction, reservation_id: UUID) -> Reservation | None:
    """Return a reservation, locked."""
    return await tx.fetch_one(Reservation, LOCK, reservation_id)


async def lock_by_commands(tx: Transaction, command_ids: Sequence[UUID]) -> list[Reservation]:
    """Return the reservations that these commands make or let go, locked."""
    return await tx.fetch(Reservation, LOCK_BY_COMMANDS, list(command_ids))


async def lock_overdue(tx: Transaction, before: datetime, limit: int) -> list[Reservation]:
    """Return reservations that were over at `before` and have no end yet, locked."""
    return await tx.fetch(Reservation, LOCK_OVERDUE, before, limit)


async def hold(tx: Transaction, reservation_id: UUID, now: datetime) -> None:
    """Write that the charger keeps the outlet."""
    await tx.execute(HOLD, reservation_id, now)


async def end(
    tx: Transaction, reservation_id: UUID, state: ReservationState, why: str, now: datetime, *, no_show: bool = False
) -> None:
    """Write the end of a reservation; one that has an end keeps it."""
    await tx.execute(END, reservation_id, state.value, now, why, no_show)


async def release(
    tx: Transaction, released: Sequence[tuple[StationId, int, ReservationState, str, datetime]]
) -> list[UUID]:
    """Write which reservations stations ended by themselves, each (station, number) at most once; return their ids."""
    columns = list(zip(*released, strict=True))
    return await tx.values(RELEASE, *(list(column) for column in columns))


async def lapsed(tx: Transaction, reservation_ids: Sequence[UUID]) -> list[ReservationLapsed]:
    """Return those of some reservations that were kept until they expired, and nobody came."""
    return await tx.fetch(ReservationLapsed, LAPSED, list(reservation_ids)) if reservation_ids else []


async def use(
    tx: Transaction, sessions: Sequence[tuple[StationId, int | None, int | None, str, datetime]]
) -> list[Used]:
    """Write which reservations were used by these sessions: (station, reservation number, EVSE, tag, instant)."""
    columns = list(zip(*sessions, strict=True))
    return await tx.fetch(Used, USE, *(list(column) for column in columns))
