-- Swish: what was asked of a payer, what was paid before a charge and not used, and the books of the built-in Swish.

ALTER TABLE payment ADD COLUMN unused_minor bigint NOT NULL DEFAULT 0;  -- paid before the charge, and not for it
ALTER TABLE payment ADD CONSTRAINT payment_unused_check CHECK (unused_minor BETWEEN 0 AND captured_minor);

CREATE TABLE swish_attempt (                      -- one request in the payer's Swish app; its id is the instruction id
    id                 uuid PRIMARY KEY,
    payment_id         uuid NOT NULL,             -- no reference: written while the payment's row is held elsewhere
    number             int NOT NULL CHECK (number > 0),
    kind               text NOT NULL CHECK (kind IN ('token', 'phone', 'consent')),
    state              text NOT NULL CHECK (state IN ('asked', 'open', 'paid', 'declined', 'failed', 'cancelled')),
    token              text NOT NULL DEFAULT '',  -- opens the request in the app
    payer_last4        text NOT NULL DEFAULT '' CHECK (payer_last4 ~ '^[0-9]{0,4}$'),
    payer_hash         bytea,                     -- keyed: how often one phone number was asked
    error_code         text,
    payment_reference  text,                      -- Swish's own, at PAID; refunds name it
    created_at         timestamptz NOT NULL,
    looked_at          timestamptz NOT NULL,
    UNIQUE (payment_id, number)
);
CREATE UNIQUE INDEX swish_attempt_open ON swish_attempt (payment_id) WHERE state IN ('asked', 'open');
CREATE INDEX swish_attempt_payer ON swish_attempt (payer_hash, created_at) WHERE payer_hash IS NOT NULL;

CREATE TABLE swish_turn (                         -- Swish takes refunds one second apart, whichever process sends them
    id       bool PRIMARY KEY DEFAULT true CHECK (id),
    next_at  timestamptz NOT NULL
);
INSERT INTO swish_turn (next_at) VALUES ('2000-01-01T00:00:00Z');

-- The built-in Swish that moves no money keeps its own books here; nothing else reads or writes them.
CREATE TABLE sandbox_swish (
    kind  text NOT NULL CHECK (kind IN ('payment', 'refund', 'consent', 'debit')),
    id    text NOT NULL,
    body  jsonb NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX sandbox_swish_reference ON sandbox_swish ((body->>'paymentReference'));
CREATE INDEX sandbox_swish_original ON sandbox_swish ((body->>'originalPaymentReference'));
CREATE INDEX sandbox_swish_token ON sandbox_swish ((body->>'token'));
CREATE INDEX sandbox_swish_payer ON sandbox_swish ((body->>'payerAlias')) WHERE body->>'status' = 'CREATED';
