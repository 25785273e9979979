-- The guard within a service of somebody else's: it judges the keys that it is shown by what it remembers, and revocations wait
-- for it as for a replica. Its role can read no table but the feed, and write none: its own row is written by functions, to
-- which the number that only it knows is the right to that row.
GRANT SELECT ON key_changes, feed_marks TO meshkey_guard;
GRANT EXECUTE ON FUNCTION meshkey_lookup(bytea[]) TO meshkey_guard;

-- A guard can delay a revocation by its hold, and no longer: eleven minutes are more than any setting allows.
CREATE FUNCTION meshkey_guard_beat(boot uuid, number bigint, called text, applied pg_snapshot, on_server text, hold integer)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF hold > 660000 THEN
        RAISE EXCEPTION 'a guard may not hold on for % ms', hold USING ERRCODE = 'check_violation';
    END IF;
    -- Every server reads every row, again and again, while a change waits.
    IF length(on_server) > 64 OR length(applied::text) > 16384 OR length(called) > 255 THEN
        RAISE EXCEPTION 'a guard may not say so much' USING ERRCODE = 'check_violation';
    END IF;
    IF (SELECT count(*) FROM public.replicas) >= 1000
        AND NOT EXISTS (SELECT FROM public.replicas r WHERE r.boot_id = boot) THEN
        RAISE EXCEPTION 'there are too many replicas' USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO public.replicas AS mine (boot_id, beat, name, snap, server, hold_ms, seen_at)
    VALUES (boot, number, called, applied, on_server, hold, clock_timestamp())
    ON CONFLICT (boot_id) DO UPDATE
        SET beat = excluded.beat, snap = excluded.snap, server = excluded.server, seen_at = clock_timestamp()
        WHERE mine.beat < excluded.beat;
    RETURN FOUND;
END $$;
CREATE FUNCTION meshkey_guard_leave(boot uuid) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ DELETE FROM public.replicas WHERE boot_id = boot $$;

-- What a requirement names, by its id or slug: no more of it than a judgement needs.
CREATE FUNCTION meshkey_guard_org(named text, or_id uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT id FROM public.orgs WHERE slug = named OR orgs.id = or_id $$;
CREATE FUNCTION meshkey_guard_mesh(org uuid, named text, or_id uuid) RETURNS TABLE (id uuid, is_archived boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
AS $$
    SELECT m.id, m.archived_at IS NOT NULL FROM public.meshes m
    WHERE m.org_id = org AND (m.slug = named OR m.id = or_id)
$$;
CREATE FUNCTION meshkey_guard_capabilities(org uuid) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 8
AS $$ SELECT name FROM public.capabilities WHERE org_id = org ORDER BY name $$;

GRANT SELECT ON capabilities TO meshkey_lookup;
CREATE POLICY lookup ON capabilities FOR SELECT TO meshkey_lookup USING (true);

GRANT CREATE ON SCHEMA public TO meshkey_lookup, meshkey_operator;
ALTER FUNCTION meshkey_guard_beat(uuid, bigint, text, pg_snapshot, text, integer) OWNER TO meshkey_operator;
ALTER FUNCTION meshkey_guard_leave(uuid) OWNER TO meshkey_operator;
ALTER FUNCTION meshkey_guard_org(text, uuid) OWNER TO meshkey_lookup;
ALTER FUNCTION meshkey_guard_mesh(uuid, text, uuid) OWNER TO meshkey_lookup;
ALTER FUNCTION meshkey_guard_capabilities(uuid) OWNER TO meshkey_lookup;
REVOKE CREATE ON SCHEMA public FROM meshkey_lookup, meshkey_operator;

DO $$
DECLARE called text;
BEGIN
    FOREACH called IN ARRAY ARRAY['meshkey_guard_beat(uuid, bigint, text, pg_snapshot, text, integer)',
        'meshkey_guard_leave(uuid)', 'meshkey_guard_org(text, uuid)', 'meshkey_guard_mesh(uuid, text, uuid)',
        'meshkey_guard_capabilities(uuid)'] LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', called);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO meshkey_guard', called);
    END LOOP;
END $$;
