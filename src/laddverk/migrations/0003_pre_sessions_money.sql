-- What charging costs, what was charged, who owes what, and how it was paid.

CREATE TABLE tariff (
    id          uuid PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL,
    retired_at  timestamptz
);
CREATE TABLE tariff_version (
    id          uuid PRIMARY KEY,
    tariff_id   uuid NOT NULL REFERENCES tariff,
    number      int NOT NULL,
    body        jsonb NOT NULL,                   -- the Tariff struct, prices including VAT
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL DEFAULT '',
    UNIQUE (tariff_id, number)
);
CREATE TRIGGER tariff_version_append_only BEFORE UPDATE OR DELETE ON tariff_version
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TABLE tariff_choice (                      -- the most specific choice wins: station, site, network
    id            uuid PRIMARY KEY,
    tariff_id     uuid NOT NULL REFERENCES tariff,
    site_id       uuid REFERENCES site,
    station_id    uuid REFERENCES station,
    driver_group  text,
    CHECK (site_id IS NULL OR station_id IS NULL)
);
CREATE UNIQUE INDEX tariff_choice_once ON tariff_choice
    (coalesce(station_id, site_id, '00000000-0000-0000-0000-000000000000'), coalesce(driver_group, ''));

CREATE SEQUENCE session_number_seq AS int MINVALUE 1;     -- 1.6 transactionId: int32, never 0 or negative
CREATE SEQUENCE remote_start_seq AS int MINVALUE 1;       -- 2.x remoteStartId

-- A wish to charge before the charger has said anything: made by the portal, the console or the API.
CREATE TABLE start_request (
    id                uuid PRIMARY KEY,
    remote_start_id   int NOT NULL UNIQUE DEFAULT nextval('remote_start_seq'),
    station_id        uuid NOT NULL REFERENCES station,
    evse_number       int NOT NULL,
    connector_number  int NOT NULL DEFAULT 1,
    driver_id         uuid REFERENCES driver,
    token_uid         text NOT NULL,              -- what the charger is told to show us: ours, one time
    payment_id        uuid,
    tariff_version_id uuid REFERENCES tariff_version,
    command_id        uuid,
    access_hash       bytea UNIQUE,               -- of the link to its page: /s/<token>
    created_at        timestamptz NOT NULL,
    expires_at        timestamptz NOT NULL,
    session_id        uuid,                       -- set when it became a session
    cancelled_at      timestamptz,
    cancelled_why     text
);
CREATE INDEX start_request_open ON start_request (station_id, evse_number) WHERE session_id IS NULL AND cancelled_at IS NULL;
CREATE INDEX start_request_token ON start_request (token_uid);

CREATE TABLE session (
    id                 uuid PRIMARY KEY,
    number             int NOT NULL UNIQUE DEFAULT nextval('session_number_seq'),
    station_id         uuid NOT NULL REFERENCES station,
    evse_number        int NOT NULL,
    connector_number   int NOT NULL DEFAULT 1,
    transaction_key    text NOT NULL,             -- 2.x transactionId, 1.6 content key of StartTransaction
    token_uid          text,
    token_id           uuid,
    driver_id          uuid REFERENCES driver,
    start_request_id   uuid REFERENCES start_request,
    payment_id         uuid,
    settlement         text NOT NULL DEFAULT 'invoice' CHECK (settlement IN ('invoice', 'payment', 'free', 'review')),
    started_at         timestamptz NOT NULL,      -- corrected times
    ended_at           timestamptz,
    charging_ended_at  timestamptz,               -- when energy stopped flowing for good: idle time starts here
    received_at        timestamptz NOT NULL,
    said_start_at      timestamptz,
    said_end_at        timestamptz,
    register_start_wh  bigint,
    register_end_wh    bigint,
    energy_wh          bigint NOT NULL DEFAULT 0 CHECK (energy_wh >= 0),
    power_w            int,                       -- last known, while it runs
    soc_percent        int,
    sampled_at         timestamptz,               -- of the latest reading that is in the row
    charging_state     text,
    state_at           timestamptz,               -- of the charging state
    stop_reason        text,
    stop_token_uid     text,
    doubts             text[] NOT NULL DEFAULT '{}',
    tariff_version_id  uuid REFERENCES tariff_version,
    tariff             jsonb,                     -- frozen at the start
    timezone           text NOT NULL DEFAULT 'Europe/Stockholm',
    price_minor        bigint,                    -- including VAT; NULL until priced
    vat_minor          bigint,
    vat_percent        numeric,
    currency           text,
    price_lines        jsonb,                     -- the explanation, line by line
    priced_at          timestamptz,
    version            int NOT NULL DEFAULT 1,    -- grows when late truth changes the energy or the times
    approved_version   int,                       -- the version that a person approved in spite of its doubts
    access_hash        bytea UNIQUE,              -- of the link to the page of this charge
    UNIQUE (station_id, transaction_key)
) WITH (fillfactor = 70);                         -- room for the row to grow on its page while the session runs
CREATE INDEX session_open ON session (station_id, evse_number) WHERE ended_at IS NULL;
CREATE INDEX session_driver ON session (driver_id, started_at DESC);
CREATE INDEX session_ended ON session (ended_at DESC);
CREATE INDEX session_started ON session (started_at DESC);
CREATE INDEX session_station ON session (station_id, started_at DESC);
CREATE INDEX session_token ON session (token_uid);

