-- A charger that is led to a higher security profile, step by step; one row for each, the latest.
CREATE TABLE profile_upgrade (
    station_id  uuid PRIMARY KEY REFERENCES station,
    target      smallint NOT NULL CHECK (target BETWEEN 2 AND 3),
    url         text NOT NULL,                -- where it is to come to: wss://
    slot        int,                          -- network profile of 2.x; NULL = the first that is free
    interface   text NOT NULL,
    anchor_id   uuid REFERENCES trust_anchor, -- the root that it must trust first; NULL = it trusts us already
    step        text NOT NULL CHECK (step IN ('root', 'certificate', 'read', 'tell', 'order', 'restart', 'return')),
    state       text NOT NULL CHECK (state IN ('under_way', 'done', 'failed', 'given_up')),
    why         text NOT NULL DEFAULT '',
    command_id  uuid,                         -- what the step waits for
    epoch       bigint NOT NULL DEFAULT 0,    -- the connection when the step began: a later one shows what came of it
    begun_at    timestamptz NOT NULL,
    begun_by    text NOT NULL,
    reason      text NOT NULL,
    moved_at    timestamptz NOT NULL
);
CREATE INDEX profile_upgrade_under_way ON profile_upgrade (moved_at) WHERE state = 'under_way';
