-- How many drivers each site sends away, reckoned by a job, so that where new sites are wanted is read at once.

CREATE TABLE site_refusal (
    site_id       uuid PRIMARY KEY REFERENCES site,
    refused_month double precision NOT NULL CHECK (refused_month >= 0),
    reckoned_at   timestamptz NOT NULL
);
