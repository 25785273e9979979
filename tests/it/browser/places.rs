//! The ground of `tests/browser/places.test.mjs`.

use serde_json::json;

use crate::{
    house::House,
    persons::Person,
    sign_in::visitor::{PASSWORD, person},
};

/// Keys of every kind on `deploys`, a mesh `old` with a topic that a key is confined to, and people in every role.
pub async fn ground(house: &House) {
    let roles = [("dana", "owner"), ("gus", "admin"), ("stale", "admin"), ("mia", "member"), ("vic", "viewer")];
    for name in ["Mia", "Vic"] {
        person(house, &format!("{}@example.com", name.to_lowercase()), name, PASSWORD).await;
    }
    let db = house.sql("superuser").await;
    for (name, role) in roles {
        let become_it = "INSERT INTO memberships (org_id, user_id, role)
                         SELECT o.id, u.id, $2 FROM orgs o, users u WHERE o.slug = 'acme' AND u.email = $1 ON CONFLICT DO NOTHING";
        db.execute(become_it, &[&format!("{name}@example.com"), &role]).await.unwrap();
    }
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "old" })).await.expect(201);
    admin.post(&admin.at("/meshes/old/topics"), json!({ "name": "only" })).await.expect(201);
    for (label, mesh, capabilities, topics) in [
        ("by-name", "main", json!(["send"]), json!(["deploys"])),
        ("by-pattern", "main", json!(["send"]), json!(["dep*"])),
        ("everywhere", "main", json!(["send", "read"]), json!("all")),
        ("lead", "main", json!(["admin"]), json!("all")),
        ("elsewhere", "main", json!(["send"]), json!(["secrets"])),
        ("confined", "old", json!(["send"]), json!(["only"])),
        ("wide", "old", json!(["read"]), json!("all")),
    ] {
        admin.issue(json!({ "label": label, "mesh": mesh, "capabilities": capabilities, "topics": topics })).await;
    }
    let zoe = Person::in_org(house, "Zoe", "admin").await;
    let own = zoe.signed_in(house).await;
    own.issue(json!({ "label": "zoe-for-acme", "mesh": "main", "capabilities": ["send"], "topics": ["secrets"] }))
        .await;
    let bound =
        json!({ "label": "zoe-own", "mesh": "main", "capabilities": ["send"], "topics": ["secrets"], "user": zoe.id });
    own.issue(bound).await;
}
