-- Notifications in browsers (web push): which browsers asked for them, and what was sent.

CREATE TABLE push_device (
    id             uuid PRIMARY KEY,
    owner_kind     text NOT NULL CHECK (owner_kind IN ('driver', 'on_call')),
    owner_id       uuid NOT NULL,
    endpoint       text NOT NULL CHECK (length(endpoint) <= 1000),  -- at the push service of the browser's maker
    p256dh         text NOT NULL CHECK (length(p256dh) <= 100),     -- the browser's key: only it can read a message
    auth           text NOT NULL CHECK (length(auth) <= 40),
    name           text NOT NULL,                                   -- "Firefox, Android": told apart in a list
    language       text NOT NULL,
    created_at     timestamptz NOT NULL,
    taken_at       timestamptz,                                     -- when the push service last took a message for it
    error          text NOT NULL DEFAULT '',                        -- why it did not take the last one
    UNIQUE (owner_kind, owner_id, endpoint)
);
CREATE INDEX push_device_endpoint ON push_device (endpoint);

CREATE TABLE push_message (                                         -- one message to one browser
    id             uuid PRIMARY KEY,
    device_id      uuid NOT NULL REFERENCES push_device ON DELETE CASCADE,
    title          text NOT NULL,
    body           text NOT NULL,
    path           text NOT NULL,                                   -- what a tap opens
    tag            text NOT NULL DEFAULT '',                        -- a newer one of the same tag takes its place
    created_at     timestamptz NOT NULL,
    sent_at        timestamptz,
    error          text NOT NULL DEFAULT '',
    attempts       int NOT NULL DEFAULT 0
);
CREATE INDEX push_message_device ON push_message (device_id, created_at DESC);
CREATE INDEX push_message_created ON push_message (created_at);

ALTER TABLE alert DROP CONSTRAINT alert_channel_check;
ALTER TABLE alert ADD CONSTRAINT alert_channel_check CHECK (channel IN ('email', 'sms', 'webhook', 'push'));
