-- Pages of campaigns are told what changed within the last seconds.
CREATE INDEX firmware_update_changed ON firmware_update (changed_at) WHERE campaign_id IS NOT NULL;
