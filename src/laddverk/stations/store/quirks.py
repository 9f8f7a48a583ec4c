"""What stations bend, counted; and how their boots are answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction


class Bent(Struct, frozen=True):
    """Something a station has bent, how often, when last, and one example."""

    station_id: StationId
    kind: str
    place: str
    count: int
    at: datetime
    example: str


COUNT = """
-- A kind that a station is known for is counted; a new one is kept as long as there is room for it.
INSERT INTO station_quirk AS kept (station_id, kind, place, count, first_at, last_at, example)
SELECT given.station_id, kind, place, count, at, at, example
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[])
     AS given (station_id, kind, place, count, at, example)
WHERE EXISTS (SELECT FROM station_quirk q
              WHERE (q.station_id, q.kind, q.place) = (given.station_id, given.kind, given.place))
   OR (SELECT count(*) FROM station_quirk q WHERE q.station_id = given.station_id) < $7
ORDER BY given.station_id, kind, place
ON CONFLICT (station_id, kind, place) DO UPDATE
SET count = kept.count + excluded.count, last_at = greatest(kept.last_at, excluded.last_at), example = excluded.example
"""


async def count_bent(tx: Transaction, bent: Sequence[Bent], kinds_max: int) -> None:
    """Add to the counts; each station, kind and place at most once. A station keeps about `kinds_max` of them."""
    await tx.execute(
        COUNT,
        [one.station_id for one in bent],
        [one.kind for one in bent],
        [one.place for one in bent],
        [one.count for one in bent],
        [one.at for one in bent],
        [one.example for one in bent],
        kinds_max,
    )


FORGET = "DELETE FROM station_quirk WHERE station_id = $1"


async def forget_bent(tx: Transaction, station_id: StationId) -> int:
    """Begin to count anew; return how many kinds were forgotten."""
    return await tx.execute(FORGET, station_id)


DROP_OLD = "DELETE FROM station_quirk WHERE last_at < $1"


async def drop_bent(tx: Transaction, before: datetime) -> int:
    """Delete what has not happened since `before`."""
    return await tx.execute(DROP_OLD, before)


class BootRule(Struct, frozen=True, kw_only=True):
    """What decides how a station's boot is answered."""

    id: StationId
    boot_answer: str
    boot_interval_s: int | None
    quirks: dict[str, Any]


BOOT_RULES = """
-- Let in with an expired certificate: it is only set up, until it has a new one (A00.FR.429-430).
SELECT id, boot_interval_s, quirks,
       CASE WHEN certificate_expired AND boot_answer = 'Accepted' THEN 'Pending' ELSE boot_answer END AS boot_answer
FROM station WHERE id = ANY($1)
"""


async def boot_rules(tx: Transaction, station_ids: Sequence[StationId]) -> dict[StationId, BootRule]:
    """Return how the boots of these stations are to be answered."""
    return {row.id: row for row in await tx.fetch(BootRule, BOOT_RULES, list(station_ids))}


SET_BOOT_ANSWER = "UPDATE station SET boot_answer = $2, boot_interval_s = $3 WHERE id = $1"


async def set_boot_answer(tx: Transaction, station_id: StationId, boot_answer: str, interval_s: int | None) -> None:
    """Decide how the next boots of a station are answered."""
    await tx.execute(SET_BOOT_ANSWER, station_id, boot_answer, interval_s)


SET_QUIRKS = "UPDATE station SET quirks = $2 WHERE id = $1"


async def set_quirks(tx: Transaction, station_id: StationId, quirks: dict[str, Any]) -> None:
    """Set the special settings of a station."""
    await tx.execute(SET_QUIRKS, station_id, quirks)
