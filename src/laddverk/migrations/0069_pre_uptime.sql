-- Codes that chargers write, counted; opening hours; what is excluded from uptime and who stands for it; corrections.

CREATE TABLE code_seen (                          -- each code as it was written, by maker: known or not
    vendor         text NOT NULL,
    model          text NOT NULL,
    raw            text NOT NULL,
    times          bigint NOT NULL,
    first_at       timestamptz NOT NULL,
    last_at        timestamptz NOT NULL,
    last_station   uuid NOT NULL,
    last_info      text NOT NULL DEFAULT '',
    PRIMARY KEY (vendor, model, raw)
);
CREATE INDEX code_seen_last ON code_seen (last_at DESC);

CREATE TABLE site_hours (                         -- opening hours from a day on; no rows: always open
    site_id        uuid NOT NULL REFERENCES site,
    valid_from     date NOT NULL,                 -- local
    openings       jsonb NOT NULL,                -- weekday, from and until in minutes of the wall clock; [] always open
    author         text NOT NULL,
    changed_at     timestamptz NOT NULL,
    PRIMARY KEY (site_id, valid_from)
);

CREATE TABLE uptime_exclusion (                   -- an outage that a policy need not count; two people stand for it
    id             uuid PRIMARY KEY,
    site_id        uuid NOT NULL REFERENCES site,
    station_id     uuid REFERENCES station,       -- NULL: the whole site
    evse_number    int,                           -- NULL: the whole station
    from_at        timestamptz NOT NULL,
    until_at       timestamptz NOT NULL CHECK (until_at > from_at),
    reason         text NOT NULL,
    evidence       text NOT NULL CHECK (evidence <> ''),
    author_id      uuid,
    author         text NOT NULL,
    created_at     timestamptz NOT NULL,
    state          text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'approved', 'refused', 'withdrawn')),
    decided_by_id  uuid,
    decided_by     text NOT NULL DEFAULT '',
    decided_at     timestamptz,
    decided_why    text NOT NULL DEFAULT '',
    CHECK (evse_number IS NULL OR station_id IS NOT NULL),
    CHECK (state <> 'approved' OR decided_by_id IS DISTINCT FROM author_id)
);
CREATE INDEX uptime_exclusion_site ON uptime_exclusion (site_id, from_at DESC);
CREATE INDEX uptime_exclusion_waiting ON uptime_exclusion (created_at) WHERE state = 'proposed';

CREATE TABLE uptime_correction (                  -- it charged while it was not connected: a session that came afterwards
    station_id     uuid NOT NULL,
    evse_number    int NOT NULL,
    from_at        timestamptz NOT NULL,
    until_at       timestamptz NOT NULL CHECK (until_at > from_at),
    session_id     uuid NOT NULL,
    recorded_at    timestamptz NOT NULL,
    PRIMARY KEY (station_id, evse_number, from_at, session_id)
);

CREATE TABLE uptime_month (                       -- worked out each night: what a policy makes of an outlet's month
    station_id     uuid NOT NULL,
    evse_number    int NOT NULL,
    month          date NOT NULL,
    policy         text NOT NULL,
    version        int NOT NULL,
    eligible_s     double precision NOT NULL,
    outage_s       double precision NOT NULL,
    excluded_s     double precision NOT NULL,
    outages        int NOT NULL,                  -- begun in the month
    mended         int NOT NULL,                  -- ended in it
    mended_s       double precision NOT NULL,     -- how long these lasted
    repeats        int NOT NULL,                  -- of those begun: within seven days of the end of another
    states         jsonb NOT NULL DEFAULT '{}',   -- seconds by state, with the honest policy
    lost_wh        bigint NOT NULL DEFAULT 0,     -- what it would have sold meanwhile, with the honest policy
    worked_out_at  timestamptz NOT NULL,
    PRIMARY KEY (month, station_id, evse_number, policy)
);
CREATE INDEX uptime_month_station ON uptime_month (station_id, month);
