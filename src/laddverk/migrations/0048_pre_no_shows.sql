-- A reservation that nobody came for, where waiting has a price, is a session without energy (OCPI: RESERVATION).
ALTER TABLE session ADD COLUMN reservation_expired boolean NOT NULL DEFAULT false;
