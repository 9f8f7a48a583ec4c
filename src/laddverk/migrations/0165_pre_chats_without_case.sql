-- outside a transaction: drivers go on writing while chats are indexed.
-- Whoever searches the inbox is shown chats of which no case was made: where most became one, these are few.

CREATE INDEX CONCURRENTLY IF NOT EXISTS chat_without_case ON chat (opened_at, id) WHERE case_id IS NULL;
