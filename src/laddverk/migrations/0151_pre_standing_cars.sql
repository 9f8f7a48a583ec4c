-- Cars that are done and stand at their outlet still: from when that costs, and when their driver was asked to move it.

CREATE TABLE standing_car (
    session_id  uuid PRIMARY KEY,
    at          timestamptz NOT NULL,              -- when anything of it was written last
    done_at     timestamptz,                       -- since when it is done, as `costs_at` was worked out for
    costs_at    timestamptz,                       -- the first instant that costs; empty: none for as long as we look
    told_at     timestamptz                        -- when its driver was asked last
);
CREATE INDEX standing_car_at ON standing_car (at);
