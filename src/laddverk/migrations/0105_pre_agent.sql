-- What agents do from the page of a case, and what is done by itself when a situation arises.

CREATE TABLE case_deed (                               -- one thing that an agent asked for; its result is what it led to
    id               uuid PRIMARY KEY,
    case_id          uuid NOT NULL REFERENCES support_case ON DELETE CASCADE,
    at               timestamptz NOT NULL,
    by_id            uuid,
    by_name          text NOT NULL,
    deed             text NOT NULL,                    -- the button
    reason           text NOT NULL DEFAULT '',
    amount_minor     bigint CHECK (amount_minor > 0),  -- of what moves money
    currency         text,
    payment_id       uuid,
    refund_id        uuid,
    station_id       uuid,
    command_id       uuid,                             -- the charger's part: its state is the result
    start_request_id uuid,
    work_order_id    uuid,
    detail           text NOT NULL DEFAULT '',         -- to whom, or which outlet
    state            text NOT NULL CHECK (state IN ('done', 'waits', 'declined')),
    decided_at       timestamptz,                      -- by a second person, where one is needed
    decided_by       text NOT NULL DEFAULT '',
    once             uuid UNIQUE                       -- the form's own id: the same form twice does it once
);
CREATE INDEX case_deed_of ON case_deed (case_id, at DESC);
CREATE INDEX case_deed_waits ON case_deed (at) WHERE state = 'waits';
CREATE INDEX case_deed_refunds ON case_deed (by_id, at) WHERE amount_minor IS NOT NULL;

CREATE TABLE situation_step (                          -- what was done by itself, once for each time it arose
    occurrence       text PRIMARY KEY,                 -- the situation and what it arose from
    at               timestamptz NOT NULL,
    situation        text NOT NULL,
    step             text NOT NULL,
    station_id       uuid NOT NULL,
    evse_number      int NOT NULL,
    start_request_id uuid,
    session_id       uuid,
    command_id       uuid,
    state            text NOT NULL CHECK (state IN ('done', 'held')),
    why              text NOT NULL DEFAULT ''          -- what held it back
);
CREATE INDEX situation_step_at ON situation_step (station_id, at DESC);
