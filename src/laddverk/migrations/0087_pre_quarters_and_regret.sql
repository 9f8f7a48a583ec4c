-- What a planned site draws beside charging and what its sources give, by the quarter; how far each day was from the best.

CREATE TABLE load_quarter (
    series     uuid NOT NULL,                     -- a circuit: what flows beside charging; a source: what it gives
    at         timestamptz NOT NULL,              -- the beginning of the quarter
    site_id    uuid NOT NULL REFERENCES site,
    current_a  double precision[] NOT NULL CHECK (cardinality(current_a) = 3),
    power_w    double precision NOT NULL,         -- of a circuit: below 0 where more flows out than in
    PRIMARY KEY (series, at)
);
CREATE INDEX load_quarter_at ON load_quarter (at);

CREATE TABLE site_day (                           -- a day of a planned site that is over, beside the best
    site_id  uuid NOT NULL REFERENCES site,
    day      date NOT NULL,                       -- local: sessions belong to the day on which they ended
    made_at  timestamptz NOT NULL,
    found    jsonb NOT NULL,                      -- the DayFound struct
    PRIMARY KEY (site_id, day)
);

CREATE TABLE site_month (                         -- what planning was worth in a month, so far or in all
    site_id  uuid NOT NULL REFERENCES site,
    month    date NOT NULL,                       -- its first day
    made_at  timestamptz NOT NULL,
    found    jsonb NOT NULL,                      -- the MonthFound struct
    PRIMARY KEY (site_id, month)
);
