-- Attempts to charge by month, as the rest of usage.

CREATE TABLE usage_attempt_month (LIKE usage_attempt_day);
ALTER TABLE usage_attempt_month DROP COLUMN day, ADD COLUMN month date NOT NULL,
    ADD PRIMARY KEY (site_id, month, plug, model);
CREATE INDEX usage_attempt_month_month ON usage_attempt_month (month);
INSERT INTO usage_attempt_month (site_id, plug, model, month, attempts, failed, retries)
SELECT site_id, plug, model, date_trunc('month', day)::date, sum(attempts), sum(failed), sum(retries)
FROM usage_attempt_day GROUP BY 1, 2, 3, 4;
