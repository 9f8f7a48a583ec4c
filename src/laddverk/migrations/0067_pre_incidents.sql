-- Incidents: one row for each real problem, what happened to it, what drivers reported, and who is told.

CREATE SEQUENCE incident_number_seq START 1001;

CREATE TABLE incident (
    id               uuid PRIMARY KEY,
    number           bigint NOT NULL UNIQUE DEFAULT nextval('incident_number_seq'),  -- what people say on the phone
    scope            text NOT NULL,                   -- evse, station, site, carrier, firmware, car
    scope_key        text NOT NULL,                   -- which one, in words of that scope
    site_id          uuid,                            -- the site all of it is at; NULL when it is at several
    station_id       uuid,                            -- the station all of it is at; NULL when it is at several
    evse_number      int NOT NULL DEFAULT 0,
    stations         uuid[] NOT NULL,
    sites            uuid[] NOT NULL,
    family           text NOT NULL,
    severity         smallint NOT NULL CHECK (severity BETWEEN 0 AND 4),        -- after demand was weighed in
    found_severity   smallint NOT NULL CHECK (found_severity BETWEEN 0 AND 4),  -- as the detectors say
    confidence       real NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    state            text NOT NULL CHECK (state IN
                     ('held', 'new', 'acknowledged', 'in_work', 'verifying', 'closed', 'false', 'merged')),
    since            timestamptz NOT NULL,            -- when it probably began
    opens_at         timestamptz NOT NULL,            -- when a held one is shown, if it is still there
    raised_at        timestamptz,                     -- when it was shown
    last_at          timestamptz NOT NULL,            -- newest evidence
    quiet_since      timestamptz,                     -- since when nothing of it is seen any more
    hidden_by        text NOT NULL DEFAULT '',        -- maintenance, silence, outage, muted: why nobody is told
    parent_id        uuid REFERENCES incident ON DELETE SET NULL,  -- the larger problem that it turned out to be part of
    times            int NOT NULL DEFAULT 1,          -- how often it came and went
    repeats          int NOT NULL DEFAULT 0,          -- how often it came back after it had been closed
    reports          int NOT NULL DEFAULT 0,          -- what drivers reported
    drivers_day      real NOT NULL DEFAULT 0,         -- who would come in the next 24 h, from the last four weeks
    energy_day_wh    bigint NOT NULL DEFAULT 0,
    has_alternative  boolean NOT NULL DEFAULT true,   -- another charger at the site can charge
    weighed_at       timestamptz,                     -- when these three were looked up
    level            int NOT NULL DEFAULT 0,          -- how far it was escalated
    called_at        timestamptz,                     -- when somebody was last called
    owner_name       text NOT NULL DEFAULT '',
    acknowledged_at  timestamptz,
    verifying_at     timestamptz,
    closed_at        timestamptz,
    changed_at       timestamptz NOT NULL
);
CREATE INDEX incident_open ON incident (severity, since)
    WHERE state IN ('held', 'new', 'acknowledged', 'in_work', 'verifying');
CREATE INDEX incident_closed ON incident (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX incident_station ON incident USING gin (stations);
CREATE INDEX incident_changed ON incident (changed_at DESC);

CREATE TABLE incident_event (                         -- its timeline; rows are only added
    incident_id  uuid NOT NULL REFERENCES incident ON DELETE CASCADE,
    id           uuid PRIMARY KEY,
    at           timestamptz NOT NULL,
    by_kind      text NOT NULL CHECK (by_kind IN ('machine', 'person', 'rule')),
    by_name      text NOT NULL DEFAULT '',
    text         text NOT NULL,                       -- English, translated where it is shown
    params       jsonb NOT NULL DEFAULT '{}',
    note         text NOT NULL DEFAULT '',            -- what a person wrote
    is_remedy    boolean NOT NULL DEFAULT false       -- something that was done to mend it
);
CREATE INDEX incident_event_of ON incident_event (incident_id, at);

CREATE TABLE incident_closing (                       -- why it was closed: one row for each time
    id              uuid PRIMARY KEY,
    incident_id     uuid NOT NULL REFERENCES incident ON DELETE CASCADE,
    at              timestamptz NOT NULL,
    by_name         text NOT NULL,
    cause           text NOT NULL,
    useful          boolean,                          -- NULL: nobody looked; says nothing of the detectors
    part            text NOT NULL DEFAULT '',
    cost_minor      bigint NOT NULL DEFAULT 0 CHECK (cost_minor >= 0),
    currency        text NOT NULL DEFAULT '',
    note            text NOT NULL DEFAULT '',
    detectors       text[] NOT NULL DEFAULT '{}'      -- whose findings it was made of
);
CREATE INDEX incident_closing_of ON incident_closing (incident_id, at);
CREATE INDEX incident_closing_detectors ON incident_closing USING gin (detectors);

CREATE TABLE quiet_span (                             -- silences and maintenance windows: both end by themselves
    id           uuid PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('silence', 'maintenance')),
    site_id      uuid REFERENCES site,
    station_id   uuid REFERENCES station,
    evse_number  int,
    family       text NOT NULL DEFAULT '',            -- '': all
    detector     text NOT NULL DEFAULT '',
    from_at      timestamptz NOT NULL,
    until_at     timestamptz NOT NULL CHECK (until_at > from_at),
    reason       text NOT NULL,
    author       text NOT NULL,
    created_at   timestamptz NOT NULL,
    ended_at     timestamptz                          -- ended early by a person
);
CREATE INDEX quiet_span_until ON quiet_span (until_at);

