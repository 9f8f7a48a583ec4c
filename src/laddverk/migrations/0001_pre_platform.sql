-- What every room stands on: jobs, the audit log, people who sign in.

CREATE TABLE job (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL,
    payload     jsonb NOT NULL,
    run_at      timestamptz NOT NULL DEFAULT now(),
    unique_key  text UNIQUE,
    attempts    int NOT NULL DEFAULT 0,
    last_error  text,
    failed_at   timestamptz
);
CREATE INDEX job_due ON job (kind, run_at) WHERE failed_at IS NULL;

CREATE TABLE job_slot (
    kind  text NOT NULL,
    slot  bigint NOT NULL,
    PRIMARY KEY (kind, slot)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TABLE audit_log (
    id           uuid PRIMARY KEY,
    at           timestamptz NOT NULL,
    actor_kind   text NOT NULL,
    actor_id     uuid,
    actor_name   text NOT NULL DEFAULT '',
    action       text NOT NULL,
    object_kind  text NOT NULL,
    object_id    uuid,
    reason       text NOT NULL DEFAULT '',
    detail       jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_object ON audit_log (object_id, at DESC);
CREATE INDEX audit_log_at ON audit_log (at DESC);
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
