-- The firmware of a case's charger as it was then: reports say which version cost what, also after it was replaced.

ALTER TABLE support_case ADD COLUMN firmware text;     -- NULL: not known
ALTER TABLE support_contact ADD COLUMN firmware text;
CREATE INDEX support_case_firmware ON support_case (lower(firmware)) WHERE firmware IS NOT NULL;

-- What is known of those of before: the only version of that day, else what the update before it brought, or the one
-- after it replaced.
CREATE FUNCTION firmware_then(at_station uuid, at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT nullif(coalesce(
        (SELECT min(firmware) FROM cohort_day
         WHERE day = (at AT TIME ZONE 'UTC')::date AND station_id = at_station AND firmware <> ''
         HAVING count(*) = 1),
        (SELECT version_booted FROM firmware_update
         WHERE station_id = at_station AND state = 'verified' AND finished_at <= at AND version_booted <> ''
         ORDER BY finished_at DESC LIMIT 1),
        (SELECT version_before FROM firmware_update
         WHERE station_id = at_station AND state = 'verified' AND finished_at > at AND version_before <> ''
         ORDER BY finished_at LIMIT 1)), '')
$$;
UPDATE support_case SET firmware = firmware_then(station_id, created_at) WHERE station_id IS NOT NULL;
UPDATE support_contact SET firmware = firmware_then(station_id, at) WHERE station_id IS NOT NULL;
DROP FUNCTION firmware_then;
