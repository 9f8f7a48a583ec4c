-- outside a transaction: what is counted goes on while this is indexed.
-- A page of usage adds up five numbers of all pools; beside them lie hours of the week, forty times as long.

CREATE INDEX CONCURRENTLY IF NOT EXISTS usage_pool_month_sums ON usage_pool_month (month, site_id, plug)
    INCLUDE (ports, taken_max, full_s, dark_s, waited);
CREATE INDEX CONCURRENTLY IF NOT EXISTS usage_pool_day_sums ON usage_pool_day (day, site_id, plug)
    INCLUDE (ports, taken_max, full_s, dark_s, waited);
DROP INDEX CONCURRENTLY IF EXISTS usage_pool_month_month;
DROP INDEX CONCURRENTLY IF EXISTS usage_pool_day_day;
