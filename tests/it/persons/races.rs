//! Who is being demoted, signed out or suspended mints nothing meanwhile.

use serde_json::json;

use super::{Person, count};
use crate::{
    client::Client,
    house::House,
    tools::{one, until_waiting},
};

/// A change that is under way when a person issues a key: the key waits for it, and is then judged anew.
async fn issues_nothing_during(change: &str, code: (u16, &str)) {
    let house = House::new().await;
    let person = Person::in_org(&house, "Dana", "admin").await;
    let client = person.signed_in(&house).await;
    let mut db = house.sql("superuser").await;
    let under_way = db.transaction().await.unwrap();
    under_way.batch_execute(change).await.unwrap();
    let wish = json!({ "label": "late", "capabilities": ["read"], "topics": "all" });
    let path = client.at("/keys");
    let issuing = tokio::spawn(async move { client.post(&path, wish).await });
    until_waiting(&house.sql("superuser").await, 1).await;
    under_way.commit().await.unwrap();
    issuing.await.unwrap().problem(code.0, code.1);
    assert_eq!(count(&house, "api_keys WHERE label = 'late'").await, "0");
}

//
#[tokio::test]
async fn who_is_being_demoted_issues_nothing() {
    issues_nothing_during("UPDATE memberships SET role = 'member'", (403, "insufficient_scope")).await;
}

#[tokio::test]
async fn who_is_being_removed_issues_nothing() {
    issues_nothing_during("DELETE FROM memberships", (401, "invalid_token")).await;
}

#[tokio::test]
async fn who_is_being_suspended_issues_nothing() {
    issues_nothing_during("UPDATE users SET suspended_at = now()", (401, "invalid_token")).await;
}

#[tokio::test]
async fn whose_session_is_being_ended_issues_nothing() {
    issues_nothing_during("DELETE FROM sessions", (401, "invalid_token")).await;
}

/// The same by a personal key: what it hands out is its person's to hand out.
#[tokio::test]
async fn a_personal_key_issues_nothing_while_its_person_is_demoted() {
    let house = House::new().await;
    let person = Person::in_org(&house, "Dana", "admin").await;
    let client = person.signed_in(&house).await;
    let root = json!({ "label": "root", "capabilities": ["admin"], "topics": "all" });
    let key = client.post("/v1/me/keys", root).await.expect(201).clone();
    let own = client.with_key(key.body["secret"].as_str().unwrap());
    own.get("/v1/whoami").await.expect(200);
    let mut db = house.sql("superuser").await;
    let under_way = db.transaction().await.unwrap();
    under_way.batch_execute("UPDATE memberships SET role = 'member'").await.unwrap();
    let wish =
        json!({ "label": "late", "capabilities": ["read"], "topics": "all", "expires_at": key.body["expires_at"] });
    let path = own.at("/keys");
    let issuing = tokio::spawn(async move { own.post(&path, wish).await });
    until_waiting(&house.sql("superuser").await, 1).await;
    under_way.commit().await.unwrap();
    issuing.await.unwrap().problem(403, "insufficient_scope");
    assert_eq!(count(&house, "api_keys WHERE label = 'late'").await, "0");
}

// Whoever changes what another may do holds the org, then people in the order of their ids, then keys.
#[tokio::test]
async fn people_who_manage_each_other_at_once_are_never_in_each_others_way() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "owner").await;
    let erin = Person::in_org(&house, "Erin", "owner").await;
    let (by_dana, by_erin) = (dana.signed_in(&house).await, erin.signed_in(&house).await);
    let edit = async |by: &Client, whom: &Person, role: &str| {
        by.patch(&by.at(&format!("/members/{}", whom.id)), json!({ "meshes": { "main": role } }), "*").await.status
    };
    let issue = async |by: &Client, whom: &Person| {
        let wish = json!({ "label": "x", "capabilities": ["read"], "topics": "all", "user": whom.id });
        by.post(&by.at("/keys"), wish).await.status
    };
    let gate = async |by: &Client, name: String| {
        let wish = json!({ "mesh": "main", "name": name, "methods": { "GET": "read" } });
        by.post(&by.at("/gates"), wish).await.status
    };
    for round in 0..6 {
        let role = if round % 2 == 0 { "viewer" } else { "member" };
        let said = tokio::join!(
            edit(&by_dana, &erin, role),
            edit(&by_erin, &dana, role),
            issue(&by_dana, &erin),
            issue(&by_erin, &dana),
            gate(&by_dana, format!("dana-{round}")),
            gate(&by_erin, format!("erin-{round}")),
        );
        assert_eq!(said, (200, 200, 201, 201, 201, 201));
    }
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(one(&house.sql("superuser").await, deadlocks).await, "0");
}
