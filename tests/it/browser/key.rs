//! The ground of the tests of a key's pages: people, and keys in every state.

use serde_json::{Value, json};

use crate::{
    house::House,
    sign_in::visitor::{PASSWORD, person},
    tools::{id, one},
};

/// In so many days.
async fn after(house: &House, days: i64) -> Value {
    let sql = format!(
        "SELECT to_char((now() + interval '{days} days') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    );
    json!(one(&house.sql("superuser").await, &sql).await)
}

/// Dana is an owner, Mia a member with a key of her own.
pub async fn ground(house: &House) {
    person(house, "mia@example.com", "Mia", PASSWORD).await;
    let members = "INSERT INTO memberships (org_id, user_id, role)
                   SELECT o.id, u.id, CASE u.name WHEN 'Dana' THEN 'owner' ELSE 'member' END
                   FROM orgs o, users u WHERE o.slug = 'acme' AND u.name IN ('Dana', 'Mia')";
    let db = house.sql("superuser").await;
    db.batch_execute(members).await.unwrap();
    let admin = house.admin();
    for topic in ["billing", "ops"] {
        admin.post(&admin.at("/meshes/main/topics"), json!({ "name": topic })).await.expect(201);
    }
    let issue = async |label: &str, more: Value| {
        let mut wish = json!({ "label": label, "mesh": "main", "capabilities": ["send"], "topics": ["ops"] });
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (key, holder) = admin.issue(wish).await;
        (admin.at(&format!("/keys/{}", id(&key))), holder)
    };
    let (_, holder) = issue("ci-deploys", json!({ "topics": ["deploys"], "note": "stored in: the vault" })).await;
    for (topic, count, status) in [("deploys", 25, 201), ("billing", 4, 403)] {
        for _ in 0..count {
            let path = format!("/v1/meshes/main/topics/{topic}/messages");
            holder.post(&path, json!({ "body": 1 })).await.expect(status);
        }
    }
    house.flush_uses().await;
    issue("feed-reader", json!({ "expires_at": after(house, 9).await })).await;
    let (path, _) = issue("rotating", json!({})).await;
    admin.post(&format!("{path}/rotate"), json!({ "overlap": "24h" })).await.expect(200);
    let (path, _) = issue("paused", json!({})).await;
    admin.act(&format!("{path}/disable")).await.expect(200);
    let (path, _) = issue("old-job", json!({})).await;
    admin.post(&format!("{path}/revoke"), json!({ "reason": "<b>no longer</b> needed" })).await.expect(200);
    issue("<img src=x onerror=alert(1)>", json!({ "note": "\"><script>alert(1)</script>\n\u{5e9}\u{5dc}" })).await;
    let mia = one(&db, "SELECT id FROM users WHERE name = 'Mia'").await;
    let mia = mia.parse::<uuid::Uuid>().map(meshkey::domain::UserId::from).unwrap();
    issue("mias", json!({ "user": mia.to_string() })).await;
    let (_, holder) =
        issue("mesh-admin", json!({ "capabilities": ["admin"], "topics": "all", "expires_at": null })).await;
    let child =
        json!({ "label": "child", "mesh": "main", "capabilities": ["read"], "topics": "all", "expires_at": null });
    holder.issue(child).await;
}