-- Each transaction message once (law 2), so that order and repetition change nothing; also the evidence.
CREATE TABLE session_event (
    station_id       uuid NOT NULL,
    transaction_key  text NOT NULL,
    content_key      text NOT NULL,               -- 2.x seqNo; 1.6: start, stop, or the reading's content
    kind             text NOT NULL,               -- started, updated, ended
    at               timestamptz NOT NULL,
    said_at          timestamptz,
    received_at      timestamptz NOT NULL,
    detail           jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (station_id, transaction_key, content_key)
);

-- One wide row for each sampled instant; the odd rest in jsonb.
CREATE TABLE sample (
    station_id       uuid NOT NULL,
    evse_number      int NOT NULL,
    at               timestamptz NOT NULL,        -- corrected time
    context          text NOT NULL DEFAULT 'Sample.Periodic',
    transaction_key  text NOT NULL DEFAULT '',    -- '' when the charger named no session: it is found by EVSE and time
    said_at          timestamptz,
    received_at      timestamptz NOT NULL,
    energy_wh        bigint,                      -- import register
    energy_export_wh bigint,
    power_w          int,
    current_l1_a     real,
    current_l2_a     real,
    current_l3_a     real,
    voltage_l1_v     real,
    voltage_l2_v     real,
    voltage_l3_v     real,
    soc_percent      real,
    temperature_c    real,
    offered_a        real,
    rest             jsonb,
    PRIMARY KEY (station_id, transaction_key, at, context, evse_number)
);

-- Ends and readings of sessions that we never saw start: answered, kept, reviewed by a person.
CREATE TABLE session_orphan (
    id               uuid PRIMARY KEY,
    station_id       uuid NOT NULL,
    evse_number      int,
    transaction_ref  text NOT NULL,
    at               timestamptz NOT NULL,
    received_at      timestamptz NOT NULL,
    fact             jsonb NOT NULL,
    resolved_at      timestamptz,
    UNIQUE (station_id, transaction_ref, at)
);

CREATE TABLE authorisation (                      -- each time a token was shown, and what we said
    station_id   uuid NOT NULL,
    id           uuid NOT NULL,
    at           timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    token_uid    text NOT NULL,
    driver_id    uuid,
    status       text NOT NULL,
    reason       text NOT NULL DEFAULT '',
    PRIMARY KEY (station_id, id)
);
CREATE INDEX authorisation_at ON authorisation (received_at DESC);

CREATE TABLE account (
    id          uuid PRIMARY KEY,
    number      text NOT NULL,                    -- BAS: 1510, 1580, 2611, 3001 …
    name        text NOT NULL,
    owner_kind  text,                             -- driver, for sub-accounts of 1510 and the like
    owner_id    uuid,
    currency    text NOT NULL
);
CREATE UNIQUE INDEX account_once ON account
    (number, coalesce(owner_id, '00000000-0000-0000-0000-000000000000'), currency);
CREATE TABLE ledger_transaction (
    id               uuid PRIMARY KEY,
    idempotency_key  text NOT NULL UNIQUE,
    kind             text NOT NULL,               -- invoice, credit_note, capture, refund, payout …
    occurred_at      timestamptz NOT NULL,
    booked_at        timestamptz NOT NULL,
    source_kind      text NOT NULL,
    source_id        uuid NOT NULL,
    text             text NOT NULL DEFAULT ''
);
CREATE INDEX ledger_transaction_source ON ledger_transaction (source_id);
CREATE TABLE posting (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction_id  uuid NOT NULL REFERENCES ledger_transaction,
    account_id      uuid NOT NULL REFERENCES account,
    amount_minor    bigint NOT NULL CHECK (amount_minor <> 0),  -- debit positive, credit negative
    currency        text NOT NULL
);
CREATE INDEX posting_account ON posting (account_id, id);
CREATE INDEX posting_transaction ON posting (transaction_id);
CREATE TABLE account_balance (
    account_id    uuid PRIMARY KEY REFERENCES account,
    amount_minor  bigint NOT NULL
);
CREATE TRIGGER ledger_transaction_append_only BEFORE UPDATE OR DELETE ON ledger_transaction
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER posting_append_only BEFORE UPDATE OR DELETE ON posting
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION posting_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM posting WHERE transaction_id = NEW.transaction_id
               GROUP BY currency HAVING sum(amount_minor) <> 0) THEN
        RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER posting_balanced AFTER INSERT ON posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION posting_must_balance();

