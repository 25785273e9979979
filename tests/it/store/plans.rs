//! A page of keys begins where the last one ended: no list with an order of its own reads what lies before it.

use meshkey::db::QUERIES;

use crate::{
    house::House,
    tools::{id, texts},
};

/// The orders that have an index, with a place in each.
const INDEXED: [(&str, &str); 6] = [
    ("OLDEST", "'2026-01-01T00:00:00Z'"),
    ("NEWEST", "'2026-01-01T00:00:00Z'"),
    ("BY_LABEL", "'x'"),
    ("BY_LABEL_DOWN", "'x'"),
    ("BY_END", "'2026-01-01T00:00:00Z'"),
    ("BY_END_DOWN", "'2026-01-01T00:00:00Z'"),
];

#[tokio::test]
async fn a_page_of_keys_is_looked_up_where_it_begins() {
    let house = House::new().await;
    let org = id(&house.admin().get("/v1/orgs/acme").await.expect(200).body);
    let org = org.parse::<meshkey::domain::OrgId>().unwrap().uuid();
    let db = house.sql("meshkey_app").await;
    // Of a table with hardly a row no index is worth a look: whether there could be one is asked.
    let can = "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off";
    db.batch_execute(&format!("{can}; SELECT set_config('meshkey.org', '{org}', false)")).await.unwrap();
    let lists = QUERIES.iter().find(|(module, _)| *module == "list").unwrap().1;
    for (name, place) in INDEXED {
        let sql = lists.iter().find(|(known, _)| *known == name).unwrap().1;
        for status in ["NULL", "ARRAY['active']"] {
            let filters = format!("NULL, false, {status}, NULL, NULL, NULL, NULL, NULL");
            let least = "'00000000-0000-0000-0000-000000000000'";
            let most = "'ffffffff-ffff-ffff-ffff-ffffffffffff'";
            let explain = format!(
                "PREPARE it AS {sql}; SET plan_cache_mode = force_custom_plan;
                 EXPLAIN EXECUTE it('{org}', {filters}, {place}, {least}, 50, {least}, {most}, NULL, false, NULL, NULL)"
            );
            let plan = texts(&db, &explain).await.join("\n");
            db.batch_execute("DEALLOCATE it").await.unwrap();
            let begins_there = plan.lines().any(|line| line.contains("Index Cond") && line.contains("ROW("));
            assert!(begins_there && !plan.contains("Sort"), "{name}: {plan}");
        }
    }
}

/// What reads counts, and what counts keys that end soon, with the index that each is to use.
const COUNTS: [(&str, &str, &str, &str); 5] = [
    ("counts", "OF_ORG", "NULL, '2026-01-01', '2026-01-02', 'topic', 50", "key_uses_by_hour"),
    ("counts", "OF_KEY", "'{key}', '2026-01-01', '2026-01-02', 'topic', 50", "key_uses_pkey"),
    ("counts", "OF_KEYS", "ARRAY['{key}'::uuid], '2026-01-01', '2026-01-02'", "key_uses_pkey"),
    ("counts", "ORIGINS_OF_KEY", "'{key}', '2026-01-01', '2026-01-02', 50", "key_addresses_pkey"),
    ("counts", "DENIALS", "'{key}'", "key_denials_pkey"),
];

#[tokio::test]
async fn counts_are_looked_up_by_org_or_key_and_hour() {
    let house = House::new().await;
    let org = id(&house.admin().get("/v1/orgs/acme").await.expect(200).body);
    let org = org.parse::<meshkey::domain::OrgId>().unwrap().uuid().to_string();
    let (app, operator) = (house.sql("meshkey_app").await, house.sql("meshkey_operator").await);
    // Of a table with few rows one index is as good as another: keys that end in a year, and uses of some in four days.
    let fill = format!(
        "SET session_replication_role = replica;
         INSERT INTO key_uses (org_id, key_id, hour, capability, topic, outcome, count)
         SELECT '{org}', md5(key::text)::uuid, date_trunc('hour', '2026-01-01'::timestamptz) + hour * interval '1 hour', 'send', '', 'ok', 1
         FROM generate_series(1, 200) AS key, generate_series(1, 100) AS hour;
         INSERT INTO key_addresses (org_id, key_id, hour, address, allowed, denied)
         SELECT org_id, key_id, hour, '192.0.2.1', 1, 0 FROM key_uses;
         INSERT INTO api_keys (org_id, id, label, capabilities, everywhere, topics, issued_by_kind, expires_at)
         SELECT '{org}', md5(key::text)::uuid, 'x', '{{send}}', true, '{{}}', 'local', now() + key * interval '1 hour'
         FROM generate_series(1, 9000) AS key;
         ANALYZE key_uses; ANALYZE key_addresses; ANALYZE api_keys; ANALYZE orgs"
    );
    house.sql("superuser").await.batch_execute(&fill).await.unwrap();
    let key = crate::tools::one(&app, "SELECT md5('7')::uuid").await;
    let can = "SET enable_seqscan = off; SET enable_bitmapscan = off";
    let query = |module: &str, name: &str| {
        let named = QUERIES.iter().filter(|(known, _)| *known == module).flat_map(|(_, queries)| queries.iter());
        named.into_iter().find(|(known, _)| *known == name).unwrap().1
    };
    app.batch_execute(&format!("{can}; SELECT set_config('meshkey.org', '{org}', false)")).await.unwrap();
    for (module, name, arguments, index) in COUNTS {
        let arguments = arguments.replace("{key}", &key);
        let sql = query(module, name);
        let explain = format!(
            "PREPARE it AS {sql}; SET plan_cache_mode = force_custom_plan; EXPLAIN EXECUTE it('{org}', {arguments})"
        );
        let plan = texts(&app, &explain).await.join("\n");
        app.batch_execute("DEALLOCATE it").await.unwrap();
        assert!(plan.contains(&format!("using {index} ")) && plan.contains("Index Cond"), "{name}: {plan}");
    }
    operator.batch_execute(can).await.unwrap();
    for (name, index) in [("FORGET_LINES", "key_uses_by_hour"), ("FORGET_ORIGINS", "key_addresses_by_hour")] {
        let sql = query("usage", name);
        let explain = format!("PREPARE it AS {sql}; EXPLAIN EXECUTE it('2026-01-01T00:00:00Z', 100)");
        let plan = texts(&operator, &explain).await.join("\n");
        operator.batch_execute("DEALLOCATE it").await.unwrap();
        assert!(plan.contains(&format!("using {index} ")) && plan.contains("Index Cond"), "{name}: {plan}");
    }
    let plan = texts(&operator, &format!("EXPLAIN {}", query("usage", "EXPIRING"))).await.join("\n");
    let ends = plan.lines().any(|line| line.contains("Index Cond") && line.contains("CASE"));
    assert!(plan.contains("using api_keys_by_end ") && ends, "{plan}");
    let due = query("ends", "DUE");
    let explain = format!(
        "PREPARE it AS {due}; SET plan_cache_mode = force_custom_plan; EXPLAIN EXECUTE it('{{30,0}}', true, 100)"
    );
    let plan = texts(&operator, &explain).await.join("\n");
    let ends = plan.lines().any(|line| line.contains("Index Cond") && line.contains("CASE"));
    assert!(plan.contains("using api_keys_by_end ") && ends, "{plan}");
}
