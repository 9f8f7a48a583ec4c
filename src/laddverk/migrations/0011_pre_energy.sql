-- How much current may flow: what we have set, what chargers say they have, what cars need and others limit.

CREATE TABLE charging_profile (                   -- what we believe to be in a charger, and what was before
    station_id       uuid NOT NULL REFERENCES station,
    profile_id       int NOT NULL,                -- the id on the charger; a new profile has a new one
    evse_number      int NOT NULL,                -- 0 is the whole charger
    purpose          text NOT NULL,
    stack_level      int NOT NULL,
    profile          jsonb NOT NULL,              -- the Profile struct, as it was sent
    previous         jsonb,                       -- what it replaces, should the charger refuse the new one
    transaction_key  text,
    condition        text NOT NULL DEFAULT 'wanted'
                     CHECK (condition IN ('wanted', 'installed', 'refused', 'leaving', 'gone')),
    word             text NOT NULL DEFAULT '',    -- the charger's own word about it, or why it is gone
    limit_now        double precision,            -- of a dynamic profile: what it was last told
    limit_at         timestamptz,
    requested_by     text NOT NULL DEFAULT '',
    reason           text NOT NULL DEFAULT '',
    created_at       timestamptz NOT NULL,
    changed_at       timestamptz NOT NULL,
    PRIMARY KEY (station_id, profile_id)
);
CREATE INDEX charging_profile_there ON charging_profile (station_id, evse_number)
    WHERE condition IN ('wanted', 'installed', 'leaving');
CREATE INDEX charging_profile_transaction ON charging_profile (station_id, transaction_key)
    WHERE transaction_key IS NOT NULL AND condition IN ('wanted', 'installed', 'leaving');

CREATE TABLE reported_profile (                   -- what a charger says it has
    station_id   uuid NOT NULL,
    evse_number  int NOT NULL,
    source       text NOT NULL,                   -- CSO is us; EMS, SO, Other are others
    profile_id   int NOT NULL,
    profile      jsonb NOT NULL,
    request_id   int NOT NULL,
    reported_at  timestamptz NOT NULL,
    PRIMARY KEY (station_id, evse_number, source, profile_id)
);
CREATE TABLE profile_read (                       -- when a charger last told all of it
    station_id   uuid PRIMARY KEY,
    read_at      timestamptz NOT NULL
);
CREATE TABLE composite_told (                     -- what a charger made of all its profiles
    station_id   uuid NOT NULL,
    evse_number  int NOT NULL,
    composite    jsonb NOT NULL,
    told_at      timestamptz NOT NULL,
    PRIMARY KEY (station_id, evse_number)
);

CREATE TABLE outside_limit (                      -- limits of a grid operator or a local manager
    station_id        uuid NOT NULL,
    evse_number       int NOT NULL,
    source            text NOT NULL,
    grid_critical     boolean,
    local_generation  boolean,
    schedules         jsonb NOT NULL,
    set_at            timestamptz NOT NULL,
    cleared_at        timestamptz,
    PRIMARY KEY (station_id, evse_number, source)
);

CREATE TABLE ev_need (                            -- what a car said it needs
    station_id       uuid NOT NULL,
    evse_number      int NOT NULL,
    received_at      timestamptz NOT NULL,
    transaction_key  text,
    transfer         text NOT NULL,
    departure_at     timestamptz,
    energy_wh        bigint,
    current_max_a    double precision,
    power_max_w      bigint,
    soc_percent      int,
    control_mode     text,
    detail           jsonb NOT NULL,
    answered         text NOT NULL,
    PRIMARY KEY (station_id, evse_number, received_at)
);
CREATE TABLE ev_plan (                            -- how a car means to charge
    station_id    uuid NOT NULL,
    evse_number   int NOT NULL,
    received_at   timestamptz NOT NULL,
    starts_at     timestamptz,
    schedule      jsonb NOT NULL,
    fits          boolean NOT NULL,
    PRIMARY KEY (station_id, evse_number, received_at)
);

CREATE TABLE charging_priority (                  -- sessions that charge first, as the charger says (2.1)
    station_id       uuid NOT NULL,
    transaction_key  text NOT NULL,
    active           boolean NOT NULL,
    changed_at       timestamptz NOT NULL,
    PRIMARY KEY (station_id, transaction_key)
);

CREATE TABLE der_control (                        -- grid functions of a charger that feeds back (2.1)
    station_id    uuid NOT NULL,
    control_id    text NOT NULL,
    control       text NOT NULL,                  -- FreqDroop, VoltVar, LimitMaxDischarge …
    is_default    boolean NOT NULL,
    body          jsonb NOT NULL,
    condition     text NOT NULL DEFAULT 'wanted'
                  CHECK (condition IN ('wanted', 'installed', 'refused', 'leaving', 'gone')),
    superseded    boolean NOT NULL DEFAULT false,
    running       boolean NOT NULL DEFAULT false,
    word          text NOT NULL DEFAULT '',
    reported_at   timestamptz,                    -- when the charger last told that it has it
    changed_at    timestamptz NOT NULL,
    PRIMARY KEY (station_id, control_id)
);
CREATE TABLE der_event (                          -- alarms, starts and stops
    station_id   uuid NOT NULL,
    at           timestamptz NOT NULL,
    content_key  text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('alarm', 'alarm_ended', 'started', 'stopped')),
    control      text NOT NULL,
    detail       jsonb NOT NULL DEFAULT '{}',
    received_at  timestamptz NOT NULL,
    PRIMARY KEY (station_id, at, content_key)
);
