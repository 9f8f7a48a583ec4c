"""Which codes chargers write, counted by maker: so that what no file knows is seen, and how often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.codes.decoding import CODE_MAX, decoded, decoded_event
from laddverk.diagnostics.codes.model import Code
from laddverk.diagnostics.observations import EventSeen, Observation, StateSeen
from laddverk.platform.database import Transaction

RAWS_MAX: Final = 20_000  # kinds of codes that are kept: a charger that writes nonsense cannot fill the table
INFO_KEPT: Final = 200

COUNT: Final = """
INSERT INTO code_seen AS kept (vendor, model, raw, times, first_at, last_at, last_station, last_info)
SELECT vendor, model, raw, times, first_at, last_at, last_station, last_info
FROM jsonb_to_recordset($1::jsonb) AS s (vendor text, model text, raw text, times bigint, first_at timestamptz,
     last_at timestamptz, last_station uuid, last_info text)
WHERE EXISTS (SELECT FROM code_seen k WHERE k.vendor = s.vendor AND k.model = s.model AND k.raw = s.raw)
   OR (SELECT count(*) FROM code_seen) < $2
ON CONFLICT (vendor, model, raw) DO UPDATE SET times = kept.times + excluded.times,
    first_at = least(kept.first_at, excluded.first_at), last_at = greatest(kept.last_at, excluded.last_at),
    last_station = excluded.last_station, last_info = excluded.last_info
"""


class Heard(Struct, frozen=True):
    """What one station of a maker was heard to say."""

    station_id: UUID
    vendor: str
    model: str
    seen: Sequence[Observation]


async def note(tx: Transaction, heard: Iterable[Heard]) -> None:
    """Count the codes in these observations. Nothing is written where there are none, which is nearly always."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for one in heard:
        for seen in one.seen:
            for code in codes_in(one.vendor, one.model, seen):
                _add(rows, one, code, seen.received_at)
    if rows:
        await tx.execute(COUNT, list(rows.values()), RAWS_MAX)


def codes_in(vendor: str, model: str, seen: Observation) -> Sequence[Code]:
    """Return the codes in one observation; () in those that carry none."""
    if isinstance(seen, StateSeen):
        if not (seen.error_code or seen.vendor_error_code):
            return ()
        return decoded(vendor, model, seen.error_code, seen.vendor_error_code, seen.vendor_id, seen.info)
    if isinstance(seen, EventSeen) and not seen.cleared:
        return decoded_event(vendor, model, seen.component, seen.variable, seen.tech_code, seen.tech_info, seen.value)
    return ()


def _add(rows: dict[tuple[str, str, str], dict[str, Any]], heard: Heard, code: Code, at: datetime) -> None:
    key = _clean(heard.vendor), _clean(heard.model), _clean(code.raw)
    row = rows.setdefault(
        key,
        {"vendor": key[0], "model": key[1], "raw": key[2], "times": 0, "first_at": at, "last_at": at},
    )
    row["times"] += 1
    row["first_at"], row["last_at"] = min(row["first_at"], at), max(row["last_at"], at)
    row["last_station"], row["last_info"] = heard.station_id, _clean(code.info)[:INFO_KEPT]


def _clean(text: str) -> str:
    return text.replace("\x00", "")[: CODE_MAX + 20]
