-- What is compared across chargers: versions of firmware, cars, and how many people come.

CREATE TABLE cohort_day (                         -- how each station did on each day, with the version it had
    day          date NOT NULL,                   -- UTC
    station_id   uuid NOT NULL,
    vendor       text NOT NULL,
    model        text NOT NULL,
    firmware     text NOT NULL,
    attempts     int NOT NULL DEFAULT 0,          -- people who tried; one vote for each and day
    failed       int NOT NULL DEFAULT 0,          -- of them, those to whom it failed at least once
    troubles     int NOT NULL DEFAULT 0,          -- findings of that day that software can cause
    PRIMARY KEY (day, station_id, firmware)
);
CREATE INDEX cohort_day_model ON cohort_day (vendor, model, day);

CREATE TABLE demand_hour (                        -- how many tried to charge in the whole network, hour by hour
    hour         timestamptz PRIMARY KEY,
    attempts     int NOT NULL
);

CREATE TABLE cohort_case (                        -- a car or a version that is under suspicion, and where its finding is
    kind         text NOT NULL CHECK (kind IN ('car', 'firmware')),
    key          text NOT NULL,                   -- of a car or token: keyed digest; of a version: maker, model, version
    station_id   uuid NOT NULL,
    since        timestamptz NOT NULL,
    noticed_at   timestamptz NOT NULL,
    last_at      timestamptz NOT NULL,
    cleared_at   timestamptz,
    detail       jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (kind, key, noticed_at)
);
CREATE UNIQUE INDEX cohort_case_open ON cohort_case (kind, key) WHERE cleared_at IS NULL;

CREATE TABLE station_carrier (                    -- whose SIM a station has, as far as its boots say
    station_id   uuid PRIMARY KEY,
    carrier      text NOT NULL,                   -- country and network from the IMSI, or the issuer from the ICCID
    said_at      timestamptz NOT NULL
);

CREATE TABLE link_losses (                        -- one row: how many stations lose contact in ten ordinary minutes
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    usual        double precision NOT NULL,
    counted_at   timestamptz NOT NULL
);

CREATE INDEX session_outcome_who ON session_outcome ((coalesce(nullif(car_key, ''), token_key)), ended_at DESC)
    WHERE car_key <> '' OR token_key <> '';
