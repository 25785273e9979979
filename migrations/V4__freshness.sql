-- The feed of what has changed over keys, from which each replica learns what to forget; and the replicas that may remember.
-- Neither is a tenant's: no row-level security, since a feed that hides a row from its reader would be believed to be whole.

-- Changes that decide over keys, each with the transaction that made it. Order of `id` and of `at` is not order of commit.
CREATE TABLE key_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    kind text NOT NULL CHECK (kind IN ('key', 'org', 'mesh', 'all', 'probe')),
    subject uuid CHECK ((kind = 'all') = (subject IS NULL)),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX key_changes_by_transaction ON key_changes (xact) INCLUDE (kind, subject);

-- One row: every change of a transaction below `mark` may be gone from the feed; `system` is the cluster that counted.
CREATE TABLE feed_marks (
    is_one boolean PRIMARY KEY DEFAULT true CHECK (is_one),
    mark xid8 NOT NULL DEFAULT '0',
    system text NOT NULL DEFAULT ''
);
INSERT INTO feed_marks DEFAULT VALUES;

-- One row for each process that may remember keys: which snapshot it has applied, of which server, and for how long from its
-- last beat on it may still go by what it remembers. Logged: a row that a crash could lose would let a revocation answer.
CREATE TABLE replicas (
    boot_id uuid PRIMARY KEY,
    beat bigint NOT NULL,
    name text NOT NULL CHECK (char_length(name) <= 255),
    snap pg_snapshot NOT NULL,
    server text NOT NULL,
    hold_ms integer NOT NULL CHECK (hold_ms > 0),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Which server this is, and on which timeline: transaction ids of another one mean something else. Fails on a standby.
CREATE FUNCTION meshkey_server() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN (SELECT system_identifier FROM pg_control_system())::text
        || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8);

-- Says that something has changed over a key, an org or a mesh, or says it again; gives the transaction that says it.
CREATE FUNCTION meshkey_tell(what text, which uuid) RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO public.key_changes (kind, subject) VALUES (what, which);
    SELECT pg_current_xact_id()::text
$$;

-- A change is told by a trigger, so that one made in psql counts like one of ours. It runs with the rights of who makes the
-- change: who may not tell of it may not make it.
CREATE FUNCTION meshkey_tell_subject() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.key_changes (kind, subject) VALUES (TG_ARGV[0], OLD.id);
    RETURN NULL;
END $$;
CREATE FUNCTION meshkey_tell_secret() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.key_changes (kind, subject)
    VALUES ('key', CASE TG_OP WHEN 'INSERT' THEN NEW.key_id ELSE OLD.key_id END);
    RETURN NULL;
END $$;
CREATE FUNCTION meshkey_tell_everything() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.key_changes (kind) VALUES ('all');
    RETURN NULL;
END $$;

-- Last uses tell nothing, and neither does a new key: nobody remembers one that was not there.
CREATE TRIGGER tell_change AFTER UPDATE ON api_keys FOR EACH ROW
    WHEN ((OLD.id, OLD.org_id, OLD.mesh_id, OLD.label, OLD.capabilities, OLD.everywhere, OLD.topics, OLD.addresses,
           OLD.expires_at, OLD.disabled_at, OLD.revoked_at)
        IS DISTINCT FROM (NEW.id, NEW.org_id, NEW.mesh_id, NEW.label, NEW.capabilities, NEW.everywhere, NEW.topics,
           NEW.addresses, NEW.expires_at, NEW.disabled_at, NEW.revoked_at))
    EXECUTE FUNCTION meshkey_tell_subject('key');
CREATE TRIGGER tell_change AFTER UPDATE ON key_secrets FOR EACH ROW
    WHEN ((OLD.org_id, OLD.key_id, OLD.number, OLD.hash, OLD.dies_at)
        IS DISTINCT FROM (NEW.org_id, NEW.key_id, NEW.number, NEW.hash, NEW.dies_at))
    EXECUTE FUNCTION meshkey_tell_secret();
CREATE TRIGGER tell_next AFTER INSERT ON key_secrets FOR EACH ROW WHEN (NEW.number > 1)
    EXECUTE FUNCTION meshkey_tell_secret();
