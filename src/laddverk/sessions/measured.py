"""What power and current a session's readings show: for the few tariffs whose prices depend on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import Struct

from laddverk.kernel.ids import SessionId
from laddverk.platform.database import Transaction
from laddverk.sessions.store_fold import Span
from laddverk.tariffs.model import Tariff

READINGS_MAX: Final = 20_000  # a week at one in half a minute; what comes after keeps the last value

MEASURED: Final = """
-- Readings of power and current while each session ran: those that name it, and nameless ones of its EVSE (quirk 65).
-- The sum over the phases that are told counts (OCPI 2.2.1, TariffRestrictions).
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::timestamptz[], $6::timestamptz[])
        AS given (session_id, station_id, transaction_key, evse_number, started_at, ended_at)
)
SELECT given.session_id, p.at, p.power_w,
       CASE WHEN num_nonnulls(p.current_l1_a, p.current_l2_a, p.current_l3_a) > 0
            THEN round((coalesce(p.current_l1_a, 0) + coalesce(p.current_l2_a, 0)
                        + coalesce(p.current_l3_a, 0))::numeric, 3) END AS current_a
FROM given JOIN sample AS p ON p.station_id = given.station_id
     AND (p.transaction_key = given.transaction_key
          OR (p.transaction_key = '' AND p.evse_number = given.evse_number))
     AND p.at >= given.started_at AND p.at <= coalesce(given.ended_at, 'infinity')
WHERE p.power_w IS NOT NULL OR num_nonnulls(p.current_l1_a, p.current_l2_a, p.current_l3_a) > 0
ORDER BY given.session_id, p.at LIMIT $7
"""


class _Reading(Struct, frozen=True):
    session_id: SessionId
    at: datetime
    power_w: int | None
    current_a: Decimal | None


class Measured(Struct, frozen=True):
    """What a meter showed of one session, in order of time."""

    powers: tuple[tuple[datetime, int], ...] = ()
    """(instant, W)"""
    currents: tuple[tuple[datetime, Decimal], ...] = ()
    """(instant, A), summed over the phases."""


NOTHING: Final = Measured()


async def measured_of(tx: Transaction, wanted: Sequence[tuple[Span, Tariff]]) -> Mapping[SessionId, Measured]:
    """Return what was measured of those sessions whose tariff asks for power or current; the others are missing."""
    spans = [span for span, tariff in wanted if tariff.asks_power]
    if not spans:
        return {}
    readings = await tx.fetch(
        _Reading,
        MEASURED,
        [span.session_id for span in spans],
        [span.station_id for span in spans],
        [span.transaction_key for span in spans],
        [span.evse_number for span in spans],
        [span.started_at for span in spans],
        [span.ended_at for span in spans],
        READINGS_MAX * len(spans),
    )
    by_session: dict[SessionId, list[_Reading]] = {}
    for reading in readings:
        by_session.setdefault(reading.session_id, []).append(reading)
    return {session_id: _of(its) for session_id, its in by_session.items()}


def _of(readings: Sequence[_Reading]) -> Measured:
    return Measured(
        tuple((each.at, each.power_w) for each in readings if each.power_w is not None),
        tuple((each.at, each.current_a) for each in readings if each.current_a is not None),
    )
