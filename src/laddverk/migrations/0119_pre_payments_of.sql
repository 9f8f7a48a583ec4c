-- The payments of a driver, and of the session that a start became: asked for on the pages of both.

CREATE INDEX payment_driver ON payment (driver_id, created_at DESC) WHERE driver_id IS NOT NULL;
CREATE INDEX start_request_session ON start_request (session_id) WHERE session_id IS NOT NULL;
