-- Keys that end, and who hears of it beforehand. Of each key it is kept up to which step before its end somebody was told: a step is a
-- number of days, the last of them none. Another end begins anew.

-- Since when a key has the end that it has: a step that was over by then is never told of.
ALTER TABLE api_keys ADD COLUMN ends_since timestamptz;
CREATE FUNCTION meshkey_note_end() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.ends_since := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER note_end BEFORE UPDATE OF expires_at ON api_keys FOR EACH ROW
    WHEN (OLD.expires_at IS DISTINCT FROM NEW.expires_at)
    EXECUTE FUNCTION meshkey_note_end();

CREATE TABLE told_ends (
    org_id uuid NOT NULL,
    key_id uuid NOT NULL,
    ends_at timestamptz NOT NULL,
    step integer NOT NULL CHECK (step BETWEEN 0 AND 365),
    told_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (org_id, key_id),
    FOREIGN KEY (org_id, key_id) REFERENCES api_keys (org_id, id)
) WITH (fillfactor = 70);
ALTER TABLE told_ends ENABLE ROW LEVEL SECURITY;
ALTER TABLE told_ends FORCE ROW LEVEL SECURITY;
CREATE POLICY by_org ON told_ends TO meshkey_app USING (org_id = meshkey_current_org());
CREATE POLICY operator ON told_ends TO meshkey_operator USING (true);
GRANT SELECT ON told_ends TO meshkey_app;
GRANT SELECT, INSERT ON told_ends TO meshkey_operator;
GRANT UPDATE (ends_at, step, told_at) ON told_ends TO meshkey_operator;

-- Who wants no mail about it.
ALTER TABLE users ADD COLUMN hears_of_ends boolean NOT NULL DEFAULT true;
GRANT UPDATE (hears_of_ends) ON users TO meshkey_app, meshkey_operator;

-- A person's mail of a day, in all its orgs together: of which keys, and of how many more. It waits here as invitations do in
-- mail_outbox, which older versions of the service take everything out of as if it were an invitation.
CREATE TABLE end_notices (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    day timestamptz NOT NULL CHECK (extract(epoch FROM day)::bigint % 86400 = 0),
    listed uuid[] NOT NULL,
    more integer NOT NULL CHECK (more >= 0),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    failed_at timestamptz,
    reason text CHECK (char_length(reason) <= 500),
    UNIQUE (user_id, day)
);
CREATE INDEX end_notices_due ON end_notices (due_at) WHERE sent_at IS NULL AND failed_at IS NULL;
GRANT SELECT, INSERT, DELETE ON end_notices TO meshkey_operator;
GRANT UPDATE (due_at, tries, sent_at, failed_at, reason) ON end_notices TO meshkey_operator;

-- Where an org wants to hear of it by HTTP, and how the last try ended. What signs the calls has to be known to sign: it is kept as it is.
CREATE TABLE webhooks (
    org_id uuid PRIMARY KEY REFERENCES orgs,
    url text NOT NULL CHECK (char_length(url) BETWEEN 8 AND 2000),
    signs_with bytea NOT NULL CHECK (octet_length(signs_with) = 32),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tried_at timestamptz,
    status integer CHECK (status BETWEEN 100 AND 999),
    reason text CHECK (char_length(reason) <= 500)
);

-- Calls that wait to be made, and for a while those that were: at most one a day about keys, and one that waits to try it out.
CREATE TABLE webhook_calls (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    day timestamptz CHECK (extract(epoch FROM day)::bigint % 86400 = 0),
    body text NOT NULL CHECK (octet_length(body) <= 262144),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    failed_at timestamptz,
    reason text CHECK (char_length(reason) <= 500),
    UNIQUE (org_id, day)
);
CREATE INDEX webhook_calls_due ON webhook_calls (due_at) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE UNIQUE INDEX webhook_calls_one_test ON webhook_calls (org_id) WHERE day IS NULL AND sent_at IS NULL AND failed_at IS NULL;

DO $$
DECLARE tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['webhooks', 'webhook_calls'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY by_org ON %I TO meshkey_app USING (org_id = meshkey_current_org())', tenant_table);
        EXECUTE format('CREATE POLICY operator ON %I TO meshkey_operator USING (true)', tenant_table);
    END LOOP;
END $$;
GRANT SELECT, INSERT, DELETE ON webhooks TO meshkey_app;
GRANT UPDATE (url, signs_with, changed_at, tried_at, status, reason) ON webhooks TO meshkey_app;
GRANT SELECT ON webhooks TO meshkey_operator;
GRANT UPDATE (tried_at, status, reason) ON webhooks TO meshkey_operator;
GRANT SELECT, INSERT ON webhook_calls TO meshkey_app;
GRANT UPDATE (due_at) ON webhook_calls TO meshkey_app;
GRANT SELECT, INSERT, DELETE ON webhook_calls TO meshkey_operator;
GRANT UPDATE (due_at, tries, sent_at, failed_at, reason) ON webhook_calls TO meshkey_operator;

ALTER TABLE audit_events
    DROP CONSTRAINT audit_events_subject_kind_check,
    ADD CONSTRAINT audit_events_subject_kind_check CHECK (subject_kind IN
        ('org', 'mesh', 'topic', 'key', 'capability', 'gate', 'member', 'invitation', 'policy', 'webhook'));
