-- Refunds that were refused and not made since: what they were to give back is still owed. And a table that nothing used.

CREATE VIEW refund_refused AS
SELECT failed.id, failed.payment_id, failed.amount_minor, failed.failure_text, failed.updated_at
FROM payment_refund AS failed
WHERE failed.state = 'failed' AND NOT EXISTS (
    SELECT FROM payment_refund AS later
    WHERE later.payment_id = failed.payment_id AND later.created_at > failed.created_at AND later.state <> 'failed');

DROP TABLE payment_confirmation;
