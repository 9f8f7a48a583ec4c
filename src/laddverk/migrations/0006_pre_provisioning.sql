-- The device model with its history, templates and drift, network profiles, monitors, events and streams.

ALTER TABLE station_variable
    ADD min_limit            double precision,
    ADD max_limit            double precision,
    ADD values_list          text,                -- what may be chosen, with commas between
    ADD supports_monitoring  boolean,
    ADD persistent           boolean,
    ADD constant             boolean,
    ADD changed_at           timestamptz,         -- when the present value was first known
    ADD changed_by           text NOT NULL DEFAULT '',     -- as in station_variable_change
    ADD pending_value        text,                -- written, and in force from the charger's next start
    ADD pending_since        timestamptz;
UPDATE station_variable SET changed_at = reported_at;
ALTER TABLE station_variable ALTER changed_at SET NOT NULL;
CREATE INDEX station_variable_pending ON station_variable (station_id) WHERE pending_since IS NOT NULL;

-- Every value that a variable was known to have, from when, and who says so. Pruned: the newest of each stay.
CREATE TABLE station_variable_change (
    station_id  uuid NOT NULL,
    component   text NOT NULL,
    variable    text NOT NULL,
    attribute   text NOT NULL,
    at          timestamptz NOT NULL,
    value       text,
    cause       text NOT NULL CHECK (cause IN ('report', 'command', 'event')),
    changed_by  text NOT NULL DEFAULT '',         -- who asked for it, where it was a command of ours
    command_id  uuid,
    PRIMARY KEY (station_id, component, variable, attribute, at)
);
CREATE INDEX station_variable_change_time ON station_variable_change (station_id, at DESC);
INSERT INTO station_variable_change (station_id, component, variable, attribute, at, value, cause)
SELECT station_id, component, variable, attribute, reported_at, value, 'report' FROM station_variable;

-- A report that was asked for, and what of it has come. A report that nobody asked for has no request.
CREATE TABLE station_inventory (
    station_id    uuid NOT NULL,
    request_id    bigint NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('variables', 'monitors')),
    what          text NOT NULL DEFAULT '',       -- FullInventory, criteria, names: in the words of the request
    is_whole      boolean NOT NULL DEFAULT false, -- asks for all there is: what it does not name is gone
    command_id    uuid,
    requested_at  timestamptz NOT NULL,
    parts         int[] NOT NULL DEFAULT '{}',    -- sequence numbers that have come
    last_part     int,                            -- the number of the last one, once it has come
    items         int NOT NULL DEFAULT 0,
    received_at   timestamptz,                    -- of the newest part
    PRIMARY KEY (station_id, request_id, kind)
);
CREATE INDEX station_inventory_time ON station_inventory (station_id, requested_at DESC);

-- What the chargers of a model should be set to. Each change is a new version; all of them stay.
CREATE TABLE configuration_template (
    id                uuid PRIMARY KEY,
    name              text NOT NULL UNIQUE CHECK (name <> ''),
    vendor            text NOT NULL DEFAULT '',   -- pattern with *; '' for all
    model             text NOT NULL DEFAULT '',
    site_id           uuid REFERENCES site,       -- only there; NULL for everywhere
    family            text NOT NULL CHECK (family IN ('1.6', '2.x')),
    checks_at_start   boolean NOT NULL DEFAULT false,  -- read the variables each time a charger has started
    version           int NOT NULL,
    created_at        timestamptz NOT NULL,
    retired_at        timestamptz
);
CREATE TABLE configuration_template_version (
    template_id  uuid NOT NULL REFERENCES configuration_template,
    number       int NOT NULL,
    wanted       jsonb NOT NULL,                  -- [{component, variable, attribute, value}]
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,
    reason       text NOT NULL DEFAULT '',
    PRIMARY KEY (template_id, number)
);

-- How each station stands to each template that is meant for it. Computed from the variables; kept so that lists are fast.
CREATE TABLE configuration_standing (
    station_id    uuid NOT NULL,
    template_id   uuid NOT NULL,
    version       int NOT NULL,
    state         text NOT NULL CHECK (state IN ('in_step', 'drifted', 'unknown')),
    since         timestamptz NOT NULL,           -- since when it has been in this state
    differences   jsonb NOT NULL DEFAULT '[]',
    checked_at    timestamptz NOT NULL,
    PRIMARY KEY (station_id, template_id)
);
CREATE INDEX configuration_standing_template ON configuration_standing (template_id, state);

