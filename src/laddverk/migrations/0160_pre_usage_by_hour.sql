-- All of usage by hour, and what energy cost by outlet: so revenue and margin by every group, of the network as well.

ALTER TABLE usage_class_hour ADD COLUMN out_s double precision NOT NULL DEFAULT 0,   -- as in usage_day
    ADD COLUMN ended int NOT NULL DEFAULT 0,                -- of the sessions that began in it; so what follows
    ADD COLUMN stay_s double precision NOT NULL DEFAULT 0,
    ADD COLUMN empty int NOT NULL DEFAULT 0,
    ADD COLUMN session_wh bigint NOT NULL DEFAULT 0,
    ADD COLUMN revenue_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN sold_wh bigint NOT NULL DEFAULT 0,
    ADD COLUMN priced int NOT NULL DEFAULT 0,
    ADD COLUMN cost_minor double precision NOT NULL DEFAULT 0,
    ADD COLUMN cost_wh bigint NOT NULL DEFAULT 0,
    ADD COLUMN costed_minor bigint NOT NULL DEFAULT 0;
-- Of hours whose price of energy is known: what was given cost, at the exchange and on top of it; how much that was;
-- and the revenue of the sessions that began in them.
ALTER TABLE usage_day ADD COLUMN cost_minor double precision NOT NULL DEFAULT 0,
    ADD COLUMN cost_wh bigint NOT NULL DEFAULT 0, ADD COLUMN costed_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE usage_month ADD COLUMN cost_minor double precision NOT NULL DEFAULT 0,
    ADD COLUMN cost_wh bigint NOT NULL DEFAULT 0, ADD COLUMN costed_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE usage_class_day ADD COLUMN cost_minor double precision NOT NULL DEFAULT 0,
    ADD COLUMN cost_wh bigint NOT NULL DEFAULT 0, ADD COLUMN costed_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE usage_class_month ADD COLUMN cost_minor double precision NOT NULL DEFAULT 0,
    ADD COLUMN cost_wh bigint NOT NULL DEFAULT 0, ADD COLUMN costed_minor bigint NOT NULL DEFAULT 0;

CREATE OR REPLACE FUNCTION usage_note_area() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    site uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.site_id ELSE NEW.site_id END;
BEGIN
    INSERT INTO usage_due (site_id, since)
    SELECT site_id, min(opened_at) FROM usage_outlet WHERE site_id = site GROUP BY site_id;
    RETURN NULL;
END $$;
CREATE TRIGGER usage_area_gone AFTER DELETE ON plan_wish FOR EACH ROW EXECUTE FUNCTION usage_note_area();
CREATE OR REPLACE TRIGGER usage_area_changed AFTER UPDATE ON plan_wish FOR EACH ROW
    WHEN ((OLD.area, OLD.added_per_kwh) IS DISTINCT FROM (NEW.area, NEW.added_per_kwh))
    EXECUTE FUNCTION usage_note_area();
