-- What an agent's deed said to somebody: whether it arrived is known by the message itself.

ALTER TABLE case_deed ADD COLUMN mail_id uuid;
ALTER TABLE case_deed ADD COLUMN text_id uuid;
