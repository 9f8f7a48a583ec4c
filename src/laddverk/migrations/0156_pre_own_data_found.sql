-- Whoever asks what support has of an address or number is answered from an index: the form is open to all.

CREATE INDEX support_case_phone_key ON support_case (phone_key(contact_phone))
    WHERE driver_id IS NULL AND contact_phone <> '';
CREATE INDEX chat_email ON chat (contact_email) WHERE driver_id IS NULL AND contact_email <> '';
CREATE INDEX chat_phone_key ON chat (phone_key(contact_phone)) WHERE driver_id IS NULL AND contact_phone <> '';
CREATE INDEX phone_call_phone_key ON phone_call (phone_key(phone)) WHERE driver_id IS NULL AND phone <> '';
CREATE INDEX text_message_phone_key ON text_message (phone_key(phone));
CREATE INDEX mail_recipient_lower ON mail (lower(recipient));
