-- What energy cost is added up with the rest where its price is known; hours of the week of a month lie packed.

ALTER TABLE usage_class_day ADD COLUMN spot_minor double precision NOT NULL DEFAULT 0,  -- at the exchange's price
    ADD COLUMN spot_wh bigint NOT NULL DEFAULT 0;                                       -- of hours whose price is known
ALTER TABLE usage_class_month ADD COLUMN spot_minor double precision NOT NULL DEFAULT 0,
    ADD COLUMN spot_wh bigint NOT NULL DEFAULT 0;

-- Numbers of four bytes, the highest first, one behind the other: read without a word for each of them.
DELETE FROM usage_pool_month;
ALTER TABLE usage_pool_month DROP COLUMN began, DROP COLUMN closed_ms, DROP COLUMN full_ms, DROP COLUMN full_busy_ms,
    DROP COLUMN full_charging_ms, ADD COLUMN began bytea, ADD COLUMN closed_ms bytea, ADD COLUMN full_ms bytea,
    ADD COLUMN full_busy_ms bytea, ADD COLUMN full_charging_ms bytea;
ALTER TABLE usage_pool_month ALTER COLUMN began SET STORAGE PLAIN, ALTER COLUMN closed_ms SET STORAGE PLAIN,
    ALTER COLUMN full_ms SET STORAGE EXTERNAL, ALTER COLUMN full_busy_ms SET STORAGE EXTERNAL,
    ALTER COLUMN full_charging_ms SET STORAGE EXTERNAL;

CREATE FUNCTION usage_note_prices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_due (site_id, since, until)
    SELECT w.site_id, min(n.starts_at), max(n.ends_at) FROM fresh n JOIN plan_wish w USING (area) GROUP BY w.site_id;
    RETURN NULL;
END $$;
CREATE TRIGGER usage_price_new AFTER INSERT ON spot_price REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION usage_note_prices();
CREATE TRIGGER usage_price_changed AFTER UPDATE ON spot_price REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION usage_note_prices();
CREATE FUNCTION usage_note_area() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_due (site_id, since)
    SELECT site_id, min(opened_at) FROM usage_outlet WHERE site_id = NEW.site_id GROUP BY site_id;
    RETURN NULL;
END $$;
CREATE TRIGGER usage_area_new AFTER INSERT ON plan_wish FOR EACH ROW EXECUTE FUNCTION usage_note_area();
CREATE TRIGGER usage_area_changed AFTER UPDATE ON plan_wish FOR EACH ROW WHEN (OLD.area IS DISTINCT FROM NEW.area)
    EXECUTE FUNCTION usage_note_area();

INSERT INTO usage_due (site_id, since) SELECT site_id, min(opened_at) FROM usage_outlet GROUP BY site_id;
