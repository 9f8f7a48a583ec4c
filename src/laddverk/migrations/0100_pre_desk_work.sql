-- The work of the support desk: teams, promises with their hours, macros, rules at opening, views, ratings, who looks at
-- what, cases that belong together, and answers that wait for their time.

CREATE TABLE support_hours (                           -- when somebody of ours works
    id             uuid PRIMARY KEY,
    name           text NOT NULL,
    days           jsonb NOT NULL,                     -- Monday to Sunday: spans of minutes after midnight [[480, 1020]]
    free_holidays  boolean NOT NULL DEFAULT true,      -- closed on the public holidays of Sweden
    free_days      date[] NOT NULL DEFAULT '{}',       -- and on these: eves, days between
    removed_at     timestamptz
);

CREATE TABLE support_team (
    id             uuid PRIMARY KEY,
    name           text NOT NULL,
    lead_id        uuid,                               -- who is told when a promise is broken
    members        uuid[] NOT NULL DEFAULT '{}',
    kinds          text[] NOT NULL DEFAULT '{}',       -- new cases of these kinds come here; empty with sites: all kinds
    site_ids       uuid[] NOT NULL DEFAULT '{}',
    takes_turns    boolean NOT NULL DEFAULT false,     -- new cases go round its members
    last_given_id  uuid,
    removed_at     timestamptz
);

CREATE TABLE support_promise (
    id              uuid PRIMARY KEY,
    position        int NOT NULL,                      -- the first that fits a case holds
    name            text NOT NULL,
    priorities      smallint[] NOT NULL DEFAULT '{}',  -- empty: all; the same for the next three
    kinds           text[] NOT NULL DEFAULT '{}',
    site_ids        uuid[] NOT NULL DEFAULT '{}',
    account_ids     uuid[] NOT NULL DEFAULT '{}',      -- customers whose members the drivers are
    hours_id        uuid REFERENCES support_hours,     -- NULL: around the clock
    answer_minutes  int CHECK (answer_minutes > 0),
    solve_minutes   int CHECK (solve_minutes > 0),
    removed_at      timestamptz
);

CREATE TABLE support_late (                            -- a promise that was broken, told once
    case_id  uuid NOT NULL REFERENCES support_case ON DELETE CASCADE,
    what     text NOT NULL CHECK (what IN ('answer', 'solve')),
    due_at   timestamptz NOT NULL,
    told_at  timestamptz NOT NULL,
    PRIMARY KEY (case_id, what)
);

CREATE TABLE support_macro (                           -- a canned answer, and what is done with it in one click
    id          uuid PRIMARY KEY,
    name        text NOT NULL,
    scope       text NOT NULL CHECK (scope IN ('own', 'team', 'all')),
    owner_id    uuid,
    team_id     uuid REFERENCES support_team,
    texts       jsonb NOT NULL DEFAULT '{}',           -- by language
    deeds       jsonb NOT NULL DEFAULT '{}',
    used        int NOT NULL DEFAULT 0,
    changed_at  timestamptz NOT NULL,
    removed_at  timestamptz
);

CREATE TABLE support_rule (                            -- what is done when a case is opened
    id          uuid PRIMARY KEY,
    position    int NOT NULL,
    name        text NOT NULL,
    looks_at    jsonb NOT NULL DEFAULT '{}',
    does        jsonb NOT NULL DEFAULT '{}',
    removed_at  timestamptz
);

CREATE TABLE support_view (                            -- a saved filter of the inbox
    id          uuid PRIMARY KEY,
    name        text NOT NULL,
    owner_id    uuid NOT NULL,
    owner_name  text NOT NULL,
    is_shared   boolean NOT NULL DEFAULT false,
    query       text NOT NULL,
    created_at  timestamptz NOT NULL
);
CREATE INDEX support_view_of ON support_view (owner_id, name);

CREATE TABLE support_rating (                          -- what the driver thought of it, once
    case_id   uuid PRIMARY KEY REFERENCES support_case ON DELETE CASCADE,
    is_good   boolean NOT NULL,
    reason    text NOT NULL DEFAULT '',
    at        timestamptz NOT NULL
);
CREATE INDEX support_rating_at ON support_rating (at);

CREATE TABLE support_relation (                        -- cases that belong together; the smaller id first
    one_id    uuid NOT NULL REFERENCES support_case ON DELETE CASCADE,
    other_id  uuid NOT NULL REFERENCES support_case ON DELETE CASCADE,
    at        timestamptz NOT NULL,
    by_name   text NOT NULL,
    PRIMARY KEY (one_id, other_id)
);
CREATE INDEX support_relation_other ON support_relation (other_id);

CREATE TABLE support_merge (                           -- what a merged case was before, so that it can be undone
    case_id   uuid PRIMARY KEY REFERENCES support_case ON DELETE CASCADE,
    into_id   uuid NOT NULL REFERENCES support_case ON DELETE CASCADE,
    at        timestamptz NOT NULL,
    by_name   text NOT NULL,
    was       jsonb NOT NULL,
    children  uuid[] NOT NULL DEFAULT '{}'             -- what had been merged into it before
);
CREATE INDEX support_merge_into ON support_merge (into_id);

CREATE UNLOGGED TABLE support_presence (               -- who looks at a case now; worth nothing after a minute
    case_id      uuid NOT NULL,
    operator_id  uuid NOT NULL,
    name         text NOT NULL,
    seen_at      timestamptz NOT NULL,
    writing_at   timestamptz,
    PRIMARY KEY (case_id, operator_id)
);

CREATE TABLE support_outgoing (                        -- an answer that waits for its time
    id             uuid PRIMARY KEY,
    case_id        uuid NOT NULL REFERENCES support_case ON DELETE CASCADE,
    operator_id    uuid,
    operator_name  text NOT NULL,
    body           text NOT NULL,
    written_at     timestamptz NOT NULL,
    send_at        timestamptz NOT NULL,
    sent_at        timestamptz,
    withdrawn_at   timestamptz,
    error          text NOT NULL DEFAULT ''
);
CREATE INDEX support_outgoing_due ON support_outgoing (send_at) WHERE sent_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX support_outgoing_of ON support_outgoing (case_id);

ALTER TABLE support_case
    ADD COLUMN promise_id  uuid REFERENCES support_promise,
    ADD COLUMN paused_at   timestamptz,                -- since when its clock stands still: it waits for the driver, or is over
    ADD COLUMN paused_s    int NOT NULL DEFAULT 0;     -- how long it stood still before, in seconds of the promise's hours
-- The order of every list: what is not over first, the most urgent first, then who has waited longest.
CREATE INDEX support_case_listed
    ON support_case (closed_at DESC NULLS FIRST, priority, changed_at, number);
CREATE INDEX support_case_created ON support_case (created_at);
CREATE INDEX support_case_solve_due ON support_case (solve_due_at) WHERE state <> 'closed' AND solve_due_at IS NOT NULL;
CREATE INDEX support_case_merged ON support_case (merged_into_id) WHERE merged_into_id IS NOT NULL;
CREATE INDEX support_case_team ON support_case (team_id) WHERE state <> 'closed';