CREATE TRIGGER tell_change AFTER UPDATE ON orgs FOR EACH ROW
    WHEN ((OLD.id, OLD.slug, OLD.suspended_at) IS DISTINCT FROM (NEW.id, NEW.slug, NEW.suspended_at))
    EXECUTE FUNCTION meshkey_tell_subject('org');
CREATE TRIGGER tell_change AFTER UPDATE ON meshes FOR EACH ROW
    WHEN ((OLD.id, OLD.org_id, OLD.slug, OLD.archived_at) IS DISTINCT FROM (NEW.id, NEW.org_id, NEW.slug, NEW.archived_at))
    EXECUTE FUNCTION meshkey_tell_subject('mesh');
CREATE TRIGGER tell_end AFTER DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION meshkey_tell_subject('key');
CREATE TRIGGER tell_end AFTER DELETE ON key_secrets FOR EACH ROW EXECUTE FUNCTION meshkey_tell_secret();
CREATE TRIGGER tell_end AFTER DELETE ON orgs FOR EACH ROW EXECUTE FUNCTION meshkey_tell_subject('org');
CREATE TRIGGER tell_end AFTER DELETE ON meshes FOR EACH ROW EXECUTE FUNCTION meshkey_tell_subject('mesh');

-- ALWAYS: what logical replication or a restore writes with session_replication_role = replica counts too.
DO $$
DECLARE told text;
BEGIN
    FOREACH told IN ARRAY ARRAY['api_keys', 'key_secrets', 'orgs', 'meshes'] LOOP
        EXECUTE format('CREATE TRIGGER tell_all AFTER TRUNCATE ON %I EXECUTE FUNCTION meshkey_tell_everything()', told);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER tell_change', told);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER tell_end', told);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER tell_all', told);
    END LOOP;
    ALTER TABLE key_secrets ENABLE ALWAYS TRIGGER tell_next;
END $$;

REVOKE EXECUTE ON FUNCTION meshkey_tell(text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION meshkey_tell(text, uuid) TO meshkey_app, meshkey_operator;
GRANT INSERT ON key_changes TO meshkey_app, meshkey_operator;
GRANT SELECT, DELETE ON key_changes TO meshkey_operator;
GRANT SELECT, UPDATE ON feed_marks TO meshkey_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON replicas TO meshkey_operator;

-- The look-up says what it has read and when: no change that was committed after `as_of` needs to be in it, every earlier
-- one is. The clock by which ends are judged is later than that.
DROP FUNCTION meshkey_lookup(bytea[]);
CREATE FUNCTION meshkey_lookup(hashes bytea[]) RETURNS TABLE (
    hash bytea, now timestamptz, as_of timestamptz, key_id uuid, org_id uuid, mesh_id uuid, label text, capabilities text[],
    everywhere boolean, topics text[], addresses text[], expires_at timestamptz, secret integer, newest_secret integer,
    secret_dies_at timestamptz, is_revoked boolean, is_disabled boolean, org_slug text, is_org_suspended boolean,
    mesh_slug text, is_mesh_archived boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
AS $$
    SELECT s.hash, clock_timestamp(), pg_catalog.now(), k.id, k.org_id, k.mesh_id, k.label, k.capabilities,
           k.everywhere, k.topics, k.addresses, k.expires_at, s.number,
           (SELECT newest.number FROM public.key_secrets newest WHERE newest.key_id = k.id AND newest.dies_at IS NULL),
           s.dies_at, k.revoked_at IS NOT NULL, k.disabled_at IS NOT NULL, o.slug, o.suspended_at IS NOT NULL,
           m.slug, m.archived_at IS NOT NULL
    FROM public.key_secrets s
    JOIN public.api_keys k ON k.id = s.key_id
    JOIN public.orgs o ON o.id = k.org_id
    LEFT JOIN public.meshes m ON m.id = k.mesh_id
    WHERE s.hash = ANY (hashes)
$$;
GRANT CREATE ON SCHEMA public TO meshkey_lookup;
ALTER FUNCTION meshkey_lookup(bytea[]) OWNER TO meshkey_lookup;
REVOKE CREATE ON SCHEMA public FROM meshkey_lookup;
REVOKE EXECUTE ON FUNCTION meshkey_lookup(bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION meshkey_lookup(bytea[]) TO meshkey_app, meshkey_operator;