CREATE TABLE pipeline_pulse (                         -- one row: the watch says that it is alive
    only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    beaten_at    timestamptz NOT NULL
);
CREATE TABLE own_outage (                             -- when we ourselves stood still: chargers are not to blame then
    from_at      timestamptz PRIMARY KEY,
    until_at     timestamptz NOT NULL
);

CREATE TABLE driver_report (
    id           uuid PRIMARY KEY,
    station_id   uuid NOT NULL REFERENCES station,
    evse_number  int NOT NULL,
    at           timestamptz NOT NULL,
    kind         text NOT NULL,
    text         text NOT NULL DEFAULT '',
    language     text NOT NULL DEFAULT 'sv',
    person_key   text NOT NULL,                       -- keyed digest: two reports of one person count once
    session_id   uuid,
    photo        bytea,
    photo_kind   text NOT NULL DEFAULT '',
    incident_id  uuid REFERENCES incident ON DELETE SET NULL
);
CREATE INDEX driver_report_at ON driver_report (station_id, at DESC);
CREATE INDEX driver_report_incident ON driver_report (incident_id);

CREATE TABLE on_call_person (
    id           uuid PRIMARY KEY,
    name         text NOT NULL,
    email        text NOT NULL DEFAULT '',
    phone        text NOT NULL DEFAULT '',            -- E.164
    language     text NOT NULL DEFAULT 'sv',
    quiet_from   time,                                -- local; safety ignores it
    quiet_until  time,
    created_at   timestamptz NOT NULL,
    removed_at   timestamptz
);
CREATE TABLE on_call_step (                           -- the chain: who is called first, and who next when nobody answers
    level          int PRIMARY KEY CHECK (level BETWEEN 1 AND 5),
    people         uuid[] NOT NULL,                   -- take turns in this order
    days_each      int NOT NULL CHECK (days_each BETWEEN 1 AND 28),
    starts_on      date NOT NULL,
    handover_time  time NOT NULL,                     -- local
    wait_minutes   int NOT NULL CHECK (wait_minutes BETWEEN 1 AND 240)  -- then the next level is called
);
CREATE TABLE on_call_swap (                           -- somebody takes a shift of another
    id           uuid PRIMARY KEY,
    level        int NOT NULL,
    person_id    uuid NOT NULL REFERENCES on_call_person,
    from_at      timestamptz NOT NULL,
    until_at     timestamptz NOT NULL CHECK (until_at > from_at),
    author       text NOT NULL
);
CREATE TABLE alert_webhook (
    id           uuid PRIMARY KEY,
    url          text NOT NULL,
    note         text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL,
    removed_at   timestamptz
);
CREATE TABLE alert (                                  -- each message to each person or webhook
    id               uuid PRIMARY KEY,
    incident_id      uuid REFERENCES incident ON DELETE CASCADE,
    person_id        uuid REFERENCES on_call_person,
    webhook_id       uuid REFERENCES alert_webhook,
    channel          text NOT NULL CHECK (channel IN ('email', 'sms', 'webhook')),
    level            int NOT NULL DEFAULT 1,
    what             text NOT NULL,                   -- opened, escalated, closed, test
    body             text NOT NULL DEFAULT '',
    created_at       timestamptz NOT NULL,
    not_before       timestamptz NOT NULL,
    sent_at          timestamptz,
    provider_ref     text NOT NULL DEFAULT '',
    error            text NOT NULL DEFAULT '',
    attempts         int NOT NULL DEFAULT 0,
    acknowledged_at  timestamptz
);
CREATE INDEX alert_incident ON alert (incident_id, created_at);
CREATE INDEX alert_created ON alert (created_at DESC);