-- One time that a template was written to chargers, with the commands that do it.
CREATE TABLE configuration_run (
    id           uuid PRIMARY KEY,
    template_id  uuid NOT NULL REFERENCES configuration_template,
    version      int NOT NULL,
    started_at   timestamptz NOT NULL,
    started_by   text NOT NULL,
    reason       text NOT NULL
);
CREATE INDEX configuration_run_template ON configuration_run (template_id, started_at DESC);
CREATE TABLE configuration_run_station (
    run_id       uuid NOT NULL REFERENCES configuration_run,
    station_id   uuid NOT NULL,
    queued_at    timestamptz,                     -- NULL while it waits for its commands
    skipped      text NOT NULL DEFAULT '',        -- why it got none
    command_ids  uuid[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (run_id, station_id)
);
CREATE INDEX configuration_run_waiting ON configuration_run_station (run_id) WHERE queued_at IS NULL;

-- The ways to us that we have written into a charger.
CREATE TABLE network_profile (
    station_id         uuid NOT NULL,
    slot               int NOT NULL,
    url                text NOT NULL,
    security_profile   int NOT NULL,
    message_timeout_s  int NOT NULL,
    interface          text NOT NULL,
    ocpp_version       text NOT NULL,
    apn                text,
    set_at             timestamptz NOT NULL,
    set_by             text NOT NULL,
    command_id         uuid NOT NULL,
    PRIMARY KEY (station_id, slot)
);

-- The monitors that a charger has, as it last told, or took from us.
CREATE TABLE station_monitor (
    station_id    uuid NOT NULL,
    monitor_id    bigint NOT NULL,
    component     text NOT NULL,
    variable      text NOT NULL,
    kind          text NOT NULL,
    value         double precision NOT NULL,
    severity      smallint,                       -- 0 danger … 9 debug
    transaction   boolean NOT NULL DEFAULT false,
    notification  text NOT NULL,                  -- HardWiredMonitor, PreconfiguredMonitor, CustomMonitor
    set_by        text NOT NULL DEFAULT '',       -- who asked for it, where it is ours
    told_at       timestamptz NOT NULL,
    PRIMARY KEY (station_id, monitor_id)
);
CREATE TABLE station_monitoring (
    station_id  uuid PRIMARY KEY,
    base        text,                             -- All, FactoryDefault, HardWiredOnly; NULL = never set by us
    base_at     timestamptz,
    level       smallint,                         -- tells what is at least so severe; NULL = never set by us
    level_at    timestamptz
);

-- What monitors noticed. The same event told twice is one row.
CREATE TABLE station_event (
    station_id       uuid NOT NULL,
    at               timestamptz NOT NULL,        -- corrected time
    content_key      text NOT NULL,               -- digest of what was said
    received_at      timestamptz NOT NULL,
    said_at          timestamptz,
    event_id         bigint NOT NULL,
    trigger          text NOT NULL,               -- Alerting, Delta, Periodic
    component        text NOT NULL,
    variable         text NOT NULL,
    value            text NOT NULL,
    notification     text NOT NULL,
    monitor_id       bigint,
    severity         smallint,
    cause            bigint,
    tech_code        text,
    tech_info        text,
    cleared          boolean NOT NULL,
    transaction_key  text,
    alarm_key        text,                        -- of what alerts: the same for all events of one alarm
    PRIMARY KEY (station_id, at, content_key)
);
CREATE INDEX station_event_alarm ON station_event (station_id, alarm_key, at DESC) WHERE alarm_key IS NOT NULL;

-- One row for each thing that alerts: raised, told again, cleared. Follows from the set of events alone.
CREATE TABLE station_alarm (
    station_id   uuid NOT NULL,
    alarm_key    text NOT NULL,                   -- digest of component, variable and monitor
    component    text NOT NULL,
    variable     text NOT NULL,
    monitor_id   bigint,
    tech_code    text,
    tech_info    text,
    severity     smallint,
    value        text NOT NULL,
    raised_at    timestamptz NOT NULL,
    last_at      timestamptz NOT NULL,
    cleared_at   timestamptz,
    PRIMARY KEY (station_id, alarm_key)
);
CREATE INDEX station_alarm_open ON station_alarm (last_at DESC) WHERE cleared_at IS NULL;

-- Streams of values (2.1), and their newest values.
CREATE TABLE event_stream (
    station_id   uuid NOT NULL,
    stream_id    bigint NOT NULL,
    monitor_id   bigint NOT NULL,
    interval_s   int,
    values_max   int,
    opened_at    timestamptz NOT NULL,
    closed_at    timestamptz,
    pending      int NOT NULL DEFAULT 0,
    last_at      timestamptz,
    last_value   text,
    PRIMARY KEY (station_id, stream_id)
);
CREATE TABLE stream_value (
    station_id  uuid NOT NULL,
    stream_id   bigint NOT NULL,
    at          timestamptz NOT NULL,
    value       text NOT NULL,
    PRIMARY KEY (station_id, stream_id, at)
);
