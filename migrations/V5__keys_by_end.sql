-- A page of keys by their end has to begin where the last one ended. With row-level security PostgreSQL looks into an index
-- only for conditions that cannot tell of rows that are hidden: it does not know that of COALESCE, and does of CASE. By the
-- old index each page was read from the first key on.
DROP INDEX api_keys_by_end;
CREATE INDEX api_keys_by_end
    ON api_keys (org_id, (CASE WHEN expires_at IS NULL THEN '9999-12-31T00:00:00Z'::timestamptz ELSE expires_at END), id);
