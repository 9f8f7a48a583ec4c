-- Which phase of the grid an outlet really uses, by its steps in the meter above it.

ALTER TABLE steering_state ADD COLUMN snapshots jsonb NOT NULL DEFAULT '{}';  -- by circuit: meter and outlets, when certain

CREATE TABLE steering_phase (                     -- one row for each outlet that made a step alone
    site_id      uuid NOT NULL REFERENCES site,
    station_id   uuid NOT NULL,
    evse_number  int NOT NULL,
    steps        jsonb NOT NULL,                  -- the last two dozen: what it drew more, what the meter answered
    phase        int CHECK (phase BETWEEN 0 AND 2),  -- NULL: the steps do not say yet
    answers      double precision[],              -- share of the steps that each phase of the meter answered with
    confidence   double precision,
    is_wrong     boolean NOT NULL DEFAULT false,  -- the order that people entered says another phase
    at           timestamptz NOT NULL,
    PRIMARY KEY (site_id, station_id, evse_number)
);
