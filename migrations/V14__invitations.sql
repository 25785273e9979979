-- Invitations to an org or to a mesh of it, and mail that waits to be sent. Of an invitation's two tokens, the one of its link and
-- the one of its mail, only the hashes are kept; the mail's is made when it is sent. So nothing in here opens anything.

CREATE TABLE invitations (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES orgs,
    mesh_id uuid,
    role text NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
    email text COLLATE "C" NOT NULL CHECK (char_length(email) BETWEEN 3 AND 254 AND email = lower(email)),
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    mail_hash bytea UNIQUE CHECK (octet_length(mail_hash) = 32),
    invited_by_kind text NOT NULL CHECK (invited_by_kind IN ('key', 'user', 'local')),
    invited_by_key uuid,
    invited_by_user uuid REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by uuid REFERENCES users,
    withdrawn_at timestamptz,
    FOREIGN KEY (org_id, mesh_id) REFERENCES meshes (org_id, id),
    FOREIGN KEY (org_id, invited_by_key) REFERENCES api_keys (org_id, id),
    CONSTRAINT an_owner_owns_the_org CHECK (role <> 'owner' OR mesh_id IS NULL),
    CONSTRAINT inviter_is_whole CHECK (
        (invited_by_kind = 'key') = (invited_by_key IS NOT NULL) AND (invited_by_kind = 'user') = (invited_by_user IS NOT NULL)),
    CONSTRAINT ended_once CHECK (accepted_at IS NULL OR withdrawn_at IS NULL),
    CONSTRAINT accepted_by_somebody CHECK ((accepted_at IS NULL) = (accepted_by IS NULL))
);
CREATE INDEX invitations_by_org ON invitations (org_id, id);
CREATE INDEX invitations_open ON invitations (org_id, email) WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY by_org ON invitations TO meshkey_app USING (org_id = meshkey_current_org());
CREATE POLICY operator ON invitations TO meshkey_operator USING (true);
CREATE POLICY lookup ON invitations FOR SELECT TO meshkey_lookup USING (true);
GRANT SELECT, INSERT ON invitations TO meshkey_app, meshkey_operator;
GRANT UPDATE (token_hash, mail_hash, ends_at, accepted_at, accepted_by, withdrawn_at) ON invitations
    TO meshkey_app, meshkey_operator;
GRANT SELECT ON invitations TO meshkey_lookup;

-- Mail that waits to be sent: written with what it tells of, sent after that was committed. A row goes when its mail was sent, and
-- stays when it was given up.
CREATE TABLE mail_outbox (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('invitation')),
    subject_id uuid NOT NULL,
    org_id uuid REFERENCES orgs,
    recipient text NOT NULL CHECK (char_length(recipient) BETWEEN 3 AND 254),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries integer NOT NULL DEFAULT 0,
    failed_at timestamptz,
    reason text CHECK (char_length(reason) <= 500),
    UNIQUE (kind, subject_id)
);
CREATE INDEX mail_outbox_due ON mail_outbox (due_at) WHERE failed_at IS NULL;
GRANT SELECT, INSERT, DELETE ON mail_outbox TO meshkey_app, meshkey_operator;
GRANT UPDATE (due_at, tries, failed_at, reason) ON mail_outbox TO meshkey_operator;

-- To what a token invites, for who has it and is nobody's tenant yet.
CREATE FUNCTION meshkey_invitation(token bytea) RETURNS TABLE (id uuid, org_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
AS $$
    SELECT i.id, i.org_id FROM public.invitations i WHERE i.token_hash = token OR i.mail_hash = token
$$;
GRANT CREATE ON SCHEMA public TO meshkey_lookup;
ALTER FUNCTION meshkey_invitation(bytea) OWNER TO meshkey_lookup;
REVOKE CREATE ON SCHEMA public FROM meshkey_lookup;
REVOKE EXECUTE ON FUNCTION meshkey_invitation(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION meshkey_invitation(bytea) TO meshkey_app, meshkey_operator;
