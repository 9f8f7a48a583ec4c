-- What drivers have with us: the operator's rules for it, topping up by itself, and giving a balance back.

CREATE TABLE wallet_policy (                       -- one row at most; without it the defaults of the program hold
    id                    smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    purpose               text NOT NULL CHECK (purpose IN ('multi', 'single')),  -- of the balance as a voucher, for VAT
    start_minimum_minor   bigint NOT NULL CHECK (start_minimum_minor > 0),
    stop_at_limit         boolean NOT NULL,
    top_up_amounts        bigint[] NOT NULL,
    auto_times_a_day      integer NOT NULL CHECK (auto_times_a_day BETWEEN 0 AND 10),
    goodwill_max_minor    bigint NOT NULL CHECK (goodwill_max_minor >= 0),       -- of who may refund
    goodwill_books_minor  bigint NOT NULL CHECK (goodwill_books_minor >= 0),     -- of who keeps the books
    changed_at            timestamptz NOT NULL,
    changed_by            text NOT NULL
);

CREATE TABLE wallet_auto (                         -- below this, add that, from a saved method
    driver_id     uuid PRIMARY KEY REFERENCES driver,
    below_minor   bigint NOT NULL CHECK (below_minor > 0),
    add_minor     bigint NOT NULL CHECK (add_minor > 0),
    method_id     uuid NOT NULL REFERENCES payment_method,
    failures      integer NOT NULL DEFAULT 0,      -- in a row
    next_at       timestamptz NOT NULL,            -- not before
    stopped_at    timestamptz,                     -- by us, after too many failures
    payment_id    uuid REFERENCES payment,         -- the latest
    agreed_at     timestamptz NOT NULL
);
CREATE INDEX wallet_auto_due ON wallet_auto (next_at) WHERE stopped_at IS NULL;
CREATE INDEX payment_top_up ON payment (driver_id, created_at DESC) WHERE purpose = 'top_up';

CREATE TABLE wallet_refund (                       -- a driver wants the balance back
    id              uuid PRIMARY KEY,
    driver_id       uuid NOT NULL REFERENCES driver,
    state           text NOT NULL CHECK (state IN ('asked', 'approved', 'paid', 'declined', 'withdrawn')),
    currency        text NOT NULL,
    amount_minor    bigint NOT NULL CHECK (amount_minor > 0),
    to_bank_minor   bigint NOT NULL DEFAULT 0 CHECK (to_bank_minor >= 0),  -- what no card can take back
    bank_box        bytea,                         -- the account, encrypted; forgotten once it is paid
    bank_end        text NOT NULL DEFAULT '',      -- its last four signs
    asked_at        timestamptz NOT NULL,
    decided_at      timestamptz,
    decided_by      text NOT NULL DEFAULT '',
    reason          text NOT NULL DEFAULT '',
    bank_paid_at    timestamptz,
    bank_reference  text NOT NULL DEFAULT '',
    closed_at       timestamptz
);
CREATE UNIQUE INDEX wallet_refund_one ON wallet_refund (driver_id) WHERE state IN ('asked', 'approved');
CREATE INDEX wallet_refund_state ON wallet_refund (state, asked_at);
CREATE TABLE wallet_refund_part (                  -- what goes back the way it came
    payment_refund_id  uuid PRIMARY KEY REFERENCES payment_refund,
    wallet_refund_id   uuid NOT NULL REFERENCES wallet_refund,
    payment_id         uuid NOT NULL REFERENCES payment,
    amount_minor       bigint NOT NULL CHECK (amount_minor > 0)
);
CREATE INDEX wallet_refund_part_of ON wallet_refund_part (wallet_refund_id);
