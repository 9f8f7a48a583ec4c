-- What stands in the field, and who may charge or sign in.

CREATE TABLE site (
    id            uuid PRIMARY KEY,
    name          text NOT NULL UNIQUE CHECK (name <> ''),
    code          text NOT NULL UNIQUE CHECK (code ~ '^[A-Z0-9]{2,8}$'),  -- first part of the codes on stickers
    address       text NOT NULL DEFAULT '',
    municipality  text NOT NULL DEFAULT '',
    latitude      double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude     double precision CHECK (longitude BETWEEN -180 AND 180),
    timezone      text NOT NULL DEFAULT 'Europe/Stockholm',
    created_at    timestamptz NOT NULL,
    retired_at    timestamptz
);

CREATE TABLE station (
    id                 uuid PRIMARY KEY,
    site_id            uuid NOT NULL REFERENCES site,
    identity           text NOT NULL UNIQUE CHECK (identity ~ '^[^:[:cntrl:]]{1,48}$'),  -- OCPP identity: never leaves the console
    name               text NOT NULL,                       -- what staff call it: "Hamngatan 3"
    key_hash           bytea,                               -- keyed BLAKE2b of the generated key; NULL = cannot connect
    key_salt           bytea,
    vendor             text NOT NULL DEFAULT '',
    model              text NOT NULL DEFAULT '',
    serial             text NOT NULL DEFAULT '',
    firmware           text NOT NULL DEFAULT '',
    protocol           text,                                -- last subprotocol: ocpp1.6, ocpp2.0.1, ocpp2.1
    power_max_w        int NOT NULL DEFAULT 22000 CHECK (power_max_w > 0),
    registered_at      timestamptz NOT NULL,
    retired_at         timestamptz,
    epoch              bigint NOT NULL DEFAULT 0,           -- grows with each connection: fences off the older socket
    connected_at       timestamptz,                         -- of the present socket; NULL = not connected
    disconnected_at    timestamptz,
    remote_address     text,
    booted_at          timestamptz,
    boot_reason        text,
    last_seen_at       timestamptz,
    clock_offset_ms    bigint NOT NULL DEFAULT 0,           -- add to what the charger says to get corrected time
    quirks             jsonb NOT NULL DEFAULT '{}',
    status             text NOT NULL DEFAULT 'unknown',     -- what it says of itself as a whole (EVSE 0)
    status_since       timestamptz,
    error_code         text
);
CREATE INDEX station_site ON station (site_id);

CREATE TABLE connector (
    station_id        uuid NOT NULL REFERENCES station,
    evse_number       int NOT NULL CHECK (evse_number >= 0),      -- 1.6: the connectorId
    connector_number  int NOT NULL CHECK (connector_number >= 0), -- 1.6: always 1
    code              text NOT NULL UNIQUE,                       -- on the sticker: GBG-014-2
    public_evse_id    text NOT NULL UNIQUE,                       -- SE*LAD*E…: unrelated to the OCPP identity
    plug              text NOT NULL DEFAULT 'type2',              -- type2, ccs2, chademo
    power_type        text NOT NULL DEFAULT 'ac3' CHECK (power_type IN ('ac1', 'ac3', 'dc')),
    power_max_w       int NOT NULL DEFAULT 22000 CHECK (power_max_w > 0),
    current_max_a     int NOT NULL DEFAULT 32 CHECK (current_max_a > 0),
    status            text NOT NULL DEFAULT 'unknown',
    status_since      timestamptz,
    error_code        text,
    vendor_error_code text,
    error_info        text,
    found_by_itself   boolean NOT NULL DEFAULT false,             -- reported by the charger, not entered by staff
    PRIMARY KEY (station_id, evse_number, connector_number)
);

-- Append-only intervals: what each connector said of itself, and from when to when. The open one has no end. A report
-- that comes late splits history where it belongs; the ends and `same_since` follow from the set of reports alone.
CREATE TABLE connector_state (
    station_id         uuid NOT NULL,
    evse_number        int NOT NULL,
    connector_number   int NOT NULL,
    started_at         timestamptz NOT NULL,      -- corrected time
    content_key        text NOT NULL,             -- digest of what was said: the same report twice is one row
    ended_at           timestamptz,
    same_since         timestamptz NOT NULL,      -- since when status and error have been these: groups repeated reports
    status             text NOT NULL,
    error_code         text,
    vendor_error_code  text,
    info               text,
    said_at            timestamptz,
    received_at        timestamptz NOT NULL,
    PRIMARY KEY (station_id, evse_number, connector_number, started_at, content_key),
    CHECK (ended_at IS NULL OR ended_at >= started_at)
);

