-- People who want to be forgotten (GDPR, article 17), and what may be taken out of rows that nobody else may change.

ALTER TABLE driver ADD COLUMN erased_at timestamptz;

CREATE TABLE erasure (
    id           uuid PRIMARY KEY,
    driver_id    uuid NOT NULL REFERENCES driver,
    state        text NOT NULL CHECK (state IN ('asked', 'done', 'withdrawn')),
    asked_at     timestamptz NOT NULL,
    asked_by     text NOT NULL CHECK (asked_by IN ('driver', 'operator')),
    reason       text NOT NULL DEFAULT '',        -- of staff; emptied when it is done
    was_blocked  boolean NOT NULL,                -- before it was asked for: so it is again when it is withdrawn
    ended_at     timestamptz,
    removed      jsonb NOT NULL DEFAULT '{}'      -- how many rows of which table were changed or taken away
);
CREATE UNIQUE INDEX erasure_asked ON erasure (driver_id) WHERE state = 'asked';

-- The log and the documents stay as they were written, but for what names somebody who is forgotten: a transaction that
-- forgets says so by a setting of its own, and may only take words out of the log, or old documents away.
CREATE FUNCTION refuse_change_but_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('laddverk.forgetting', true), '') <> 'yes' THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_TABLE_NAME = 'audit_log' THEN
        IF TG_OP = 'DELETE' OR (OLD.id, OLD.at, OLD.actor_kind, OLD.actor_id, OLD.action, OLD.object_kind, OLD.object_id)
            IS DISTINCT FROM (NEW.id, NEW.at, NEW.actor_kind, NEW.actor_id, NEW.action, NEW.object_kind, NEW.object_id)
        THEN
            RAISE EXCEPTION 'only words are taken out of %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'a document is never changed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
DROP TRIGGER audit_log_append_only ON audit_log;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_forget();
DROP TRIGGER invoice_file_append_only ON invoice_file;
CREATE TRIGGER invoice_file_append_only BEFORE UPDATE OR DELETE ON invoice_file
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_forget();
