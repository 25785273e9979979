-- People: who they are, what they may do in which org, and where they are signed in. A person is nobody's tenant: users and
-- sessions have no row-level security; memberships are the org's. A key may be bound to a person: it may do no more than the
-- person may at that moment.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    -- As it was typed, but in lower case: one address is one person.
    email text COLLATE "C" NOT NULL UNIQUE
        CHECK (char_length(email) BETWEEN 3 AND 254 AND email = lower(email) AND email ~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+$'),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64 AND name = btrim(name)),
    suspended_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- A person's part in an org, or in one mesh of it: at most one of each.
CREATE TABLE memberships (
    org_id uuid NOT NULL REFERENCES orgs,
    user_id uuid NOT NULL REFERENCES users,
    mesh_id uuid,
    role text NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (org_id, user_id, mesh_id),
    FOREIGN KEY (org_id, mesh_id) REFERENCES meshes (org_id, id),
    CONSTRAINT an_owner_owns_the_org CHECK (role <> 'owner' OR mesh_id IS NULL)
);
CREATE INDEX memberships_by_user ON memberships (user_id);
ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE memberships FORCE ROW LEVEL SECURITY;
CREATE POLICY by_org ON memberships TO meshkey_app USING (org_id = meshkey_current_org());
CREATE POLICY operator ON memberships TO meshkey_operator USING (true);
CREATE POLICY lookup ON memberships FOR SELECT TO meshkey_lookup USING (true);

-- Where a person is signed in. The text of a session is known to the browser alone. One that waits for a second factor is half
-- and opens nothing but the page that asks for it.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    is_half boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    -- When the person last showed who it is.
    confirmed_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz NOT NULL,
    address inet,
    agent text NOT NULL DEFAULT '' CHECK (char_length(agent) <= 200)
);
CREATE INDEX sessions_by_user ON sessions (user_id, seen_at);
CREATE INDEX sessions_by_end ON sessions (ends_at);

GRANT SELECT, INSERT ON users TO meshkey_app, meshkey_operator;
GRANT UPDATE (name, suspended_at, version) ON users TO meshkey_app, meshkey_operator;
GRANT SELECT, INSERT, DELETE ON memberships TO meshkey_app, meshkey_operator;
GRANT UPDATE (role) ON memberships TO meshkey_app, meshkey_operator;
GRANT SELECT, INSERT, DELETE ON sessions TO meshkey_app, meshkey_operator;
GRANT UPDATE (seen_at, confirmed_at) ON sessions TO meshkey_app, meshkey_operator;

-- Personal keys, and what people do themselves.
ALTER TABLE api_keys
    ADD COLUMN user_id uuid REFERENCES users,
    ADD COLUMN issued_by_user uuid REFERENCES users,
    ADD COLUMN revoked_by_user uuid REFERENCES users,
    DROP CONSTRAINT api_keys_issued_by_kind_check,
    DROP CONSTRAINT api_keys_revoked_by_kind_check,
    DROP CONSTRAINT issuer_is_whole,
    DROP CONSTRAINT revocation_is_whole,
    ADD CONSTRAINT api_keys_issued_by_kind_check CHECK (issued_by_kind IN ('key', 'user', 'local', 'system')),
    ADD CONSTRAINT api_keys_revoked_by_kind_check CHECK (revoked_by_kind IN ('key', 'user', 'local', 'system')),
    ADD CONSTRAINT issuer_is_whole CHECK (
        (issued_by_kind = 'key') = (issued_by_key IS NOT NULL) AND (issued_by_kind = 'user') = (issued_by_user IS NOT NULL)),
    ADD CONSTRAINT revocation_is_whole CHECK (
        (revoked_at IS NULL) = (revoked_by_kind IS NULL)
        AND (revoked_at IS NOT NULL OR revoke_reason IS NULL)
        AND (coalesce(revoked_by_kind, '') = 'key') = (revoked_by_key IS NOT NULL)
        AND (coalesce(revoked_by_kind, '') = 'user') = (revoked_by_user IS NOT NULL));
