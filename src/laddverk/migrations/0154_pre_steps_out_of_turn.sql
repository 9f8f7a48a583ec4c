-- While more flows than a circuit may carry, a step of the loop is asked for out of turn, but not at every reading.

ALTER TABLE circuit_load ADD COLUMN asked_at timestamptz;  -- when such a step was last asked for
