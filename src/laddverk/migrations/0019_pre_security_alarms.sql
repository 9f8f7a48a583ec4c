-- Security alarms are told to staff by mail; those of before are not told after the fact.
ALTER TABLE security_event ADD told_at timestamptz;
UPDATE security_event SET told_at = received_at;
CREATE INDEX security_event_untold ON security_event (received_at) WHERE critical AND told_at IS NULL;
