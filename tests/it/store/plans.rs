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
                 EXPLAIN EXECUTE it('{org}', {filters}, {place}, {least}, 50, {least}, {most})"
            );
            let plan = texts(&db, &explain).await.join("\n");
            db.batch_execute("DEALLOCATE it").await.unwrap();
            let begins_there = plan.lines().any(|line| line.contains("Index Cond") && line.contains("ROW("));
            assert!(begins_there && !plan.contains("Sort"), "{name}: {plan}");
        }
    }
}
