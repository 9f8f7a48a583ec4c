-- The loop of load management: what it believes of each site, what it sent, who gets what and why.

CREATE TABLE steering_state (                     -- one row for each site with circuits; rewritten by every step
    site_id      uuid PRIMARY KEY REFERENCES site,
    beliefs      jsonb NOT NULL,                  -- by outlet: what may be in it, whether it obeys
    loads        jsonb NOT NULL,                  -- by circuit: what its meter showed, and what else draws
    meters       jsonb NOT NULL DEFAULT '{}',     -- by circuit: fresh, stale, lost, wrong
    other_a      jsonb NOT NULL DEFAULT '{}',     -- by circuit: the other load reckoned with, for each phase
    alarms       jsonb NOT NULL DEFAULT '[]',
    next_order   int NOT NULL,
    tree_version int NOT NULL,
    stepped_at   timestamptz NOT NULL
);

CREATE TABLE steering_order (                     -- what was sent, until its answer was heard
    site_id      uuid NOT NULL REFERENCES site,
    order_id     int NOT NULL,
    station_id   uuid NOT NULL,
    evse_number  int NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('standing', 'limit', 'stop')),
    limit_a      double precision NOT NULL,
    command_id   uuid NOT NULL,
    sent_at      timestamptz NOT NULL,
    PRIMARY KEY (site_id, order_id)
);

CREATE TABLE steering_share (                     -- who got what and why: a row for each change
    site_id      uuid NOT NULL REFERENCES site,
    station_id   uuid NOT NULL,
    evse_number  int NOT NULL,
    at           timestamptz NOT NULL,
    limit_a      double precision NOT NULL,
    worst_a      double precision NOT NULL,
    reason       jsonb NOT NULL,
    tree_version int NOT NULL,
    PRIMARY KEY (site_id, station_id, evse_number, at)
);
CREATE INDEX steering_share_at ON steering_share (at);

CREATE TABLE circuit_load (                       -- the latest reading of each metered circuit; adapters write it
    circuit_id   uuid PRIMARY KEY,
    site_id      uuid NOT NULL REFERENCES site,
    at           timestamptz NOT NULL,
    current_a    double precision[] NOT NULL CHECK (cardinality(current_a) = 3)
);
