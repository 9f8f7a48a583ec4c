-- Meters of circuits: how each is read, what it said last, and the minutes before.

CREATE TABLE meter (
    id          uuid PRIMARY KEY,
    site_id     uuid NOT NULL REFERENCES site,
    name        text NOT NULL,
    setup       jsonb NOT NULL,                   -- the Setup struct: way, address, model
    secret      bytea,                            -- password of a broker, encrypted
    made_at     timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    retired_at  timestamptz,
    trouble     jsonb                             -- why nothing comes: the Trouble struct; NULL while it is read
);
CREATE INDEX meter_site ON meter (site_id) WHERE retired_at IS NULL;

CREATE TABLE meter_reading (                      -- the latest of each meter
    meter_id     uuid PRIMARY KEY REFERENCES meter,
    at           timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    moved_at     timestamptz NOT NULL,            -- since when it says exactly this
    current_a    double precision[] NOT NULL CHECK (cardinality(current_a) = 3),
    voltage_v    double precision[] CHECK (cardinality(voltage_v) = 3),
    power_w      double precision,
    import_wh    double precision,
    export_wh    double precision
);

CREATE TABLE meter_minute (                       -- the highest current of each minute
    meter_id   uuid NOT NULL REFERENCES meter,
    minute     timestamptz NOT NULL,
    current_a  double precision[] NOT NULL CHECK (cardinality(current_a) = 3),
    power_w    double precision,
    PRIMARY KEY (meter_id, minute)
);
CREATE INDEX meter_minute_minute ON meter_minute (minute);
