//! The chain: whole after any work, and broken at the place where somebody has laid hands on it.

use futures_util::future::join_all;
use meshkey::db::audit::follow;
use serde_json::json;
use tokio_postgres::Client;

use crate::{
    house::House,
    tools::{id, one},
};

/// Follows the chain of `acme` as the operator: how long it is, or where it breaks.
async fn followed(house: &House) -> Result<i64, i64> {
    let mut config = deadpool_postgres::Config::new();
    config.url = Some(crate::tools::database_url(house).await);
    config.options = Some("-c role=meshkey_operator".to_owned());
    let pool = config.create_pool(Some(deadpool_postgres::Runtime::Tokio1), tokio_postgres::NoTls).unwrap();
    let org: uuid::Uuid =
        one(&house.sql("superuser").await, "SELECT id FROM orgs WHERE slug = 'acme'").await.parse().unwrap();
    follow(&pool.get().await.unwrap(), org.into()).await.unwrap()
}

/// A house with a chain of twelve events or more, some of them made at the same time.
async fn busy() -> (House, i64) {
    let house = House::new().await;
    let admin = house.admin();
    let wish = json!({ "label": "é\u{1F600} \"\\", "note": "\u{a0}\u{2028}/", "capabilities": ["read"], "topics": "all", "addresses": ["::1", "10.0.0.0/8"] });
    let issued = join_all((0..8).map(|_| admin.issue(wish.clone()))).await;
    for (key, _) in issued {
        admin.post(&admin.at(&format!("/keys/{}/revoke", id(&key))), json!({ "reason": "r" })).await.expect(200);
    }
    let length = followed(&house).await.expect("whole");
    (house, length)
}

// L-15, L-17
#[tokio::test]
async fn the_chain_is_whole_after_any_work_and_without_a_gap() {
    let (house, length) = busy().await;
    let db = house.sql("superuser").await;
    let rows = one(&db, "SELECT count(*) || ' ' || max(seq) || ' ' || min(seq) FROM audit_events").await;
    assert_eq!(rows, format!("{length} {length} 1"));
    let unordered = "SELECT count(*) FROM audit_events a JOIN audit_events b ON a.seq < b.seq AND a.at > b.at";
    assert_eq!(one(&db, unordered).await, "0");
}

async fn breaks_at(house: &House, db: &Client, tampering: &str, place: i64) {
    db.batch_execute("CREATE TABLE kept AS SELECT * FROM audit_events").await.unwrap();
    db.batch_execute(tampering).await.unwrap_or_else(|fault| panic!("{tampering}: {fault:?}"));
    assert_eq!(followed(house).await, Err(place), "{tampering}");
    let restore = "DELETE FROM audit_events; INSERT INTO audit_events SELECT * FROM kept; DROP TABLE kept";
    db.batch_execute(restore).await.unwrap();
    followed(house).await.expect("whole again");
}

// L-17
#[tokio::test]
async fn a_chain_that_was_tampered_with_breaks_at_that_place() {
    let (house, length) = busy().await;
    let db = house.sql("superuser").await;
    let end = format!("DELETE FROM audit_events WHERE seq = {length}");
    for (tampering, place) in [
        ("UPDATE audit_events SET canonical = canonical || 'x' WHERE seq = 5", 5),
        ("UPDATE audit_events SET hash = sha256(hash) WHERE seq = 5", 5),
        ("DELETE FROM audit_events WHERE seq = 5", 5),
        ("DELETE FROM audit_events WHERE seq = 1", 1),
        (&end, length),
        (
            "UPDATE audit_events SET seq = 1000 WHERE seq = 5; UPDATE audit_events SET seq = 5 WHERE seq = 6; UPDATE audit_events SET seq = 6 WHERE seq = 1000",
            5,
        ),
        (
            "DELETE FROM audit_events WHERE seq = 5; UPDATE audit_events SET seq = -seq + 1000 WHERE seq > 5; UPDATE audit_events SET seq = 999 - seq WHERE seq > 500",
            5,
        ),
    ] {
        breaks_at(&house, &db, tampering, place).await;
    }
    db.batch_execute("DELETE FROM audit_events; UPDATE audit_heads SET seq = 0 WHERE true").await.unwrap();
    assert_eq!(followed(&house).await, Err(1), "everything gone");
}

// L-17
#[tokio::test]
async fn every_column_that_is_shown_is_covered_by_the_chain() {
    let (house, _) = busy().await;
    let db = house.sql("superuser").await;
    for change in [
        "action = 'key.edited'",
        "before = '{\"label\":\"x\"}'",
        "after = '{\"label\":\"x\"}'",
        "actor_kind = 'local', actor_key = NULL",
        "subject_id = 'key_x'",
        "subject_kind = 'org'",
        "at = at - interval '1 day'",
        "request_id = 'req_x'",
        "address = '10.9.9.9'",
        "id = gen_random_uuid()",
        "mesh_id = (SELECT id FROM meshes)",
    ] {
        breaks_at(&house, &db, &format!("UPDATE audit_events SET {change} WHERE seq = 8"), 8).await;
    }
}
