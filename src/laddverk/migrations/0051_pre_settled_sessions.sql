-- A deposit that came before the charge settles nothing yet: the session goes on, ends and is priced like any other.

CREATE OR REPLACE VIEW session_settled AS
    SELECT session_id FROM invoiced_session WHERE session_id IS NOT NULL
    UNION ALL
    SELECT session_id FROM payment WHERE session_id IS NOT NULL AND state = 'captured' AND captured_minor > 0
    UNION ALL
    SELECT session.id FROM session JOIN payment ON payment.id = session.payment_id
    WHERE payment.state = 'captured' AND payment.captured_minor > 0;
