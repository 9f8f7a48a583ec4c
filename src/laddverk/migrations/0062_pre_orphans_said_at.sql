-- What an end without a session says of its time is the charger's word, however wrong its clock, and is named so.

ALTER TABLE session_orphan RENAME COLUMN at TO said_at;
