-- Firmware images and their way into chargers; logs that chargers upload; the links by which files come and go.

CREATE SEQUENCE software_request AS int MINVALUE 1000 CYCLE;  -- requestId of OCPP, of updates, publications and logs alike

CREATE TABLE firmware_image (
    id                  uuid PRIMARY KEY,
    vendor              text NOT NULL DEFAULT '',      -- pattern with *: which chargers it is for; '' = any
    model               text NOT NULL DEFAULT '',
    version             text NOT NULL CHECK (version <> ''),
    notes               text NOT NULL DEFAULT '',
    file_name           text NOT NULL,
    size_bytes          bigint NOT NULL CHECK (size_bytes > 0),
    sha256              bytea NOT NULL,
    sha512              bytea NOT NULL,
    md5                 bytea NOT NULL,                -- the checksum of PublishFirmware; proves nothing
    signature           text,                          -- base64, as the manufacturer gave it
    signing_certificate text,                          -- PEM
    signature_state     text NOT NULL CHECK (signature_state IN ('none', 'valid', 'invalid')),
    signature_note      text NOT NULL DEFAULT '',
    uploaded_by         text NOT NULL,
    uploaded_at         timestamptz NOT NULL,
    retired_at          timestamptz
);

CREATE TABLE firmware_campaign (
    id                  uuid PRIMARY KEY,
    image_id            uuid NOT NULL REFERENCES firmware_image,
    name                text NOT NULL,
    state               text NOT NULL CHECK (state IN ('running', 'paused', 'aborted', 'cancelled', 'done')),
    state_reason        text NOT NULL DEFAULT '',
    plan                jsonb NOT NULL,                -- stages, at once, window, threshold
    unsigned_reason     text,                          -- why unsigned firmware goes to chargers that know signatures
    created_by          text NOT NULL,
    reason              text NOT NULL,
    created_at          timestamptz NOT NULL,
    changed_at          timestamptz NOT NULL
);
CREATE INDEX firmware_campaign_running ON firmware_campaign (id) WHERE state = 'running';

CREATE TABLE firmware_update (
    id                  uuid PRIMARY KEY,
    request_id          int,                           -- of the latest asking
    station_id          uuid NOT NULL,
    image_id            uuid NOT NULL REFERENCES firmware_image,
    campaign_id         uuid REFERENCES firmware_campaign,
    stage               int NOT NULL DEFAULT 1,
    place               int NOT NULL DEFAULT 0,        -- its turn within the campaign
    state               text NOT NULL CHECK (state IN ('queued', 'asked', 'downloading', 'downloaded', 'installing',
                                                       'rebooting', 'verified', 'failed', 'skipped')),
    reason              text NOT NULL DEFAULT '',      -- a key of words, or the charger's own word
    forgiven            boolean NOT NULL DEFAULT false,-- a failure that somebody has looked at does not count again
    signed              boolean NOT NULL DEFAULT false,
    version_before      text NOT NULL DEFAULT '',
    version_booted      text NOT NULL DEFAULT '',
    attempts            int NOT NULL DEFAULT 0,
    command_id          uuid,
    queued_at           timestamptz NOT NULL,
    asked_at            timestamptz,
    changed_at          timestamptz NOT NULL,
    finished_at         timestamptz
);
CREATE INDEX firmware_update_station ON firmware_update (station_id, queued_at DESC);
CREATE INDEX firmware_update_campaign ON firmware_update (campaign_id, stage, place);
CREATE INDEX firmware_update_command ON firmware_update (command_id) WHERE command_id IS NOT NULL;
CREATE UNIQUE INDEX firmware_update_in_hand ON firmware_update (station_id)
    WHERE state IN ('asked', 'downloading', 'downloaded', 'installing', 'rebooting');