CREATE INDEX api_keys_by_user ON api_keys (org_id, user_id, created_at, id) WHERE user_id IS NOT NULL;
CREATE INDEX api_keys_by_issuing_user ON api_keys (org_id, issued_by_user) WHERE issued_by_user IS NOT NULL;
GRANT UPDATE (revoked_by_user) ON api_keys TO meshkey_app, meshkey_operator;

-- Revoked is for good, also by whom.
DROP TRIGGER revoked_is_for_good ON api_keys;
CREATE TRIGGER revoked_is_for_good BEFORE UPDATE ON api_keys FOR EACH ROW
    WHEN (OLD.revoked_at IS NOT NULL
        AND (NEW.revoked_at, NEW.revoked_by_kind, NEW.revoked_by_key, NEW.revoked_by_user, NEW.revoke_reason)
        IS DISTINCT FROM (OLD.revoked_at, OLD.revoked_by_kind, OLD.revoked_by_key, OLD.revoked_by_user, OLD.revoke_reason))
    EXECUTE FUNCTION meshkey_keep_revoked();

-- An answer is given again to who asked first, be it a key or a person: no two ids are the same.
ALTER TABLE idempotency DROP CONSTRAINT idempotency_caller_fkey;

ALTER TABLE audit_events
    ADD COLUMN actor_user uuid,
    DROP CONSTRAINT audit_events_actor_kind_check,
    DROP CONSTRAINT actor_is_whole,
    DROP CONSTRAINT audit_events_subject_kind_check,
    ADD CONSTRAINT audit_events_actor_kind_check CHECK (actor_kind IN ('key', 'user', 'local', 'system')),
    ADD CONSTRAINT actor_is_whole CHECK (
        (actor_kind = 'key') = (actor_key IS NOT NULL) AND (actor_kind = 'user') = (actor_user IS NOT NULL)),
    ADD CONSTRAINT audit_events_subject_kind_check
        CHECK (subject_kind IN ('org', 'mesh', 'topic', 'key', 'capability', 'gate', 'member', 'invitation', 'policy'));

-- What a person may do decides over the keys that are bound to it. These are remembered under the person.
ALTER TABLE key_changes DROP CONSTRAINT key_changes_kind_check;
ALTER TABLE key_changes ADD CONSTRAINT key_changes_kind_check CHECK (kind IN ('key', 'org', 'mesh', 'user', 'all', 'probe'));
CREATE FUNCTION meshkey_tell_member() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO public.key_changes (kind, subject) VALUES ('user', OLD.user_id);
    END IF;
    IF TG_OP <> 'DELETE' AND (TG_OP = 'INSERT' OR NEW.user_id <> OLD.user_id) THEN
        INSERT INTO public.key_changes (kind, subject) VALUES ('user', NEW.user_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_change AFTER UPDATE ON users FOR EACH ROW
    WHEN ((OLD.id, OLD.suspended_at) IS DISTINCT FROM (NEW.id, NEW.suspended_at))
    EXECUTE FUNCTION meshkey_tell_subject('user');
CREATE TRIGGER tell_end AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION meshkey_tell_subject('user');
CREATE TRIGGER tell_change AFTER INSERT OR UPDATE ON memberships FOR EACH ROW EXECUTE FUNCTION meshkey_tell_member();
CREATE TRIGGER tell_end AFTER DELETE ON memberships FOR EACH ROW EXECUTE FUNCTION meshkey_tell_member();
DROP TRIGGER tell_change ON api_keys;
CREATE TRIGGER tell_change AFTER UPDATE ON api_keys FOR EACH ROW
    WHEN ((OLD.id, OLD.org_id, OLD.mesh_id, OLD.user_id, OLD.label, OLD.capabilities, OLD.everywhere, OLD.topics,
           OLD.addresses, OLD.expires_at, OLD.disabled_at, OLD.revoked_at, OLD.rate_per_minute, OLD.rate_burst)
        IS DISTINCT FROM (NEW.id, NEW.org_id, NEW.mesh_id, NEW.user_id, NEW.label, NEW.capabilities, NEW.everywhere, NEW.topics,
           NEW.addresses, NEW.expires_at, NEW.disabled_at, NEW.revoked_at, NEW.rate_per_minute, NEW.rate_burst))
    EXECUTE FUNCTION meshkey_tell_subject('key');
DO $$
DECLARE told text;
BEGIN
    FOREACH told IN ARRAY ARRAY['users', 'memberships'] LOOP
        EXECUTE format('CREATE TRIGGER tell_all AFTER TRUNCATE ON %I EXECUTE FUNCTION meshkey_tell_everything()', told);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER tell_change', told);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER tell_end', told);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER tell_all', told);
    END LOOP;
    ALTER TABLE api_keys ENABLE ALWAYS TRIGGER tell_change;
