-- Observations on their way to the detectors, the detectors' memory, what they found, and how attempts to charge went.

CREATE TABLE observation (                        -- an inbox: rows go when the detectors have heard them
    station_id   uuid NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    body         bytea NOT NULL,                  -- msgpack of diagnostics.observations
    PRIMARY KEY (station_id, id)
);
CREATE INDEX observation_order ON observation (id);

CREATE TABLE station_watch (
    station_id   uuid PRIMARY KEY,
    memory       bytea NOT NULL,                  -- msgpack: the fields of all its detectors
    observable   jsonb NOT NULL DEFAULT '{}',     -- by EVSE: which inputs it has sent, and when last
    heard_at     timestamptz NOT NULL,
    due_at       timestamptz                      -- when time alone may change something
);
CREATE INDEX station_watch_due ON station_watch (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE finding (
    id           uuid PRIMARY KEY,
    detector     text NOT NULL,
    station_id   uuid NOT NULL,
    evse_number  int NOT NULL DEFAULT 0,          -- 0: the whole station
    family       text NOT NULL,
    severity     smallint NOT NULL CHECK (severity BETWEEN 0 AND 4),
    confidence   real NOT NULL DEFAULT 1 CHECK (confidence BETWEEN 0 AND 1),
    since        timestamptz NOT NULL,            -- when it probably began
    raised_at    timestamptz NOT NULL,            -- when it was noticed
    last_at      timestamptz NOT NULL,
    times        int NOT NULL DEFAULT 1,
    evidence     jsonb NOT NULL DEFAULT '[]',
    cleared_at   timestamptz,
    incident_id  uuid,
    changed_at   timestamptz NOT NULL             -- the incidents look at what changed since they last looked
);
CREATE UNIQUE INDEX finding_open ON finding (station_id, evse_number, detector) WHERE cleared_at IS NULL;
CREATE INDEX finding_incident ON finding (incident_id);
CREATE INDEX finding_station ON finding (station_id, raised_at DESC);

CREATE TABLE session_outcome (                    -- one row an attempt, whether or not it became a session
    station_id       uuid NOT NULL,
    evse_number      int NOT NULL,
    began_at         timestamptz NOT NULL,
    attempt_key      text NOT NULL,               -- transaction key, or a digest of what made the attempt
    ended_at         timestamptz NOT NULL,
    session_id       uuid,
    outcome          text NOT NULL,
    why              jsonb NOT NULL DEFAULT '[]', -- what decided the class
    energy_wh        bigint NOT NULL DEFAULT 0,
    token_key        text NOT NULL DEFAULT '',    -- keyed digest; '' where nobody was named
    car_key          text NOT NULL DEFAULT '',
    car_make         text NOT NULL DEFAULT '',
    stop_reason      text NOT NULL DEFAULT '',
    error_codes      text[] NOT NULL DEFAULT '{}',
    firmware         text NOT NULL DEFAULT '',
    visit_key        text NOT NULL DEFAULT '',    -- attempts of one visit share it
    first_of_visit   boolean NOT NULL DEFAULT true,
    PRIMARY KEY (station_id, evse_number, began_at, attempt_key)
);
CREATE INDEX session_outcome_time ON session_outcome (ended_at);
CREATE INDEX session_outcome_session ON session_outcome (session_id) WHERE session_id IS NOT NULL;
