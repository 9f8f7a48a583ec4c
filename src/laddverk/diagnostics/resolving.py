"""Making observations whole before detectors hear them: which session, whose token, whether we asked for the restart.

The window could not ask; here one statement for each kind of question serves all stations of a turn. Tokens leave here
as keyed digests: no detector, finding or outcome holds one in clear.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.diagnostics.observations import (
    Metered,
    Observation,
    Restarted,
    SessionBegan,
    SessionChanged,
    SessionOver,
    TokenSeen,
)
from laddverk.diagnostics.observing import BY_NUMBER
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

Pair = tuple[StationId, Observation]

OURS_WITHIN: Final = timedelta(minutes=15)  # a reset is carried out within this; an update may take its hour
UPDATE_WITHIN: Final = timedelta(hours=2)
KEY_BYTES: Final = 12  # of a digest: no two of a network's tokens meet by accident

SESSIONS: Final = """
-- Sessions by our number or by their key; and those open where the meter was read without naming one.
SELECT station_id, number, transaction_key, evse_number, started_at, ended_at FROM session
WHERE number = ANY($1::int[])
UNION
SELECT s.station_id, s.number, s.transaction_key, s.evse_number, s.started_at, s.ended_at
FROM unnest($2::uuid[], $3::text[]) AS given (station_id, transaction_key)
JOIN session AS s USING (station_id, transaction_key)
UNION
SELECT station_id, number, transaction_key, evse_number, started_at, ended_at FROM session
WHERE station_id = ANY($4::uuid[]) AND ended_at IS NULL
"""

SHOWN: Final = """
SELECT station_id, received_at, token_uid, status FROM authorisation
WHERE received_at = ANY($1::timestamptz[]) AND station_id = ANY($2::uuid[])
"""

NOT_CARDS: Final = """
-- Tokens that nobody can hold to a reader: made for an app, or for one start by us.
SELECT uid FROM token WHERE uid = ANY($1::text[]) AND kind NOT IN ('rfid', 'keycode')
UNION SELECT token_uid FROM start_request WHERE token_uid = ANY($1::text[])
"""

OUR_RESTARTS: Final = """
SELECT station_id, kind, coalesce(answered_at, sent_at, created_at) AS at FROM command
WHERE station_id = ANY($1::uuid[]) AND kind = ANY($2::text[]) AND created_at > $3 AND sent_at IS NOT NULL
  AND state <> 'refused'