END $$;

-- The look-up of a key brings what its person may do in the key's org: roles, and beside each the mesh that it is at, or null
-- for the org.
GRANT SELECT ON users, memberships, sessions TO meshkey_lookup;
CREATE FUNCTION meshkey_holders(hashes bytea[]) RETURNS TABLE (
    hash bytea, now timestamptz, as_of timestamptz, key_id uuid, org_id uuid, mesh_id uuid, label text, capabilities text[],
    everywhere boolean, topics text[], addresses text[], expires_at timestamptz, rate_per_minute integer, rate_burst integer,
    secret integer, newest_secret integer, secret_dies_at timestamptz, is_revoked boolean, is_disabled boolean, org_slug text,
    is_org_suspended boolean, mesh_slug text, is_mesh_archived boolean, user_id uuid, is_user_suspended boolean,
    roles text[], role_meshes uuid[])
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
AS $$
    SELECT s.hash, clock_timestamp(), pg_catalog.now(), k.id, k.org_id, k.mesh_id, k.label, k.capabilities,
           k.everywhere, k.topics, k.addresses, k.expires_at, k.rate_per_minute, k.rate_burst, s.number,
           (SELECT newest.number FROM public.key_secrets newest WHERE newest.key_id = k.id AND newest.dies_at IS NULL),
           s.dies_at, k.revoked_at IS NOT NULL, k.disabled_at IS NOT NULL, o.slug, o.suspended_at IS NOT NULL,
           m.slug, m.archived_at IS NOT NULL, k.user_id, u.suspended_at IS NOT NULL, part.roles, part.meshes
    FROM public.key_secrets s
    JOIN public.api_keys k ON k.id = s.key_id
    JOIN public.orgs o ON o.id = k.org_id
    LEFT JOIN public.meshes m ON m.id = k.mesh_id
    LEFT JOIN public.users u ON u.id = k.user_id
    LEFT JOIN LATERAL (
        SELECT array_agg(role ORDER BY mesh_id NULLS FIRST) AS roles, array_agg(mesh_id ORDER BY mesh_id NULLS FIRST) AS meshes
        FROM public.memberships WHERE memberships.user_id = k.user_id AND memberships.org_id = k.org_id
    ) part ON k.user_id IS NOT NULL
    WHERE s.hash = ANY (hashes)
$$;

