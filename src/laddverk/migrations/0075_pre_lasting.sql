-- What drifts at outlets, day by day; how long it will last where that can be said; and how much outlets were used.

CREATE TABLE drift_day (                          -- one point of a trend; no session is in two of them
    station_id   uuid NOT NULL REFERENCES station ON DELETE CASCADE,
    evse_number  int NOT NULL,
    detector     text NOT NULL,
    day          date NOT NULL,                   -- UTC
    value        double precision NOT NULL,       -- in the unit of the detector
    usual        double precision NOT NULL,       -- the outlet's own normal
    heard        int NOT NULL,                    -- samples the detector had heard by then
    PRIMARY KEY (station_id, evse_number, detector, day)
);
CREATE INDEX drift_day_day ON drift_day (day);

CREATE TABLE remaining_life (                     -- only where the trend is a basis for it
    station_id   uuid NOT NULL REFERENCES station ON DELETE CASCADE,
    evse_number  int NOT NULL,
    detector     text NOT NULL,
    aim          text NOT NULL,                   -- which limit is met
    limit_value  double precision NOT NULL,
    level        double precision NOT NULL,
    usual        double precision NOT NULL,
    slope        double precision NOT NULL,       -- a day
    points       int NOT NULL,
    span_days    double precision NOT NULL,
    days         double precision NOT NULL,       -- from reckoned_at on
    low_days     double precision NOT NULL,
    high_days    double precision NOT NULL,
    reckoned_at  timestamptz NOT NULL,
    PRIMARY KEY (station_id, evse_number, detector)
);

CREATE TABLE outlet_use (                         -- counters of an outlet
    station_id   uuid NOT NULL REFERENCES station ON DELETE CASCADE,
    evse_number  int NOT NULL,
    sessions     int NOT NULL,
    energy_wh    bigint NOT NULL,
    lately       int NOT NULL,                    -- sessions of the last 90 days
    switchings   int NOT NULL,                    -- of its contactor, as far as was heard
    loaded       int NOT NULL,                    -- openings under load
    counted_at   timestamptz NOT NULL,
    PRIMARY KEY (station_id, evse_number)
);
