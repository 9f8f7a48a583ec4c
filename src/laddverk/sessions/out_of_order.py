"""When an outlet was out of order after charging: a driver pays no idling that the charger, or we, are the cause of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from laddverk.kernel.ids import SessionId
from laddverk.platform.database import Transaction
from laddverk.sessions.store_fold import Unpriced
from laddverk.tariffs.model import Dimension

SINCE: Final = """
-- The first time after charging at which each session's connector, or its whole station, was faulted or shut.
SELECT given.session_id, min(greatest(state.started_at, given.charged_at)) AS at
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::timestamptz[], $6::timestamptz[])
     AS given (session_id, station_id, evse_number, connector_number, charged_at, ended_at)
JOIN connector_state AS state ON state.station_id = given.station_id
     AND (state.evse_number = 0
          OR (state.evse_number = given.evse_number AND state.connector_number IN (0, given.connector_number)))
     AND state.status IN ('faulted', 'unavailable')
     AND state.started_at < given.ended_at AND coalesce(state.ended_at, 'infinity') > given.charged_at
GROUP BY given.session_id
"""


class _Since(Struct, frozen=True):
    session_id: SessionId
    at: datetime


async def out_of_order_since(
    tx: Transaction, sessions: Sequence[Unpriced], *, under_any: bool = False
) -> Mapping[SessionId, datetime]:
    """Return from when idling costs nothing (F33), for the sessions where it was so and whose tariff prices it.

    `under_any` is for whatever tariff they may be compared under.
    """
    idling = [
        each
        for each in sessions
        if each.charging_ended_at is not None
        and each.charging_ended_at < each.ended_at
        and (under_any or any(component.dimension is Dimension.IDLE for component in each.tariff.components))
    ]
    if not idling:
        return {}
    found = await tx.fetch(
        _Since,
        SINCE,
        [each.id for each in idling],
        [each.station_id for each in idling],
        [each.evse_number for each in idling],
        [each.connector_number for each in idling],
        [each.charging_ended_at for each in idling],
        [each.ended_at for each in idling],
    )
    return {row.session_id: row.at for row in found}
