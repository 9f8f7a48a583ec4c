-- Support cases: one row for each thing that somebody needs help with, and its one timeline.

CREATE SEQUENCE case_number_seq START 2001;

CREATE TABLE support_case (
    id                uuid PRIMARY KEY,
    number            bigint NOT NULL UNIQUE DEFAULT nextval('case_number_seq'),  -- what people say on the phone
    subject           text NOT NULL,
    kind              text NOT NULL,                   -- what it is about: no_start, payment, question …
    state             text NOT NULL CHECK (state IN ('open', 'waiting', 'closed')),
    waits_for         text NOT NULL DEFAULT '' CHECK (waits_for IN ('', 'driver', 'incident')),
    channel           text NOT NULL CHECK (channel IN ('portal', 'phone', 'email', 'chat', 'desk', 'api')),
    priority          smallint NOT NULL DEFAULT 3 CHECK (priority BETWEEN 1 AND 4),
    verified          text NOT NULL DEFAULT '' CHECK (verified IN ('', 'account')),  -- how sure we are of who it is
    driver_id         uuid REFERENCES driver,
    contact_name      text NOT NULL DEFAULT '',
    contact_email     text NOT NULL DEFAULT '',
    contact_phone     text NOT NULL DEFAULT '',
    language          text NOT NULL DEFAULT 'sv',
    site_id           uuid REFERENCES site,
    station_id        uuid REFERENCES station,
    evse_number       int NOT NULL DEFAULT 0,
    session_id        uuid,
    payment_id        uuid,
    incident_id       uuid REFERENCES incident ON DELETE SET NULL,       -- where the report has none of its own
    report_id         uuid REFERENCES driver_report ON DELETE SET NULL,  -- its voice among the drivers' reports
    tell_when_mended  boolean NOT NULL DEFAULT false,
    assignee_id       uuid,
    assignee_name     text NOT NULL DEFAULT '',
    outcome           text NOT NULL DEFAULT '',
    created_at        timestamptz NOT NULL,
    created_by        text NOT NULL,
    answered_at       timestamptz,                     -- when a person first answered
    closed_at         timestamptz,
    closed_by         text NOT NULL DEFAULT '',
    changed_at        timestamptz NOT NULL,
    words             tsvector GENERATED ALWAYS AS (to_tsvector('simple', subject || ' ' || contact_name || ' '
                          || contact_email || ' ' || contact_phone)) STORED
);
CREATE INDEX support_case_open ON support_case (priority, changed_at) WHERE state <> 'closed';
CREATE INDEX support_case_closed ON support_case (closed_at DESC) WHERE state = 'closed';
CREATE INDEX support_case_changed ON support_case (changed_at DESC);
CREATE INDEX support_case_assignee ON support_case (assignee_id) WHERE state <> 'closed';
CREATE INDEX support_case_driver ON support_case (driver_id, created_at DESC);
CREATE INDEX support_case_email ON support_case (contact_email, created_at DESC) WHERE contact_email <> '';
CREATE INDEX support_case_station ON support_case (station_id, created_at DESC);
CREATE INDEX support_case_session ON support_case (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX support_case_incident ON support_case (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX support_case_report ON support_case (report_id) WHERE report_id IS NOT NULL;
CREATE INDEX support_case_words ON support_case USING gin (words);

CREATE TABLE case_entry (                              -- its timeline; rows are only added
    case_id   uuid NOT NULL REFERENCES support_case ON DELETE CASCADE,
    id        uuid PRIMARY KEY,
    at        timestamptz NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('message_in', 'message_out', 'note', 'call', 'machine', 'deed')),
    channel   text NOT NULL DEFAULT '',
    by_kind   text NOT NULL CHECK (by_kind IN ('driver', 'person', 'machine', 'rule')),
    by_name   text NOT NULL DEFAULT '',
    text      text NOT NULL DEFAULT '',                -- English, translated where it is shown
    params    jsonb NOT NULL DEFAULT '{}',
    body      text NOT NULL DEFAULT '',                -- somebody's own words
    mail_id   uuid REFERENCES mail,                    -- the mail that carried it
    words     tsvector GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED
);
CREATE INDEX case_entry_of ON case_entry (case_id, at);
CREATE INDEX case_entry_words ON case_entry USING gin (words) WHERE body <> '';
