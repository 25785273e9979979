-- Retention of the audit: old events can be taken away by the operator, behind a checkpoint of which an event of the chain
-- tells. Whoever works in one of our roles can take nothing away in another way, and change nothing.

CREATE TABLE audit_checkpoints (
    org_id uuid NOT NULL REFERENCES orgs,
    seq bigint NOT NULL CHECK (seq >= 1),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (org_id, seq)
);
ALTER TABLE audit_checkpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_checkpoints FORCE ROW LEVEL SECURITY;
CREATE POLICY by_org ON audit_checkpoints TO meshkey_app USING (org_id = meshkey_current_org());
CREATE POLICY operator ON audit_checkpoints TO meshkey_operator USING (true);
GRANT SELECT ON audit_checkpoints TO meshkey_app, meshkey_operator;
GRANT INSERT ON audit_checkpoints TO meshkey_operator;
GRANT DELETE ON audit_events TO meshkey_operator;

-- Of a head only what a change moves can be changed.
REVOKE UPDATE ON audit_heads FROM meshkey_app, meshkey_operator;
GRANT UPDATE (seq, hash, unrevoked_keys) ON audit_heads TO meshkey_app, meshkey_operator;

CREATE FUNCTION meshkey_keep_past() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what the audit has written down stays' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER events_stay_as_they_are BEFORE UPDATE ON audit_events FOR EACH ROW EXECUTE FUNCTION meshkey_keep_past();
CREATE TRIGGER events_stay BEFORE TRUNCATE ON audit_events EXECUTE FUNCTION meshkey_keep_past();
CREATE TRIGGER checkpoints_stay_as_they_are BEFORE UPDATE OR DELETE ON audit_checkpoints
    FOR EACH ROW EXECUTE FUNCTION meshkey_keep_past();
CREATE TRIGGER checkpoints_stay BEFORE TRUNCATE ON audit_checkpoints EXECUTE FUNCTION meshkey_keep_past();
CREATE TRIGGER the_end_moves_forward BEFORE UPDATE ON audit_heads FOR EACH ROW
    WHEN (NEW.seq < OLD.seq OR NEW.seq = OLD.seq AND NEW.hash <> OLD.hash OR NEW.org_id <> OLD.org_id)
    EXECUTE FUNCTION meshkey_keep_past();

-- Only what a checkpoint covers can be taken away.
CREATE FUNCTION meshkey_keep_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone WHERE gone.seq > coalesce(
            (SELECT max(c.seq) FROM public.audit_checkpoints c WHERE c.org_id = gone.org_id), 0)) THEN
        RAISE EXCEPTION 'events can be taken away only behind a checkpoint' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER events_go_behind_a_checkpoint AFTER DELETE ON audit_events REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION meshkey_keep_events();

-- At the end of the transaction that writes a checkpoint, the newest event of the chain tells of it.
CREATE FUNCTION meshkey_tell_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE is_told boolean := EXISTS (
        SELECT FROM public.audit_heads h JOIN public.audit_events e ON e.org_id = h.org_id AND e.seq = h.seq
        WHERE h.org_id = NEW.org_id AND e.seq > NEW.seq AND e.action = 'audit.retained'
          AND e.after ->> 'through' = NEW.seq::text AND e.after ->> 'hash' = encode(NEW.hash, 'hex'));
BEGIN
    IF NOT is_told THEN
        RAISE EXCEPTION 'no event tells of this checkpoint' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER checkpoints_are_told AFTER INSERT ON audit_checkpoints DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION meshkey_tell_checkpoint();

-- Events are found by when, from where and through which request.
CREATE INDEX audit_events_by_time ON audit_events (org_id, at);
CREATE INDEX audit_events_by_address ON audit_events (org_id, address, seq) WHERE address IS NOT NULL;
CREATE INDEX audit_events_by_request ON audit_events (org_id, request_id, seq) WHERE request_id IS NOT NULL;
