-- What sessions cost by the reckoning of their chargers (2.1), beside ours.

CREATE TABLE cost_told (
    station_id       uuid NOT NULL,
    transaction_key  text NOT NULL,
    amount_minor     bigint NOT NULL,
    currency         text NOT NULL,
    has_tax          boolean NOT NULL,
    is_final         boolean NOT NULL,
    failure          text,                        -- why the charger could not reckon
    at               timestamptz NOT NULL,
    PRIMARY KEY (station_id, transaction_key)
);
CREATE INDEX cost_told_at ON cost_told (at);
