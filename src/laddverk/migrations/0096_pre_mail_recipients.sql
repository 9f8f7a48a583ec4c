-- How many automatic answers an address got lately: machines must not answer each other for ever.

CREATE INDEX mail_recipient ON mail (recipient, created_at DESC);
