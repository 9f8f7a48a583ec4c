-- Cases are found by the names of the files that came with them.

CREATE INDEX support_attachment_words ON support_attachment USING gin (to_tsvector('simple', name));
