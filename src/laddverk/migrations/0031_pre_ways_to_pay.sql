-- How drivers pay: the way they chose first, the one that steps in, what is tried when, and when no start is let in.

-- One row: what the operator allows. Starts are held back, never a session that runs.
CREATE TABLE paying_policy (
    one_row                boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    may_owe                boolean NOT NULL DEFAULT true,   -- what could not be debited goes to the driver's invoice
    free_without_energy    boolean NOT NULL DEFAULT true,   -- a charge that gave no energy costs nothing
    debit_after_days       int NOT NULL DEFAULT 2 CHECK (debit_after_days BETWEEN 0 AND 30),
    hold_without_way       boolean NOT NULL DEFAULT false,
    hold_overdue_days      int DEFAULT 14 CHECK (hold_overdue_days BETWEEN 0 AND 365),       -- NULL: never
    hold_unpaid_minor      bigint CHECK (hold_unpaid_minor > 0)                              -- NULL: any sum
);
INSERT INTO paying_policy DEFAULT VALUES;

-- A driver's own choice. Who never chose pays as `driver.settlement` says: by the newest card, or by invoice.
CREATE TABLE driver_paying (
    driver_id            uuid PRIMARY KEY REFERENCES driver,
    first_kind           text CHECK (first_kind IN ('method', 'wallet', 'bank', 'invoice')),
    first_method_id      uuid REFERENCES payment_method,
    fallback_kind        text CHECK (fallback_kind IN ('method', 'wallet', 'bank', 'invoice')),
    fallback_method_id   uuid REFERENCES payment_method,
    gather_below_minor   bigint NOT NULL DEFAULT 0 CHECK (gather_below_minor >= 0),  -- smaller sums wait for the month
    may_owe              boolean,                  -- this driver's own rule; NULL: the operator's
    may_start_until      timestamptz,              -- staff let them start in spite of what is unpaid
    may_start_why        text NOT NULL DEFAULT '',
    changed_at           timestamptz NOT NULL,
    CHECK ((first_kind IS NOT DISTINCT FROM 'method') = (first_method_id IS NOT NULL)),
    CHECK ((fallback_kind IS NOT DISTINCT FROM 'method') = (fallback_method_id IS NOT NULL))
);

-- Why a driver's new starts are held back; empty when they are not.
ALTER TABLE driver ADD COLUMN starts_held text NOT NULL DEFAULT ''
    CHECK (starts_held IN ('', 'to_pay', 'overdue', 'too_much', 'no_way'));
ALTER TABLE driver ADD COLUMN starts_held_at timestamptz;
CREATE INDEX driver_held ON driver (id) WHERE starts_held <> '';

-- A saved card or consent that will never do again: lost, closed, revoked. Saving it anew clears it.
ALTER TABLE payment_method ADD COLUMN stopped_code text NOT NULL DEFAULT '';
ALTER TABLE payment_method ADD COLUMN stopped_at timestamptz;

-- Each debit of a driver who is not there: of a session or of an invoice. The number makes a try unique.
CREATE TABLE debit_try (
    payment_id   uuid PRIMARY KEY REFERENCES payment,
    driver_id    uuid NOT NULL REFERENCES driver,
    session_id   uuid,
    invoice_id   uuid,
    attempt      int NOT NULL CHECK (attempt > 0),
    round        int NOT NULL DEFAULT 0,           -- of an invoice: 0 on the first day, then spaced
    kind         text NOT NULL CHECK (kind IN ('method', 'wallet')),
    method_id    uuid REFERENCES payment_method,
    made_at      timestamptz NOT NULL,
    CHECK ((session_id IS NULL) <> (invoice_id IS NULL))
);
CREATE UNIQUE INDEX debit_try_session ON debit_try (session_id, attempt) WHERE session_id IS NOT NULL;
CREATE UNIQUE INDEX debit_try_invoice ON debit_try (invoice_id, attempt) WHERE invoice_id IS NOT NULL;
CREATE INDEX debit_try_driver ON debit_try (driver_id, made_at DESC);

-- Where the debit of an invoice stands.
CREATE TABLE invoice_debit (
    invoice_id   uuid PRIMARY KEY REFERENCES invoice,
    driver_id    uuid NOT NULL REFERENCES driver,
    begins_at    timestamptz NOT NULL,
    round        int NOT NULL DEFAULT 0,
    next_at      timestamptz,                      -- NULL: nothing more happens by itself
    ended_why    text NOT NULL DEFAULT ''          -- paid, given_up, no_way
);
CREATE INDEX invoice_debit_next ON invoice_debit (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX invoice_debit_driver ON invoice_debit (driver_id);

-- Charges that nobody could be debited for and that stand on no invoice: the driver is asked to pay them.
CREATE TABLE unpaid_session (
    session_id    uuid PRIMARY KEY REFERENCES session,
    driver_id     uuid NOT NULL REFERENCES driver,
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor >= 0),
    why           text NOT NULL,                   -- the failure code of the last try
    since         timestamptz NOT NULL
);
CREATE INDEX unpaid_session_driver ON unpaid_session (driver_id);
