-- Self-healing: what people allow, how long each model is only watched, and each step that was taken or would have been.

CREATE TABLE remedy_setting (                     -- one row: the kill switch
    only_one          boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    began_at          timestamptz NOT NULL,       -- the first day of self-healing: a dry run begins here
    switched_off_at   timestamptz,
    switched_off_by   text NOT NULL DEFAULT '',
    switched_off_why  text NOT NULL DEFAULT ''
);

CREATE TABLE remedy_model (                       -- a model that is new here is only watched at first
    vendor            text NOT NULL,
    model             text NOT NULL,
    began_at          timestamptz NOT NULL,
    excluded_at       timestamptz,
    excluded_by       text NOT NULL DEFAULT '',
    excluded_why      text NOT NULL DEFAULT '',
    PRIMARY KEY (vendor, model)
);

CREATE TABLE remedy (
    id               uuid PRIMARY KEY,
    incident_id      uuid NOT NULL,
    number           int NOT NULL,                -- of the incident: what makes a step itself, also after a restart of ours
    station_id       uuid NOT NULL,
    evse_number      int NOT NULL DEFAULT 0,
    family           text NOT NULL,
    vendor           text NOT NULL DEFAULT '',
    model            text NOT NULL DEFAULT '',
    firmware         text NOT NULL DEFAULT '',
    action           text NOT NULL,
    why              jsonb NOT NULL,              -- {text, values}
    dry              boolean NOT NULL,
    decided_at       timestamptz NOT NULL,
    command_id       uuid,                        -- NULL: a dry run, or nothing that is sent to the charger
    state            text NOT NULL,               -- of its command; `dry`
    word             text NOT NULL DEFAULT '',
    finished_at      timestamptz,
    verdict          text NOT NULL DEFAULT '' CHECK (verdict IN ('', 'cured', 'failed')),
    verdict_at       timestamptz,
    verdict_why      text NOT NULL DEFAULT '',    -- English, translated where it is shown
    sessions_cut     int NOT NULL DEFAULT 0,      -- sessions that its reset ended: must stay 0
    UNIQUE (incident_id, number)
);
CREATE INDEX remedy_station ON remedy (station_id, decided_at DESC);
CREATE INDEX remedy_decided ON remedy (decided_at DESC);
CREATE INDEX remedy_command ON remedy (command_id) WHERE command_id IS NOT NULL;
CREATE INDEX remedy_open ON remedy (decided_at) WHERE verdict = '' AND NOT dry;

CREATE TABLE remedy_hold (                        -- incidents for which nothing is to be done now, and until when
    incident_id  uuid PRIMARY KEY,
    until_at     timestamptz,                     -- NULL: nothing more by itself
    why          jsonb NOT NULL,
    decided_at   timestamptz NOT NULL
);
