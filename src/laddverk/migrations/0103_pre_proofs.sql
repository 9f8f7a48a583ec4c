-- One-time codes by which somebody proves to support that an account is theirs, and what a case was before that.

CREATE TABLE support_code (
    id          uuid PRIMARY KEY,
    case_id     uuid NOT NULL REFERENCES support_case ON DELETE CASCADE,
    driver_id   uuid NOT NULL REFERENCES driver ON DELETE CASCADE,   -- whose number or address it went to
    way         text NOT NULL CHECK (way IN ('sms', 'email')),
    hint        text NOT NULL,                         -- how the number or address ends: enough to know it again
    digest      bytea NOT NULL,                        -- keyed; the code itself is kept nowhere
    sent_at     timestamptz NOT NULL,
    sent_by     text NOT NULL,
    expires_at  timestamptz NOT NULL,
    tries       int NOT NULL DEFAULT 0,
    proved_at   timestamptz,
    proved_until timestamptz,                          -- then the case is what it was before
    before      text NOT NULL DEFAULT '',              -- how sure one was without it
    ended_at    timestamptz                            -- when what it proved ended
);
CREATE INDEX support_code_case ON support_code (case_id, sent_at DESC);
CREATE INDEX support_code_driver ON support_code (driver_id, sent_at DESC);
CREATE INDEX support_code_standing ON support_code (proved_until) WHERE proved_at IS NOT NULL AND ended_at IS NULL;
