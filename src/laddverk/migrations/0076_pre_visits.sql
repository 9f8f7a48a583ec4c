-- Visits: several work orders that one person goes for on one day; and calendars that technicians subscribe to.

CREATE SEQUENCE visit_number_seq START 11;

CREATE TABLE visit (
    id            uuid PRIMARY KEY,
    number        bigint NOT NULL UNIQUE DEFAULT nextval('visit_number_seq'),
    planned_on    date NOT NULL,
    starts_at     time,                           -- of the day, where the sites are; NULL: some time that day
    technician    text NOT NULL DEFAULT '',
    note          text NOT NULL DEFAULT '',
    cancelled_at  timestamptz,
    revision      int NOT NULL DEFAULT 0,         -- grows with each change: calendars need it
    created_at    timestamptz NOT NULL,
    created_by    text NOT NULL,
    changed_at    timestamptz NOT NULL
);
CREATE INDEX visit_day ON visit (planned_on);

ALTER TABLE work_order ADD COLUMN visit_id uuid REFERENCES visit;
CREATE INDEX work_order_visit ON work_order (visit_id) WHERE visit_id IS NOT NULL;

CREATE TABLE visit_calendar (                     -- a secret link by which a calendar reads the visits of somebody
    id           uuid PRIMARY KEY,
    technician   text NOT NULL,
    language     text NOT NULL,
    secret_hash  bytea NOT NULL UNIQUE,           -- the secret itself is kept nowhere
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,
    revoked_at   timestamptz,
    read_at      timestamptz
);
