-- Usage added up so that years of a large network are read in a moment: by class, by month, and for the whole network.
-- A class is the outlets of a site with the same plug and of the same model. Single outlets are kept by day and month.

DROP TABLE usage_hour, usage_pool_hour;           -- usage has no figures until this program has counted anew

CREATE TABLE usage_class_hour (                   -- no row: nothing happened
    site_id       uuid NOT NULL,                  -- all zeros: every site together
    plug          text NOT NULL,
    model         text NOT NULL,                  -- vendor and model
    hour          timestamptz NOT NULL,           -- its beginning, UTC
    busy_s        double precision NOT NULL,
    charging_s    double precision NOT NULL,
    energy_wh     bigint NOT NULL,
    began         int NOT NULL,
    PRIMARY KEY (site_id, hour, plug, model)
);
CREATE TABLE usage_class_day (LIKE usage_day);    -- by the site's local day; all zeros as above
ALTER TABLE usage_class_day DROP COLUMN station_id, DROP COLUMN evse_number, ADD COLUMN site_id uuid NOT NULL,
    ADD COLUMN plug text NOT NULL, ADD COLUMN model text NOT NULL, ADD PRIMARY KEY (site_id, day, plug, model);
CREATE INDEX usage_class_day_day ON usage_class_day (day);
CREATE TABLE usage_class_month (LIKE usage_class_day);
ALTER TABLE usage_class_month DROP COLUMN day, ADD COLUMN month date NOT NULL,
    ADD PRIMARY KEY (site_id, month, plug, model);
CREATE INDEX usage_class_month_month ON usage_class_month (month);
CREATE TABLE usage_month (LIKE usage_day);        -- of an outlet; a month is named by its first day
ALTER TABLE usage_month DROP COLUMN day, ADD COLUMN month date NOT NULL,
    ADD PRIMARY KEY (station_id, evse_number, month);
CREATE INDEX usage_month_month ON usage_month (month);

CREATE TABLE usage_full_hour (                    -- of a site's outlets with the same plug; no row: there was room
    site_id         uuid NOT NULL,
    plug            text NOT NULL,
    hour            timestamptz NOT NULL,
    full_s          double precision NOT NULL,    -- none was free: each had a car or was out of order, one had a car
    dark_s          double precision NOT NULL,    -- each was out of order
    full_busy_s     double precision NOT NULL,    -- each had a car
    full_charging_s double precision NOT NULL,    -- each had a car that charged
    waited          int NOT NULL,                 -- sessions within ten minutes after a place became free
    PRIMARY KEY (site_id, plug, hour)
);
CREATE TABLE usage_pool_day (                     -- the same by local day; arrays by local hour, midnight first
    site_id          uuid NOT NULL,
    plug             text NOT NULL,
    day              date NOT NULL,
    ports            int NOT NULL,                -- the most that stood there
    taken_max        double precision NOT NULL,   -- the largest share of them that had a car at once
    full_s           double precision NOT NULL,
    dark_s           double precision NOT NULL,
    waited           int NOT NULL,
    began            int[],                       -- NULL: nobody came
    closed_ms        int[],                       -- full or dark. NULL: there always was room, so the next as well
    full_ms          int[],
    full_busy_ms     int[],
    full_charging_ms int[],
    PRIMARY KEY (site_id, plug, day)
);
CREATE INDEX usage_pool_day_day ON usage_pool_day (day);
CREATE TABLE usage_pool_month (LIKE usage_pool_day); -- arrays by hour of the local week, Monday midnight first
ALTER TABLE usage_pool_month DROP COLUMN day, ADD COLUMN month date NOT NULL, ADD PRIMARY KEY (site_id, plug, month);
CREATE INDEX usage_pool_month_month ON usage_pool_month (month);

CREATE TABLE usage_attempt_day (                  -- attempts to charge, by the local day on which they began
    site_id    uuid NOT NULL,
    plug       text NOT NULL,
    model      text NOT NULL,
    day        date NOT NULL,
    attempts   int NOT NULL,
    failed     int NOT NULL,
    retries    int NOT NULL,                      -- failed, and the same person tried again within half an hour
    PRIMARY KEY (site_id, day, plug, model)
);
CREATE INDEX usage_attempt_day_day ON usage_attempt_day (day);

CREATE TABLE usage_network_due (                  -- days (UTC) of which the whole network is to be added up anew
    day   date PRIMARY KEY
);
ALTER TABLE usage_due ADD COLUMN until timestamptz;   -- what is noted changes nothing after it; NULL: until now

CREATE OR REPLACE FUNCTION usage_note_session() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := NEW.started_at;
    until timestamptz := NULL;                    -- one that goes on, or did, was counted until whenever
BEGIN
    IF NEW.ended_at IS NOT NULL THEN              -- a place that it freed tells for ten minutes who had waited
        until := greatest(NEW.started_at, NEW.ended_at) + interval '10 minutes';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        since := least(OLD.started_at, NEW.started_at);
        IF OLD.ended_at IS NULL THEN
            until := NULL;
        ELSIF until IS NOT NULL THEN
            until := greatest(until, OLD.started_at, OLD.ended_at + interval '10 minutes');
        END IF;
    END IF;
    INSERT INTO usage_due (station_id, since, until) VALUES (NEW.station_id, since, until);
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION usage_note_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_due (station_id, since) VALUES (NEW.station_id, NEW.started_at);
    RETURN NULL;
END $$;
CREATE FUNCTION usage_note_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- One that failed in the hour before may have been followed by this one.
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO usage_due (station_id, since, until)
        VALUES (OLD.station_id, OLD.began_at - interval '1 hour', OLD.began_at + interval '1 second');
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO usage_due (station_id, since, until)
        VALUES (NEW.station_id, NEW.began_at - interval '1 hour', NEW.began_at + interval '1 second');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER usage_attempt_new AFTER INSERT ON session_outcome FOR EACH ROW EXECUTE FUNCTION usage_note_attempt();
CREATE TRIGGER usage_attempt_gone AFTER DELETE ON session_outcome FOR EACH ROW
    WHEN (OLD.ended_at > now() - interval '60 days')  -- what is deleted because it is old stays counted
    EXECUTE FUNCTION usage_note_attempt();
CREATE TRIGGER usage_attempt_changed AFTER UPDATE ON session_outcome FOR EACH ROW
    WHEN ((OLD.began_at, OLD.ended_at, OLD.outcome, OLD.token_key, OLD.car_key)
          IS DISTINCT FROM (NEW.began_at, NEW.ended_at, NEW.outcome, NEW.token_key, NEW.car_key))
    EXECUTE FUNCTION usage_note_attempt();

DELETE FROM usage_due;
TRUNCATE usage_day, usage_made;
INSERT INTO usage_due (station_id, since)
SELECT station_id, min(since) FROM (
    SELECT station_id, min(started_at) AS since FROM session GROUP BY station_id
    UNION ALL SELECT station_id, min(began_at) FROM session_outcome GROUP BY station_id
) x GROUP BY station_id;
