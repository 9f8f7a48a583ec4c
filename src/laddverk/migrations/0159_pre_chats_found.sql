-- outside a transaction: drivers go on writing while the words of millions of lines are indexed.
-- Chats are listed from the newest back, of a charger too, and found by what was said in them: also those of which no
-- case was made.

CREATE INDEX CONCURRENTLY IF NOT EXISTS chat_opened ON chat (opened_at, id);
CREATE INDEX CONCURRENTLY IF NOT EXISTS chat_station ON chat (station_id, opened_at) WHERE station_id IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS chat_session ON chat (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS chat_line_words ON chat_line
    USING gin (to_tsvector('simple', body || ' ' || coalesce(params->>'title', ''))) WHERE body <> '';