CREATE TABLE payment_method (
    id            uuid PRIMARY KEY,
    driver_id     uuid NOT NULL REFERENCES driver,
    provider      text NOT NULL,
    customer_ref  text NOT NULL,                  -- the provider's own ids: never a card number
    method_ref    text NOT NULL,
    brand         text NOT NULL DEFAULT '',
    last4         text NOT NULL DEFAULT '' CHECK (last4 ~ '^[0-9]{0,4}$'),
    expires       text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL,
    removed_at    timestamptz,
    UNIQUE (provider, method_ref)
);
CREATE TABLE payment (
    id                 uuid PRIMARY KEY,
    purpose            text NOT NULL CHECK (purpose IN ('session', 'invoice', 'save_card')),
    session_id         uuid,
    start_request_id   uuid,
    invoice_id         uuid,
    driver_id          uuid REFERENCES driver,
    provider           text NOT NULL,
    provider_ref       text,                      -- payment intent
    checkout_ref       text,                      -- hosted page
    method_id          uuid REFERENCES payment_method,
    state              text NOT NULL,
    currency           text NOT NULL,
    amount_minor       bigint NOT NULL CHECK (amount_minor >= 0),     -- to authorise
    authorised_minor   bigint NOT NULL DEFAULT 0,
    captured_minor     bigint NOT NULL DEFAULT 0,
    refunded_minor     bigint NOT NULL DEFAULT 0,
    due_minor          bigint CHECK (due_minor >= 0),                 -- what it really cost; NULL until priced
    wish               text NOT NULL DEFAULT '' CHECK (wish IN ('', 'capture', 'cancel')),
    return_url         text NOT NULL DEFAULT '',
    checkout_url       text NOT NULL DEFAULT '',
    failure_code       text,
    failure_text       text,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    CHECK (captured_minor <= authorised_minor),
    CHECK (refunded_minor <= captured_minor)
);
CREATE UNIQUE INDEX payment_provider_ref ON payment (provider, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX payment_session ON payment (session_id);
CREATE INDEX payment_invoice ON payment (invoice_id);
CREATE INDEX payment_created ON payment (created_at DESC);
CREATE INDEX payment_start_request ON payment (start_request_id);
CREATE INDEX payment_unsettled ON payment (updated_at)
    WHERE state IN ('created', 'checkout', 'authorised', 'capturing', 'unknown');
CREATE TABLE payment_refund (                     -- money that goes back; those under way count as much as those done
    id            uuid PRIMARY KEY,
    payment_id    uuid NOT NULL REFERENCES payment,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    state         text NOT NULL CHECK (state IN ('requested', 'unknown', 'succeeded', 'failed')),
    reason        text NOT NULL,
    requested_by  text NOT NULL DEFAULT '',
    provider_ref  text,
    failure_text  text,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);
CREATE INDEX payment_refund_payment ON payment_refund (payment_id);
CREATE INDEX payment_refund_open ON payment_refund (updated_at) WHERE state IN ('requested', 'unknown');
CREATE TABLE payment_event (                      -- what happened to a payment, from either side
    id          uuid PRIMARY KEY,
    payment_id  uuid NOT NULL REFERENCES payment,
    at          timestamptz NOT NULL,
    kind        text NOT NULL,
    amount_minor bigint,
    detail      jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX payment_event_payment ON payment_event (payment_id, at);
CREATE TABLE webhook_inbox (
    provider      text NOT NULL,
    event_id      text NOT NULL,
    kind          text NOT NULL,
    payload       jsonb NOT NULL,
    received_at   timestamptz NOT NULL,
    processed_at  timestamptz,
    copies        int NOT NULL DEFAULT 1,
    PRIMARY KEY (provider, event_id)
);

-- The built-in payment provider that moves no money keeps its own books here; nothing else reads or writes them.
CREATE TABLE sandbox_payment (
    ref               text PRIMARY KEY,           -- pi_sandbox_…
    order_id          text NOT NULL UNIQUE,       -- the idempotency key it was made with
    status            text NOT NULL,
    mode              text NOT NULL CHECK (mode IN ('payment', 'setup')),
    currency          text NOT NULL,
    amount_minor      bigint NOT NULL,
    capture_at_once   boolean NOT NULL,
    authorised_minor  bigint NOT NULL DEFAULT 0,
    captured_minor    bigint NOT NULL DEFAULT 0,
    refunded_minor    bigint NOT NULL DEFAULT 0,
    card              text,                       -- the name of a test card
    failure_code      text,
    return_url        text NOT NULL DEFAULT '',
    description       text NOT NULL DEFAULT '',
    expires_at        timestamptz NOT NULL,
    idempotency       jsonb NOT NULL DEFAULT '{}' -- answers already given, by key
);

CREATE TABLE invoice_series (
    name         text PRIMARY KEY,                -- 'F2026' invoices, 'K2026' credit notes
    next_number  bigint NOT NULL CHECK (next_number > 0)
);
CREATE TABLE invoice (
    id                  uuid PRIMARY KEY,
    series              text NOT NULL REFERENCES invoice_series,
    number              bigint NOT NULL,
    kind                text NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    credits_invoice_id  uuid REFERENCES invoice,
    driver_id           uuid NOT NULL REFERENCES driver,
    period              date NOT NULL,            -- first day of the month
    run                 int NOT NULL DEFAULT 1,   -- sessions that came late make a second invoice for a month
    currency            text NOT NULL,
    gross_minor         bigint NOT NULL,
    net_minor           bigint NOT NULL,
    vat_minor           bigint NOT NULL,
    paid_minor          bigint NOT NULL DEFAULT 0,
    credited_minor      bigint NOT NULL DEFAULT 0,
    vat                 jsonb NOT NULL,           -- per rate: percent, net, vat, gross
    seller              jsonb NOT NULL,           -- frozen: who sold, to whom
    buyer               jsonb NOT NULL,
    reference           text NOT NULL,            -- OCR: digits with a check digit
    issued_at           timestamptz NOT NULL,
    due_on              date NOT NULL,
    reason              text NOT NULL DEFAULT '', -- of a credit note
    pdf_sha256          jsonb NOT NULL DEFAULT '{}',
    UNIQUE (series, number),
    UNIQUE (driver_id, period, run, kind, credits_invoice_id)
);
CREATE INDEX invoice_driver ON invoice (driver_id, period DESC);
CREATE TABLE invoice_line (
    invoice_id   uuid NOT NULL REFERENCES invoice,
    number       int NOT NULL,
    session_id   uuid NOT NULL REFERENCES session,
    sign         smallint NOT NULL CHECK (sign IN (1, -1)),
    text         text NOT NULL,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz NOT NULL,
    energy_wh    bigint NOT NULL,
    gross_minor  bigint NOT NULL,
    net_minor    bigint NOT NULL,
    vat_minor    bigint NOT NULL,
    vat_percent  numeric NOT NULL,
    price_lines  jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (invoice_id, number)
);
CREATE UNIQUE INDEX invoice_line_session_once ON invoice_line (session_id, sign, invoice_id);

-- The documents as they were first made: the same bytes for seven years, whatever becomes of templates and fonts.
CREATE TABLE invoice_file (
    invoice_id  uuid NOT NULL REFERENCES invoice,
    language    text NOT NULL,
    sha256      text NOT NULL,
    content     bytea NOT NULL,
    made_at     timestamptz NOT NULL,
    PRIMARY KEY (invoice_id, language)
);
CREATE TRIGGER invoice_file_append_only BEFORE UPDATE OR DELETE ON invoice_file
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Whether a session stands on an invoice that is not credited; the key that makes a second invoice impossible.
CREATE TABLE invoiced_session (
    session_id  uuid PRIMARY KEY REFERENCES session,
    invoice_id  uuid NOT NULL REFERENCES invoice
);

CREATE TABLE mail (
    id          uuid PRIMARY KEY,
    recipient   text NOT NULL,
    language    text NOT NULL,
    template    text NOT NULL,
    subject     text NOT NULL,
    body_text   text NOT NULL,
    body_html   text NOT NULL,
    created_at  timestamptz NOT NULL,
    sent_at     timestamptz,
    error       text,
    unique_key  text UNIQUE
);
CREATE INDEX mail_created ON mail (created_at DESC);

-- Sessions whose money has moved: late truth no longer changes their price.
CREATE VIEW session_settled AS
    SELECT session_id FROM invoiced_session
    UNION ALL
    SELECT session_id FROM payment WHERE session_id IS NOT NULL AND captured_minor > 0
    UNION ALL
    SELECT session.id FROM session JOIN payment ON payment.id = session.payment_id WHERE payment.captured_minor > 0;
