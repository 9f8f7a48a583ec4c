"""What is cleared of a driver, table by table, and what stays and why. SQL and nothing else; `$1` is the driver.

The order counts: what others are found by (the account's address, number and tags) goes last.
"""

# ruff: noqa: S608 - SQL made of the constants of this file

from __future__ import annotations

from typing import Final

EMAIL: Final = "(SELECT email FROM driver WHERE id = $1)"
PHONE: Final = "(SELECT phone_key(phone) FROM driver WHERE id = $1 AND phone <> '')"
NAME: Final = "(SELECT name FROM driver WHERE id = $1)"
TAGS: Final = "(SELECT uid FROM token WHERE driver_id = $1)"
PAYMENTS: Final = "(SELECT id FROM payment WHERE driver_id = $1)"
SESSIONS: Final = "(SELECT id FROM session WHERE driver_id = $1)"
REQUESTS: Final = "(SELECT id FROM customer_request WHERE driver_id = $1)"

# Also those that were never tied to the account: they came from its address or number.
CASES: Final = f"""
SELECT id, state FROM support_case
WHERE driver_id = $1 OR (contact_email <> '' AND lower(contact_email) = {EMAIL})
   OR (contact_phone <> '' AND phone_key(contact_phone) = {PHONE})
FOR UPDATE
"""
LAST_MAIL: Final = "erased:"
"""What the key of the mail begins with that tells a driver that it is done."""
LAST_MAILS: Final = f"""
UPDATE mail SET recipient = '', error = NULL
WHERE unique_key LIKE '{LAST_MAIL}%' AND recipient <> '' AND (sent_at IS NOT NULL OR created_at < $1)
"""
FORGETS: Final = "SELECT set_config('laddverk.forgetting', 'yes', true)"

