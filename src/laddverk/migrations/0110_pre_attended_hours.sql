-- Hours may close the phone and the chat; who is promised a call then is told when; a recording may be paused.

ALTER TABLE support_hours ADD COLUMN closes text[] NOT NULL DEFAULT '{}';

ALTER TABLE phone_call ADD COLUMN callback_due_at timestamptz;     -- from when the promised call comes; NULL: soon
ALTER TABLE phone_call ADD COLUMN record_paused_at timestamptz;    -- since when the carrier does not record
ALTER TABLE phone_call ADD COLUMN record_stopped_at timestamptz;   -- when it was said that none of it is kept
