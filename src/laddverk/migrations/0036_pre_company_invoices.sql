-- Who is invoiced for a driver, links by which anybody pays an invoice, and money that people saw on the bank account.

CREATE TABLE invoice_buyer (                      -- no row: the driver's own name, address and mail
    driver_id     uuid PRIMARY KEY REFERENCES driver,
    kind          text NOT NULL CHECK (kind IN ('person', 'company')),
    name          text NOT NULL,
    org_number    text NOT NULL DEFAULT '',
    vat_number    text NOT NULL DEFAULT '',
    address       text NOT NULL DEFAULT '',
    email         text NOT NULL DEFAULT '',
    reference     text NOT NULL DEFAULT '',       -- whom the company wants named
    order_number  text NOT NULL DEFAULT '',
    terms_days    int CHECK (terms_days BETWEEN 0 AND 90),   -- NULL: as everybody
    changed_at    timestamptz NOT NULL,
    changed_by    text NOT NULL
);

CREATE TABLE invoice_link (                       -- the secret address on which an invoice is paid without an account
    token_hash  bytea PRIMARY KEY,
    invoice_id  uuid NOT NULL REFERENCES invoice,
    generation  int NOT NULL,
    made_at     timestamptz NOT NULL,
    revoked_at  timestamptz,
    UNIQUE (invoice_id, generation)
);

CREATE TABLE deposit (                            -- money that came to the bank account and was booked by a person
    id              uuid PRIMARY KEY,
    form_key        uuid NOT NULL UNIQUE,         -- a form that is sent twice books once
    way             text NOT NULL CHECK (way IN ('bankgiro', 'swish_number', 'transfer')),
    state           text NOT NULL CHECK (state IN ('booked', 'aside', 'returned', 'undone')),
    received_on     date NOT NULL,
    amount_minor    bigint NOT NULL CHECK (amount_minor > 0),
    currency        text NOT NULL,
    reference       text NOT NULL DEFAULT '',     -- as the payer wrote it
    payer           text NOT NULL DEFAULT '',
    invoice_id      uuid REFERENCES invoice,
    driver_id       uuid REFERENCES driver,
    payment_id      uuid REFERENCES payment,
    settled_minor   bigint NOT NULL DEFAULT 0,
    rounding_minor  bigint NOT NULL DEFAULT 0,
    advance_minor   bigint NOT NULL DEFAULT 0,
    booked_at       timestamptz NOT NULL,
    booked_by       text NOT NULL,
    closed_at       timestamptz,
    closed_by       text NOT NULL DEFAULT '',
    closed_why      text NOT NULL DEFAULT '',
    CHECK (state <> 'booked' OR amount_minor + rounding_minor = settled_minor + advance_minor)
);
CREATE INDEX deposit_received ON deposit (received_on DESC, id DESC);
CREATE INDEX deposit_invoice ON deposit (invoice_id);
CREATE INDEX invoice_reference ON invoice (reference);
