-- Gates: what a gateway's configuration names, and how a request that it tells of is turned into what its client's key must be
-- enough for. Who lets one demand a capability holds that capability's row, and so does who retires it.
CREATE TABLE gates (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES orgs,
    mesh_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,47}$'),
    description text NOT NULL DEFAULT '' CHECK (char_length(description) <= 500),
    methods jsonb NOT NULL CHECK (
        jsonb_typeof(methods) = 'object'
        AND methods <> '{}'
        AND NOT jsonb_path_exists(methods, '$.* ? (@.type() != "string" || !(@ like_regex "^[a-z][a-z0-9_.-]{1,47}$"))')
        AND methods - '{GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS,*}'::text[] = '{}'),
    topic text COLLATE "C" CHECK (topic ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    segment smallint CHECK (segment BETWEEN 1 AND 32),
    deny_429 boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, name),
    FOREIGN KEY (org_id, mesh_id) REFERENCES meshes (org_id, id),
    CHECK (topic IS NULL OR segment IS NULL)
);
ALTER TABLE gates ENABLE ROW LEVEL SECURITY;
ALTER TABLE gates FORCE ROW LEVEL SECURITY;
CREATE POLICY by_org ON gates TO meshkey_app USING (org_id = meshkey_current_org());
CREATE POLICY operator ON gates TO meshkey_operator USING (true);
GRANT SELECT, INSERT, DELETE ON gates TO meshkey_app, meshkey_operator;
GRANT UPDATE (name, description, methods, topic, segment, deny_429, version) ON gates TO meshkey_app, meshkey_operator;

-- A gate is remembered under its org. What is not there is not.
CREATE TRIGGER tell_change AFTER UPDATE ON gates FOR EACH ROW
    WHEN ((OLD.id, OLD.org_id, OLD.mesh_id, OLD.methods, OLD.topic, OLD.segment, OLD.deny_429)
        IS DISTINCT FROM (NEW.id, NEW.org_id, NEW.mesh_id, NEW.methods, NEW.topic, NEW.segment, NEW.deny_429))
    EXECUTE FUNCTION meshkey_tell_org();
CREATE TRIGGER tell_end AFTER DELETE ON gates FOR EACH ROW EXECUTE FUNCTION meshkey_tell_org();
CREATE TRIGGER tell_all AFTER TRUNCATE ON gates EXECUTE FUNCTION meshkey_tell_everything();
ALTER TABLE gates ENABLE ALWAYS TRIGGER tell_change;
ALTER TABLE gates ENABLE ALWAYS TRIGGER tell_end;
ALTER TABLE gates ENABLE ALWAYS TRIGGER tell_all;

ALTER TABLE audit_events DROP CONSTRAINT audit_events_subject_kind_check;
ALTER TABLE audit_events ADD CONSTRAINT audit_events_subject_kind_check
    CHECK (subject_kind IN ('org', 'mesh', 'topic', 'key', 'capability', 'gate'));
