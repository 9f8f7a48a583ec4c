-- Health of outlets, now and by day; prices, lead times and stock of spare parts; what keeping and replacing cost.

CREATE TABLE health_now (
    station_id   uuid NOT NULL REFERENCES station ON DELETE CASCADE,
    evse_number  int NOT NULL,
    score        smallint NOT NULL CHECK (score BETWEEN 0 AND 100),
    reasons      jsonb NOT NULL DEFAULT '[]',
    scored_at    timestamptz NOT NULL,
    PRIMARY KEY (station_id, evse_number)
);
CREATE INDEX health_now_worst ON health_now (score);
CREATE INDEX health_now_scored ON health_now (scored_at);

CREATE TABLE health_day (                         -- the score of each day; once 30 days have passed, what came of it
    day             date NOT NULL,                -- UTC
    station_id      uuid NOT NULL REFERENCES station ON DELETE CASCADE,
    evse_number     int NOT NULL,
    score           smallint NOT NULL,
    next_hours      real,                         -- in service in the 30 days after it; Mondays only
    next_down_hours real,                         -- of them out of order, by the honest policy
    PRIMARY KEY (day, station_id, evse_number)
);
CREATE INDEX health_day_came ON health_day (day) WHERE next_hours IS NOT NULL;

CREATE TABLE spare_part (                         -- what people know of a family of parts
    cause        text PRIMARY KEY,                -- as visits and incidents are closed with
    price_minor  bigint NOT NULL CHECK (price_minor >= 0),
    lead_days    int NOT NULL CHECK (lead_days BETWEEN 1 AND 730),
    stock        int NOT NULL CHECK (stock BETWEEN 0 AND 100000),
    author       text NOT NULL,
    changed_at   timestamptz NOT NULL
);

CREATE TABLE replacing_cost (                     -- what the list of chargers to replace goes by; one row
    only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    body         jsonb NOT NULL,
    author       text NOT NULL,
    changed_at   timestamptz NOT NULL
);
