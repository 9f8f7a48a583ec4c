-- What machines did around a support case: when its charger had contact, and which tags were shown there.

CREATE INDEX station_connection_at ON station_connection (station_id, connected_at);
CREATE INDEX authorisation_station ON authorisation (station_id, received_at DESC);
