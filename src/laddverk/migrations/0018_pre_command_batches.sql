-- The same command to many stations: what was asked, of whom, and why somebody got none.

CREATE TABLE command_batch (
    id            uuid PRIMARY KEY,
    kind          text NOT NULL,                  -- tag of the Command struct
    command       jsonb NOT NULL,
    requested_by  text NOT NULL,
    reason        text NOT NULL,
    left_out      jsonb NOT NULL DEFAULT '[]',    -- stations that could not be asked: [{"station_id", "why"}]
    created_at    timestamptz NOT NULL
);
CREATE INDEX command_batch_made ON command_batch (created_at DESC);

ALTER TABLE command ADD COLUMN batch_id uuid REFERENCES command_batch;
CREATE INDEX command_of_batch ON command (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX command_made ON command (created_at DESC);
