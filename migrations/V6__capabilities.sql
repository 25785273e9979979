-- Capabilities that an org declared for services of its own. Who gives one to a key holds its row, and so does who retires it:
-- no live key is left with a capability that is not there.
CREATE TABLE capabilities (
    org_id uuid NOT NULL REFERENCES orgs,
    name text COLLATE "C" NOT NULL
        CHECK (name ~ '^[a-z][a-z0-9_.-]{1,47}$' AND name NOT IN ('send', 'read', 'state_write', 'admin', 'verify')),
    description text NOT NULL DEFAULT '' CHECK (char_length(description) <= 500),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, name)
);
ALTER TABLE capabilities ENABLE ROW LEVEL SECURITY;
ALTER TABLE capabilities FORCE ROW LEVEL SECURITY;
CREATE POLICY by_org ON capabilities TO meshkey_app USING (org_id = meshkey_current_org());
CREATE POLICY operator ON capabilities TO meshkey_operator USING (true);
GRANT SELECT, INSERT, DELETE ON capabilities TO meshkey_app, meshkey_operator;
GRANT UPDATE (description, version) ON capabilities TO meshkey_app, meshkey_operator;

-- That one is there is remembered, under its org. What is not there is not.
CREATE FUNCTION meshkey_tell_org() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.key_changes (kind, subject) VALUES ('org', OLD.org_id);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_change AFTER UPDATE ON capabilities FOR EACH ROW
    WHEN ((OLD.org_id, OLD.name) IS DISTINCT FROM (NEW.org_id, NEW.name))
    EXECUTE FUNCTION meshkey_tell_org();
CREATE TRIGGER tell_end AFTER DELETE ON capabilities FOR EACH ROW EXECUTE FUNCTION meshkey_tell_org();
CREATE TRIGGER tell_all AFTER TRUNCATE ON capabilities EXECUTE FUNCTION meshkey_tell_everything();
ALTER TABLE capabilities ENABLE ALWAYS TRIGGER tell_change;
ALTER TABLE capabilities ENABLE ALWAYS TRIGGER tell_end;
ALTER TABLE capabilities ENABLE ALWAYS TRIGGER tell_all;

ALTER TABLE audit_events DROP CONSTRAINT audit_events_subject_kind_check;
ALTER TABLE audit_events ADD CONSTRAINT audit_events_subject_kind_check
    CHECK (subject_kind IN ('org', 'mesh', 'topic', 'key', 'capability'));
