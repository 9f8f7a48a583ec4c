-- Money that a driver pays in, to charge for later.

ALTER TABLE payment DROP CONSTRAINT payment_purpose_check;
ALTER TABLE payment ADD CONSTRAINT payment_purpose_check
    CHECK (purpose IN ('session', 'invoice', 'save_card', 'top_up'));
