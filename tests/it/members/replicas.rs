//! A change of a member's part is answered when every replica knows of it.

use serde_json::json;

use super::made::{give, member};
use crate::house::House;

#[tokio::test]
async fn who_is_removed_has_no_key_on_any_replica() {
    let house = House::new().await;
    let (admin, twin, db) = (house.admin(), house.twin().await, house.sql("superuser").await);
    let dana = member(&house, "dana", "admin").await;
    let (own, holder) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    give(&db, &own, &dana, "user_id").await;
    let there = twin.stranger().with_key(holder.secret());
    for _ in 0..3 {
        there.get("/v1/whoami").await.expect(200);
    }
    let place = admin.at(&format!("/members/{dana}"));
    let changed = admin.patch(&place, json!({ "role": "viewer" }), "*").await.expect(200);
    assert_eq!((&changed.body["effective"], &changed.body["acknowledged"]), (&json!("everywhere"), &json!(2)));
    let removed = admin.delete(&place).await.expect(200);
    assert_eq!((&removed.body["effective"], &removed.body["acknowledged"]), (&json!("everywhere"), &json!(2)));
    there.get("/v1/whoami").await.problem(401, "invalid_token");
    holder.get("/v1/whoami").await.problem(401, "invalid_token");
}
