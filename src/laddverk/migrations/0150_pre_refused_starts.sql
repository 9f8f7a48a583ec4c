-- What is done by itself looks every ten seconds for starts that were refused lately, and for later ones there.

CREATE INDEX start_request_refused ON start_request (cancelled_at)
    WHERE session_id IS NULL AND cancelled_why = 'refused';
CREATE INDEX start_request_station ON start_request (station_id, created_at);
