-- Plans and who subscribes to them; accounts that pay for several drivers; energy that is included.

CREATE TABLE plan (
    id            uuid PRIMARY KEY,
    name          text NOT NULL UNIQUE,
    created_at    timestamptz NOT NULL,
    withdrawn_at  timestamptz                     -- no longer offered; who has it keeps it
);
CREATE TABLE plan_version (
    id          uuid PRIMARY KEY,
    plan_id     uuid NOT NULL REFERENCES plan,
    number      int NOT NULL,
    body        jsonb NOT NULL,                   -- the Terms struct, fee including VAT
    site_ids    uuid[] NOT NULL DEFAULT '{}',     -- of the body: where it counts; empty is everywhere
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL DEFAULT '',
    UNIQUE (plan_id, number)
);
CREATE TRIGGER plan_version_append_only BEFORE UPDATE OR DELETE ON plan_version
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE customer_account (                   -- one who pays for several: a family, a company, a housing association
    id             uuid PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('family', 'company')),
    name           text NOT NULL,
    owner_id       uuid NOT NULL REFERENCES driver,
    org_number     text NOT NULL DEFAULT '',
    invoice_email  text NOT NULL DEFAULT '',
    address        text NOT NULL DEFAULT '',
    reference      text NOT NULL DEFAULT '',      -- the customer's own, printed on its invoices
    limit_minor    bigint CHECK (limit_minor >= 0),  -- of all members in a month; NULL is none
    created_at     timestamptz NOT NULL,
    closed_at      timestamptz
);
CREATE UNIQUE INDEX customer_account_owner ON customer_account (owner_id) WHERE closed_at IS NULL;
CREATE TABLE customer_member (
    id             uuid PRIMARY KEY,
    account_id     uuid NOT NULL REFERENCES customer_account,
    driver_id      uuid NOT NULL REFERENCES driver,
    limit_minor    bigint CHECK (limit_minor >= 0),  -- of this one in a month; NULL is none
    shares_places  boolean NOT NULL DEFAULT false,   -- lets the owner see where and when, not only how much
    joined_at      timestamptz NOT NULL,
    left_at        timestamptz
);
CREATE UNIQUE INDEX customer_member_once ON customer_member (driver_id) WHERE left_at IS NULL;
CREATE INDEX customer_member_account ON customer_member (account_id);
CREATE INDEX customer_member_driver ON customer_member (driver_id);
CREATE TABLE customer_invite (
    id            uuid PRIMARY KEY,
    account_id    uuid NOT NULL REFERENCES customer_account,
    email         text NOT NULL,
    limit_minor   bigint CHECK (limit_minor >= 0),
    token_hash    bytea NOT NULL UNIQUE,          -- BLAKE2b of the link: a copy of the table opens no door
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    used_at       timestamptz,
    withdrawn_at  timestamptz
);
CREATE INDEX customer_invite_account ON customer_invite (account_id);

CREATE TABLE subscription (
    id           uuid PRIMARY KEY,
    driver_id    uuid REFERENCES driver,
    account_id   uuid REFERENCES customer_account,
    signed_on    date NOT NULL,
    bound_until  date,                            -- first day on which it may end; NULL is not bound
    ends_on      date,                            -- first day without it; NULL goes on
    created_at   timestamptz NOT NULL,
    CHECK ((driver_id IS NULL) <> (account_id IS NULL))
);
CREATE INDEX subscription_driver ON subscription (driver_id);
CREATE INDEX subscription_account ON subscription (account_id);
CREATE INDEX subscription_going ON subscription (ends_on);
CREATE TABLE subscription_piece (                 -- which plan counts on which days; gaps and overlaps never
    subscription_id  uuid NOT NULL REFERENCES subscription,
    from_day         date NOT NULL,
    until_day        date,                        -- exclusive; NULL goes on
    kind             text NOT NULL CHECK (kind IN ('trial', 'active', 'paused')),
    version_id       uuid NOT NULL REFERENCES plan_version,
    PRIMARY KEY (subscription_id, from_day),
    CHECK (until_day > from_day)
);
CREATE INDEX subscription_piece_version ON subscription_piece (version_id);
CREATE TABLE subscription_told (                  -- what somebody was told, once
    key      text PRIMARY KEY,
    told_at  timestamptz NOT NULL
);

CREATE TABLE included_use (                       -- what sessions took of the energy that a subscription includes
    session_id       uuid PRIMARY KEY,
    subscription_id  uuid NOT NULL REFERENCES subscription,
    month            date NOT NULL,
    ended_at         timestamptz NOT NULL,
    energy_wh        bigint NOT NULL CHECK (energy_wh >= 0),
    used_wh          bigint NOT NULL CHECK (used_wh >= 0 AND used_wh <= energy_wh),
    voided           boolean NOT NULL DEFAULT false  -- its invoice was credited: it took nothing
);
CREATE INDEX included_use_month ON included_use (subscription_id, month, ended_at);
CREATE TABLE customer_charge (                    -- what members of accounts charged, and who pays for it
    session_id   uuid PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES customer_account,
    member_id    uuid NOT NULL REFERENCES customer_member,
    driver_id    uuid NOT NULL REFERENCES driver,
    payer_id     uuid NOT NULL REFERENCES driver,
    station_id   uuid NOT NULL REFERENCES station,
    month        date NOT NULL,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz NOT NULL,
    energy_wh    bigint NOT NULL,
    amount_minor bigint NOT NULL,
    currency     text NOT NULL,
    voided       boolean NOT NULL DEFAULT false
);
CREATE INDEX customer_charge_month ON customer_charge (account_id, month);
CREATE INDEX customer_charge_payer ON customer_charge (payer_id);

-- Fees stand on invoices beside sessions, as lines of their own.
CREATE TABLE invoiced_fee (                       -- a month's fee of a subscription: on one invoice, once
    subscription_id  uuid NOT NULL REFERENCES subscription,
    month            date NOT NULL,
    invoice_id       uuid NOT NULL REFERENCES invoice,
    credited         boolean NOT NULL DEFAULT false,  -- taken back for good; a fee to bill again has no row
    PRIMARY KEY (subscription_id, month)
);
CREATE INDEX invoiced_fee_invoice ON invoiced_fee (invoice_id);
ALTER TABLE invoice_line ALTER COLUMN session_id DROP NOT NULL;
ALTER TABLE invoice_line ADD COLUMN subscription_id uuid REFERENCES subscription;
ALTER TABLE invoice_line ADD COLUMN driver_name text NOT NULL DEFAULT '';
ALTER TABLE invoice_line ADD CHECK ((session_id IS NULL) <> (subscription_id IS NULL));
COMMENT ON COLUMN invoice_line.driver_name IS 'who charged, when another pays';
