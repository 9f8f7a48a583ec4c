-- What people know of a model of chargers beside what its chargers say: what speaks for another one.

CREATE TABLE model_fact (
    vendor        text NOT NULL,
    model         text NOT NULL,
    parts_until   date,                           -- until when its maker sells parts; NULL: not known
    vendor_gone   boolean NOT NULL DEFAULT false, -- its maker is no more, or answers no more
    takes_signed  boolean,                        -- it takes firmware that is signed; NULL: not known
    note          text NOT NULL DEFAULT '',
    author        text NOT NULL,
    changed_at    timestamptz NOT NULL,
    PRIMARY KEY (vendor, model)
);
