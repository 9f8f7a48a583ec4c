-- A charge that its driver must confirm to the bank: it is asked for without holding starts back, until then.

ALTER TABLE unpaid_session ADD COLUMN grace_until timestamptz;
CREATE INDEX unpaid_session_grace ON unpaid_session (grace_until) WHERE grace_until IS NOT NULL;
