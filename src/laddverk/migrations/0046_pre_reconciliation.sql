-- Payments, providers, bank and ledger side by side: what providers said when they were asked, and what did not agree.

CREATE TABLE payment_seen (                       -- the provider's own word on a payment, asked for that purpose alone
    payment_id      uuid PRIMARY KEY REFERENCES payment,
    is_known        boolean NOT NULL,             -- false: the provider knows of no such payment
    captured_minor  bigint NOT NULL DEFAULT 0,
    refunded_minor  bigint NOT NULL DEFAULT 0,
    asked_at        timestamptz NOT NULL
);
CREATE TABLE reconciliation_difference (
    key           text PRIMARY KEY,               -- kind and what it is about
    kind          text NOT NULL,
    rail          text NOT NULL,
    subject_kind  text NOT NULL,                  -- payment, payout, bank_file, deposit, invoice
    subject_id    uuid NOT NULL,
    payment_id    uuid REFERENCES payment,
    label         text NOT NULL DEFAULT '',
    currency      text NOT NULL,
    ours_minor    bigint NOT NULL,
    theirs_minor  bigint NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    gone_at       timestamptz,                    -- it agrees by now
    told_at       timestamptz,
    explained_at  timestamptz,                    -- a person says why it may stay
    explained_by  text NOT NULL DEFAULT '',
    explained_why text NOT NULL DEFAULT ''
);
CREATE INDEX reconciliation_difference_open ON reconciliation_difference (first_seen_at)
    WHERE gone_at IS NULL AND explained_at IS NULL;
CREATE TABLE reconciliation_run (
    id           uuid PRIMARY KEY,
    made_at      timestamptz NOT NULL,
    made_by      text NOT NULL,
    payments     int NOT NULL,
    differences  int NOT NULL,
    fresh        int NOT NULL
);
CREATE INDEX reconciliation_run_made ON reconciliation_run (made_at DESC);
CREATE INDEX IF NOT EXISTS payment_event_taken ON payment_event (at, payment_id) WHERE kind IN ('captured', 'deposited');
