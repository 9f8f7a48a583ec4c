-- What the allocator was asked, beside what it answered: each changed decision can be found again from it.

CREATE TABLE steering_question (                  -- a row where at least one share changed; kept for some days
    site_id      uuid NOT NULL REFERENCES site,
    at           timestamptz NOT NULL,            -- the instant of the shares it led to
    asked        bytea NOT NULL,                  -- the situation as MessagePack, compressed
    PRIMARY KEY (site_id, at)
);
CREATE INDEX steering_question_at ON steering_question (at);
