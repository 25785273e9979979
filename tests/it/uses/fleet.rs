//! Several processes add up; what cannot be written now is written later; a stop loses nothing.

use futures_util::future::join_all;
use serde_json::json;

use super::{ask_about, asker, count, counts, key, usage};
use crate::{
    house::House,
    metrics::counted,
    tools::{by_hand, one},
};

#[tokio::test]
async fn two_replicas_add_up_also_when_they_write_at_once() {
    let house = House::new().await;
    let twin = house.twin().await;
    let admin = house.admin();
    let asker = asker(&admin).await;
    let (id, holder) = key(&admin, json!({ "mesh": "main", "capabilities": ["send"], "topics": ["t1*"] })).await;
    let elsewhere = twin.stranger().with_key(asker.secret());
    for round in 0..5_u64 {
        ask_about(&asker, &holder, 0..40, json!({})).await;
        ask_about(&elsewhere, &holder, 0..40, json!({})).await;
        tokio::join!(house.flush_uses(), twin.flush_uses());
        let told = counts(&usage(&house, &admin, &id, "by=outcome").await);
        let (ok, denied) = (20 * (round + 1), 60 * (round + 1));
        assert_eq!(told, [count("ok", ok, 0), count("topic_out_of_scope", 0, denied)]);
    }
}

// L-2
#[tokio::test]
async fn what_cannot_be_written_is_told_and_written_later() {
    let house = House::new().await;
    let admin = house.admin();
    let asker = asker(&admin).await;
    let (id, holder) = key(&admin, json!({ "mesh": "main", "capabilities": ["send"], "topics": "all" })).await;
    ask_about(&asker, &holder, 0..30, json!({})).await;
    house.set_reachable(false).await;
    house.try_flush_uses().await.unwrap_err();
    house.try_flush_uses().await.unwrap_err();
    house.set_reachable(true).await;
    ask_about(&asker, &holder, 0..10, json!({})).await;
    assert_eq!(counts(&usage(&house, &admin, &id, "by=outcome").await), [count("ok", 40, 0)]);
    assert!(counted(&house, "meshkey_uses_failures_total") >= 2);
    assert!(house.has_used(&id).await);
}

#[tokio::test]
async fn a_stop_writes_what_was_counted() {
    let mut house = House::new().await;
    let admin = house.admin();
    let asker = asker(&admin).await;
    let (id, holder) = key(&admin, json!({ "mesh": "main", "capabilities": ["send"], "topics": "all" })).await;
    join_all((0..8).map(|_| ask_about(&asker, &holder, 0..10, json!({})))).await;
    let mut twin = house.twin().await;
    house.stop().await;
    let admin = twin.admin();
    assert_eq!(counts(&usage(&twin, &admin, &id, "by=outcome").await), [count("ok", 80, 0)]);
    twin.stop().await;
}

/// A database that was brought back from a backup knows less than who remembers.
#[tokio::test]
async fn what_was_counted_of_a_key_that_is_gone_keeps_nothing_else_from_being_written() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let asker = asker(&admin).await;
    let [(gone, lost), (id, holder)] = [
        key(&admin, json!({ "label": "gone", "mesh": "main", "capabilities": ["send"], "topics": "all" })).await,
        key(&admin, json!({ "label": "here", "mesh": "main", "capabilities": ["send"], "topics": "all" })).await,
    ];
    house.flush_uses().await;
    ask_about(&asker, &lost, 0..3, json!({})).await;
    ask_about(&asker, &holder, 0..3, json!({})).await;
    let uuid = gone.parse::<meshkey::domain::KeyId>().unwrap().uuid();
    let erase = "SET session_replication_role = replica";
    db.batch_execute(erase).await.unwrap();
    by_hand(&db, &format!("DELETE FROM key_secrets WHERE key_id = '{uuid}'; DELETE FROM api_keys WHERE id = '{uuid}'"))
        .await;
    assert_eq!(counts(&usage(&house, &admin, &id, "by=outcome").await), [count("ok", 3, 0)]);
    assert_eq!(one(&db, &format!("SELECT count(*) FROM key_uses WHERE key_id = '{uuid}'")).await, "0");
    assert_eq!(counted(&house, "meshkey_uses_failures_total"), 0);
}
