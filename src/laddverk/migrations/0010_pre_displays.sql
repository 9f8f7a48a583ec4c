-- What chargers show to people: messages, prices, tariffs; what their terminals took; swapped batteries.

CREATE TABLE display_template (                   -- a text for many chargers: "Closed for service"
    id          uuid PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    texts       jsonb NOT NULL,                   -- [{text, language, format}]
    priority    text NOT NULL,
    state       text,
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL DEFAULT '',
    retired_at  timestamptz
);

CREATE TABLE display_message (                    -- what we want on a charger's display
    station_id       uuid NOT NULL REFERENCES station,
    number           int NOT NULL,                -- the id on the charger; never used again there
    texts            jsonb NOT NULL,
    priority         text NOT NULL,
    state            text,
    starts_at        timestamptz,
    ends_at          timestamptz,
    transaction_key  text,
    template_id      uuid REFERENCES display_template,
    condition        text NOT NULL DEFAULT 'wanted'
                     CHECK (condition IN ('wanted', 'shown', 'refused', 'leaving', 'gone')),
    word             text NOT NULL DEFAULT '',    -- the charger's own word about it
    created_at       timestamptz NOT NULL,
    created_by       text NOT NULL DEFAULT '',
    changed_at       timestamptz NOT NULL,
    PRIMARY KEY (station_id, number)
);
CREATE INDEX display_message_template ON display_message (template_id) WHERE template_id IS NOT NULL;
CREATE INDEX display_message_ends ON display_message (ends_at) WHERE ends_at IS NOT NULL AND condition <> 'gone';

CREATE TABLE display_inventory (                  -- what a charger says it shows
    station_id   uuid NOT NULL,
    number       bigint NOT NULL,
    message      jsonb NOT NULL,
    request_id   int NOT NULL,
    reported_at  timestamptz NOT NULL,
    PRIMARY KEY (station_id, number)
);
CREATE TABLE display_read (                       -- when a charger last told all of it
    station_id   uuid PRIMARY KEY,
    read_at      timestamptz NOT NULL
);

CREATE TABLE tariff_shown (                       -- the tariff that a charger was told to compute and show with (2.1)
    station_id    uuid NOT NULL,
    evse_number   int NOT NULL,
    tariff_id     text NOT NULL,                  -- as the charger knows it
    version_id    uuid REFERENCES tariff_version,
    body          jsonb NOT NULL,
    condition     text NOT NULL DEFAULT 'wanted' CHECK (condition IN ('wanted', 'shown', 'refused', 'leaving', 'gone')),
    word          text NOT NULL DEFAULT '',
    changed_at    timestamptz NOT NULL,
    PRIMARY KEY (station_id, evse_number)
);
CREATE TABLE tariff_told (                        -- what a charger says it has
    station_id    uuid NOT NULL,
    evse_number   int NOT NULL,                   -- that was asked for
    tariffs       jsonb NOT NULL,
    told_at       timestamptz NOT NULL,
    PRIMARY KEY (station_id, evse_number)
);

CREATE TABLE cost_shown (                         -- the price that a charger was last told to show for a session
    station_id       uuid NOT NULL,
    transaction_key  text NOT NULL,
    amount_minor     bigint NOT NULL,
    currency         text NOT NULL,
    energy_wh        bigint NOT NULL,
    shown_at         timestamptz NOT NULL,
    PRIMARY KEY (station_id, transaction_key)
);
CREATE INDEX cost_shown_at ON cost_shown (shown_at);

CREATE TABLE settlement (                         -- what a terminal in a charger took
    id               uuid PRIMARY KEY,
    station_id       uuid NOT NULL REFERENCES station,
    reference        text NOT NULL,               -- the payment provider's
    status           text NOT NULL,               -- Settled, Canceled, Rejected, Failed
    amount_minor     bigint NOT NULL,
    currency         text NOT NULL,
    transaction_key  text,
    info             text,
    receipt_id       text,
    receipt_url      text,
    company          jsonb,
    vat_number       text,
    settled_at       timestamptz NOT NULL,
    received_at      timestamptz NOT NULL,
    UNIQUE (station_id, reference, status)
);
CREATE INDEX settlement_session ON settlement (station_id, transaction_key);
CREATE INDEX settlement_at ON settlement (settled_at DESC);

CREATE TABLE vat_number (                         -- what is known of a VAT number; looked up again after a while
    number       text PRIMARY KEY,
    accepted     boolean NOT NULL,
    company      jsonb,
    source       text NOT NULL,                   -- who said so: form, sandbox, vies
    checked_at   timestamptz NOT NULL
);
CREATE TABLE vat_question (                       -- each time that a number was entered at a charger
    station_id   uuid NOT NULL,
    received_at  timestamptz NOT NULL,
    number       text NOT NULL,
    evse_number  int,
    accepted     boolean NOT NULL,
    why          text NOT NULL DEFAULT '',
    PRIMARY KEY (station_id, received_at, number)
);

CREATE TABLE battery_swap (                       -- batteries in and out of a swap station
    station_id   uuid NOT NULL,
    request_id   int NOT NULL,
    event        text NOT NULL,                   -- BatteryIn, BatteryOut, BatteryOutTimeout
    content_key  text NOT NULL,                   -- of the same message said twice
    token_uid    text NOT NULL,
    batteries    jsonb NOT NULL,
    at           timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    PRIMARY KEY (station_id, request_id, event, content_key)
);
CREATE INDEX battery_swap_at ON battery_swap (station_id, at DESC);

CREATE TABLE web_payment_told (                   -- chargers that were told that somebody pays on the web
    start_request_id  uuid PRIMARY KEY,
    told_at           timestamptz NOT NULL
);

ALTER TABLE start_request ADD COLUMN cost_limit_minor bigint;  -- what was reserved: a charger of 2.1 is told to stop there
