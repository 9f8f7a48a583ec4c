-- The door reads what became of a certificate: used there for the first time, or withdrawn by somebody, and why.
ALTER TABLE station_certificate
    ADD used_at     timestamptz,                  -- first shown at the door; then the one before it opens no more
    ADD ended_at    timestamptz,
    ADD ended_by    text NOT NULL DEFAULT '',
    ADD ended_why   text NOT NULL DEFAULT '';
