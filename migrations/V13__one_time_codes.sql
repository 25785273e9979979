-- Codes that open one thing, once, for an hour: setting up an instance that is empty, or setting a person's password anew. They
-- are made on the host alone, and their text is known to who made them: here is its SHA-256. They belong to no org.

CREATE TABLE one_time_codes (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    purpose text NOT NULL CHECK (purpose IN ('setup', 'reset')),
    -- Whose password it is for.
    user_id uuid REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz NOT NULL,
    CONSTRAINT a_reset_is_of_somebody CHECK ((purpose = 'reset') = (user_id IS NOT NULL))
);
CREATE INDEX one_time_codes_by_user ON one_time_codes (user_id) WHERE user_id IS NOT NULL;

-- The service only asks whether there is such a code: what a code opens is done in the operator's role.
GRANT SELECT ON one_time_codes TO meshkey_app;
GRANT SELECT, INSERT, DELETE ON one_time_codes TO meshkey_operator;

-- Whether there is an org or a person: asked before anybody is known.
CREATE FUNCTION meshkey_is_set_up() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT EXISTS (SELECT FROM public.orgs) OR EXISTS (SELECT FROM public.users) $$;
GRANT CREATE ON SCHEMA public TO meshkey_lookup;
ALTER FUNCTION meshkey_is_set_up() OWNER TO meshkey_lookup;
REVOKE CREATE ON SCHEMA public FROM meshkey_lookup;
REVOKE EXECUTE ON FUNCTION meshkey_is_set_up() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION meshkey_is_set_up() TO meshkey_app, meshkey_operator;

-- Who sets a password anew on the host takes the old one away at once.
GRANT DELETE ON passwords TO meshkey_operator;
