"""Which session a fact speaks of. A station can only ever speak of its own (T7).

By the charger's name for it; by our number; or, when it gives neither, by what is open on its EVSE.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import SessionEnded, SessionFact, SessionStarted
from laddverk.platform.database import Transaction
from laddverk.sessions import store
from laddverk.sessions.model import ForeignTransactionNamed, OpenRow
from laddverk.sessions.tidy import INT_MAX, int32, tidy, token

Key = tuple[StationId, str]
"""A session as its charger names it: station and transaction key."""

NAMELESS: Final = "?"  # first letter of the key of a 2.x session whose charger gave it no transactionId


class Found(Struct, frozen=True):
    """Sessions that a window of facts may speak of, in the three ways of naming them."""

    rows: tuple[OpenRow, ...]
    by_key: Mapping[Key, OpenRow]
    by_number: Mapping[tuple[StationId, int], OpenRow]
    open_at: Mapping[StationId, Sequence[OpenRow]]


async def found(tx: Transaction, facts: Sequence[SessionFact]) -> Found:
    """Return the sessions that `facts` may speak of. One statement for each way of naming that occurs."""
    keys = {(fact.station_id, tidy(fact.transaction_key)) for fact in facts if fact.transaction_key}
    nameless = [fact for fact in facts if not fact.transaction_key]
    numbers = {fact.transaction_number for fact in nameless if is_ours(fact.transaction_number)}
    by_keys = await store.by_keys(tx, keys)
    by_numbers = await store.by_numbers(tx, [number for number in numbers if number is not None])
    known = {(row.station_id, row.number) for row in by_numbers}
    lost = {fact.station_id for fact in nameless if (fact.station_id, fact.transaction_number) not in known}
    by_place = await store.open_at(tx, lost)
    open_at: dict[StationId, list[OpenRow]] = {}
    for row in by_place:
        open_at.setdefault(row.station_id, []).append(row)
    every = {row.id: row for row in (*by_keys, *by_numbers, *by_place)}
    return Found(
        tuple(every.values()),
        {(row.station_id, row.transaction_key): row for row in by_keys},
        {(row.station_id, row.number): row for row in by_numbers},
        open_at,
    )


def is_ours(number: int | None) -> bool:
    """Return whether `number` can be one that we gave: int32, never 0 or negative (quirks 56, 57)."""
    return number is not None and 0 < number <= INT_MAX


def start_key(fact: SessionStarted) -> str:
    """Return the transaction key of a start; one that has none is named by its content."""
    if fact.transaction_key:
        return tidy(fact.transaction_key)
    return f"{NAMELESS}{tidy(fact.content_key)}@{(fact.said_at or fact.at).timestamp():.3f}"


def row_of(fact: SessionFact, given: Found) -> OpenRow | None:
    """Return the session that a reading or update speaks of, if it is known.

    A charger that gives its own number for it, or none, means what is open on that EVSE (quirks 59, 65). What it says
    of itself as a whole (0) without any number is its main meter, or the grid's: of no session.
    """
    if fact.transaction_key:
        return given.by_key.get((fact.station_id, tidy(fact.transaction_key)))
    if fact.transaction_number is None and fact.evse_number == 0:
        return None
    if fact.transaction_number is not None:
        named = given.by_number.get((fact.station_id, fact.transaction_number))
        if named is not None:
            return named
    return _open_on(given, fact.station_id, int32(fact.evse_number), fact.at)


def key_of(fact: SessionFact, given: Found) -> str | None:
    """Return the transaction key that an update speaks of; a 2.x one may be of a session that we have yet to see."""
    if fact.transaction_key:
        return tidy(fact.transaction_key)
    row = row_of(fact, given)
    return row.transaction_key if row else None


def end_key(fact: SessionEnded, given: Found) -> str | None:
    """Return the transaction key that an end speaks of, or None: then it is an orphan.

    A number that we never gave is never guessed onto a connector. Without any number (a start that was still in the
    charger's queue, quirk 56) it is the one session that is open there and fits in time and token, if there is one.
    """
    if fact.transaction_key:
        return tidy(fact.transaction_key)
    if fact.transaction_number is not None and fact.transaction_number > 0:
        row = given.by_number.get((fact.station_id, fact.transaction_number))
        return row.transaction_key if row else None
    evse_number, shown = int32(fact.evse_number), token(fact.token_uid)
    fitting = [
        row
        for row in given.open_at.get(fact.station_id, ())
        if row.started_at <= fact.at
        and (evse_number is None or row.evse_number == evse_number)
        and (shown is None or row.token_uid is None or row.token_uid == shown)
    ]
    return fitting[0].transaction_key if len(fitting) == 1 else None


def foreign(orphans: Sequence[SessionEnded], given: Found) -> list[ForeignTransactionNamed]:
    """Return which of the ends that belong to no session of their charger name a number of another charger's (T7)."""
    owners = {number: station_id for station_id, number in given.by_number}
    return [
        ForeignTransactionNamed(station_id=fact.station_id, number=fact.transaction_number, at=fact.received_at)
        for fact in orphans
        if fact.transaction_number is not None
        and owners.get(fact.transaction_number, fact.station_id) != fact.station_id
    ]


def _open_on(given: Found, station_id: StationId, evse_number: int | None, at: datetime) -> OpenRow | None:
    fitting = [
        row
        for row in given.open_at.get(station_id, ())
        if row.started_at <= at and (row.evse_number == evse_number if evse_number else True)
    ]
    return max(fitting, key=lambda row: row.started_at) if fitting and (evse_number or len(fitting) == 1) else None
