-- What somebody can be found by who calls, writes or stands at a charger: a phone number in any writing, a plate.

-- One writing for all: digits with + and the country, Swedish where none is named; '' for what is no number.
CREATE FUNCTION phone_key(written text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN length(digits) < 6 THEN ''
                WHEN written ~ '^\s*\+' THEN '+' || regexp_replace(digits, '^460', '46')
                WHEN digits LIKE '00%' THEN '+' || substr(digits, 3)
                WHEN digits LIKE '0%' THEN '+46' || substr(digits, 2)
                ELSE '+' || digits END
    FROM (SELECT regexp_replace(replace(written, '(0)', ''), '[^0-9]', '', 'g') AS digits) AS given
$$;
CREATE INDEX driver_phone ON driver (phone_key(phone)) WHERE phone <> '';
CREATE INDEX support_case_phone ON support_case (contact_phone, created_at DESC) WHERE contact_phone <> '';
CREATE INDEX start_request_driver ON start_request (driver_id, created_at DESC) WHERE driver_id IS NOT NULL;

CREATE TABLE driver_plate (                            -- cars that somebody has said are a driver's
    plate      text NOT NULL CHECK (plate ~ '^[A-Z0-9ÅÄÖ]{2,12}$'),   -- capitals, without spaces and dashes
    driver_id  uuid NOT NULL REFERENCES driver ON DELETE CASCADE,
    added_at   timestamptz NOT NULL,
    added_by   text NOT NULL,
    PRIMARY KEY (plate, driver_id)
);
CREATE INDEX driver_plate_driver ON driver_plate (driver_id);
