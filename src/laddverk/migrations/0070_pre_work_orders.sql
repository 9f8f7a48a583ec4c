-- Work orders: who goes where, for what, with what; what was found, used and paid; what proved it.

CREATE SEQUENCE work_order_number_seq START 101;

CREATE TABLE work_order (
    id             uuid PRIMARY KEY,
    number         bigint NOT NULL UNIQUE DEFAULT nextval('work_order_number_seq'),
    station_id     uuid NOT NULL REFERENCES station,
    evse_number    int NOT NULL DEFAULT 0,
    incident_id    uuid,
    title          text NOT NULL,
    family         text NOT NULL DEFAULT '',
    severity       smallint NOT NULL DEFAULT 3 CHECK (severity BETWEEN 0 AND 4),
    state          text NOT NULL CHECK (state IN ('planned', 'assigned', 'on_site', 'done', 'verified', 'cancelled')),
    assignee_name  text NOT NULL DEFAULT '',
    due_on         date,
    evidence       jsonb NOT NULL DEFAULT '[]',   -- copied in: what was known when it was ordered
    runbook        text NOT NULL DEFAULT '',
    checklist      jsonb NOT NULL DEFAULT '[]',   -- [{text, done_at, by}]
    parts          jsonb NOT NULL DEFAULT '[]',   -- [{name, count, cost_minor}]
    cost_minor     bigint NOT NULL DEFAULT 0 CHECK (cost_minor >= 0),
    currency       text NOT NULL DEFAULT '',
    minutes        int NOT NULL DEFAULT 0 CHECK (minutes >= 0),
    cause          text NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL,
    created_by     text NOT NULL,
    started_at     timestamptz,
    done_at        timestamptz,
    done_by        text NOT NULL DEFAULT '',
    verdict_at     timestamptz,                   -- when a charge proved or disproved it
    verdict        text NOT NULL DEFAULT '' CHECK (verdict IN ('', 'proved', 'disproved')),
    changed_at     timestamptz NOT NULL
);
CREATE UNIQUE INDEX work_order_of_incident ON work_order (incident_id) WHERE state IN ('planned', 'assigned', 'on_site');
CREATE INDEX work_order_station ON work_order (station_id, created_at DESC);
CREATE INDEX work_order_open ON work_order (severity, created_at) WHERE state IN ('planned', 'assigned', 'on_site', 'done');

CREATE TABLE work_order_event (                   -- its timeline; rows are only added
    work_order_id  uuid NOT NULL REFERENCES work_order ON DELETE CASCADE,
    id             uuid PRIMARY KEY,
    at             timestamptz NOT NULL,
    by_name        text NOT NULL,
    text           text NOT NULL,                 -- English, translated where it is shown
    params         jsonb NOT NULL DEFAULT '{}',
    note           text NOT NULL DEFAULT ''
);
CREATE INDEX work_order_event_of ON work_order_event (work_order_id, at);

CREATE TABLE work_order_photo (
    id             uuid PRIMARY KEY,
    work_order_id  uuid NOT NULL REFERENCES work_order ON DELETE CASCADE,
    at             timestamptz NOT NULL,
    by_name        text NOT NULL,
    content        bytea NOT NULL,
    kind           text NOT NULL
);
CREATE INDEX work_order_photo_of ON work_order_photo (work_order_id, at);
