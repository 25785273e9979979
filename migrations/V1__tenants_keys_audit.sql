-- The rules of the domain, as far as a schema can hold them: a row that breaks one cannot be written, whoever writes it.
-- Every tenant table is under forced row-level security, and only for the org that the transaction has named.
-- The roles meshkey_app, meshkey_operator and meshkey_lookup belong to the cluster and exist before this runs.

CREATE FUNCTION meshkey_current_org() RETURNS uuid LANGUAGE sql STABLE
    RETURN nullif(current_setting('meshkey.org', true), '')::uuid;

CREATE FUNCTION meshkey_are_capabilities(names text[]) RETURNS boolean LANGUAGE sql IMMUTABLE
    RETURN cardinality(names) BETWEEN 1 AND 69
        AND (SELECT bool_and(name IS NOT NULL AND name ~ '^[a-z][a-z0-9_.-]{1,47}$') FROM unnest(names) AS name);

CREATE FUNCTION meshkey_are_patterns(patterns text[]) RETURNS boolean LANGUAGE sql IMMUTABLE
    RETURN cardinality(patterns) <= 100
        AND coalesce((SELECT bool_and(pattern IS NOT NULL AND pattern ~ '^[a-z0-9][a-z0-9._-]{0,62}([a-z0-9._-]|\*)?$')
                      FROM unnest(patterns) AS pattern), true);

CREATE TABLE orgs (
    id uuid PRIMARY KEY,
    slug text COLLATE "C" NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,47}$'),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    suspended_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE meshes (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES orgs,
    slug text COLLATE "C" NOT NULL CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,47}$'),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    archived_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    UNIQUE (org_id, slug)
);

-- A topic's name is its identity, and is never free again: no key can inherit a grant from a topic that is gone.
CREATE TABLE topics (
    org_id uuid NOT NULL,
    mesh_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    description text NOT NULL DEFAULT '' CHECK (char_length(description) <= 500),
    archived_at timestamptz,
    last_seq bigint NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (mesh_id, name),
    UNIQUE (org_id, mesh_id, name),
    FOREIGN KEY (org_id, mesh_id) REFERENCES meshes (org_id, id)
);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES orgs,
    mesh_id uuid,
    label text NOT NULL CHECK (char_length(label) BETWEEN 1 AND 64 AND label = btrim(label)),
    note text CHECK (char_length(note) <= 1000),
    capabilities text[] NOT NULL CHECK (meshkey_are_capabilities(capabilities)),
    everywhere boolean NOT NULL,
    topics text[] NOT NULL CHECK (meshkey_are_patterns(topics)),
    addresses text[] CHECK (cardinality(addresses) BETWEEN 1 AND 32 AND array_position(addresses, NULL) IS NULL),
    issued_by_kind text NOT NULL CHECK (issued_by_kind IN ('key', 'local', 'system')),
    issued_by_key uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    disabled_at timestamptz,
    revoked_at timestamptz,
    revoked_by_kind text CHECK (revoked_by_kind IN ('key', 'local', 'system')),
    revoked_by_key uuid,
    revoke_reason text CHECK (char_length(revoke_reason) <= 500),
    last_used_at timestamptz,
    last_used_from inet,
    version bigint NOT NULL DEFAULT 1,
    UNIQUE (org_id, id),
    FOREIGN KEY (org_id, mesh_id) REFERENCES meshes (org_id, id),
    FOREIGN KEY (org_id, issued_by_key) REFERENCES api_keys (org_id, id),
    FOREIGN KEY (org_id, revoked_by_key) REFERENCES api_keys (org_id, id),
    CONSTRAINT all_topics_are_said CHECK (everywhere = (cardinality(topics) = 0)),
    CONSTRAINT issuer_is_whole CHECK ((issued_by_kind = 'key') = (issued_by_key IS NOT NULL)),
    CONSTRAINT revocation_is_whole CHECK (
        (revoked_at IS NULL) = (revoked_by_kind IS NULL)
        AND (revoked_at IS NOT NULL OR revoke_reason IS NULL)
        AND (coalesce(revoked_by_kind, '') = 'key') = (revoked_by_key IS NOT NULL))
);
CREATE INDEX api_keys_newest ON api_keys (org_id, created_at, id);
CREATE INDEX api_keys_by_mesh ON api_keys (org_id, mesh_id, created_at, id);
CREATE INDEX api_keys_by_label ON api_keys (org_id, (label COLLATE "C"), id);
CREATE INDEX api_keys_by_end ON api_keys (org_id, coalesce(expires_at, '9999-12-31T00:00:00Z'::timestamptz), id);
CREATE INDEX api_keys_by_issuer ON api_keys (issued_by_key) WHERE issued_by_key IS NOT NULL;

-- Revoked is for good, whoever writes.
CREATE FUNCTION meshkey_keep_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a revoked key stays as it was revoked' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER revoked_is_for_good BEFORE UPDATE ON api_keys FOR EACH ROW
    WHEN (OLD.revoked_at IS NOT NULL AND (NEW.revoked_at, NEW.revoked_by_kind, NEW.revoked_by_key, NEW.revoke_reason)
        IS DISTINCT FROM (OLD.revoked_at, OLD.revoked_by_kind, OLD.revoked_by_key, OLD.revoke_reason))
    EXECUTE FUNCTION meshkey_keep_revoked();

