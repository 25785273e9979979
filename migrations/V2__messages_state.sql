-- What Meshkey guards itself: messages and state of a mesh.

CREATE TABLE messages (
    org_id uuid NOT NULL,
    mesh_id uuid NOT NULL,
    topic text COLLATE "C" NOT NULL,
    seq bigint NOT NULL CHECK (seq >= 1),
    id uuid NOT NULL UNIQUE,
    author_key uuid NOT NULL,
    body json NOT NULL,
    reply_to uuid,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (mesh_id, topic, seq),
    UNIQUE (mesh_id, topic, id),
    FOREIGN KEY (org_id, mesh_id, topic) REFERENCES topics (org_id, mesh_id, name),
    FOREIGN KEY (org_id, author_key) REFERENCES api_keys (org_id, id),
    -- An answer is to a message of its own topic.
    FOREIGN KEY (mesh_id, topic, reply_to) REFERENCES messages (mesh_id, topic, id)
);

-- A deleted value stays as an empty row, so that its version never starts again. `place` is the topic, or '' for the
-- mesh's own state.
CREATE TABLE states (
    org_id uuid NOT NULL,
    mesh_id uuid NOT NULL,
    topic text COLLATE "C",
    place text COLLATE "C" NOT NULL GENERATED ALWAYS AS (coalesce(topic, '')) STORED,
    name text COLLATE "C" NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    value json,
    is_deleted boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_by uuid NOT NULL,
    PRIMARY KEY (mesh_id, place, name),
    FOREIGN KEY (org_id, mesh_id) REFERENCES meshes (org_id, id),
    FOREIGN KEY (org_id, mesh_id, topic) REFERENCES topics (org_id, mesh_id, name),
    FOREIGN KEY (org_id, updated_by) REFERENCES api_keys (org_id, id),
    CONSTRAINT deleted_means_empty CHECK (is_deleted = (value IS NULL))
);

DO $$
DECLARE tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['messages', 'states'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY by_org ON %I TO meshkey_app USING (org_id = meshkey_current_org())', tenant_table);
        EXECUTE format('CREATE POLICY operator ON %I TO meshkey_operator USING (true)', tenant_table);
    END LOOP;
END $$;

GRANT SELECT, INSERT ON messages TO meshkey_app;
GRANT SELECT ON messages TO meshkey_operator;
GRANT SELECT, INSERT, UPDATE ON states TO meshkey_app;
GRANT SELECT ON states TO meshkey_operator;
