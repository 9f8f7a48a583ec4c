-- The firmware of a case's charger as it was then: reports say which version cost what, also after it was replaced.

ALTER TABLE support_case ADD COLUMN firmware text;     -- NULL: not known
ALTER TABLE support_contact ADD COLUMN firmware text;
CREATE INDEX support_case_firmware ON support_case (lower(firmware)) WHERE firmware IS NOT NULL;

-- What is known of those of before: the only version of that day, else what the update before it brought, or the one
-- after it replaced. Rows of which nothing is known are not written.
CREATE TEMPORARY TABLE one_version ON COMMIT DROP AS
SELECT station_id, day, min(firmware) AS firmware FROM cohort_day WHERE firmware <> ''
GROUP BY station_id, day HAVING count(*) = 1;
CREATE INDEX ON one_version (station_id, day);
ANALYZE one_version;
UPDATE support_case c SET firmware = v.firmware FROM one_version v
WHERE v.station_id = c.station_id AND v.day = (c.created_at AT TIME ZONE 'UTC')::date;
UPDATE support_contact c SET firmware = v.firmware FROM one_version v
WHERE v.station_id = c.station_id AND v.day = (c.at AT TIME ZONE 'UTC')::date;

CREATE FUNCTION firmware_then(at_station uuid, at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT nullif(coalesce(
        (SELECT version_booted FROM firmware_update
         WHERE station_id = at_station AND state = 'verified' AND finished_at <= at AND version_booted <> ''
         ORDER BY finished_at DESC LIMIT 1),
        (SELECT version_before FROM firmware_update
         WHERE station_id = at_station AND state = 'verified' AND finished_at > at AND version_before <> ''
         ORDER BY finished_at LIMIT 1)), '')
$$;
UPDATE support_case SET firmware = firmware_then(station_id, created_at)
WHERE firmware IS NULL AND station_id IN (SELECT station_id FROM firmware_update WHERE state = 'verified');
UPDATE support_contact SET firmware = firmware_then(station_id, at)
WHERE firmware IS NULL AND station_id IN (SELECT station_id FROM firmware_update WHERE state = 'verified');
DROP FUNCTION firmware_then;
