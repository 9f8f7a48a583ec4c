-- Versions of policies that months were worked out with: a new one is due for every month that is kept.

CREATE TABLE uptime_policy (
    name           text NOT NULL,
    version        int NOT NULL,
    said           jsonb NOT NULL,                -- the whole policy; null: from before this was kept
    since          timestamptz NOT NULL,          -- when it was first seen
    PRIMARY KEY (name, version)
);
INSERT INTO uptime_policy (name, version, said, since)
SELECT DISTINCT policy, version, 'null'::jsonb, '2020-01-01'::timestamptz FROM uptime_month WHERE version > 0;
