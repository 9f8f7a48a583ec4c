-- outside a transaction: cases and contacts are filled one after the other, and neither is held for the other.
-- What the old program wrote after 0158, until the code was switched, has no firmware yet: of those days it is filled as
-- there. Rows of which nothing is known, or somebody knows more by now, are not written.

UPDATE support_case AS c SET firmware = known.firmware
FROM (
    SELECT c.id, c.station_id, coalesce(
        (SELECT min(firmware) FROM cohort_day WHERE station_id = c.station_id AND firmware <> ''
         AND day = (c.created_at AT TIME ZONE 'UTC')::date HAVING count(*) = 1),
        (SELECT version_booted FROM firmware_update
         WHERE station_id = c.station_id AND state = 'verified' AND finished_at <= c.created_at AND version_booted <> ''
         ORDER BY finished_at DESC LIMIT 1),
        (SELECT version_before FROM firmware_update
         WHERE station_id = c.station_id AND state = 'verified' AND finished_at > c.created_at AND version_before <> ''
         ORDER BY finished_at LIMIT 1)) AS firmware
    FROM support_case AS c
    WHERE c.firmware IS NULL AND c.station_id IS NOT NULL AND c.created_at >= (
        SELECT applied_at - interval '1 day' FROM schema_migration WHERE name = '0158_pre_firmware_of_cases.sql')
) AS known
WHERE known.id = c.id AND known.firmware IS NOT NULL AND c.firmware IS NULL AND c.station_id = known.station_id;

UPDATE support_contact AS c SET firmware = known.firmware
FROM (
    SELECT c.id, c.station_id, coalesce(
        (SELECT min(firmware) FROM cohort_day WHERE station_id = c.station_id AND firmware <> ''
         AND day = (c.at AT TIME ZONE 'UTC')::date HAVING count(*) = 1),
        (SELECT version_booted FROM firmware_update
         WHERE station_id = c.station_id AND state = 'verified' AND finished_at <= c.at AND version_booted <> ''
         ORDER BY finished_at DESC LIMIT 1),
        (SELECT version_before FROM firmware_update
         WHERE station_id = c.station_id AND state = 'verified' AND finished_at > c.at AND version_before <> ''
         ORDER BY finished_at LIMIT 1)) AS firmware
    FROM support_contact AS c
    WHERE c.firmware IS NULL AND c.station_id IS NOT NULL AND c.at >= (
        SELECT applied_at - interval '1 day' FROM schema_migration WHERE name = '0158_pre_firmware_of_cases.sql')
) AS known
WHERE known.id = c.id AND known.firmware IS NOT NULL AND c.firmware IS NULL AND c.station_id = known.station_id;
