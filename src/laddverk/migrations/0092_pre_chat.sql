-- Chat: a driver's conversation with what we see of their charger, and with a person of ours when one is needed.

ALTER TABLE support_case
    DROP CONSTRAINT support_case_verified_check,
    ADD CHECK (verified IN ('', 'number', 'mail', 'charge', 'code', 'account'));

CREATE TABLE chat (
    id               uuid PRIMARY KEY,
    opened_at        timestamptz NOT NULL,
    changed_at       timestamptz NOT NULL,                 -- when somebody last said or did something in it
    language         text NOT NULL,
    state            text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'with_us', 'closed')),
    asks             text NOT NULL DEFAULT '',             -- what we asked last: outlet, complaint, words, helped, reach
    complaint        text NOT NULL DEFAULT '',             -- what the driver says is wrong
    situation        text NOT NULL DEFAULT '',             -- what we told last: a file of the catalogue
    proof            text NOT NULL DEFAULT '',             -- how sure we are of who it is, as of a case
    driver_id        uuid REFERENCES driver ON DELETE SET NULL,
    start_request_id uuid,
    session_id       uuid,
    station_id       uuid REFERENCES station ON DELETE SET NULL,
    evse_number      int NOT NULL DEFAULT 0,
    connector_number int NOT NULL DEFAULT 0,
    case_id          uuid REFERENCES support_case ON DELETE SET NULL,
    contact_name     text NOT NULL DEFAULT '',
    contact_email    text NOT NULL DEFAULT '',
    contact_phone    text NOT NULL DEFAULT '',
    seen_at          timestamptz NOT NULL,                 -- when the driver's page was last there
    read_at          timestamptz NOT NULL,                 -- until when the driver has what we said
    read_by_us_at    timestamptz,                          -- until when one of us has what the driver said
    driver_types_at  timestamptz,
    agent_types_at   timestamptz,
    agent_name       text NOT NULL DEFAULT '',
    is_helped        boolean,                              -- the driver's one tap at the end; NULL: not said
    closed_at        timestamptz
);
CREATE INDEX chat_case ON chat (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX chat_with_us ON chat (id) WHERE state = 'with_us';
CREATE INDEX chat_changed ON chat (changed_at);
CREATE INDEX chat_driver ON chat (driver_id) WHERE driver_id IS NOT NULL;

CREATE TABLE chat_line (
    id          uuid PRIMARY KEY,
    chat_id     uuid NOT NULL REFERENCES chat ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    who         text NOT NULL CHECK (who IN ('driver', 'machine', 'agent')),
    name        text NOT NULL DEFAULT '',
    text        text NOT NULL DEFAULT '',                  -- ours: English, marked for translation
    params      jsonb NOT NULL DEFAULT '{}',
    body        text NOT NULL DEFAULT '',                  -- somebody's own words, or a situation's in their language
    offers      text[] NOT NULL DEFAULT '{}',              -- what can be answered by one tap, while it is the last
    picture_id  uuid,
    carried     text NOT NULL DEFAULT ''                   -- how it followed a driver who had left: email, sms, none
);
CREATE INDEX chat_line_of ON chat_line (chat_id, at, id);

CREATE TABLE chat_picture (                                -- until a case has it: then it is one of its files
    id          uuid PRIMARY KEY,
    chat_id     uuid NOT NULL REFERENCES chat ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    media_type  text NOT NULL,
    content     bytea NOT NULL
);
CREATE INDEX chat_picture_of ON chat_picture (chat_id);
