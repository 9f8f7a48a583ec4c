-- How outlets are used, hour by hour: made from sessions and states, and made anew where those change.

CREATE TABLE usage_outlet (                       -- what stands, and since when: what use is measured against
    station_id   uuid NOT NULL,
    evse_number  int NOT NULL,
    site_id      uuid NOT NULL,
    plug         text NOT NULL,                   -- of the strongest connector
    vendor       text NOT NULL,
    model        text NOT NULL,
    power_w      int NOT NULL,                    -- rated
    timezone     text NOT NULL,
    opened_at    timestamptz NOT NULL,            -- registered, or its first session where that was before
    closed_at    timestamptz,
    PRIMARY KEY (station_id, evse_number)
);
CREATE INDEX usage_outlet_site ON usage_outlet (site_id);

CREATE TABLE usage_hour (                         -- no row: nothing happened
    station_id    uuid NOT NULL,
    evse_number   int NOT NULL,
    hour          timestamptz NOT NULL,           -- its beginning, UTC
    busy_s        double precision NOT NULL,      -- a car stands at it
    charging_s    double precision NOT NULL,      -- energy may flow
    out_s         double precision NOT NULL,      -- it said that it is out of order, and no car stood at it
    energy_wh     bigint NOT NULL,                -- of sessions that have ended, spread evenly over their charging time
    began         int NOT NULL,                   -- sessions that began in it; what follows is about those that ended
    ended         int NOT NULL,
    stay_s        double precision NOT NULL,
    empty         int NOT NULL,                   -- without energy
    session_wh    bigint NOT NULL,
    revenue_minor bigint NOT NULL,                -- without VAT, in the operator's currency
    sold_wh       bigint NOT NULL,                -- of those with such a price
    priced        int NOT NULL,
    PRIMARY KEY (station_id, evse_number, hour)
);

CREATE TABLE usage_day (LIKE usage_hour);         -- the same by the site's local day
ALTER TABLE usage_day DROP COLUMN hour, ADD COLUMN day date NOT NULL,
    ADD PRIMARY KEY (station_id, evse_number, day);
CREATE INDEX usage_day_day ON usage_day (day);

CREATE TABLE usage_pool_hour (                    -- a site's outlets with the same plug together
    site_id         uuid NOT NULL,
    plug            text NOT NULL,
    hour            timestamptz NOT NULL,
    ports           int NOT NULL,                 -- the most that stood there
    busy_max        int NOT NULL,                 -- at once
    full_s          double precision NOT NULL,    -- none was free: each had a car or was out of order, one had a car
    dark_s          double precision NOT NULL,    -- each was out of order
    full_busy_s     double precision NOT NULL,    -- each had a car
    full_charging_s double precision NOT NULL,    -- each had a car that charged
    busy_s          double precision NOT NULL,
    charging_s      double precision NOT NULL,
    out_s           double precision NOT NULL,
    energy_wh       bigint NOT NULL,
    began           int NOT NULL,
    waited          int NOT NULL,                 -- of these: within ten minutes after a place became free
    PRIMARY KEY (site_id, plug, hour)
);
CREATE INDEX usage_pool_hour_hour ON usage_pool_hour (hour);

CREATE TABLE usage_due (                          -- an inbox: from when on a site, or a station's site, is to be made anew
    station_id  uuid,
    since       timestamptz NOT NULL,
    site_id     uuid,
    CHECK (num_nonnulls(station_id, site_id) = 1)
);
CREATE TABLE usage_made (                         -- how far a site was made
    site_id     uuid PRIMARY KEY,
    until       timestamptz NOT NULL
);

CREATE FUNCTION usage_note_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_due VALUES (NEW.station_id, NEW.started_at);
    IF TG_OP = 'UPDATE' AND OLD.started_at < NEW.started_at THEN
        INSERT INTO usage_due VALUES (OLD.station_id, OLD.started_at);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER usage_session_new AFTER INSERT ON session FOR EACH ROW EXECUTE FUNCTION usage_note_session();
CREATE TRIGGER usage_session_changed AFTER UPDATE ON session FOR EACH ROW
    WHEN ((OLD.started_at, OLD.ended_at, OLD.evse_number, OLD.price_minor, OLD.vat_minor, OLD.currency)
          IS DISTINCT FROM
          (NEW.started_at, NEW.ended_at, NEW.evse_number, NEW.price_minor, NEW.vat_minor, NEW.currency)
          OR NEW.ended_at IS NOT NULL AND (OLD.energy_wh <> NEW.energy_wh
             OR OLD.charging_ended_at IS DISTINCT FROM NEW.charging_ended_at))
    EXECUTE FUNCTION usage_note_session();
CREATE FUNCTION usage_note_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_due VALUES (NEW.station_id, NEW.started_at);
    RETURN NULL;
END $$;
CREATE TRIGGER usage_state_new AFTER INSERT ON connector_state FOR EACH ROW EXECUTE FUNCTION usage_note_state();

INSERT INTO usage_due SELECT station_id, min(started_at) FROM session GROUP BY station_id;