CLEARED: Final[tuple[tuple[str, str], ...]] = (
    ("support_mail", f"DELETE FROM support_mail WHERE lower(sender) = {EMAIL}"),
    ("support_dead_address", f"DELETE FROM support_dead_address WHERE lower(address) = {EMAIL}"),
    (
        "phone_recording",
        f"""DELETE FROM phone_recording WHERE call_id IN
            (SELECT id FROM phone_call WHERE phone <> '' AND phone_key(phone) = {PHONE})""",
    ),
    (
        "phone_call",
        f"""UPDATE phone_call SET phone = '', driver_id = NULL, menu = '{{}}'
            WHERE phone <> '' AND phone_key(phone) = {PHONE}""",
    ),
    (
        "chat",
        f"""DELETE FROM chat WHERE (contact_email <> '' AND lower(contact_email) = {EMAIL})
            OR (contact_phone <> '' AND phone_key(contact_phone) = {PHONE})""",
    ),
    ("place_wish", "UPDATE place_wish SET driver_id = NULL, place = '–', note = '' WHERE driver_id = $1"),
    ("sign_in_link", "DELETE FROM sign_in_link WHERE driver_id = $1"),
    ("sign_in_failure", f"DELETE FROM sign_in_failure WHERE lower(subject) = {EMAIL}"),
    ("web_session", "DELETE FROM web_session WHERE subject_kind = 'driver' AND subject_id = $1"),
    ("push_device", "DELETE FROM push_device WHERE owner_kind = 'driver' AND owner_id = $1"),
    ("wallet_auto", "DELETE FROM wallet_auto WHERE driver_id = $1"),
    ("driver_paying", "DELETE FROM driver_paying WHERE driver_id = $1"),
    (
        "payment_method",
        """UPDATE payment_method SET customer_ref = '', method_ref = id::text, brand = '', last4 = '', expires = '',
            removed_at = coalesce(removed_at, now()) WHERE driver_id = $1""",
    ),
    ("payment_card", f"UPDATE payment_card SET brand = '', last4 = '', wallet = '' WHERE payment_id IN {PAYMENTS}"),
    (
        "swish_attempt",
        f"UPDATE swish_attempt SET payer_last4 = '', payer_hash = NULL, token = '' WHERE payment_id IN {PAYMENTS}",
    ),
    (
        "sandbox_swish",
        f"""UPDATE sandbox_swish SET body = body - 'payerAlias' - 'message'
            WHERE phone_key(body->>'payerAlias') = {PHONE}""",
    ),
    ("payment", "UPDATE payment SET return_url = '', checkout_url = '' WHERE driver_id = $1"),
    (
        "payment_refund",
        f"""UPDATE payment_refund SET reason = '', requested_by =
            CASE requested_by WHEN {NAME} THEN '' ELSE requested_by END WHERE payment_id IN {PAYMENTS}""",
    ),
    (
        "webhook_inbox",
        f"UPDATE webhook_inbox SET payload = '{{}}' WHERE strpos(lower(payload::text), {EMAIL}) > 0",
    ),
    (
        "mandate",
        """UPDATE mandate SET holder = '', account_sealed = NULL, account_last4 = '', consent_text = ''
            WHERE driver_id = $1""",
    ),
    (
        "mandate_event",
        "UPDATE mandate_event SET detail = '{}' WHERE mandate_id IN (SELECT id FROM mandate WHERE driver_id = $1)",
    ),
    ("wallet_refund", "UPDATE wallet_refund SET bank_box = NULL, bank_end = '', reason = '' WHERE driver_id = $1"),
    (
        "deposit",
        r"""UPDATE deposit SET payer = '', reference = regexp_replace(reference, '\D', '', 'g') WHERE driver_id = $1
            OR invoice_id IN (SELECT id FROM invoice WHERE driver_id = $1)""",
    ),
    ("invoice_buyer", "DELETE FROM invoice_buyer WHERE driver_id = $1"),
    (
        "customer_account",
        """UPDATE customer_account SET name = '–', org_number = '', invoice_email = '', address = '', reference = ''
            WHERE owner_id = $1""",
    ),
    ("customer_invite", f"UPDATE customer_invite SET email = '' WHERE lower(email) = {EMAIL}"),
    ("customer_member", "UPDATE customer_member SET left_at = now() WHERE driver_id = $1 AND left_at IS NULL"),
    ("tariff_choice", "DELETE FROM tariff_choice WHERE driver_id = $1"),
    (
        "customer_part",
        f"""DELETE FROM customer_part USING customer_answer AS answer WHERE answer.request_id IN {REQUESTS}
            AND answer.station_id = customer_part.station_id AND answer.number = customer_part.number""",
    ),
    ("customer_answer", f"UPDATE customer_answer SET token_uid = '–' WHERE request_id IN {REQUESTS}"),
    (
        "customer_request",
        f"""UPDATE customer_request SET reason = '', requested_by =
            CASE requested_by WHEN {NAME} THEN '' ELSE requested_by END WHERE driver_id = $1""",
    ),
    (
        "reservation",
        f"""UPDATE reservation SET token_uid = '–', group_code = '', requested_by =
            CASE requested_by WHEN {NAME} THEN '' ELSE requested_by END WHERE driver_id = $1""",
    ),
    (
        "authorisation",
        f"UPDATE authorisation SET token_uid = '–', driver_id = NULL WHERE driver_id = $1 OR token_uid IN {TAGS}",
    ),
    ("driver_wish", f"DELETE FROM driver_wish WHERE session_id IN {SESSIONS}"),
    ("stay_guess", f"DELETE FROM stay_guess WHERE session_id IN {SESSIONS}"),
    ("session_outcome", f"UPDATE session_outcome SET token_key = '', car_key = '' WHERE session_id IN {SESSIONS}"),
    (
        "session",
        "UPDATE session SET token_uid = NULL, stop_token_uid = NULL, access_hash = NULL WHERE driver_id = $1",
    ),
    ("session_stopped", f"UPDATE session SET stop_token_uid = NULL WHERE stop_token_uid IN {TAGS}"),
    ("start_request", "UPDATE start_request SET access_hash = NULL WHERE driver_id = $1"),
    ("battery_swap", f"UPDATE battery_swap SET token_uid = '–' WHERE token_uid IN {TAGS}"),
    ("token_presence", f"DELETE FROM token_presence WHERE token_uid IN {TAGS}"),
    (
        "audit_log",
        f"""UPDATE audit_log SET actor_name = CASE WHEN actor_id = $1 THEN '' ELSE actor_name END, reason = '',
            detail = '{{}}'
            WHERE actor_id = $1 OR object_id = $1 OR object_id IN (SELECT id FROM token WHERE driver_id = $1)
               OR object_id IN (SELECT id FROM mandate WHERE driver_id = $1)
               OR strpos(lower(detail::text), {EMAIL}) > 0""",
    ),
    (
        "mail",
        f"""UPDATE mail SET recipient = '', subject = '–', body_text = '', body_html = '', error = NULL, thread = '{{}}'
            WHERE lower(recipient) = {EMAIL} AND unique_key IS DISTINCT FROM '{LAST_MAIL}' || $1::text""",
    ),
    ("token", "DELETE FROM token WHERE driver_id = $1"),
    (
        "driver",
        """UPDATE driver SET email = 'erased-' || replace(id::text, '-', '') || '@erased.invalid', name = '–',
            phone = '', address = '', driver_group = '', starts_held = '', starts_held_at = NULL,
            blocked_why = 'erased', blocked_at = coalesce(blocked_at, now()), erased_at = now() WHERE id = $1""",
    ),
)

KEPT: Final = {
    "invoice.buyer": "an invoice names its buyer (mervärdesskattelagen 17:24) and is kept for seven years (BFL 7:2)",
    "invoice_file.content": "the same, as the document that was sent",
    "invoice_line.driver_name": "what a company was invoiced for, and for whom: part of its invoice",
    "bank_file.content_sealed": "files to and from the bank are vouchers (BFL 7:2); encrypted",
    "bank_record.payer_number": "what the bank said, line by line: a voucher; a number that names nobody here any more",
    "frame.body": "what chargers sent, as it came: taken away by itself after `journal` days",
    "frame_segment.body": "the same, packed",
    "local_list_entry.token_uid": "what a charger still remembers, until it has confirmed that it forgot",
    "mail.recipient": "the last mail, which says that it is done: until it has left, or for a week",
    "log_file": "logs of chargers, taken away after `logs_kept_days`",
}
"""What may still name somebody who was forgotten, and why."""

# Invoices of those who are forgotten, when the law asks for them no more: the name goes, the sums stay.
OLD_FILES: Final = """
DELETE FROM invoice_file USING invoice, driver
WHERE invoice.id = invoice_file.invoice_id AND driver.id = invoice.driver_id AND driver.erased_at IS NOT NULL
  AND invoice.issued_at < $1
"""
OLD_INVOICES: Final = """
UPDATE invoice SET buyer = jsonb_build_object('name', '–', 'address', '', 'email', '') FROM driver
WHERE driver.id = invoice.driver_id AND driver.erased_at IS NOT NULL AND invoice.issued_at < $1
  AND invoice.buyer->>'name' <> '–'
"""