-- A version that knows nothing of people goes on asking as before while it is replaced, and finds no key that is bound to one.
DROP FUNCTION meshkey_lookup(bytea[]);
CREATE FUNCTION meshkey_lookup(hashes bytea[]) RETURNS TABLE (
    hash bytea, now timestamptz, as_of timestamptz, key_id uuid, org_id uuid, mesh_id uuid, label text, capabilities text[],
    everywhere boolean, topics text[], addresses text[], expires_at timestamptz, rate_per_minute integer, rate_burst integer,
    secret integer, newest_secret integer, secret_dies_at timestamptz, is_revoked boolean, is_disabled boolean, org_slug text,
    is_org_suspended boolean, mesh_slug text, is_mesh_archived boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
AS $$
    SELECT hash, now, as_of, key_id, org_id, mesh_id, label, capabilities, everywhere, topics, addresses, expires_at,
           rate_per_minute, rate_burst, secret, newest_secret, secret_dies_at, is_revoked, is_disabled, org_slug,
           is_org_suspended, mesh_slug, is_mesh_archived
    FROM public.meshkey_holders(hashes) WHERE user_id IS NULL
$$;

-- Who is signed in by this session, and what that person may do in the org that is named.
CREATE FUNCTION meshkey_session(token bytea, org_named text, org_or_id uuid) RETURNS TABLE (
    now timestamptz, session_id uuid, user_id uuid, email text, name text, is_suspended boolean, is_half boolean,
    seen_at timestamptz, confirmed_at timestamptz, ends_at timestamptz, org_id uuid, org_slug text, is_org_suspended boolean,
    roles text[], role_meshes uuid[])
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
AS $$
    SELECT clock_timestamp(), s.id, u.id, u.email, u.name, u.suspended_at IS NOT NULL, s.is_half, s.seen_at, s.confirmed_at,
           s.ends_at, part.org_id, part.slug, part.is_suspended, part.roles, part.meshes
    FROM public.sessions s
    JOIN public.users u ON u.id = s.user_id
    LEFT JOIN LATERAL (
        SELECT o.id AS org_id, o.slug, o.suspended_at IS NOT NULL AS is_suspended,
               array_agg(m.role ORDER BY m.mesh_id NULLS FIRST) AS roles,
               array_agg(m.mesh_id ORDER BY m.mesh_id NULLS FIRST) AS meshes
        FROM public.orgs o JOIN public.memberships m ON m.org_id = o.id AND m.user_id = u.id
        WHERE o.slug = org_named OR o.id = org_or_id
        GROUP BY o.id
    ) part ON true
    WHERE s.hash = token
$$;

-- In which orgs a person is, and as what: for the person itself.
CREATE FUNCTION meshkey_memberships_of(person uuid) RETURNS TABLE (
    org_id uuid, org_slug text, org_name text, is_org_suspended boolean, mesh_id uuid, mesh_slug text, is_mesh_archived boolean,
    role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 4
AS $$
    SELECT o.id, o.slug, o.name, o.suspended_at IS NOT NULL, m.id, m.slug, m.archived_at IS NOT NULL, p.role
    FROM public.memberships p
    JOIN public.orgs o ON o.id = p.org_id
    LEFT JOIN public.meshes m ON m.id = p.mesh_id
    WHERE p.user_id = person ORDER BY o.slug, m.slug NULLS FIRST
$$;

GRANT CREATE ON SCHEMA public TO meshkey_lookup;
ALTER FUNCTION meshkey_holders(bytea[]) OWNER TO meshkey_lookup;
ALTER FUNCTION meshkey_lookup(bytea[]) OWNER TO meshkey_lookup;
ALTER FUNCTION meshkey_session(bytea, text, uuid) OWNER TO meshkey_lookup;
ALTER FUNCTION meshkey_memberships_of(uuid) OWNER TO meshkey_lookup;
REVOKE CREATE ON SCHEMA public FROM meshkey_lookup;
REVOKE EXECUTE ON FUNCTION meshkey_holders(bytea[]), meshkey_lookup(bytea[]), meshkey_session(bytea, text, uuid),
    meshkey_memberships_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION meshkey_holders(bytea[]), meshkey_lookup(bytea[]) TO meshkey_app, meshkey_operator, meshkey_guard;
GRANT EXECUTE ON FUNCTION meshkey_session(bytea, text, uuid), meshkey_memberships_of(uuid) TO meshkey_app, meshkey_operator;
