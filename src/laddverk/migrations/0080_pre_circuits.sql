-- What a site's electricity is made of: each change is a version of the whole tree; limits from outside over time.

CREATE TABLE circuit_tree (                       -- rows are only added: a decision names the version it was made for
    site_id   uuid NOT NULL REFERENCES site,
    version   int NOT NULL CHECK (version > 0),
    tree      jsonb NOT NULL,                     -- the Tree struct: circuits, places, sources
    made_at   timestamptz NOT NULL,
    made_by   text NOT NULL,
    change    text NOT NULL,                      -- English, translated where it is shown
    params    jsonb NOT NULL DEFAULT '{}',
    reason    text NOT NULL DEFAULT '',
    undoes    int,                                -- the version that this one takes back
    PRIMARY KEY (site_id, version)
);

CREATE TABLE circuit_signal (                     -- lower limits between two instants: grid operator, OpenADR
    site_id     uuid NOT NULL REFERENCES site,
    circuit_id  uuid NOT NULL,
    source      text NOT NULL CHECK (source IN ('dso', 'openadr')),
    key         text NOT NULL,                    -- the sender's name of it
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    limit_a     double precision[] NOT NULL CHECK (cardinality(limit_a) = 3),
    told_at     timestamptz NOT NULL,
    told_by     text NOT NULL,
    PRIMARY KEY (circuit_id, source, key),
    CHECK (ends_at > starts_at)
);
CREATE INDEX circuit_signal_site ON circuit_signal (site_id, ends_at);
