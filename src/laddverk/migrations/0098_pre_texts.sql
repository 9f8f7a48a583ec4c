-- Text messages (SMS): what goes out and comes in, and whether it arrived.

CREATE TABLE text_message (
    id            uuid PRIMARY KEY,
    direction     text NOT NULL CHECK (direction IN ('out', 'in')),
    phone         text NOT NULL CHECK (length(phone) <= 40),    -- whose: the receiver's, or the sender's
    body          text NOT NULL CHECK (length(body) <= 1600),
    created_at    timestamptz NOT NULL,
    case_id       uuid,                                         -- of support, where it belongs to one
    unique_key    text UNIQUE,
    reference     text NOT NULL DEFAULT '',                     -- the carrier's name for it
    sent_at       timestamptz,                                  -- when the carrier took it
    delivered_at  timestamptz,                                  -- when the phone had it
    error         text NOT NULL DEFAULT '',
    attempts      int NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX text_message_received ON text_message (reference) WHERE direction = 'in' AND reference <> '';
CREATE INDEX text_message_reference ON text_message (reference) WHERE reference <> '';
CREATE INDEX text_message_phone ON text_message (phone, created_at DESC);
CREATE INDEX text_message_created ON text_message (created_at DESC);
CREATE INDEX text_message_case ON text_message (case_id) WHERE case_id IS NOT NULL;
