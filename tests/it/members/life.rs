//! The life of a member, to the letter.

use serde_json::{Value, json};

use super::made::{member, parts, person, put};
use crate::{
    client::Client,
    house::House,
    tools::{count_events, unsettled},
};

async fn newest_event(admin: &Client) -> Value {
    admin.get(&admin.at("/audit?limit=1")).await.expect(200).items()[0].clone()
}

#[tokio::test]
async fn a_member_is_shown_and_changed_and_removed() {
    let house = House::new().await;
    let (admin, acme) = (house.admin(), house.acme());
    let dana = member(&house, "dana", "viewer").await;
    let place = admin.at(&format!("/members/{dana}"));
    let shown = admin.get(&place).await.expect(200);
    let mut whole = json!({
        "user": { "id": dana, "email": "dana@example.com", "name": "dana", "email_verified": true, "suspended": false },
        "role": "viewer", "meshes": [], "since": shown.body["since"],
    });
    let mut with_keys = whole.clone();
    with_keys["keys"] = json!({ "personal": 0, "issued": 0 });
    assert_eq!(shown.body, with_keys);

    let changed = admin.patch(&place, json!({ "role": null, "meshes": { "main": "admin" } }), &shown.etag()).await;
    let changed = changed.expect(200);
    whole["role"] = Value::Null;
    whole["meshes"] = json!([{ "mesh": { "id": acme.mesh, "slug": "main" }, "role": "admin" }]);
    whole["since"] = changed.body["since"].clone();
    assert_eq!(changed.body["effective"], "everywhere");
    assert_eq!(unsettled(changed.body.clone()), whole);
    assert_eq!(changed.etag(), admin.get(&place).await.expect(200).etag());
    assert_ne!(changed.etag(), shown.etag());
    let event = newest_event(&admin).await;
    let mesh = acme.mesh.unwrap();
    let told = |role: Value, meshes: Value| json!({ "email": "dana@example.com", "role": role, "meshes": meshes });
    assert_eq!((&event["action"], &event["mesh"]), (&json!("member.edited"), &Value::Null));
    assert_eq!(event["subject"], json!({ "kind": "member", "id": dana }));
    assert_eq!(event["before"], told(json!("viewer"), json!({})));
    assert_eq!(event["after"], told(Value::Null, json!({ &mesh: "admin" })));

    admin.patch(&place, json!({ "role": "admin" }), &shown.etag()).await.problem(412, "precondition_failed");
    admin
        .raw("PATCH", &place)
        .body("application/merge-patch+json", "{}")
        .send()
        .await
        .problem(428, "precondition_required");
    let events = count_events(&admin).await;
    let same = admin.patch(&place, json!({ "meshes": { &mesh: "admin" } }), &changed.etag()).await.expect(200);
    assert_eq!((unsettled(same.body.clone()), same.etag()), (whole.clone(), changed.etag()));
    assert_eq!((&same.body["effective"], count_events(&admin).await), (&json!("everywhere"), events));

    let removed = admin.delete(&place).await.expect(200);
    let nothing = json!({ "count": 0, "revoked": true, "first": [] });
    let kept = json!({ "count": 0, "revoked": false, "first": [] });
    assert_eq!(
        unsettled(removed.body.clone()),
        json!({ "dry_run": false, "member": whole, "keys": { "personal": nothing, "issued": kept }, "revoked": 0 })
    );
    assert_eq!(removed.body["effective"], "everywhere");
    let event = newest_event(&admin).await;
    assert_eq!((&event["action"], &event["after"]), (&json!("member.removed"), &Value::Null));
    assert_eq!(event["before"], told(Value::Null, json!({ &mesh: "admin" })));
    for gone in [admin.get(&place).await, admin.delete(&place).await, admin.patch(&place, json!({}), "*").await] {
        gone.problem(404, "not_found");
    }
}

#[tokio::test]
async fn what_is_no_part_is_refused_where_it_is_wrong() {
    let house = House::new().await;
    let admin = house.admin();
    let dana = member(&house, "dana", "member").await;
    admin.post(&admin.at("/meshes"), json!({ "slug": "old" })).await.expect(201);
    admin.act(&admin.at("/meshes/old/archive")).await.expect(200);
    let db = house.sql("superuser").await;
    let (place, main) = (admin.at(&format!("/members/{dana}")), house.acme().mesh.unwrap());
    let events = count_events(&admin).await;
    for (patch, pointer) in [
        (json!({ "role": "boss" }), "#/role"),
        (json!({ "role": 1 }), "#/role"),
        (json!({ "meshes": null }), "#/meshes"),
        (json!({ "meshes": ["main"] }), "#/meshes"),
        (json!({ "meshes": { "main": "boss" } }), "#/meshes/main"),
        (json!({ "meshes": { "main": "owner" } }), "#/meshes/main"),
        (json!({ "meshes": { "nowhere": "viewer" } }), "#/meshes/nowhere"),
        (json!({ "meshes": { "no/wh~re": null } }), "#/meshes/no~1wh~0re"),
        (json!({ "meshes": { "old": "viewer" } }), "#/meshes/old"),
        (json!({ "meshes": { "main": "viewer", &main: "admin" } }), &format!("#/meshes/{main}")),
        (json!({ "role": null }), "#"),
        (json!({ "user": dana }), "#/user"),
    ] {
        let answer = admin.patch(&place, patch.clone(), "*").await;
        let problem = answer.problem(422, "invalid_input");
        // Of two names of one mesh, the later in the alphabet is one too many.
        let found = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(found == pointer || found == "#/meshes/main" && pointer.contains("mesh_"), "{patch}: {found}");
    }
    assert_eq!((parts(&db, &dana).await.as_str(), count_events(&admin).await), ("- member", events));
    // Who has a role at an archived mesh keeps it or loses it.
    put(&db, &dana, "acme", Some("old"), "member").await;
    admin.patch(&place, json!({ "meshes": { "old": "admin" } }), "*").await.problem(422, "invalid_input");
    admin.patch(&place, json!({ "meshes": { "old": "member", "main": "viewer" } }), "*").await.expect(200);
    admin.patch(&place, json!({ "meshes": { "old": null } }), "*").await.expect(200);
    assert_eq!(parts(&db, &dana).await, "- member, main viewer");
}

#[tokio::test]
async fn a_suspended_person_is_shown_as_such_and_who_is_no_member_is_not_there() {
    let house = House::new().await;
    let admin = house.admin();
    let dana = member(&house, "dana", "member").await;
    let db = house.sql("superuser").await;
    let erin = person(&db, "erin@example.com", "Erin").await;
    crate::tools::by_hand(&db, "UPDATE users SET suspended_at = now() WHERE name = 'dana'").await;
    let shown = admin.get(&admin.at(&format!("/members/{dana}"))).await.expect(200);
    assert_eq!(shown.body["user"]["suspended"], true);
    for nobody in [erin.as_str(), "user_01kzzzzzzze00800000000000z", "dana@example.com", "x"] {
        let place = admin.at(&format!("/members/{nobody}"));
        admin.get(&place).await.problem(404, "not_found");
        admin.patch(&place, json!({ "role": "admin" }), "*").await.problem(404, "not_found");
        admin.delete(&place).await.problem(404, "not_found");
    }
}
