-- Certificates: what each charger asked for and got, which roots are trusted, what was revoked, who noticed an attack.

CREATE TABLE trust_anchor (
    id                  uuid PRIMARY KEY,
    use                 text NOT NULL CHECK (use IN ('v2g_root', 'mo_root', 'csms_root', 'manufacturer_root', 'oem_root')),
    ecosystem           text NOT NULL DEFAULT '',       -- Hubject, Gireve, … : who stands behind it
    name                text NOT NULL CHECK (name <> ''),
    subject             text NOT NULL,
    serial_number       text NOT NULL,
    fingerprint_sha256  bytea NOT NULL CHECK (length(fingerprint_sha256) = 32),
    not_before          timestamptz NOT NULL,
    not_after           timestamptz NOT NULL,
    pem                 text NOT NULL,
    intermediates       text NOT NULL DEFAULT '',        -- PEM: authorities below it that cars do not always send along
    responders          text[] NOT NULL DEFAULT '{}',    -- host or host:port of its OCSP responders: nobody else is asked
    provisioning_url    text NOT NULL DEFAULT '',        -- of the contract provisioning service of this ecosystem
    own                 boolean NOT NULL DEFAULT false,  -- made by our own authority
    added_at            timestamptz NOT NULL,
    retired_at          timestamptz,
    UNIQUE (use, fingerprint_sha256)
);

-- How chargers name a certificate that we know: by hashes of its issuer, one row for each algorithm.
CREATE TABLE trust_anchor_name (
    anchor_id         uuid NOT NULL REFERENCES trust_anchor ON DELETE CASCADE,
    algorithm         text NOT NULL CHECK (algorithm IN ('SHA256', 'SHA384', 'SHA512')),
    issuer_name_hash  text NOT NULL,
    issuer_key_hash   text NOT NULL,
    serial_number     text NOT NULL,
    PRIMARY KEY (anchor_id, algorithm)
);
CREATE INDEX trust_anchor_name_hash ON trust_anchor_name (issuer_key_hash, serial_number);

-- A charger's wish for a certificate (SignCertificate), taken on or refused.
CREATE TABLE certificate_request (
    id            uuid PRIMARY KEY,
    station_id    uuid NOT NULL REFERENCES station,
    signing       text NOT NULL CHECK (signing IN ('station', 'v2g', 'v2g20')),
    csr_sha256    bytea NOT NULL,
    csr           text NOT NULL,
    request_id    bigint,                                -- 2.1: comes back with the certificate
    received_at   timestamptz NOT NULL,
    state         text NOT NULL CHECK (state IN ('taken', 'signed', 'delivered', 'refused', 'failed', 'replaced')),
    why           text NOT NULL DEFAULT '',
    finished_at   timestamptz
);
CREATE INDEX certificate_request_station ON certificate_request (station_id, received_at DESC);
CREATE UNIQUE INDEX certificate_request_open ON certificate_request (station_id, signing) WHERE state IN ('taken', 'signed');

-- A charger's own certificates. The doorway lets in what is 'active' (and 'signed': a charger may use it before it says so).
CREATE TABLE station_certificate (
    id                  uuid PRIMARY KEY,
    station_id          uuid NOT NULL REFERENCES station,
    kind                text NOT NULL CHECK (kind IN ('station', 'v2g', 'v2g20')),
    request_id          uuid REFERENCES certificate_request,
    fingerprint_sha256  bytea NOT NULL UNIQUE CHECK (length(fingerprint_sha256) = 32),
    subject_cn          text NOT NULL,
    issuer              text NOT NULL,
    serial_number       text NOT NULL,
    not_before          timestamptz NOT NULL,
    not_after           timestamptz NOT NULL,
    state               text NOT NULL CHECK (state IN ('signed', 'active', 'superseded', 'refused', 'revoked')),
    pem                 text NOT NULL,
    chain               text NOT NULL,
    authority           text NOT NULL,                   -- builtin or est
    made_at             timestamptz NOT NULL,
    active_since        timestamptz,
    command_id          uuid,                            -- the last handing out of it
    attempts            int NOT NULL DEFAULT 0,
    next_step_at        timestamptz,                     -- when the planner looks at it again
    asked_at            timestamptz,                     -- when the charger was last asked for a new request
    asked               int NOT NULL DEFAULT 0,
    alarm_days          int                              -- the last alarm: 30, 14, 7 or 0 days before its end
);
CREATE INDEX station_certificate_station ON station_certificate (station_id, made_at DESC);
CREATE UNIQUE INDEX station_certificate_active ON station_certificate (station_id, kind) WHERE state = 'active';
CREATE INDEX station_certificate_next ON station_certificate (next_step_at) WHERE state = 'active';
CREATE INDEX station_certificate_end ON station_certificate (not_after) WHERE state = 'active';

