"""What its driver, or else the car, last said of a session: the part that statements share. SQL and nothing else.

A car's word is of the session in which it came. What came before any began is of the next one, but for what came while
the outlet still had another car. In mid-session a car asks for what it still needs: of the whole session it is that,
and what it has had until then. A car's clock and counter may be wrong: what cannot be is not said.
"""

from __future__ import annotations

from typing import Final

SAID_FROM: Final = """
LEFT JOIN driver_wish ON driver_wish.session_id = session.id
LEFT JOIN LATERAL (
    SELECT CASE WHEN ev_need.departure_at > $2 THEN ev_need.departure_at END AS departs_at, ev_need.received_at,
           CASE WHEN ev_need.energy_wh BETWEEN 1 AND 500000 THEN ev_need.energy_wh + coalesce((
               SELECT greatest(0, sample.energy_wh - session.register_start_wh) FROM sample
               WHERE sample.station_id = session.station_id
                 AND sample.transaction_key = ANY(ARRAY[session.transaction_key, ''])
                 AND (sample.transaction_key <> '' OR sample.evse_number = session.evse_number)
                 AND sample.at BETWEEN session.started_at AND ev_need.received_at AND sample.energy_wh IS NOT NULL
               ORDER BY sample.at DESC LIMIT 1
           ), 0) END AS energy_wh
    FROM ev_need
    WHERE ev_need.station_id = session.station_id AND ev_need.evse_number = session.evse_number
      AND ev_need.received_at >= session.started_at - interval '15 minutes'
      AND ev_need.received_at < coalesce(session.ended_at, 'infinity')
      AND (ev_need.transaction_key = session.transaction_key
           OR (coalesce(ev_need.transaction_key, '') = '' AND coalesce((
                   SELECT coalesce(earlier.ended_at, 'infinity') <= ev_need.received_at FROM session AS earlier
                   WHERE earlier.station_id = session.station_id AND earlier.evse_number = session.evse_number
                     AND earlier.started_at < session.started_at
                   ORDER BY earlier.started_at DESC LIMIT 1
               ), true)))
    ORDER BY ev_need.received_at DESC LIMIT 1
) AS need ON true
CROSS JOIN LATERAL (
    SELECT coalesce(driver_wish.departs_at, need.departs_at) AS departs_at,
           CASE WHEN driver_wish.departs_at IS NOT NULL THEN 'driver' WHEN need.departs_at IS NOT NULL THEN 'car'
           END AS departs_by,
           coalesce(driver_wish.energy_wh, need.energy_wh) AS energy_wh,
           CASE WHEN driver_wish.energy_wh IS NOT NULL THEN 'driver' WHEN need.energy_wh IS NOT NULL THEN 'car'
           END AS energy_by,
           coalesce(driver_wish.asks_priority, false) AS asks_priority,
           coalesce(driver_wish.told_at, need.received_at) AS told_at
) AS said
"""
"""To be joined to `session`; a car's departure before `$2` is over."""
