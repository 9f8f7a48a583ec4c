-- Up to which comparison with its configuration templates the detectors have heard of a station.
ALTER TABLE station_watch ADD COLUMN drift_checked_at timestamptz;
