-- E-mail of support: every mail that came in and what became of it, addresses that are dead, mailboxes that we read.

CREATE TABLE support_mail (
    id           uuid PRIMARY KEY,
    at           timestamptz NOT NULL,
    inbox        text NOT NULL,                         -- lmtp, or the name of a mailbox
    message_id   text NOT NULL,                         -- without brackets; sha256:… where it had none
    fingerprint  text NOT NULL,                         -- of sender and date: some programs give all mails one id
    copies       int NOT NULL DEFAULT 1,                -- how often it came
    sender       text NOT NULL,
    sender_name  text NOT NULL DEFAULT '',
    subject      text NOT NULL DEFAULT '',
    verdict      text NOT NULL CHECK (verdict IN
                     ('taken', 'opened', 'joined', 'stored', 'ignored', 'bounced', 'refused', 'broken')),
    why          text NOT NULL DEFAULT '',              -- English, translated where it is shown
    how          text NOT NULL DEFAULT '',              -- by what it was found to belong to its case
    dmarc        text NOT NULL DEFAULT '',
    case_id      uuid REFERENCES support_case ON DELETE CASCADE,
    entry_id     uuid,
    quoted       text NOT NULL DEFAULT '',
    html         text NOT NULL DEFAULT '',              -- cleaned
    left_out     int NOT NULL DEFAULT 0,                -- files that were too many or too large
    raw          bytea NOT NULL,                        -- as it came, compressed
    raw_size     int NOT NULL,
    words        tsvector GENERATED ALWAYS AS (to_tsvector('simple', sender || ' ' || sender_name || ' ' || subject)) STORED,
    UNIQUE (message_id, fingerprint)
);
CREATE INDEX support_mail_at ON support_mail (at DESC);
CREATE INDEX support_mail_case ON support_mail (case_id, at) WHERE case_id IS NOT NULL;
CREATE INDEX support_mail_loose ON support_mail (at) WHERE case_id IS NULL;
CREATE INDEX support_mail_sender ON support_mail (sender);
CREATE INDEX support_mail_words ON support_mail USING gin (words);

CREATE TABLE support_dead_address (                     -- mail to it came back for good
    address  text PRIMARY KEY,
    at       timestamptz NOT NULL,
    status   text NOT NULL DEFAULT '',
    reason   text NOT NULL DEFAULT '',                  -- in the words of a mail server
    case_id  uuid REFERENCES support_case ON DELETE SET NULL
);

CREATE TABLE support_mailbox (                          -- how far a mailbox was read
    name         text PRIMARY KEY,
    uid_validity bigint NOT NULL DEFAULT 0,
    last_uid     bigint NOT NULL DEFAULT 0,
    read_at      timestamptz,                           -- when it last answered
    trouble      text NOT NULL DEFAULT '',
    trouble_at   timestamptz
);

ALTER TABLE mail ADD COLUMN thread jsonb NOT NULL DEFAULT '{}';  -- headers that keep a conversation together
CREATE INDEX case_entry_mail ON case_entry (mail_id) WHERE mail_id IS NOT NULL;
