//! Keys that nobody uses are disabled.

use std::time::Duration;

use meshkey::service::policies::Watch;
use serde_json::json;

use super::{good, set, set_of_mesh};
use crate::{
    client::Client,
    house::House,
    tools::{by_hand, id},
};

async fn status(admin: &Client, key: &str) -> String {
    let shown = admin.get(&admin.at(&format!("/keys/{key}"))).await.expect(200);
    shown.body["status"].as_str().unwrap().to_owned()
}

/// Makes all that happened to a key that many days older.
async fn age(house: &House, key: &str, days: i64) {
    let key = key.parse::<meshkey::domain::KeyId>().unwrap().uuid();
    let db = house.sql("superuser").await;
    by_hand(
        &db,
        &format!(
            "UPDATE api_keys SET created_at = created_at - interval '{days} days', last_used_at = last_used_at - interval '{days} days',
                                 enabled_at = enabled_at - interval '{days} days' WHERE id = '{key}';
             UPDATE key_secrets SET created_at = created_at - interval '{days} days' WHERE key_id = '{key}'"
        ),
    )
    .await;
}

/// Looks twice, as the job does with time between.
async fn look_twice(house: &House) -> usize {
    let server = house.service();
    let mut watch = Watch::new(Duration::ZERO);
    assert_eq!(watch.look(server).await.unwrap(), 0, "at the first look");
    watch.look(server).await.unwrap()
}

#[tokio::test]
async fn a_key_that_was_not_used_for_long_is_disabled_by_the_system() {
    let house = House::new().await;
    let admin = house.admin();
    let (old, holder) = admin.issue(good()).await;
    let (used, by_it) = admin.issue(good()).await;
    let young = id(&admin.issue(good()).await.0);
    let (old, used) = (id(&old), id(&used));
    holder.get("/v1/whoami").await.expect(200);
    house.flush_uses().await;
    age(&house, &old, 40).await;
    age(&house, &used, 40).await;
    assert_eq!(look_twice(&house).await, 0, "no policy asks for it");
    set_of_mesh(&admin, json!({ "disable_unused_after": "30d" })).await;
    let told = admin.get(&admin.at("/policy/violations")).await.expect(200);
    assert_eq!(told.items().iter().map(id).collect::<Vec<_>>(), [old.clone(), used.clone()]);
    assert_eq!(told.items()[0]["rules"], json!(["disable_unused_after"]));
    // It is used, and that is not written down yet.
    by_it.get("/v1/whoami").await.expect(200);
    assert_eq!(look_twice(&house).await, 1);
    let statuses = [status(&admin, &old).await, status(&admin, &used).await, status(&admin, &young).await];
    assert_eq!(statuses, ["disabled", "active", "active"]);
    holder.get("/v1/whoami").await.problem(401, "invalid_token");
    let event = admin.get(&admin.at("/audit?limit=1")).await.expect(200).items()[0].clone();
    assert_eq!(
        (&event["action"], &event["actor"], &event["subject"]["id"]),
        (&json!("key.disabled"), &json!({ "kind": "system", "id": null }), &json!(old))
    );
    assert!(house.metrics().contains("meshkey_keys_disabled_unused_total 1"));
    assert_eq!(look_twice(&house).await, 0);
    // Who enables it sets it to work, and the days begin anew.
    admin.act(&admin.at(&format!("/keys/{old}/enable"))).await.expect(200);
    house.flush_uses().await;
    assert_eq!(look_twice(&house).await, 0);
    assert_eq!(status(&admin, &old).await, "active");
}

#[tokio::test]
async fn what_was_rotated_or_cannot_be_used_is_left_alone() {
    let house = House::new().await;
    let admin = house.admin();
    let key = id(&admin.issue(good()).await.0);
    set(&admin, json!({ "disable_unused_after": "30d" })).await;
    age(&house, &key, 40).await;
    let db = house.sql("superuser").await;
    by_hand(&db, "UPDATE meshes SET archived_at = now()").await;
    assert_eq!(look_twice(&house).await, 0, "its mesh is archived");
    by_hand(&db, "UPDATE meshes SET archived_at = NULL").await;
    admin.act(&admin.at(&format!("/keys/{key}/rotate"))).await.expect(200);
    assert_eq!(look_twice(&house).await, 0, "it was rotated");
    age(&house, &key, 40).await;
    assert_eq!(look_twice(&house).await, 1);
}

#[tokio::test]
async fn a_key_is_not_disabled_at_the_first_sight_nor_before_uses_are_written() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, holder) = admin.issue(good()).await;
    set(&admin, json!({ "disable_unused_after": "30d" })).await;
    age(&house, &id(&key), 40).await;
    let server = house.service();
    let mut patient = Watch::default();
    for _ in 0..3 {
        assert_eq!(patient.look(server).await.unwrap(), 0);
    }
    // Between two looks another replica writes down that it was used.
    let mut watch = Watch::new(Duration::ZERO);
    assert_eq!(watch.look(server).await.unwrap(), 0);
    let replica = house.twin().await;
    replica.stranger().with_key(holder.secret()).get("/v1/whoami").await.expect(200);
    replica.flush_uses().await;
    assert_eq!(watch.look(server).await.unwrap(), 0);
    assert_eq!(status(&admin, &id(&key)).await, "active");
}
