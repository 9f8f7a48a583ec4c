-- Certificates of manufacturers, to which the signatures of their firmware must lead.
CREATE TABLE maker_root (
    id          uuid PRIMARY KEY,
    vendor      text NOT NULL DEFAULT '',          -- whose firmware it is for, as an image names it; '' = any
    certificate text NOT NULL,                     -- PEM
    subject     text NOT NULL,
    sha256      bytea NOT NULL,
    not_before  timestamptz NOT NULL,
    not_after   timestamptz NOT NULL,
    added_by    text NOT NULL,
    added_at    timestamptz NOT NULL,
    reason      text NOT NULL,
    retired_at  timestamptz
);
CREATE UNIQUE INDEX maker_root_in_use ON maker_root (sha256, vendor) WHERE retired_at IS NULL;