"""

RESTARTING: Final = ("reset", "update_firmware")


class SessionRow(Struct, frozen=True):
    """A session, as observations name it."""

    station_id: StationId
    number: int
    transaction_key: str
    evse_number: int
    started_at: datetime
    ended_at: datetime | None = None


def digest(uid: str, pepper: bytes) -> str:
    """Return what stands for a token or a car in diagnosis; '' for none. It cannot be turned back without `pepper`."""
    if not uid:
        return ""
    return hashlib.blake2b(uid.encode(), key=pepper[:64], digest_size=KEY_BYTES, person=b"diagnostics").hexdigest()


async def resolved(tx: Transaction, pairs: Sequence[Pair], pepper: bytes) -> list[Pair]:
    """Return `pairs` as detectors hear them, in the same order."""
    sessions = await _sessions(tx, pairs)
    accepted = await _accepted(tx, pairs)
    not_cards = await _not_cards(tx, pairs)
    restarts = await _restarts(tx, pairs)
    return [
        (station_id, _whole(station_id, seen, sessions, accepted, not_cards, restarts, pepper))
        for station_id, seen in pairs
    ]


def _whole(
    station_id: StationId,
    seen: Observation,
    sessions: _Sessions,
    accepted: dict[tuple[StationId, datetime, str], bool],
    not_cards: frozenset[str],
    restarts: dict[StationId, list[tuple[str, datetime]]],
    pepper: bytes,
) -> Observation:
    if isinstance(seen, Metered | SessionChanged | SessionOver):
        row = sessions.of(station_id, seen)
        if row is not None:
            return replace(seen, session_key=row.transaction_key, evse_number=row.evse_number)
        return replace(seen, session_key="") if seen.session_key.startswith(BY_NUMBER) else seen
    if isinstance(seen, SessionBegan):
        local = seen.local and bool(seen.token_key) and seen.token_key not in not_cards
        return replace(seen, token_key=digest(seen.token_key, pepper), local=local)
    if isinstance(seen, TokenSeen):
        return replace(
            seen,
            accepted=accepted.get((station_id, seen.received_at, seen.token_key), False),
            local=seen.local and seen.token_key not in not_cards,
            token_key=digest(seen.token_key, pepper),
        )
    if isinstance(seen, Restarted):
        return replace(seen, ours=_is_ours(seen.received_at, restarts.get(station_id, ())))
    return seen


def _is_ours(at: datetime, commands: Sequence[tuple[str, datetime]]) -> bool:
    return any(
        timedelta(0) <= at - asked_at <= (OURS_WITHIN if kind == "reset" else UPDATE_WITHIN)
        for kind, asked_at in commands
    )


class _Sessions:
    """The sessions that observations may speak of."""

    def __init__(self, rows: Sequence[SessionRow]) -> None:
        self._by_key = {(row.station_id, row.transaction_key): row for row in rows}
        self._by_number = {(row.station_id, row.number): row for row in rows}
        self._at: dict[tuple[StationId, int], SessionRow] = {(row.station_id, row.evse_number): row for row in rows}

    def of(self, station_id: StationId, seen: Metered | SessionChanged | SessionOver) -> SessionRow | None:
        """Return the session; where none is named, what is open on that EVSE."""
        key = seen.session_key
        if key.startswith(BY_NUMBER):
            number = key.removeprefix(BY_NUMBER)
            found = self._by_number.get((station_id, int(number))) if number.isdigit() else None
        else:
            found = self._by_key.get((station_id, key)) if key else None
        if found is not None or key:
            return found
        opened = self._at.get((station_id, seen.evse_number))
        if opened is None or seen.at < opened.started_at:
            return None  # what is read after its end, too, is no reading of it: a late turn hears both at once
        return opened if opened.ended_at is None or seen.at <= opened.ended_at else None


async def _sessions(tx: Transaction, pairs: Sequence[Pair]) -> _Sessions:
    numbers: set[int] = set()
    keys: set[tuple[StationId, str]] = set()
    nameless: set[StationId] = set()
    for station_id, seen in pairs:
        if not isinstance(seen, Metered | SessionChanged | SessionOver):
            continue
        if seen.session_key.startswith(BY_NUMBER):
            number = seen.session_key.removeprefix(BY_NUMBER)
            if number.isdigit() and len(number) < 10 and int(number):  # nine digits fit a column
                numbers.add(int(number))
        elif seen.session_key:
            if not seen.evse_number:
                keys.add((station_id, seen.session_key))
        else:
            nameless.add(station_id)
    if not numbers and not keys and not nameless:
        return _Sessions(())
    rows = await tx.fetch(
        SessionRow,
        SESSIONS,
        list(numbers),
        [station_id for station_id, _ in keys],
        [key for _, key in keys],
        list(nameless),
    )
    return _Sessions(rows)


async def _accepted(tx: Transaction, pairs: Sequence[Pair]) -> dict[tuple[StationId, datetime, str], bool]:
    shown = [(station_id, seen.received_at) for station_id, seen in pairs if isinstance(seen, TokenSeen)]
    if not shown:
        return {}
    rows = await tx.rows(SHOWN, [at for _, at in shown], [station_id for station_id, _ in shown])
    return {(row["station_id"], row["received_at"], row["token_uid"]): is_yes(row["status"]) for row in rows}


def is_yes(status: str) -> bool:
    """Whether what we said of a token lets its holder charge."""
    return status.lower() == "accepted"


async def _not_cards(tx: Transaction, pairs: Sequence[Pair]) -> frozenset[str]:
    uids = {seen.token_key for _, seen in pairs if isinstance(seen, TokenSeen | SessionBegan) and seen.token_key}
    return frozenset(await tx.values(NOT_CARDS, list(uids))) if uids else frozenset()


async def _restarts(tx: Transaction, pairs: Sequence[Pair]) -> dict[StationId, list[tuple[str, datetime]]]:
    boots = [(station_id, seen.received_at) for station_id, seen in pairs if isinstance(seen, Restarted)]
    found: dict[StationId, list[tuple[str, datetime]]] = {}
    if boots:
        since = min(at for _, at in boots) - UPDATE_WITHIN
        rows: list[Any] = await tx.rows(OUR_RESTARTS, [station_id for station_id, _ in boots], RESTARTING, since)
        for row in rows:
            found.setdefault(row["station_id"], []).append((row["kind"], row["at"]))
    return found
