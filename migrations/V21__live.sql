-- What is live. Tickets to open a socket: a browser can send no header with its handshake, and a key never goes into a URL. Whoever has
-- a key is given a ticket for 30 seconds, which opens one socket. Here is its SHA-256, and that of the secret for which it stands: the
-- key is judged when the socket is opened, as by any request; the mesh is the one that it was asked for in. A ticket belongs to no org:
-- it is looked up by itself.

CREATE TABLE socket_tickets (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    mesh_id uuid NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX socket_tickets_by_secret ON socket_tickets (secret_hash);
CREATE INDEX socket_tickets_by_end ON socket_tickets (ends_at);
GRANT SELECT, INSERT, DELETE ON socket_tickets TO meshkey_app;
GRANT SELECT, DELETE ON socket_tickets TO meshkey_operator;

-- Who is connected. One row for each replica to which anybody is, and when it last said that it is there: what it says of its peers
-- counts for as long. Not a tenant's.
CREATE TABLE hubs (
    id uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX hubs_by_last_sight ON hubs (seen_at);
GRANT SELECT ON hubs TO meshkey_app;
GRANT SELECT, INSERT, DELETE ON hubs TO meshkey_operator;
GRANT UPDATE (seen_at) ON hubs TO meshkey_operator;

-- By which key, where, and how often. An empty topic is the socket itself, whatever it follows.
CREATE TABLE peers (
    hub_id uuid NOT NULL REFERENCES hubs ON DELETE CASCADE,
    org_id uuid NOT NULL,
    mesh_id uuid NOT NULL,
    key_id uuid NOT NULL,
    topic text COLLATE "C" NOT NULL CHECK (topic ~ '^([a-z0-9][a-z0-9._-]{0,63})?$'),
    via text COLLATE "C" NOT NULL CHECK (via IN ('stream', 'socket')),
    count bigint NOT NULL CHECK (count > 0),
    since timestamptz NOT NULL,
    PRIMARY KEY (hub_id, mesh_id, key_id, topic, via),
    FOREIGN KEY (org_id, mesh_id) REFERENCES meshes (org_id, id),
    FOREIGN KEY (org_id, key_id) REFERENCES api_keys (org_id, id)
);
CREATE INDEX peers_by_mesh ON peers (org_id, mesh_id, key_id);
ALTER TABLE peers ENABLE ROW LEVEL SECURITY;
ALTER TABLE peers FORCE ROW LEVEL SECURITY;
CREATE POLICY by_org ON peers TO meshkey_app USING (org_id = meshkey_current_org());
CREATE POLICY operator ON peers TO meshkey_operator USING (true);
GRANT SELECT ON peers TO meshkey_app;
GRANT SELECT, INSERT, DELETE ON peers TO meshkey_operator;
GRANT UPDATE (count, since) ON peers TO meshkey_operator;
