-- How often a key may be used: so often a minute, and so often at once. Neither means without limit. What was used is counted
-- by each process, and is not here.
ALTER TABLE api_keys
    ADD COLUMN rate_per_minute integer CHECK (rate_per_minute BETWEEN 1 AND 1000000),
    ADD COLUMN rate_burst integer CHECK (rate_burst BETWEEN 1 AND 1000000),
    ADD CONSTRAINT rate_is_whole CHECK ((rate_per_minute IS NULL) = (rate_burst IS NULL));
GRANT UPDATE (rate_per_minute, rate_burst) ON api_keys TO meshkey_app, meshkey_operator;

-- It decides over keys: replicas are told when it changes.
DROP TRIGGER tell_change ON api_keys;
CREATE TRIGGER tell_change AFTER UPDATE ON api_keys FOR EACH ROW
    WHEN ((OLD.id, OLD.org_id, OLD.mesh_id, OLD.label, OLD.capabilities, OLD.everywhere, OLD.topics, OLD.addresses,
           OLD.expires_at, OLD.disabled_at, OLD.revoked_at, OLD.rate_per_minute, OLD.rate_burst)
        IS DISTINCT FROM (NEW.id, NEW.org_id, NEW.mesh_id, NEW.label, NEW.capabilities, NEW.everywhere, NEW.topics,
           NEW.addresses, NEW.expires_at, NEW.disabled_at, NEW.revoked_at, NEW.rate_per_minute, NEW.rate_burst))
    EXECUTE FUNCTION meshkey_tell_subject('key');
ALTER TABLE api_keys ENABLE ALWAYS TRIGGER tell_change;

DROP FUNCTION meshkey_lookup(bytea[]);
CREATE FUNCTION meshkey_lookup(hashes bytea[]) RETURNS TABLE (
    hash bytea, now timestamptz, as_of timestamptz, key_id uuid, org_id uuid, mesh_id uuid, label text, capabilities text[],
    everywhere boolean, topics text[], addresses text[], expires_at timestamptz, rate_per_minute integer, rate_burst integer,
    secret integer, newest_secret integer, secret_dies_at timestamptz, is_revoked boolean, is_disabled boolean, org_slug text,
    is_org_suspended boolean, mesh_slug text, is_mesh_archived boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
AS $$
    SELECT s.hash, clock_timestamp(), pg_catalog.now(), k.id, k.org_id, k.mesh_id, k.label, k.capabilities,
           k.everywhere, k.topics, k.addresses, k.expires_at, k.rate_per_minute, k.rate_burst, s.number,
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
