-- Policies: what keys of an org, and of a mesh of it, have to be like where they are handed out. Times are seconds. What is not there
-- asks for nothing. Who hands a key out holds a lock on its org's policies with others like it, and who changes one holds it alone.
CREATE TABLE policies (
    org_id uuid NOT NULL REFERENCES orgs,
    mesh_id uuid,
    longest_life bigint CHECK (longest_life BETWEEN 60 AND 315360000),
    default_life bigint CHECK (default_life BETWEEN 60 AND 315360000),
    expiry_required boolean NOT NULL DEFAULT false,
    topics_required boolean NOT NULL DEFAULT false,
    admin_keys_by text NOT NULL DEFAULT 'anyone' CHECK (admin_keys_by IN ('anyone', 'people', 'owners')),
    org_keys_by text NOT NULL DEFAULT 'anyone' CHECK (org_keys_by IN ('anyone', 'people', 'owners', 'nobody')),
    longest_overlap bigint CHECK (longest_overlap BETWEEN 0 AND 604800),
    admin_addresses_required boolean NOT NULL DEFAULT false,
    note_required boolean NOT NULL DEFAULT false,
    disable_unused_after bigint CHECK (disable_unused_after BETWEEN 86400 AND 315360000),
    confirmation_required boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 1,
    FOREIGN KEY (org_id, mesh_id) REFERENCES meshes (org_id, id),
    CONSTRAINT one_each UNIQUE NULLS NOT DISTINCT (org_id, mesh_id)
);
ALTER TABLE policies ENABLE ROW LEVEL SECURITY;
ALTER TABLE policies FORCE ROW LEVEL SECURITY;
CREATE POLICY by_org ON policies TO meshkey_app USING (org_id = meshkey_current_org());
CREATE POLICY operator ON policies TO meshkey_operator USING (true);
GRANT SELECT, INSERT ON policies TO meshkey_app, meshkey_operator;
GRANT UPDATE (longest_life, default_life, expiry_required, topics_required, admin_keys_by, org_keys_by, longest_overlap,
              admin_addresses_required, note_required, disable_unused_after, confirmation_required, version)
    ON policies TO meshkey_app, meshkey_operator;

-- When a disabled key was enabled: it is not unused from before that.
ALTER TABLE api_keys ADD COLUMN enabled_at timestamptz;
GRANT UPDATE (enabled_at) ON api_keys TO meshkey_app, meshkey_operator;
