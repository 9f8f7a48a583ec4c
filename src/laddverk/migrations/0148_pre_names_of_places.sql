-- Chargers and sites are found by the words of their names while somebody types.

CREATE INDEX station_name_words ON station USING gin (to_tsvector('simple', name));
CREATE INDEX site_name_words ON site USING gin (to_tsvector('simple', name));