-- What a charger says is installed in it, as of its last answer.
CREATE TABLE installed_certificate (
    station_id        uuid NOT NULL REFERENCES station,
    use               text NOT NULL,
    position          int NOT NULL,                      -- 0 for the certificate itself, 1… for its chain
    algorithm         text NOT NULL,
    issuer_name_hash  text NOT NULL,
    issuer_key_hash   text NOT NULL,
    serial_number     text NOT NULL,                     -- as the charger wrote it
    serial_normal     text NOT NULL,
    parent            text NOT NULL DEFAULT '',          -- serial of the certificate whose chain it is in
    told_at           timestamptz NOT NULL,
    PRIMARY KEY (station_id, use, issuer_key_hash, serial_normal, position, parent)
);
CREATE TABLE certificate_inventory (
    station_id  uuid PRIMARY KEY REFERENCES station,
    told_at     timestamptz NOT NULL,
    why_not     text NOT NULL DEFAULT ''
);

-- What responders said of a certificate, until it is old.
CREATE TABLE ocsp_answer (
    algorithm         text NOT NULL,
    issuer_name_hash  text NOT NULL,
    issuer_key_hash   text NOT NULL,
    serial_number     text NOT NULL,
    status            text NOT NULL CHECK (status IN ('Good', 'Revoked', 'Unknown')),
    response          bytea NOT NULL CHECK (length(response) <= 65536),
    responder         text NOT NULL,
    fetched_at        timestamptz NOT NULL,
    next_update       timestamptz NOT NULL,
    PRIMARY KEY (algorithm, issuer_name_hash, issuer_key_hash, serial_number)
);

-- Questions about revocation, contracts of cars and certificates for cars: what was asked, and what came of it.
CREATE TABLE certificate_question (
    station_id  uuid NOT NULL REFERENCES station,
    at          timestamptz NOT NULL,
    id          uuid NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('status', 'chain_status', 'contract', 'ev_certificate')),
    subject     text NOT NULL,                           -- eMAID, or the serial number that was asked about
    outcome     text NOT NULL,
    why         text NOT NULL DEFAULT '',
    root        text NOT NULL DEFAULT '',
    PRIMARY KEY (station_id, at, id)
);
CREATE INDEX certificate_question_at ON certificate_question (at DESC);

-- What may be an attack: told by chargers, or noticed by ourselves.
CREATE TABLE security_event (
    id           uuid PRIMARY KEY,
    station_id   uuid REFERENCES station,
    at           timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    kind         text NOT NULL,
    tech_info    text NOT NULL DEFAULT '',
    source       text NOT NULL CHECK (source IN ('charger', 'house')),
    critical     boolean NOT NULL,
    times        int NOT NULL DEFAULT 1,                 -- how often it was said again within the hour
    seen_at      timestamptz,
    seen_by      text NOT NULL DEFAULT '',
    seen_why     text NOT NULL DEFAULT ''
);
CREATE INDEX security_event_at ON security_event (received_at DESC, id);
CREATE INDEX security_event_station ON security_event (station_id, received_at DESC);
CREATE INDEX security_event_open ON security_event (received_at DESC) WHERE critical AND seen_at IS NULL;
