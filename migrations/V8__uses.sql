-- What keys were used for: counts by the hour, the addresses that uses came from, and what was denied lately. Counts decide
-- nothing, so that no change of them is told to anybody. They are kept for 35 days. The service's role reads them; the
-- operator's writes them, in batches, again and again to the same rows of an hour. An empty text says that nothing was named;
-- '*' stands for all that was not told apart.

CREATE TABLE key_uses (
    org_id uuid NOT NULL,
    key_id uuid NOT NULL,
    hour timestamptz NOT NULL CHECK (extract(epoch FROM hour)::bigint % 3600 = 0),
    capability text COLLATE "C" NOT NULL CHECK (capability ~ '^([a-z][a-z0-9_.-]{1,47}|[*])?$'),
    topic text COLLATE "C" NOT NULL CHECK (topic ~ '^([a-z0-9][a-z0-9._-]{0,63}|[*])?$'),
    outcome text COLLATE "C" NOT NULL CHECK (outcome ~ '^[a-z_]{2,32}$'),
    count bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (org_id, key_id, hour, capability, topic, outcome),
    FOREIGN KEY (org_id, key_id) REFERENCES api_keys (org_id, id)
) WITH (fillfactor = 70);
-- With the key behind, so that whoever looks for one key and hour finds it by this index as well as by the first.
CREATE INDEX key_uses_by_hour ON key_uses (org_id, hour, key_id);

CREATE TABLE key_addresses (
    org_id uuid NOT NULL,
    key_id uuid NOT NULL,
    hour timestamptz NOT NULL CHECK (extract(epoch FROM hour)::bigint % 3600 = 0),
    address text COLLATE "C" NOT NULL CHECK (char_length(address) <= 45),
    allowed bigint NOT NULL CHECK (allowed >= 0),
    denied bigint NOT NULL CHECK (denied >= 0),
    PRIMARY KEY (org_id, key_id, hour, address),
    FOREIGN KEY (org_id, key_id) REFERENCES api_keys (org_id, id)
) WITH (fillfactor = 70);
CREATE INDEX key_addresses_by_hour ON key_addresses (org_id, hour, key_id);

-- The same denial again is one row with a higher count.
CREATE TABLE key_denials (
    org_id uuid NOT NULL,
    key_id uuid NOT NULL,
    door text COLLATE "C" NOT NULL CHECK (door ~ '^[a-z_]{2,32}$'),
    code text COLLATE "C" NOT NULL CHECK (code ~ '^[a-z_]{2,32}$'),
    capability text COLLATE "C" NOT NULL CHECK (capability ~ '^([a-z][a-z0-9_.-]{1,47})?$'),
    topic text COLLATE "C" NOT NULL CHECK (topic ~ '^([a-z0-9][a-z0-9._-]{0,63})?$'),
    address text COLLATE "C" NOT NULL CHECK (char_length(address) <= 45),
    first_at timestamptz NOT NULL,
    at timestamptz NOT NULL CHECK (at >= first_at),
    count bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (org_id, key_id, door, code, capability, topic, address),
    FOREIGN KEY (org_id, key_id) REFERENCES api_keys (org_id, id)
);
CREATE INDEX key_denials_oldest ON key_denials (at);

DO $$
DECLARE tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['key_uses', 'key_addresses', 'key_denials'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY by_org ON %I TO meshkey_app USING (org_id = meshkey_current_org())', tenant_table);
        EXECUTE format('CREATE POLICY operator ON %I TO meshkey_operator USING (true)', tenant_table);
        EXECUTE format('GRANT SELECT ON %I TO meshkey_app', tenant_table);
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO meshkey_operator', tenant_table);
    END LOOP;
END $$;
GRANT UPDATE (count) ON key_uses TO meshkey_operator;
GRANT UPDATE (allowed, denied) ON key_addresses TO meshkey_operator;
GRANT UPDATE (first_at, at, count) ON key_denials TO meshkey_operator;
