-- What may wait in the inbox, what it had to lose, which stations' attempts are to be looked at, and how models fare.

ALTER TABLE observation ADD COLUMN urgent boolean NOT NULL DEFAULT true;
CREATE INDEX observation_urgent ON observation (station_id) WHERE urgent;
ALTER TABLE observation ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE station_watch ALTER COLUMN memory SET STORAGE EXTERNAL;  -- written often: packing it costs more than room

CREATE TABLE observation_lost (                   -- the inbox is bounded: what was dropped because nobody took it
    at           timestamptz PRIMARY KEY,
    dropped      bigint NOT NULL
);

CREATE TABLE attempt_look (                       -- stations where somebody may have tried to charge
    station_id   uuid PRIMARY KEY,
    since        timestamptz NOT NULL,            -- the earliest that is not yet made out
    look_at      timestamptz NOT NULL             -- when things have settled
);
CREATE INDEX attempt_look_due ON attempt_look (look_at);

ALTER TABLE session_outcome ADD COLUMN site_id uuid;
ALTER TABLE session_outcome ADD COLUMN vendor text NOT NULL DEFAULT '';
ALTER TABLE session_outcome ADD COLUMN model text NOT NULL DEFAULT '';
ALTER TABLE session_outcome ADD COLUMN limit_a real;
CREATE INDEX session_outcome_site ON session_outcome (site_id, began_at);

CREATE TABLE model_share (                        -- where a new outlet of a model begins: share of attempts that fail
    vendor       text NOT NULL,
    model        text NOT NULL,
    firmware     text NOT NULL,                   -- '' for all versions together
    attempts     bigint NOT NULL,
    failed       bigint NOT NULL,
    fail_share   real NOT NULL,                   -- shrunken
    counted_at   timestamptz NOT NULL,
    PRIMARY KEY (vendor, model, firmware)
);
