-- The desk's telephone: calls, who is at the desk, what is said aloud, recordings.

CREATE TABLE phone_call (
    id                uuid PRIMARY KEY,
    key               text NOT NULL UNIQUE,                     -- provider and the provider's id: what makes it one call
    provider          text NOT NULL CHECK (provider IN ('46elks', 'cti', 'ari')),
    direction         text NOT NULL CHECK (direction IN ('in', 'out')),
    phone             text NOT NULL CHECK (length(phone) <= 40),-- the other's; '' where it is withheld
    our_number        text NOT NULL DEFAULT '',
    started_at        timestamptz NOT NULL,
    language          text NOT NULL DEFAULT 'sv',
    driver_id         uuid REFERENCES driver,
    station_id        uuid REFERENCES station,
    site_id           uuid REFERENCES site,
    evse_number       int NOT NULL DEFAULT 0,
    code              text NOT NULL DEFAULT '',                 -- the sticker that it is about
    start_request_id  uuid,
    session_id        uuid,
    payment_id        uuid,
    complaint         text NOT NULL DEFAULT '',
    situation         text NOT NULL DEFAULT '',                 -- what was told last
    menu              jsonb NOT NULL DEFAULT '{}',              -- where the caller is in the menu
    turn              int NOT NULL DEFAULT 0,                   -- a webhook of an earlier turn changes nothing
    case_id           uuid REFERENCES support_case ON DELETE SET NULL,
    queued_at         timestamptz,
    taken_by          uuid,
    taken_name        text NOT NULL DEFAULT '',
    taken_number      text NOT NULL DEFAULT '',
    taken_at          timestamptz,
    answered_at       timestamptz,                              -- when a person of ours and the caller could speak
    ended_at          timestamptz,
    ended_how         text NOT NULL DEFAULT '',
    callback_at       timestamptz,                              -- when a call back was promised
    called_back_at    timestamptz,
    called_back_by    text NOT NULL DEFAULT '',
    record_consent_at timestamptz,
    wrapped_up_at     timestamptz
);
CREATE INDEX phone_call_started ON phone_call (started_at DESC);
CREATE INDEX phone_call_open ON phone_call (queued_at) WHERE ended_at IS NULL;
CREATE INDEX phone_call_phone ON phone_call (phone, started_at DESC);
CREATE INDEX phone_call_case ON phone_call (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX phone_call_back ON phone_call (callback_at) WHERE callback_at IS NOT NULL AND called_back_at IS NULL;
CREATE INDEX phone_call_driver ON phone_call (driver_id) WHERE driver_id IS NOT NULL;

CREATE TABLE phone_presence (                          -- who of ours takes calls
    operator_id uuid PRIMARY KEY,
    name        text NOT NULL,
    state       text NOT NULL CHECK (state IN ('ready', 'pause', 'wrap_up')),
    number      text NOT NULL CHECK (length(number) <= 40),
    since       timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL
);

CREATE TABLE phone_voice (                             -- texts that are read aloud, by the name of their sound
    name     text PRIMARY KEY,
    language text NOT NULL,
    body     text NOT NULL,
    used_at  timestamptz NOT NULL
);

CREATE TABLE phone_recording (
    id          uuid PRIMARY KEY,
    call_id     uuid NOT NULL REFERENCES phone_call ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('call', 'message')),
    url         text NOT NULL DEFAULT '',              -- where the carrier keeps it until we have it
    media_type  text NOT NULL DEFAULT 'audio/wav',
    content     bytea,                                 -- NULL until it was fetched
    error       text NOT NULL DEFAULT '',
    UNIQUE (call_id, url)
);
CREATE INDEX phone_recording_at ON phone_recording (at);

-- A sticker's code by the keys of a phone: GBG-014-2 is 4240142, or its digits alone, 0142.
CREATE FUNCTION keyed_code(code text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT translate(regexp_replace(upper(code), '[^A-Z0-9]', '', 'g'),
                     'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '22233344455566677778889999')
$$;
CREATE FUNCTION code_digits(code text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(code, '[^0-9]', '', 'g')
$$;
CREATE INDEX connector_keyed ON connector (keyed_code(code));
CREATE INDEX connector_digits ON connector (code_digits(code));