-- Secrets by number; the newest has no end of its own, and there is at most one such.
CREATE TABLE key_secrets (
    org_id uuid NOT NULL,
    key_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    hint text NOT NULL CHECK (char_length(hint) BETWEEN 13 AND 21),
    created_at timestamptz NOT NULL DEFAULT now(),
    dies_at timestamptz,
    last_used_at timestamptz,
    PRIMARY KEY (key_id, number),
    FOREIGN KEY (org_id, key_id) REFERENCES api_keys (org_id, id)
);
CREATE UNIQUE INDEX key_secrets_newest ON key_secrets (key_id) WHERE dies_at IS NULL;

-- The end of each org's chain. Its row is locked last in every change, so that order of commit is order of seq.
CREATE TABLE audit_heads (
    org_id uuid PRIMARY KEY REFERENCES orgs,
    seq bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (octet_length(hash) = 32),
    unrevoked_keys bigint NOT NULL DEFAULT 0 CHECK (unrevoked_keys >= 0)
);

CREATE TABLE audit_events (
    org_id uuid NOT NULL REFERENCES orgs,
    seq bigint NOT NULL CHECK (seq >= 1),
    id uuid NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('key', 'local', 'system')),
    actor_key uuid,
    action text NOT NULL,
    subject_kind text NOT NULL CHECK (subject_kind IN ('org', 'mesh', 'topic', 'key')),
    subject_id text NOT NULL,
    mesh_id uuid,
    before jsonb,
    after jsonb,
    request_id text,
    address inet,
    canonical bytea NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (org_id, seq),
    FOREIGN KEY (org_id, mesh_id) REFERENCES meshes (org_id, id),
    CONSTRAINT actor_is_whole CHECK ((actor_kind = 'key') = (actor_key IS NOT NULL))
);
CREATE INDEX audit_events_by_subject ON audit_events (org_id, subject_id, seq);
CREATE INDEX audit_events_by_mesh ON audit_events (org_id, mesh_id, seq) WHERE mesh_id IS NOT NULL;

-- A first answer, to be given again to whoever asks again. Never holds a secret.
CREATE TABLE idempotency (
    caller uuid NOT NULL REFERENCES api_keys,
    route text NOT NULL,
    key text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    body_hash bytea NOT NULL CHECK (octet_length(body_hash) = 32),
    answer json,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, route, key)
);
CREATE INDEX idempotency_oldest ON idempotency (created_at);

-- The one look-up that knows no tenant yet: who are the holders of these secrets? Both hashes of a verify in one call.
CREATE FUNCTION meshkey_lookup(hashes bytea[]) RETURNS TABLE (
    hash bytea, now timestamptz, key_id uuid, org_id uuid, mesh_id uuid, label text, capabilities text[],
    everywhere boolean, topics text[], addresses text[], expires_at timestamptz, secret integer, newest_secret integer,
    secret_dies_at timestamptz, is_revoked boolean, is_disabled boolean, org_slug text, is_org_suspended boolean,
    mesh_slug text, is_mesh_archived boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
AS $$
    SELECT s.hash, clock_timestamp(), k.id, k.org_id, k.mesh_id, k.label, k.capabilities,
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
GRANT SELECT ON orgs, meshes, api_keys, key_secrets TO meshkey_lookup;

DO $$
DECLARE tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['meshes', 'topics', 'api_keys', 'key_secrets', 'audit_heads', 'audit_events'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY by_org ON %I TO meshkey_app USING (org_id = meshkey_current_org())', tenant_table);
        EXECUTE format('CREATE POLICY operator ON %I TO meshkey_operator USING (true)', tenant_table);
    END LOOP;
    FOREACH tenant_table IN ARRAY ARRAY['meshes', 'api_keys', 'key_secrets'] LOOP
        EXECUTE format('CREATE POLICY lookup ON %I FOR SELECT TO meshkey_lookup USING (true)', tenant_table);
    END LOOP;
END $$;
ALTER TABLE orgs ENABLE ROW LEVEL SECURITY;
ALTER TABLE orgs FORCE ROW LEVEL SECURITY;
CREATE POLICY by_org ON orgs TO meshkey_app USING (id = meshkey_current_org());
CREATE POLICY operator ON orgs TO meshkey_operator USING (true);
CREATE POLICY lookup ON orgs FOR SELECT TO meshkey_lookup USING (true);

-- The audit can be added to and read, and nothing else; nothing that tells of the past can be deleted.
GRANT SELECT, UPDATE ON orgs, audit_heads TO meshkey_app, meshkey_operator;
GRANT INSERT ON orgs, audit_heads TO meshkey_operator;
GRANT SELECT, INSERT ON meshes, topics, api_keys, key_secrets TO meshkey_app, meshkey_operator;
-- What a thing is, whose it is and who made it cannot be changed.
GRANT UPDATE (name, archived_at, version) ON meshes TO meshkey_app, meshkey_operator;
GRANT UPDATE (description, archived_at, last_seq, version) ON topics TO meshkey_app, meshkey_operator;
GRANT UPDATE (label, note, capabilities, everywhere, topics, addresses, expires_at, disabled_at, revoked_at, revoked_by_kind,
              revoked_by_key, revoke_reason, last_used_at, last_used_from, version)
    ON api_keys TO meshkey_app, meshkey_operator;
GRANT UPDATE (dies_at, last_used_at) ON key_secrets TO meshkey_app, meshkey_operator;
GRANT SELECT, INSERT ON audit_events TO meshkey_app, meshkey_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO meshkey_app, meshkey_operator;
