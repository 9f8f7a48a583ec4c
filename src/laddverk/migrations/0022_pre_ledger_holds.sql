-- Holds on what somebody has with us, and what the nightly look at the ledger found.

CREATE TABLE ledger_hold (
    id               uuid PRIMARY KEY,
    idempotency_key  text NOT NULL UNIQUE,
    account_id       uuid NOT NULL REFERENCES account,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    currency         text NOT NULL,
    state            text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'captured', 'released', 'expired')),
    captured_minor   bigint NOT NULL DEFAULT 0 CHECK (captured_minor >= 0),
    source_kind      text NOT NULL,               -- session, voucher …: what the money is kept for
    source_id        uuid NOT NULL,
    created_at       timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL,
    closed_at        timestamptz,
    CHECK ((state = 'active') = (closed_at IS NULL))
);
CREATE INDEX ledger_hold_active ON ledger_hold (account_id) WHERE state = 'active';
CREATE INDEX ledger_hold_expiry ON ledger_hold (expires_at) WHERE state = 'active';
CREATE INDEX ledger_hold_source ON ledger_hold (source_id);

CREATE TABLE ledger_check (
    id              uuid PRIMARY KEY,
    checked_at      timestamptz NOT NULL,
    transactions    bigint NOT NULL,
    postings        bigint NOT NULL,
    unbalanced      bigint NOT NULL,
    wrong_balances  bigint NOT NULL,
    sum_minor       bigint NOT NULL
);
CREATE INDEX ledger_check_at ON ledger_check (checked_at DESC);
CREATE TRIGGER ledger_check_append_only BEFORE UPDATE OR DELETE ON ledger_check
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_check_kept BEFORE TRUNCATE ON ledger_check FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Emptying a table goes past the triggers of its rows.
CREATE TRIGGER ledger_transaction_kept BEFORE TRUNCATE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER posting_kept BEFORE TRUNCATE ON posting FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What an operator calls the accounts that the house posts to: the number and name in their own chart.
CREATE TABLE ledger_chart (
    account     text PRIMARY KEY,                 -- the house's own number: 1510, 1580 …
    number      text NOT NULL CHECK (number ~ '^[1-8][0-9]{3,5}$'),
    name        text NOT NULL DEFAULT '',
    changed_at  timestamptz NOT NULL,
    changed_by  text NOT NULL
);
