-- What drivers say of a charge that runs: when they leave, what they need, whether they ask to come first.

CREATE TABLE driver_wish (
    session_id     uuid PRIMARY KEY REFERENCES session,
    departs_at     timestamptz,
    energy_wh      bigint CHECK (energy_wh > 0),  -- of the whole session
    asks_priority  boolean NOT NULL DEFAULT false,
    told_at        timestamptz NOT NULL,
    CHECK (departs_at IS NOT NULL OR energy_wh IS NOT NULL)
);

ALTER TABLE plan_wish ADD COLUMN lets_ask boolean NOT NULL DEFAULT false; -- drivers may ask to come first
