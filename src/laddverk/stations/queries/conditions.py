"""In what condition each station is, in one word: the beginning of several statements."""

from __future__ import annotations

STATION_CONDITIONS = """
WITH outlet AS (
    SELECT station_id,
           count(*) AS all_outlets,
           count(*) FILTER (WHERE status = 'faulted') AS broken,
           count(*) FILTER (WHERE status = 'unavailable') AS closed,
           count(*) FILTER (WHERE status IN ('charging', 'suspended_ev', 'suspended_evse', 'occupied', 'preparing',
                                             'finishing', 'reserved')) AS busy,
           min(status_since) FILTER (WHERE status = 'faulted') AS broken_since,
           max(status_since) AS changed_at,
           jsonb_agg(jsonb_build_object('evse_number', evse_number, 'connector_number', connector_number,
                     'status', status, 'code', code, 'power_max_w', power_max_w, 'error_code', error_code,
                     'status_since', status_since) ORDER BY evse_number, connector_number) AS outlets
    FROM connector WHERE evse_number > 0 AND connector_number > 0 GROUP BY station_id
), shown AS (
    SELECT station.id, station.name, station.identity, station.site_id, site.name AS site_name, station.vendor,
           station.model, station.firmware, station.protocol, station.power_max_w, station.connected_at,
           station.disconnected_at, station.last_seen_at, station.retired_at, station.serial, station.registered_at,
           station.epoch, station.remote_address, station.booted_at, station.boot_reason, station.clock_offset_ms,
           station.quirks, station.key_hash IS NOT NULL AS has_key, site.timezone AS site_timezone,
           site.code AS site_code, coalesce(outlet.outlets, '[]'::jsonb) AS outlets,
           coalesce(outlet.busy, 0) AS busy, coalesce(outlet.broken, 0) AS broken,
           CASE WHEN station.retired_at IS NOT NULL THEN 'retired'
                WHEN station.epoch = 0 THEN 'new'
                WHEN station.connected_at IS NULL THEN 'silent'
                WHEN outlet.broken >= outlet.all_outlets THEN 'broken'
                WHEN outlet.broken > 0 THEN 'partly'
                WHEN outlet.closed >= outlet.all_outlets THEN 'closed'
                WHEN outlet.busy > 0 THEN 'busy'
                ELSE 'free' END AS condition,
           CASE WHEN station.retired_at IS NOT NULL THEN station.retired_at
                WHEN station.epoch = 0 THEN station.registered_at
                WHEN station.connected_at IS NULL THEN station.disconnected_at
                WHEN outlet.broken > 0 THEN outlet.broken_since
                ELSE outlet.changed_at END AS condition_since
    FROM station JOIN site ON site.id = station.site_id LEFT JOIN outlet ON outlet.station_id = station.id
)
"""
