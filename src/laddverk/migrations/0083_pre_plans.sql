-- Plans ahead: which sites want them, under which capacity tariff, and the plans that were made.

CREATE TABLE plan_wish (                          -- a site that is to be planned
    site_id        uuid PRIMARY KEY REFERENCES site,
    tariff         jsonb NOT NULL,                -- the CapacityTariff struct, as it was when it was chosen
    area           text NOT NULL,                 -- bidding zone of the exchange
    added_per_kwh  double precision NOT NULL,     -- grid, tax and the like on top of the exchange, major currency
    level_kw       double precision NOT NULL DEFAULT 0, -- of the cap rule, learnt from the last weeks; 0: none yet
    wanted_at      timestamptz NOT NULL,
    wanted_by      text NOT NULL
);

CREATE TABLE site_plan (
    site_id  uuid NOT NULL REFERENCES site,
    made_at  timestamptz NOT NULL,
    plan     jsonb NOT NULL,                      -- the Plan struct
    PRIMARY KEY (site_id, made_at)
);
CREATE INDEX site_plan_made ON site_plan (made_at);
