//! Of an org's rule and a mesh's the tighter holds.

use serde_json::json;

use super::{but, good, in_days, refused, set, set_of_mesh};
use crate::{house::House, persons::Person, tools::id};

#[tokio::test]
async fn a_mesh_asks_for_more_than_its_org_and_never_for_less() {
    let house = House::new().await;
    let admin = house.admin();
    set(&admin, json!({ "longest_life": "30d", "note_required": true })).await;
    set_of_mesh(&admin, json!({ "longest_life": "10d", "topics_required": true })).await;
    let seen = admin.get(&admin.at("/meshes/main/policy")).await.expect(200);
    assert_eq!((&seen.body["longest_life"], &seen.body["note_required"]), (&json!("10d"), &json!(false)));
    let in_force = &seen.body["in_force"];
    assert_eq!((&in_force["longest_life"], &in_force["note_required"]), (&json!("10d"), &json!(true)));
    let broken = but(json!({ "expires_at": in_days(20), "topics": "all", "note": null }));
    let answer = admin.post(&admin.at("/keys"), broken).await;
    let (mesh, org) = ("mesh".to_owned(), "org".to_owned());
    let expected = [
        ("longest_life".to_owned(), mesh.clone()),
        ("topics_required".to_owned(), mesh),
        ("note_required".to_owned(), org),
    ];
    assert_eq!(refused(&answer), expected);
    // For a key of the whole org only the org's holds.
    let wide = json!({ "note": "n", "capabilities": ["read"], "topics": "all", "expires_at": in_days(20) });
    admin.issue(wide).await;
    // A mesh that asks for less than its org asks for nothing.
    let sam = Person::new(&house, "Sam").await;
    sam.becomes(&house, "acme", Some("main"), "admin").await;
    let sam = sam.signed_in(&house).await;
    set_of_mesh(&sam, json!({ "longest_life": "300d", "topics_required": false })).await;
    let answer = admin.post(&admin.at("/keys"), but(json!({ "expires_at": in_days(31) }))).await;
    assert_eq!(refused(&answer), [("longest_life".to_owned(), "org".to_owned())]);
    admin.issue(but(json!({ "expires_at": in_days(20), "topics": "all" }))).await;
}

#[tokio::test]
async fn the_keys_of_a_mesh_are_told_of_by_what_holds_there() {
    let house = House::new().await;
    let admin = house.admin();
    let mesh = json!({ "slug": "yard" });
    admin.post(&admin.at("/meshes"), mesh).await.expect(201);
    let in_main = id(&admin.issue(but(json!({ "note": null }))).await.0);
    let in_yard = json!({ "mesh": "yard", "capabilities": ["read"], "topics": "all" });
    let in_yard = id(&admin.issue(in_yard).await.0);
    let changed = set_of_mesh(&admin, json!({ "note_required": true })).await;
    assert_eq!(changed.body["violations"]["count"], 1);
    let all = async |path: &str| -> Vec<String> {
        admin.get(&admin.at(path)).await.expect(200).items().iter().map(id).collect()
    };
    let only = std::slice::from_ref(&in_main);
    assert_eq!(all("/meshes/main/policy/violations").await, only);
    assert_eq!(all("/policy/violations").await, only);
    assert_eq!(all("/meshes/yard/policy/violations").await, Vec::<String>::new());
    set(&admin, json!({ "topics_required": true })).await;
    assert_eq!(all("/meshes/yard/policy/violations").await, [in_yard]);
    assert_eq!(all("/meshes/main/policy/violations").await, only);
    admin.issue(good()).await;
}
