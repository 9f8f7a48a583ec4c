-- Tariffs for one outlet, one driver and a time; what the exchange asks for electricity.
ALTER TABLE tariff_choice
    ADD COLUMN evse_number      int,             -- with station_id: one EVSE, or (with connector_number) one connector
    ADD COLUMN connector_number int,
    ADD COLUMN driver_id        uuid REFERENCES driver,
    ADD COLUMN valid_from       timestamptz,     -- inclusive; a campaign, or a tariff from a day on
    ADD COLUMN valid_until      timestamptz,     -- exclusive
    ADD COLUMN label            text NOT NULL DEFAULT '',
    ADD CHECK (evse_number IS NULL OR station_id IS NOT NULL),
    ADD CHECK (connector_number IS NULL OR evse_number IS NOT NULL),
    ADD CHECK (valid_from < valid_until),
    ADD CHECK (driver_group IS NULL OR driver_id IS NULL);
DROP INDEX tariff_choice_once;
CREATE UNIQUE INDEX tariff_choice_once ON tariff_choice
    (coalesce(station_id, site_id, '00000000-0000-0000-0000-000000000000'), coalesce(evse_number, 0),
     coalesce(connector_number, 0), coalesce(driver_group, ''),
     coalesce(driver_id, '00000000-0000-0000-0000-000000000000'),
     coalesce(valid_from, '-infinity'), coalesce(valid_until, 'infinity'));
CREATE INDEX tariff_choice_driver ON tariff_choice (driver_id) WHERE driver_id IS NOT NULL;

CREATE TABLE spot_price (                        -- per kWh, without VAT; one that has begun is never changed
    area        text NOT NULL,
    currency    text NOT NULL,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL CHECK (starts_at < ends_at),
    price       numeric NOT NULL,
    source      text NOT NULL,
    fetched_at  timestamptz NOT NULL,
    PRIMARY KEY (area, currency, starts_at)
);
CREATE TABLE spot_asked (                        -- how the last question about a zone went
    area        text NOT NULL,
    currency    text NOT NULL,
    asked_at    timestamptz NOT NULL,
    answered_at timestamptz,
    problem     text NOT NULL DEFAULT '',
    PRIMARY KEY (area, currency)
);
