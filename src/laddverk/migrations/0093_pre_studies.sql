-- Studies of what would relieve a site, replayed on its own sessions; and where drivers wish for a charger.

CREATE TABLE study (
    id           uuid PRIMARY KEY,
    site_id      uuid NOT NULL REFERENCES site,
    title        text NOT NULL,
    asked        jsonb NOT NULL,                  -- the Asked struct: everything that the answer depends on but the stays
    ground       jsonb NOT NULL,                  -- the Ground struct: the site as it was when it was asked
    stays        bytea NOT NULL,                  -- compressed; drivers are opaque keys
    stays_count  int NOT NULL,
    options      jsonb NOT NULL,                  -- what is played, in order
    units        int NOT NULL,                    -- how many replays that makes
    state        text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    why          text NOT NULL DEFAULT '',        -- of one that failed
    made_at      timestamptz NOT NULL,
    made_by      text NOT NULL,
    ended_at     timestamptz
);
CREATE INDEX study_site ON study (site_id, made_at DESC);

CREATE TABLE study_part (                         -- one replay: an option in one draw
    study_id  uuid NOT NULL REFERENCES study ON DELETE CASCADE,
    place     int NOT NULL,                       -- among the options
    draw      int NOT NULL,
    outcome   jsonb NOT NULL,
    cpu_s     real NOT NULL DEFAULT 0,
    PRIMARY KEY (study_id, place, draw)
);

CREATE TABLE place_wish (                         -- a driver asks for a charger at a place
    id          uuid PRIMARY KEY,
    at          timestamptz NOT NULL,
    driver_id   uuid REFERENCES driver,
    sender      bytea NOT NULL,                   -- keyed digest of the address it came from: limits, nothing else
    place       text NOT NULL,
    note        text NOT NULL DEFAULT '',
    latitude    double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude   double precision CHECK (longitude BETWEEN -180 AND 180),
    state       text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'considered', 'built', 'declined')),
    decided_at  timestamptz,
    decided_by  text NOT NULL DEFAULT ''
);
CREATE INDEX place_wish_at ON place_wish (at DESC);
CREATE INDEX place_wish_sender ON place_wish (sender, at);
CREATE INDEX place_wish_driver ON place_wish (driver_id, at);
