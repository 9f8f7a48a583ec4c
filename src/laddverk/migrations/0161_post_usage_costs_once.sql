-- What energy cost stands in cost_minor, with what is typed on top. All is counted anew once no program runs that leaves
-- it out.

ALTER TABLE usage_class_day DROP COLUMN spot_minor, DROP COLUMN spot_wh;
ALTER TABLE usage_class_month DROP COLUMN spot_minor, DROP COLUMN spot_wh;
INSERT INTO usage_due (site_id, since) SELECT site_id, min(opened_at) FROM usage_outlet GROUP BY site_id;
