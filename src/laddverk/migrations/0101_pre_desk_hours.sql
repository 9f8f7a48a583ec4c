-- Hours are local somewhere; and what is promised only where a rule says so.

ALTER TABLE support_hours ADD COLUMN zone text NOT NULL DEFAULT 'Europe/Stockholm';
ALTER TABLE support_promise ADD COLUMN only_by_rule boolean NOT NULL DEFAULT false;  -- fits no case by itself
