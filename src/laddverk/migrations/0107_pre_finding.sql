-- What the one search box looks things up by, each by an index.

CREATE INDEX driver_words ON driver USING gin (to_tsvector('simple', name));
CREATE INDEX swish_attempt_reference ON swish_attempt (payment_reference) WHERE payment_reference IS NOT NULL;
CREATE INDEX payment_amount ON payment (captured_minor, created_at) WHERE captured_minor > 0;
CREATE INDEX payment_amount_reserved ON payment (authorised_minor, created_at) WHERE captured_minor = 0;
CREATE INDEX payment_card_last4 ON payment_card (last4) WHERE last4 <> '';
CREATE INDEX payment_method_last4 ON payment_method (last4) WHERE last4 <> '';
CREATE INDEX payment_method_used ON payment (method_id, created_at DESC) WHERE method_id IS NOT NULL;
CREATE INDEX payment_reference ON payment (provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX invoice_number ON invoice (number);