-- When each station was connected, and how.
CREATE TABLE station_connection (
    station_id       uuid NOT NULL,
    epoch            bigint NOT NULL,
    connected_at     timestamptz NOT NULL,
    disconnected_at  timestamptz,
    close_code       int,
    close_reason     text,
    protocol         text NOT NULL,
    remote_address   text NOT NULL,
    PRIMARY KEY (station_id, epoch)
);

-- Configuration keys (1.6) and variables (2.x) as the charger last reported them.
CREATE TABLE station_variable (
    station_id   uuid NOT NULL,
    component    text NOT NULL,                   -- '' for a 1.6 configuration key
    variable     text NOT NULL,
    attribute    text NOT NULL DEFAULT 'Actual',
    value        text,
    mutability   text NOT NULL DEFAULT 'ReadWrite',
    unit         text,
    data_type    text,
    reported_at  timestamptz NOT NULL,
    PRIMARY KEY (station_id, component, variable, attribute)
);

-- Commands are rows first (law 7): the gateway that holds the socket carries them out.
CREATE TABLE command (
    id            uuid PRIMARY KEY,
    station_id    uuid NOT NULL REFERENCES station,
    kind          text NOT NULL,                  -- tag of the Command struct
    command       jsonb NOT NULL,
    state         text NOT NULL DEFAULT 'queued'
                  CHECK (state IN ('queued', 'sent', 'accepted', 'confirmed', 'refused', 'timed_out', 'expired', 'failed')),
    requested_by  text NOT NULL,
    actor_kind    text NOT NULL,
    actor_id      uuid,
    reason        text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,           -- not sent by then: expired
    sent_at       timestamptz,
    answered_at   timestamptz,
    finished_at   timestamptz,
    confirm_by    timestamptz,                    -- accepted, and the state must show it by then: else timed_out
    outcome       text,                           -- the charger's own word: Accepted, Rejected, NotSupported …
    detail        jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX command_open ON command (station_id, created_at) WHERE finished_at IS NULL;
CREATE INDEX command_queued ON command (created_at) WHERE state = 'queued';  -- looked at every second: nearly always empty
CREATE INDEX command_station ON command (station_id, created_at DESC);

-- Who tried to connect and was not let in. Bounded: the gateway keeps at most a fixed number of rows.
CREATE TABLE knock (
    identity        text NOT NULL,
    remote_address  text NOT NULL,
    reason          text NOT NULL,                -- unknown_station, wrong_key, no_credentials, no_subprotocol …
    first_at        timestamptz NOT NULL,
    last_at         timestamptz NOT NULL,
    count           bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (identity, remote_address)
);

-- The frame journal (law 3): new frames as rows, older ones in compressed segments of one station each.
CREATE TABLE frame (
    station_id   uuid NOT NULL,
    received_at  timestamptz NOT NULL,
    epoch        bigint NOT NULL,
    number       bigint NOT NULL,                 -- within the connection
    direction    "char" NOT NULL,                 -- '>' from the charger, '<' to it
    body         bytea NOT NULL,
    PRIMARY KEY (station_id, epoch, number)
);
CREATE TABLE frame_segment (
    station_id   uuid NOT NULL,
    first_at     timestamptz NOT NULL,
    last_at      timestamptz NOT NULL,
    first_epoch  bigint NOT NULL,
    first_number bigint NOT NULL,
    frames       int NOT NULL,
    codec        text NOT NULL DEFAULT 'zlib',
    body         bytea NOT NULL,
    PRIMARY KEY (station_id, first_epoch, first_number)
);
CREATE INDEX frame_segment_time ON frame_segment (station_id, last_at DESC);

-- What could not be understood or carried out: kept, counted, shown.
CREATE TABLE quarantine (
    id           uuid PRIMARY KEY,
    station_id   uuid NOT NULL,
    received_at  timestamptz NOT NULL,
    action       text,
    body         bytea NOT NULL,
    reason       text NOT NULL,
    reviewed_at  timestamptz,
    reviewed_by  text
);
CREATE INDEX quarantine_open ON quarantine (received_at DESC) WHERE reviewed_at IS NULL;

-- What a charger reported that has no handler of its own yet, and vendor data: kept to be shown.
CREATE TABLE station_report (
    id           uuid PRIMARY KEY,
    station_id   uuid NOT NULL,
    received_at  timestamptz NOT NULL,
    said_at      timestamptz,
    kind         text NOT NULL,                   -- the action, or 'flag' for tolerated faults
    payload      jsonb NOT NULL
);
CREATE INDEX station_report_station ON station_report (station_id, received_at DESC);

CREATE TABLE driver (
    id            uuid PRIMARY KEY,
    email         text NOT NULL UNIQUE CHECK (email = lower(email) AND email LIKE '%_@_%'),
    name          text NOT NULL,
    phone         text NOT NULL DEFAULT '',
    address       text NOT NULL DEFAULT '',
    language      text NOT NULL DEFAULT 'sv' CHECK (language IN ('sv', 'en')),
    driver_group  text NOT NULL DEFAULT '',       -- tariffs may depend on it: residents, staff …
    settlement    text NOT NULL DEFAULT 'invoice' CHECK (settlement IN ('invoice', 'card')),
    created_at    timestamptz NOT NULL,
    blocked_at    timestamptz,
    blocked_why   text NOT NULL DEFAULT ''
);

CREATE TABLE token (
    id           uuid PRIMARY KEY,
    driver_id    uuid REFERENCES driver,
    uid          text NOT NULL UNIQUE CHECK (uid = upper(uid) AND uid <> ''),  -- normalised: CiString, no separators
    label        text NOT NULL DEFAULT '',
    kind         text NOT NULL DEFAULT 'rfid' CHECK (kind IN ('rfid', 'app', 'adhoc')),
    valid_until  timestamptz,
    blocked_at   timestamptz,
    blocked_why  text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz
);
CREATE INDEX token_driver ON token (driver_id);

CREATE TABLE operator (
    id             uuid PRIMARY KEY,
    email          text NOT NULL UNIQUE CHECK (email = lower(email)),
    name           text NOT NULL,
    role           text NOT NULL CHECK (role IN ('admin', 'operator', 'technician', 'support', 'finance', 'site_host')),
    password_hash  text NOT NULL,                 -- argon2id
    language       text NOT NULL DEFAULT 'sv',
    created_at     timestamptz NOT NULL,
    disabled_at    timestamptz
);
CREATE TABLE operator_site (                      -- the only sites a site_host sees
    operator_id  uuid NOT NULL REFERENCES operator,
    site_id      uuid NOT NULL REFERENCES site,
    PRIMARY KEY (operator_id, site_id)
);

CREATE TABLE web_session (
    token_hash    bytea PRIMARY KEY,              -- BLAKE2b of the cookie: a copy of the table opens no door
    subject_kind  text NOT NULL CHECK (subject_kind IN ('operator', 'driver')),
    subject_id    uuid NOT NULL,
    created_at    timestamptz NOT NULL,
    seen_at       timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    remote_address text NOT NULL DEFAULT '',
    user_agent    text NOT NULL DEFAULT ''
);
CREATE INDEX web_session_subject ON web_session (subject_id);

CREATE TABLE sign_in_link (
    token_hash  bytea PRIMARY KEY,
    driver_id   uuid NOT NULL REFERENCES driver,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);

CREATE TABLE sign_in_failure (                    -- for the limit on guessing; swept by a job
    at              timestamptz NOT NULL,
    subject         text NOT NULL,                -- e-mail or key prefix that was tried
    remote_address  text NOT NULL
);
CREATE INDEX sign_in_failure_at ON sign_in_failure (at);

CREATE TABLE api_key (
    id            uuid PRIMARY KEY,
    name          text NOT NULL,
    key_hash      bytea NOT NULL UNIQUE,
    scopes        text[] NOT NULL,
    created_by    uuid,
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz,
    revoked_at    timestamptz
);
