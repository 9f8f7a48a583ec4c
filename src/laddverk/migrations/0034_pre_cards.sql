-- Cards: what is reserved on them and until when, charges that wait for their holder, disputes, payouts.

CREATE TABLE payment_card (                       -- what a provider tells of the card behind a payment, and its reserve
    payment_id      uuid PRIMARY KEY REFERENCES payment,
    brand           text NOT NULL DEFAULT '',
    last4           text NOT NULL DEFAULT '' CHECK (last4 ~ '^[0-9]{0,4}$'),
    wallet          text NOT NULL DEFAULT '',     -- apple_pay, google_pay, link
    capture_before  timestamptz,                  -- the provider lets go of the amount by itself then
    can_raise       boolean NOT NULL DEFAULT false,
    raises          int NOT NULL DEFAULT 0,
    raise_refused   text,                         -- the provider's code: no more is reserved
    stopped_at      timestamptz,                  -- the charger was asked to stop, because the amount was used up
    alarm           text CHECK (alarm IN ('no_start', 'ends_soon', 'ended', 'spent')),
    alarmed_at      timestamptz,
    seen_at         timestamptz,
    seen_by         text
);
CREATE INDEX payment_card_alarm ON payment_card (alarmed_at) WHERE alarm IS NOT NULL AND seen_at IS NULL;

ALTER TABLE payment_method ADD COLUMN frozen_at timestamptz;  -- disputed: it is not debited while nobody is there
ALTER TABLE payment_method ADD COLUMN frozen_why text NOT NULL DEFAULT '';

CREATE TABLE payment_confirmation (               -- a charge that its holder must confirm to the bank (SCA)
    payment_id  uuid PRIMARY KEY REFERENCES payment,
    session_id  uuid NOT NULL UNIQUE,
    driver_id   uuid NOT NULL REFERENCES driver,
    asked_at    timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    outcome     text CHECK (outcome IN ('paid', 'invoiced'))
);
CREATE INDEX payment_confirmation_open ON payment_confirmation (expires_at) WHERE ended_at IS NULL;

CREATE TABLE payment_dispute (                    -- a card holder's bank takes money back, or asks whether to
    id              uuid PRIMARY KEY,
    payment_id      uuid NOT NULL REFERENCES payment,
    provider        text NOT NULL,
    provider_ref    text NOT NULL,
    state           text NOT NULL CHECK (state IN ('inquiry', 'needs_response', 'under_review', 'closed', 'won', 'lost')),
    reason          text NOT NULL DEFAULT '',
    currency        text NOT NULL,
    amount_minor    bigint NOT NULL CHECK (amount_minor >= 0),
    withdrawn_minor bigint NOT NULL DEFAULT 0,    -- taken from us, in all
    returned_minor  bigint NOT NULL DEFAULT 0,    -- given back to us, in all
    fee_minor       bigint NOT NULL DEFAULT 0,
    fee_back_minor  bigint NOT NULL DEFAULT 0,
    lost_minor      bigint NOT NULL DEFAULT 0,    -- booked as lost
    due_at          timestamptz,                  -- evidence must be there by then
    evidence_at     timestamptz,
    evidence_by     text,
    opened_at       timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    closed_at       timestamptz,
    UNIQUE (provider, provider_ref),
    CHECK (returned_minor + lost_minor <= withdrawn_minor)
);
CREATE INDEX payment_dispute_payment ON payment_dispute (payment_id);
CREATE INDEX payment_dispute_open ON payment_dispute (updated_at) WHERE closed_at IS NULL;

CREATE TABLE payout (                             -- what a provider pays to our bank account
    id                uuid PRIMARY KEY,
    provider          text NOT NULL,
    provider_ref      text NOT NULL,
    state             text NOT NULL CHECK (state IN ('pending', 'in_transit', 'paid', 'failed', 'canceled')),
    currency          text NOT NULL,
    amount_minor      bigint NOT NULL,
    arrives_on        date NOT NULL,
    made_at           timestamptz NOT NULL,
    failure_text      text,
    items             int NOT NULL DEFAULT 0,
    unmatched         int NOT NULL DEFAULT 0,     -- items that are nothing of ours, or not as we have them
    fees_minor        bigint NOT NULL DEFAULT 0,
    difference_minor  bigint NOT NULL DEFAULT 0,  -- amount less what its known items sum to
    booked_bank       bigint NOT NULL DEFAULT 0,
    booked_fees       bigint NOT NULL DEFAULT 0,
    booked_difference bigint NOT NULL DEFAULT 0,
    bookings          int NOT NULL DEFAULT 0,
    read_at           timestamptz,
    seen_at           timestamptz,                -- somebody has looked at the difference
    seen_by           text,
    seen_why          text,
    UNIQUE (provider, provider_ref)
);
CREATE INDEX payout_made ON payout (made_at DESC);
CREATE TABLE payout_item (
    payout_id     uuid NOT NULL REFERENCES payout,
    provider_ref  text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('charge', 'refund', 'dispute', 'fee', 'other')),
    source_ref    text NOT NULL DEFAULT '',
    text          text NOT NULL DEFAULT '',
    amount_minor  bigint NOT NULL,
    fee_minor     bigint NOT NULL,
    net_minor     bigint NOT NULL,
    at            timestamptz NOT NULL,
    payment_id    uuid REFERENCES payment,
    refund_id     uuid REFERENCES payment_refund,
    dispute_id    uuid REFERENCES payment_dispute,
    problem       text NOT NULL DEFAULT '' CHECK (problem IN ('', 'unknown', 'amount', 'twice')),
    PRIMARY KEY (payout_id, provider_ref)
);
CREATE INDEX payout_item_payment ON payout_item (payment_id);

-- The books of the built-in provider, which nothing else reads.
ALTER TABLE sandbox_payment ADD COLUMN authorised_at timestamptz;
CREATE TABLE sandbox_dispute (
    ref              text PRIMARY KEY,
    payment_ref      text NOT NULL REFERENCES sandbox_payment,
    status           text NOT NULL,
    reason           text NOT NULL,
    amount_minor     bigint NOT NULL,
    returned_minor   bigint NOT NULL DEFAULT 0,
    fee_minor        bigint NOT NULL,
    due_at           timestamptz NOT NULL,
    evidence         jsonb,
    made_at          timestamptz NOT NULL
);
CREATE TABLE sandbox_payout (
    ref           text PRIMARY KEY,
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL,
    made_at       timestamptz NOT NULL
);
CREATE TABLE sandbox_entry (                      -- what moved the balance; a payout takes all that none took before
    ref           text PRIMARY KEY,
    kind          text NOT NULL,
    payment_ref   text NOT NULL,
    order_id      text NOT NULL,
    source_ref    text NOT NULL,
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL,
    fee_minor     bigint NOT NULL,
    is_hidden     boolean NOT NULL DEFAULT false, -- paid out, and missing in the list of it
    payout_ref    text REFERENCES sandbox_payout,
    at            timestamptz NOT NULL
);
CREATE INDEX sandbox_entry_waiting ON sandbox_entry (at) WHERE payout_ref IS NULL;
