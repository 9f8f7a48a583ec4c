-- Who may charge while nobody can be asked, who keeps which outlet, and what chargers know of people.

ALTER TABLE token
    ADD group_code  text NOT NULL DEFAULT '' CHECK (group_code ~ '^[A-Z0-9]{0,20}$'),  -- fits parentIdTag of 1.6
    ADD is_master   boolean NOT NULL DEFAULT false,           -- stops any session, starts none
    DROP CONSTRAINT token_kind_check,
    ADD CONSTRAINT token_kind_check CHECK (kind IN ('rfid', 'app', 'adhoc', 'emaid', 'mac', 'central', 'keycode'));
CREATE INDEX token_group ON token (group_code) WHERE group_code <> '';

CREATE TABLE access_policy (                      -- one row: what holds for tokens everywhere
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    cache_hours  int CHECK (cache_hours BETWEEN 1 AND 8760)   -- how long chargers may remember an answer; NULL = as they like
);
INSERT INTO access_policy DEFAULT VALUES;

-- Which tags were shown where: one row for each, moved forward at most once an hour. Says whose cache a tag may be in.
CREATE TABLE token_presence (
    station_id  uuid NOT NULL,
    token_uid   text NOT NULL,                    -- normalised, as in token.uid
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    PRIMARY KEY (station_id, token_uid)
);
CREATE INDEX token_presence_token ON token_presence (token_uid);
INSERT INTO token_presence (station_id, token_uid, first_at, last_at)
SELECT session.station_id, token.uid, min(started_at), max(started_at)
FROM session JOIN token ON token.id = session.token_id GROUP BY 1, 2;

-- Which stations carry a local list, and of whom: the network's choice, a site's, a station's. The nearest one counts.
CREATE TABLE list_choice (
    id             uuid PRIMARY KEY,
    site_id        uuid REFERENCES site,
    station_id     uuid REFERENCES station,
    scope          text NOT NULL CHECK (scope IN ('off', 'site', 'all', 'groups')),
    driver_groups  text[] NOT NULL DEFAULT '{}',
    changed_at     timestamptz NOT NULL,
    CHECK (site_id IS NULL OR station_id IS NULL),
    UNIQUE NULLS NOT DISTINCT (site_id, station_id)
);

-- What we believe of the list in each station. `version` and the entries are what it accepted last.
CREATE TABLE local_list (
    station_id   uuid PRIMARY KEY REFERENCES station,
    version      int NOT NULL DEFAULT 0 CHECK (version >= 0),
    known_at     timestamptz,                     -- when the station said or accepted this version; NULL = to be asked
    needs_full   boolean NOT NULL DEFAULT true,   -- what it holds is not what we believe: begin anew
    state        text NOT NULL DEFAULT 'waiting'
                 CHECK (state IN ('waiting', 'sending', 'current', 'failed', 'unsupported')),
    command_id   uuid,                            -- the one that is under way
    word         text NOT NULL DEFAULT '',        -- the station's last answer
    tries        int NOT NULL DEFAULT 0,          -- refusals in a row
    next_try_at  timestamptz,
    wanted       int NOT NULL DEFAULT 0,          -- how many tokens belong into it
    changed_at   timestamptz
);
CREATE TABLE local_list_entry (
    station_id   uuid NOT NULL,
    token_uid    text NOT NULL,
    token_type   text NOT NULL,
    valid_until  timestamptz,
    group_code   text NOT NULL DEFAULT '',
    PRIMARY KEY (station_id, token_uid)
);
CREATE INDEX local_list_entry_token ON local_list_entry (token_uid);

CREATE TABLE reservation (
    id              uuid PRIMARY KEY,
    number          int NOT NULL UNIQUE GENERATED ALWAYS AS IDENTITY,  -- the reservationId of OCPP: int32
    station_id      uuid NOT NULL REFERENCES station,
    evse_number     int CHECK (evse_number > 0),  -- NULL = any of the station
    connector_type  text,                         -- any EVSE with this plug (2.x)
    driver_id       uuid REFERENCES driver,
    token_uid       text NOT NULL,
    token_type      text NOT NULL,
    group_code      text NOT NULL DEFAULT '',
    state           text NOT NULL DEFAULT 'asked'
                    CHECK (state IN ('asked', 'held', 'used', 'expired', 'cancelled', 'removed', 'refused')),
    why             text NOT NULL DEFAULT '',     -- the charger's word, or who cancelled
    no_show         boolean NOT NULL DEFAULT false,  -- it expired and nobody came
    requested_by    text NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    held_at         timestamptz,
    ended_at        timestamptz,
    command_id      uuid,
    cancel_id       uuid                          -- the command that lets it go
);
CREATE INDEX reservation_active ON reservation (station_id, expires_at) WHERE state IN ('asked', 'held');
CREATE INDEX reservation_driver ON reservation (driver_id, created_at DESC);
CREATE INDEX reservation_created ON reservation (created_at DESC);
CREATE INDEX reservation_command ON reservation (command_id);

-- What chargers know of a driver, or its erasure: one request, one row for each station and tag.
CREATE TABLE customer_request (
    id            uuid PRIMARY KEY,
    driver_id     uuid NOT NULL REFERENCES driver,
    kind          text NOT NULL CHECK (kind IN ('read', 'erase')),
    requested_by  text NOT NULL,
    reason        text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL,
    finished_at   timestamptz
);
CREATE INDEX customer_request_driver ON customer_request (driver_id, created_at DESC);
CREATE TABLE customer_answer (
    number       int PRIMARY KEY GENERATED ALWAYS AS IDENTITY,  -- the requestId of OCPP
    request_id   uuid NOT NULL REFERENCES customer_request,
    station_id   uuid NOT NULL,
    token_uid    text NOT NULL,
    command_id   uuid,
    state        text NOT NULL DEFAULT 'asked'
                 CHECK (state IN ('asked', 'done', 'refused', 'unreachable', 'cache_cleared')),
    word         text NOT NULL DEFAULT '',
    ended_at     timestamptz
);
CREATE INDEX customer_answer_request ON customer_answer (request_id);
CREATE INDEX customer_answer_command ON customer_answer (command_id);
CREATE TABLE customer_part (                      -- personal: dropped when the request is a month old
    station_id   uuid NOT NULL,
    number       int NOT NULL,
    part_number  int NOT NULL,
    data         text NOT NULL,
    received_at  timestamptz NOT NULL,
    PRIMARY KEY (station_id, number, part_number)
);
