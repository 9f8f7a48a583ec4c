-- Direct debit: mandates to collect from bank accounts, what is collected by them, and the files to and from banks.

CREATE TABLE rail_counter (                       -- one row for each scheme: its lock, and the numbers it gives out
    scheme             text PRIMARY KEY CHECK (scheme IN ('autogiro', 'sepa')),
    next_file_number   int NOT NULL DEFAULT 1,
    next_payer_number  bigint NOT NULL DEFAULT 1000
);
INSERT INTO rail_counter (scheme) VALUES ('autogiro'), ('sepa');

CREATE TABLE mandate (
    id               uuid PRIMARY KEY,
    scheme           text NOT NULL REFERENCES rail_counter,
    payer_number     text NOT NULL,               -- Autogiro: 16 digits; SEPA: the reference of the mandate
    driver_id        uuid NOT NULL REFERENCES driver,
    channel          text NOT NULL CHECK (channel IN ('portal', 'paper', 'internet_bank')),
    state            text NOT NULL CHECK (state IN ('invited', 'requested', 'sent', 'active', 'cancelling', 'refused',
                                                    'cancelled')),
    holder           text NOT NULL DEFAULT '',
    account_sealed   bytea,                       -- account and personal number; encrypted
    account_last4    text NOT NULL DEFAULT '',
    consent_text     text NOT NULL DEFAULT '',    -- what was agreed to, word by word
    signed_on        date,
    answer_code      text NOT NULL DEFAULT '',    -- of the bank, in its own numbers
    answer           text NOT NULL DEFAULT '',    -- a msgid
    deletion_sent    boolean NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    UNIQUE (scheme, payer_number)
);
CREATE UNIQUE INDEX mandate_one_alive ON mandate (driver_id, scheme)
    WHERE state IN ('invited', 'requested', 'sent', 'active');
CREATE INDEX mandate_state ON mandate (state, created_at DESC);
CREATE TABLE mandate_event (
    id          uuid PRIMARY KEY,
    mandate_id  uuid NOT NULL REFERENCES mandate,
    at          timestamptz NOT NULL,
    kind        text NOT NULL,
    detail      jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX mandate_event_mandate ON mandate_event (mandate_id, at);

CREATE TABLE bank_file (                          -- each file once, as it was written or came, encrypted
    id             uuid PRIMARY KEY,
    scheme         text NOT NULL REFERENCES rail_counter,
    direction      text NOT NULL CHECK (direction IN ('out', 'in')),
    number         int,                           -- of a file to the bank: counted without gaps
    name           text NOT NULL,
    sha256         text NOT NULL,
    content_sealed bytea NOT NULL,
    size           int NOT NULL,
    records        int NOT NULL DEFAULT 0,
    applied        int NOT NULL DEFAULT 0,        -- records that changed something
    unmatched      int NOT NULL DEFAULT 0,        -- records that belong to nothing we know
    copies         int NOT NULL DEFAULT 1,        -- how often it came
    fetched_at     timestamptz,                   -- when a person or the folder took it to the bank
    made_at        timestamptz NOT NULL,
    made_by        text NOT NULL DEFAULT '',
    UNIQUE (scheme, direction, sha256)
);
CREATE UNIQUE INDEX bank_file_number ON bank_file (scheme, number) WHERE direction = 'out';
CREATE INDEX bank_file_made ON bank_file (made_at DESC);

CREATE TABLE collection (                         -- one try to take, or to pay back, one amount
    id              uuid PRIMARY KEY,
    kind            text NOT NULL CHECK (kind IN ('collect', 'payout')),
    scheme          text NOT NULL REFERENCES rail_counter,
    mandate_id      uuid NOT NULL REFERENCES mandate,
    payment_id      uuid NOT NULL REFERENCES payment,
    refund_id       uuid REFERENCES payment_refund,
    invoice_id      uuid,
    attempt         int NOT NULL CHECK (attempt > 0),
    reference       text NOT NULL,
    amount_minor    bigint NOT NULL CHECK (amount_minor > 0),
    currency        text NOT NULL,
    due_on          date NOT NULL,
    state           text NOT NULL CHECK (state IN ('planned', 'sent', 'cancelling', 'retrying', 'refused', 'cancelled',
                                                   'paid')),
    paid_minor      bigint NOT NULL DEFAULT 0 CHECK (paid_minor >= 0),
    returned_minor  bigint NOT NULL DEFAULT 0 CHECK (returned_minor >= 0),
    answer_code     text NOT NULL DEFAULT '',
    answer          text NOT NULL DEFAULT '',
    file_id         uuid REFERENCES bank_file,
    cancel_sent     boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    UNIQUE (scheme, reference)
);
CREATE UNIQUE INDEX collection_once ON collection (invoice_id, attempt) WHERE kind = 'collect';
CREATE UNIQUE INDEX collection_refund_once ON collection (refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX collection_payment ON collection (payment_id);
CREATE INDEX collection_open ON collection (scheme, due_on) WHERE state IN ('planned', 'sent', 'cancelling', 'retrying');

CREATE TABLE bank_record (                        -- what files from banks say, line by line: nothing disappears
    file_id        uuid NOT NULL REFERENCES bank_file,
    line           int NOT NULL,
    what           text NOT NULL,
    payer_number   text NOT NULL DEFAULT '',
    reference      text NOT NULL DEFAULT '',
    amount_minor   bigint,
    code           text NOT NULL DEFAULT '',
    said           text NOT NULL DEFAULT '',      -- a msgid
    outcome        text NOT NULL CHECK (outcome IN ('applied', 'known', 'unmatched', 'noted')),
    collection_id  uuid REFERENCES collection,
    mandate_id     uuid REFERENCES mandate,
    PRIMARY KEY (file_id, line, what)
);
CREATE INDEX bank_record_unmatched ON bank_record (file_id) WHERE outcome = 'unmatched';

CREATE TABLE mandate_refusal (                    -- mandates from internet banks that nobody here asked for
    scheme        text NOT NULL REFERENCES rail_counter,
    payer_number  text NOT NULL,
    asked_on      date NOT NULL,
    file_id       uuid REFERENCES bank_file,      -- in which we said no
    PRIMARY KEY (scheme, payer_number, asked_on)
);
