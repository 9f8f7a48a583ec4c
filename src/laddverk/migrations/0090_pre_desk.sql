-- The support desk: what the inbox sorts by, who somebody has proved to be, contacts and what came of them, files.

ALTER TABLE support_case
    DROP CONSTRAINT support_case_channel_check,
    DROP CONSTRAINT support_case_verified_check,
    ADD CHECK (channel IN ('portal', 'phone', 'email', 'chat', 'sms', 'desk', 'api')),
    ADD CHECK (verified IN ('', 'number', 'mail', 'code', 'account')),
    ADD COLUMN situation     text NOT NULL DEFAULT '',        -- what was made out when it was opened: a file's name
    ADD COLUMN team_id       uuid,
    ADD COLUMN tags          text[] NOT NULL DEFAULT '{}',
    ADD COLUMN snoozed_until timestamptz,
    ADD COLUMN merged_into_id uuid REFERENCES support_case,   -- where everything of it is now
    ADD COLUMN answer_due_at timestamptz,                     -- by the promises that hold for it; NULL: none
    ADD COLUMN solve_due_at  timestamptz;
CREATE INDEX support_case_tags ON support_case USING gin (tags);
CREATE INDEX support_case_snoozed ON support_case (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX support_case_due ON support_case (answer_due_at) WHERE state <> 'closed' AND answered_at IS NULL;

ALTER TABLE case_entry
    ADD COLUMN reference text NOT NULL DEFAULT '';             -- the Message-ID, call or text message that carried it
CREATE INDEX case_entry_reference ON case_entry (reference) WHERE reference <> '';

CREATE TABLE support_attachment (                      -- a file that came with an entry; never shown as a page of ours
    id          uuid PRIMARY KEY,
    case_id     uuid NOT NULL REFERENCES support_case ON DELETE CASCADE,
    entry_id    uuid NOT NULL,
    at          timestamptz NOT NULL,
    name        text NOT NULL,
    media_type  text NOT NULL,
    content     bytea NOT NULL
);
CREATE INDEX support_attachment_of ON support_attachment (case_id, at);

CREATE TABLE support_contact (                         -- one time that somebody wanted help, and what came of it
    id                uuid PRIMARY KEY,
    at                timestamptz NOT NULL,
    channel           text NOT NULL,
    key               text NOT NULL UNIQUE,            -- what makes it one contact: chat:…, call:…, case:…, start:…
    site_id           uuid REFERENCES site,
    station_id        uuid REFERENCES station,
    evse_number       int NOT NULL DEFAULT 0,
    driver_id         uuid REFERENCES driver,
    start_request_id  uuid,
    session_id        uuid,
    case_id           uuid REFERENCES support_case ON DELETE SET NULL,
    situation         text NOT NULL DEFAULT '',        -- what we told
    deed              text NOT NULL DEFAULT '',        -- what the driver had done by one tap or key
    human_at          timestamptz,                     -- when a person of ours took part
    energy_at         timestamptz,                     -- when energy flowed to this driver, or at this outlet, after it
    settled_at        timestamptz,
    settled_by        text NOT NULL DEFAULT ''         -- self, human; '' while nobody knows
);
CREATE INDEX support_contact_at ON support_contact (at);
CREATE INDEX support_contact_open ON support_contact (at) WHERE settled_at IS NULL;
CREATE INDEX support_contact_case ON support_contact (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX support_contact_station ON support_contact (station_id, at DESC);
