//! What is so already is a clear conflict and no silent success.

use serde_json::json;

use crate::{
    house::House,
    tools::{count_events, id, unsettled},
};

// L-4, L-9
#[tokio::test]
async fn what_is_so_already_is_a_conflict_that_changes_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    let key = id(&admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await.0);
    let verb = |verb: &str| admin.at(&format!("/keys/{key}/{verb}"));
    let mesh = |verb: &str| admin.at(&format!("/meshes/main/{verb}"));
    let topic = |verb: &str| admin.at(&format!("/meshes/main/topics/deploys/{verb}"));
    // What can be done, and what then answers what.
    let steps = [
        (None, verb("enable"), "not_disabled"),
        (None, verb("rotate/finish"), "not_rotating"),
        (Some(verb("disable")), verb("disable"), "already_disabled"),
        (Some(verb("enable")), verb("enable"), "not_disabled"),
        (Some(verb("rotate")), verb("rotate"), "already_rotating"),
        (Some(verb("rotate/finish")), verb("rotate/finish"), "not_rotating"),
        (None, mesh("unarchive"), "not_archived"),
        (Some(mesh("archive")), mesh("archive"), "already_archived"),
        (Some(mesh("unarchive")), mesh("unarchive"), "not_archived"),
        (None, topic("unarchive"), "not_archived"),
        (Some(topic("archive")), topic("archive"), "already_archived"),
        (Some(topic("unarchive")), topic("unarchive"), "not_archived"),
        (Some(verb("revoke")), verb("revoke"), "already_revoked"),
        (None, verb("disable"), "already_revoked"),
        (None, verb("enable"), "already_revoked"),
        (None, verb("rotate"), "already_revoked"),
        (None, verb("rotate/finish"), "already_revoked"),
    ];
    for (first, then, code) in steps {
        if let Some(first) = first {
            let events = count_events(&admin).await;
            admin.act(&first).await.expect(200);
            assert_eq!(count_events(&admin).await, events + 1, "{first}");
        }
        let events = count_events(&admin).await;
        admin.act(&then).await.problem(409, code);
        assert_eq!(count_events(&admin).await, events, "{then}");
    }
    for (path, body) in [("/meshes", json!({ "slug": "main" })), ("/meshes/main/topics", json!({ "name": "secrets" }))]
    {
        admin.post(&admin.at(path), body).await.problem(409, "already_exists");
    }
}

#[tokio::test]
async fn an_edit_that_changes_nothing_is_no_change() {
    let house = House::new().await;
    let admin = house.admin();
    let key = admin.issue(json!({ "capabilities": ["read"], "topics": ["deploys"], "mesh": "main" })).await.0;
    let paths = [
        (format!("/keys/{}", id(&key)), json!({ "topics": ["deploys"], "label": "test", "note": null })),
        ("/meshes/main".to_owned(), json!({ "name": "main" })),
        ("/meshes/main/topics/deploys".to_owned(), json!({ "description": "" })),
        (String::new(), json!({})),
    ];
    for (path, same) in paths {
        let path = admin.at(&path);
        let (before, events) = (admin.get(&path).await.expect(200), count_events(&admin).await);
        let after = admin.patch(&path, same, "*").await.expect(200);
        assert_eq!((after.etag(), unsettled(after.body.clone())), (before.etag(), before.body.clone()), "{path}");
        assert_eq!(count_events(&admin).await, events, "{path}");
    }
}
