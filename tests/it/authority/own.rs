//! A holder looks at, rotates and revokes its own key, and does nothing else to it.

use serde_json::json;

use crate::{house::House, tools::id};

//
#[tokio::test]
async fn a_holder_looks_at_rotates_and_revokes_its_own_key_and_nothing_else() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, holder) = admin.issue(json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] })).await;
    let own = holder.at(&format!("/keys/{}", id(&key)));
    assert_eq!(holder.get(&own).await.expect(200).body["id"], key["id"]);
    holder.patch(&own, json!({ "label": "mine" }), "*").await.problem(403, "insufficient_scope");
    for verb in ["disable", "enable"] {
        holder.act(&format!("{own}/{verb}")).await.problem(403, "insufficient_scope");
    }
    holder.get(&holder.at("/keys")).await.problem(403, "insufficient_scope");
    holder.get(&holder.at("/audit")).await.problem(403, "insufficient_scope");
    let other = id(&admin.issue(json!({ "capabilities": ["send"], "topics": "all" })).await.0);
    holder.get(&holder.at(&format!("/keys/{other}"))).await.problem(403, "insufficient_scope");
    let rotated = holder.act(&format!("{own}/rotate")).await.expect(200).body;
    let newest = holder.with_key(rotated["secret"].as_str().unwrap());
    newest.act(&format!("{own}/rotate/finish")).await.expect(200);
    let cascade = newest.post(&format!("{own}/revoke"), json!({ "cascade": true })).await;
    cascade.problem(403, "insufficient_scope");
    let ended = newest.post(&format!("{own}/revoke"), json!({ "reason": "leaked" })).await.expect(200).body;
    assert_eq!(ended["key"]["revoked_by"], json!({ "kind": "key", "id": key["id"] }));
    newest.get(&own).await.problem(401, "invalid_token");
}

#[tokio::test]
async fn only_the_newest_secret_rotates_and_ends_a_rotation() {
    let house = House::new().await;
    for capability in ["send", "admin"] {
        let (key, old) = house.admin().issue(json!({ "capabilities": [capability], "topics": "all" })).await;
        let own = old.at(&format!("/keys/{}", id(&key)));
        let rotated = old.post(&format!("{own}/rotate"), json!({ "overlap": "1h" })).await.expect(200).body;
        old.act(&format!("{own}/rotate")).await.problem(403, "exceeds_authority");
        old.act(&format!("{own}/rotate/finish")).await.problem(403, "exceeds_authority");
        let newest = old.with_key(rotated["secret"].as_str().unwrap());
        newest.act(&format!("{own}/rotate")).await.problem(409, "already_rotating");
        newest.act(&format!("{own}/rotate/finish")).await.expect(200);
        old.get("/v1/whoami").await.problem(401, "invalid_token");
    }
}
