-- Somebody without an account asks what support has of them: a code to the address or number that they name.

CREATE TABLE own_data_code (
    id          uuid PRIMARY KEY,
    way         text NOT NULL CHECK (way IN ('sms', 'email')),
    whose       bytea NOT NULL,                   -- keyed digest of the address or number: limits, and nothing else
    digest      bytea NOT NULL,                   -- keyed; the code itself is kept nowhere
    sent_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    tries       int NOT NULL DEFAULT 0,
    used_at     timestamptz
);
CREATE INDEX own_data_code_whose ON own_data_code (whose, sent_at DESC);
