-- The knowledge base: articles with versions in each language, their addresses, pictures, and what readers made of them.

CREATE TABLE article (                                 -- what all its languages share
    id          uuid PRIMARY KEY,
    situations  text[] NOT NULL DEFAULT '{}',          -- keys of the catalogue: on whose pages it is offered
    models      text[] NOT NULL DEFAULT '{}',          -- 'Vendor' or 'Vendor Model'; none: for every charger
    shipped     text NOT NULL DEFAULT '',              -- the file it came from; '' for one that was written here
    retired_at  timestamptz,                           -- since when readers do not find it any more
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX article_shipped ON article (shipped) WHERE shipped <> '';
CREATE INDEX article_situations ON article USING gin (situations);

CREATE TABLE article_address (                         -- an address once given out leads there for ever
    slug        text PRIMARY KEY,
    article_id  uuid NOT NULL REFERENCES article ON DELETE CASCADE,
    language    text NOT NULL,
    is_current  boolean NOT NULL
);
CREATE UNIQUE INDEX article_address_current ON article_address (article_id, language) WHERE is_current;

CREATE TABLE article_version (                         -- never changed once published; a draft is, until it is
    article_id    uuid NOT NULL REFERENCES article ON DELETE CASCADE,
    language      text NOT NULL CHECK (language IN ('sv', 'en')),
    version       int NOT NULL,
    state         text NOT NULL CHECK (state IN ('draft', 'published', 'past')),
    title         text NOT NULL,
    summary       text NOT NULL DEFAULT '',
    body          text NOT NULL,                       -- Markdown
    tags          text[] NOT NULL DEFAULT '{}',        -- in its language
    revision      int NOT NULL DEFAULT 1,              -- how often the draft was saved: two writers notice each other
    by_kind       text NOT NULL,
    by_name       text NOT NULL,
    saved_at      timestamptz NOT NULL,
    published_at  timestamptz,
    note          text NOT NULL DEFAULT '',            -- what changed, in the words of whoever published it
    words         tsvector GENERATED ALWAYS AS (
        CASE language WHEN 'sv' THEN
            setweight(to_tsvector('swedish', title), 'A') || setweight(to_tsvector('swedish', summary), 'B')
            || setweight(to_tsvector('swedish', body), 'C')
        ELSE
            setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', summary), 'B')
            || setweight(to_tsvector('english', body), 'C')
        END) STORED,
    PRIMARY KEY (article_id, language, version)
);
CREATE UNIQUE INDEX article_version_published ON article_version (article_id, language) WHERE state = 'published';
CREATE UNIQUE INDEX article_version_draft ON article_version (article_id, language) WHERE state = 'draft';
CREATE INDEX article_version_words ON article_version USING gin (words) WHERE state = 'published';

CREATE TABLE article_picture (
    id          uuid PRIMARY KEY,
    article_id  uuid NOT NULL REFERENCES article ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    name        text NOT NULL,
    media_type  text NOT NULL,
    content     bytea NOT NULL,
    by_name     text NOT NULL
);
CREATE INDEX article_picture_of ON article_picture (article_id, at);

CREATE TABLE article_read (                            -- how often it was opened, by day: nobody's name
    article_id  uuid NOT NULL REFERENCES article ON DELETE CASCADE,
    language    text NOT NULL,
    day         date NOT NULL,
    count       int NOT NULL,
    PRIMARY KEY (article_id, language, day)
);

CREATE TABLE article_vote (                            -- whether it helped: once each reader, who is a keyed digest
    article_id  uuid NOT NULL REFERENCES article ON DELETE CASCADE,
    language    text NOT NULL,
    reader_key  text NOT NULL,
    version     int NOT NULL,
    helped      boolean NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (article_id, language, reader_key)
);

CREATE TABLE article_search (                          -- what readers look for, and whether anything was found
    language    text NOT NULL,
    text        text NOT NULL,                         -- folded; never anything that looks like a name or a number
    found       int NOT NULL,                          -- by the last one who asked
    count       int NOT NULL,
    last_at     timestamptz NOT NULL,
    PRIMARY KEY (language, text)
);
CREATE INDEX article_search_last ON article_search (last_at);
