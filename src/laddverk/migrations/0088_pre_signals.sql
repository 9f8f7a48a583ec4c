-- Limits from outside: programs of OpenADR that we ask, limits that people type or take away, and meters that went wrong.

ALTER TABLE circuit_signal DROP CONSTRAINT circuit_signal_source_check;
ALTER TABLE circuit_signal ADD CONSTRAINT circuit_signal_source_check
    CHECK (source IN ('dso', 'openadr', 'person'));
ALTER TABLE circuit_signal ADD COLUMN taken_at timestamptz;             -- a person took it away: it holds no more
ALTER TABLE circuit_signal ADD COLUMN taken_by text NOT NULL DEFAULT '';
ALTER TABLE circuit_signal ADD COLUMN note text NOT NULL DEFAULT '';    -- what the sender or the person said of it

CREATE TABLE vtn (                                -- a program of an OpenADR 3 server that limits a circuit
    id          uuid PRIMARY KEY,
    site_id     uuid NOT NULL REFERENCES site,
    circuit_id  uuid NOT NULL,
    name        text NOT NULL,
    setup       jsonb NOT NULL,                   -- the Setup struct: address, program, what holds when it is silent
    secret      bytea,                            -- the client's secret, encrypted
    made_at     timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    retired_at  timestamptz,
    heard       jsonb NOT NULL DEFAULT '{}'       -- the Heard struct: last answer, trouble, what was left out and why
);
CREATE INDEX vtn_site ON vtn (site_id) WHERE retired_at IS NULL;

ALTER TABLE meter ADD COLUMN ill jsonb;           -- what is wrong with it, since when, and who was told: the Ill struct
