-- outside a transaction: what is counted goes on while this is indexed.
-- The hours of a host's sites lie far apart, day after day as they were counted: the key alone tells what is read of them.

CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS usage_class_hour_sums ON usage_class_hour (site_id, hour, plug, model)
    INCLUDE (busy_s, charging_s, energy_wh, began);
ALTER TABLE usage_class_hour DROP CONSTRAINT usage_class_hour_pkey,
    ADD CONSTRAINT usage_class_hour_pkey PRIMARY KEY USING INDEX usage_class_hour_sums;
