-- Prepaid cards: made in batches, sold, and redeemed once into what a driver has with us.

CREATE TABLE prepaid_batch (
    id            uuid PRIMARY KEY,
    name          text NOT NULL,
    cards         integer NOT NULL CHECK (cards > 0),
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    currency      text NOT NULL,
    purpose       text NOT NULL CHECK (purpose IN ('multi', 'single')),  -- of the voucher, for VAT
    vat_percent   numeric(5, 2) NOT NULL,
    expires_on    date,
    created_at    timestamptz NOT NULL,
    created_by    text NOT NULL
);
CREATE TABLE prepaid_card (
    id            uuid PRIMARY KEY,
    batch_id      uuid NOT NULL REFERENCES prepaid_batch,
    place         integer NOT NULL,               -- its number on the sheet, from 1
    code_hash     bytea NOT NULL UNIQUE,          -- keyed: the code itself is on paper only
    code_box      bytea,                          -- encrypted, until the sheet is printed
    code_end      text NOT NULL,                  -- the last four signs, for support
    state         text NOT NULL CHECK (state IN ('made', 'active', 'redeemed', 'blocked', 'expired')),
    activated_at  timestamptz,
    redeemed_at   timestamptz,
    driver_id     uuid REFERENCES driver,
    closed_at     timestamptz,
    UNIQUE (batch_id, place)
);
CREATE INDEX prepaid_card_driver ON prepaid_card (driver_id) WHERE driver_id IS NOT NULL;
CREATE TABLE prepaid_attempt (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    who   text NOT NULL,                          -- a driver or a network address
    at    timestamptz NOT NULL
);
CREATE INDEX prepaid_attempt_who ON prepaid_attempt (who, at);