CREATE TABLE firmware_publication (
    id                  uuid PRIMARY KEY,
    request_id          int NOT NULL,
    station_id          uuid NOT NULL,                 -- a local controller
    image_id            uuid NOT NULL REFERENCES firmware_image,
    state               text NOT NULL CHECK (state IN ('asked', 'working', 'published', 'failed', 'unpublished')),
    status              text NOT NULL DEFAULT '',
    locations           jsonb NOT NULL DEFAULT '[]',
    command_id          uuid,
    asked_by            text NOT NULL,
    asked_at            timestamptz NOT NULL,
    changed_at          timestamptz NOT NULL
);
CREATE INDEX firmware_publication_station ON firmware_publication (station_id, asked_at DESC);
CREATE INDEX firmware_publication_command ON firmware_publication (command_id) WHERE command_id IS NOT NULL;

CREATE TABLE software_status (                          -- what chargers said, word by word; a flood is one row (quirk 74)
    station_id          uuid NOT NULL,
    kind                text NOT NULL CHECK (kind IN ('firmware', 'publish', 'log')),
    first_at            timestamptz NOT NULL,
    last_at             timestamptz NOT NULL,
    status              text NOT NULL,
    request_id          int,
    info                text NOT NULL DEFAULT '',
    times               int NOT NULL DEFAULT 1,
    PRIMARY KEY (station_id, kind, first_at)
);

CREATE TABLE log_request (
    id                  uuid PRIMARY KEY,
    request_id          int NOT NULL,
    station_id          uuid NOT NULL,
    log                 text NOT NULL CHECK (log IN ('diagnostics', 'security', 'data_collector')),
    oldest_at           timestamptz,
    latest_at           timestamptz,
    state               text NOT NULL CHECK (state IN ('asked', 'uploading', 'uploaded', 'received', 'failed')),
    status              text NOT NULL DEFAULT '',      -- the charger's latest word
    file_name           text NOT NULL DEFAULT '',      -- that it promised
    command_id          uuid,
    asked_by            text NOT NULL,
    reason              text NOT NULL,
    asked_at            timestamptz NOT NULL,
    changed_at          timestamptz NOT NULL
);
CREATE INDEX log_request_station ON log_request (station_id, asked_at DESC);
CREATE INDEX log_request_command ON log_request (command_id) WHERE command_id IS NOT NULL;
CREATE INDEX log_request_open ON log_request (asked_at) WHERE state IN ('asked', 'uploading', 'uploaded');

CREATE TABLE log_file (
    id                  uuid PRIMARY KEY,
    station_id          uuid NOT NULL,
    log_request_id      uuid REFERENCES log_request,
    log                 text NOT NULL,
    name                text NOT NULL,
    kind                text NOT NULL,                 -- text, json, xml, gzip, zip, tar, pcap, binary: by its content
    size_bytes          bigint NOT NULL,
    sha256              bytea NOT NULL,
    received_at         timestamptz NOT NULL,
    received_by         text NOT NULL CHECK (received_by IN ('http', 'ftp')),
    remote_address      text NOT NULL DEFAULT ''
);
CREATE INDEX log_file_station ON log_file (station_id, received_at DESC);
CREATE INDEX log_file_age ON log_file (received_at);

CREATE TABLE file_link (
    id                  uuid PRIMARY KEY,
    secret_hash         bytea NOT NULL UNIQUE,         -- SHA-256 of 256 random bits: the secret itself is not kept here
    way                 text NOT NULL CHECK (way IN ('up', 'down')),
    station_id          uuid NOT NULL,
    image_id            uuid REFERENCES firmware_image,
    log_request_id      uuid REFERENCES log_request,
    size_max_bytes      bigint NOT NULL,
    tries_left          int NOT NULL CHECK (tries_left >= 0),
    created_at          timestamptz NOT NULL,
    expires_at          timestamptz NOT NULL,
    used_at             timestamptz,
    ended_at            timestamptz,
    CHECK ((way = 'down') = (image_id IS NOT NULL)),
    CHECK ((way = 'up') = (log_request_id IS NOT NULL))
);
CREATE INDEX file_link_station ON file_link (station_id);
CREATE INDEX file_link_age ON file_link (expires_at);
