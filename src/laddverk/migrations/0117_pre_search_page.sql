-- The search page finds tags by how their numbers begin, whatever the collation of the database.

CREATE INDEX token_beginning ON token (uid text_pattern_ops);
