-- Phones in the browsers of those at the desk: who has an account at Asterisk, and until when. Its password is not kept.

CREATE TABLE softphone (
    operator_id uuid PRIMARY KEY,
    number      text NOT NULL UNIQUE,                  -- what Asterisk rings, +4600… as the number of a web client
    minted_at   timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX softphone_expires ON softphone (expires_at);
