//! A person is a member of each org apart: one org's admin neither sees nor changes what it is in another.

use serde_json::json;

use super::made::{give, parts, person, put};
use crate::house::House;

// A-13, G-38
#[tokio::test]
async fn what_a_person_is_elsewhere_is_nobodys_here() {
    let house = House::new().await;
    let (admin, rival, db) = (house.admin(), house.org("rival").admin, house.sql("superuser").await);
    rival.post(&rival.at("/meshes"), json!({ "slug": "main" })).await.expect(201);
    let dana = person(&db, "dana@example.com", "Dana").await;
    put(&db, &dana, "rival", None, "admin").await;
    put(&db, &dana, "rival", Some("main"), "viewer").await;
    let (key, holder) = rival.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    give(&db, &key, &dana, "issued_by_user").await;
    let place = |of: &crate::client::Client| of.at(&format!("/members/{dana}"));
    admin.get(&place(&admin)).await.problem(404, "not_found");
    admin.delete(&place(&admin)).await.problem(404, "not_found");
    admin.get(&place(&rival)).await.problem(404, "not_found");
    assert_eq!(admin.get(&admin.at("/members")).await.expect(200).body, json!({ "items": [] }));

    put(&db, &dana, "acme", None, "viewer").await;
    let here = admin.get(&place(&admin)).await.expect(200);
    assert_eq!((&here.body["role"], &here.body["meshes"]), (&json!("viewer"), &json!([])));
    assert_eq!(here.body["keys"], json!({ "personal": 0, "issued": 0 }));
    admin.delete(&format!("{}?revoke_issued=true", place(&admin))).await.expect(200);
    holder.get("/v1/whoami").await.expect(200);
    assert_eq!(parts(&db, &dana).await, "- admin, main viewer");
}

#[tokio::test]
async fn members_are_managed_by_admins_of_the_whole_org_alone() {
    let house = House::new().await;
    let admin = house.admin();
    let dana = super::made::member(&house, "dana", "viewer").await;
    for wish in [
        json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" }),
        json!({ "capabilities": ["admin"], "topics": ["deploys"] }),
        json!({ "capabilities": ["read", "send", "state_write", "verify"], "topics": "all" }),
    ] {
        let (_, holder) = admin.issue(wish).await;
        let place = holder.at(&format!("/members/{dana}"));
        holder.get(&holder.at("/members")).await.problem(403, "insufficient_scope");
        holder.get(&place).await.problem(403, "insufficient_scope");
        holder.patch(&place, json!({ "meshes": { "main": "admin" } }), "*").await.problem(403, "insufficient_scope");
        holder.delete(&place).await.problem(403, "insufficient_scope");
    }
}
