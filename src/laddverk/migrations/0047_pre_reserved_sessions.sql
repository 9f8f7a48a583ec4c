-- What a session's price must know of the reservation before it.
ALTER TABLE session ADD COLUMN reserved_from timestamptz;  -- since when the charger kept the outlet for it
