//! People manage people: who makes owners, who leaves, and what becomes of keys at that moment on every replica.

use serde_json::json;

use super::{Person, count};
use crate::house::House;

/// A house with an owner who is signed in.
async fn owned() -> (House, Person, crate::client::Client) {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "owner").await;
    let client = dana.signed_in(&house).await;
    (house, dana, client)
}

//
#[tokio::test]
async fn owners_are_made_by_owners_who_have_shown_lately_who_they_are() {
    let (house, dana, owner) = owned().await;
    let lee = Person::in_org(&house, "Lee", "admin").await;
    let sam = Person::in_org(&house, "Sam", "member").await;
    let admin = lee.signed_in(&house).await;
    let place = owner.at(&format!("/members/{}", sam.id));
    admin.patch(&place, json!({ "role": "owner" }), "*").await.problem(403, "owner_only");
    house.admin().patch(&place, json!({ "role": "owner" }), "*").await.problem(403, "owner_only");
    let db = house.sql("superuser").await;
    db.batch_execute("UPDATE sessions SET confirmed_at = now() - interval '15 minutes'").await.unwrap();
    owner.patch(&place, json!({ "role": "owner" }), "*").await.problem(403, "confirmation_required");
    db.batch_execute("UPDATE sessions SET confirmed_at = now()").await.unwrap();
    owner.patch(&place, json!({ "role": "owner" }), "*").await.expect(200);
    // Nobody changes what it is itself, also not by a key of its own.
    let own = owner.at(&format!("/members/{}", dana.id));
    owner.patch(&own, json!({ "role": "admin" }), "*").await.problem(409, "own_role");
    let wish = json!({ "label": "root", "capabilities": ["admin"], "topics": "all" });
    let key = admin.post("/v1/me/keys", wish).await.expect(201).clone();
    let own_key = admin.with_key(key.body["secret"].as_str().unwrap());
    let lees = admin.at(&format!("/members/{}", lee.id));
    own_key.patch(&lees, json!({ "role": "viewer" }), "*").await.problem(409, "own_role");
    own_key.patch(&place, json!({ "role": "admin" }), "*").await.problem(403, "owner_only");
    let made = owner.get(&owner.at(&format!("/audit?actor={}", dana.id))).await.expect(200).clone();
    assert_eq!(made.items()[0]["action"], "member.edited");
}

#[tokio::test]
async fn of_two_owners_who_unmake_each_other_at_once_one_is_left() {
    let (house, dana, one) = owned().await;
    let lee = Person::in_org(&house, "Lee", "owner").await;
    let other = lee.signed_in(&house).await;
    let (of_lee, of_dana) = (one.at(&format!("/members/{}", lee.id)), one.at(&format!("/members/{}", dana.id)));
    let unmake = json!({ "role": "admin" });
    let (first, second) =
        tokio::join!(one.patch(&of_lee, unmake.clone(), "*"), other.patch(&of_dana, unmake.clone(), "*"));
    let mut answers = [first.status, second.status];
    answers.sort_unstable();
    // Who comes second would take the last one.
    assert_eq!(answers, [200, 409], "{first:?} {second:?}");
    assert_eq!(count(&house, "memberships WHERE role = 'owner'").await, "1");
}

#[tokio::test]
async fn whoever_wants_to_leaves_and_the_last_owner_does_not() {
    let (house, dana, owner) = owned().await;
    let sam = Person::in_org(&house, "Sam", "viewer").await;
    let client = sam.signed_in(&house).await;
    let (own, danas) = (client.at(&format!("/members/{}", sam.id)), client.at(&format!("/members/{}", dana.id)));
    client.delete(&danas).await.problem(403, "insufficient_scope");
    client.get(&own).await.problem(403, "insufficient_scope");
    client.delete(&format!("{own}?revoke_issued=true")).await.problem(403, "insufficient_scope");
    client.delete(&own).await.expect(200);
    client.get("/v1/me/keys?org=acme").await.problem(404, "not_found");
    assert_eq!(client.get("/v1/me").await.expect(200).body["memberships"], json!([]));
    owner.delete(&danas).await.problem(409, "last_owner");
}

// A-15, G-17
#[tokio::test]
async fn when_a_demotion_answers_no_replica_lets_the_personal_key_do_more() {
    let (house, _, owner) = owned().await;
    let replica = house.replica(&[("MESHKEY_BOUND", "20s"), ("MESHKEY_REPLICA_NAME", "slow")]).await;
    let sam = Person::in_org(&house, "Sam", "member").await;
    let wish = json!({ "label": "laptop", "capabilities": ["send", "read"], "topics": "all" });
    let key = sam.signed_in(&house).await.post("/v1/me/keys", wish).await.expect(201).clone();
    let there = replica.stranger().with_key(key.body["secret"].as_str().unwrap());
    let messages = "/v1/meshes/main/topics/deploys/messages";
    there.post(messages, json!({ "body": 1 })).await.expect(201);
    let place = owner.at(&format!("/members/{}", sam.id));
    let demoted = owner.patch(&place, json!({ "role": "viewer" }), "*").await.expect(200).clone();
    assert_eq!((&demoted.body["effective"], &demoted.body["lapsed"]), (&json!("everywhere"), &json!(0)));
    let refused = there.post(messages, json!({ "body": 2 })).await.problem(403, "insufficient_scope");
    assert_eq!(refused["denial"], "user_not_allowed");
    there.get(messages).await.expect(200);
    let removed = owner.delete(&place).await.expect(200).clone();
    assert_eq!(removed.body["effective"], "everywhere");
    there.get(messages).await.problem(401, "invalid_token");
}

#[tokio::test]
async fn a_person_sees_and_ends_its_sessions() {
    let (house, dana, here) = owned().await;
    let replica = house.twin().await;
    let there = replica.admin().with_session(&dana.session(&house).await);
    let third = dana.signed_in(&house).await;
    let others = Person::in_org(&house, "Lee", "owner").await.signed_in(&house).await;
    let listed = here.get("/v1/me/sessions").await.expect(200).clone();
    assert_eq!(listed.items().len(), 3);
    let current: Vec<_> = listed.items().iter().filter(|session| session["current"] == true).collect();
    assert_eq!(current.len(), 1);
    let mine = others.get("/v1/me/sessions").await.expect(200).clone();
    let foreign = mine.items()[0]["id"].as_str().unwrap();
    here.delete(&format!("/v1/me/sessions/{foreign}")).await.expect(204);
    others.get("/v1/me").await.expect(200);
    let id = there.get("/v1/me/sessions").await.expect(200).clone();
    let id = id.items().iter().find(|session| session["current"] == true).unwrap()["id"].as_str().unwrap().to_owned();
    here.delete(&format!("/v1/me/sessions/{id}")).await.expect(204);
    there.get("/v1/me").await.problem(401, "unauthenticated");
    here.delete("/v1/me/sessions").await.expect(204);
    third.get("/v1/me").await.problem(401, "unauthenticated");
    here.get("/v1/me").await.expect(200);
    here.delete("/v1/me/sessions/nonsense").await.problem(404, "not_found");
    house.admin().get("/v1/me/sessions").await.problem(403, "person_required");
    house.stranger().get("/v1/me/sessions").await.problem(401, "unauthenticated");
}

/// A key that is bound to an owner may be in the hands of whoever issued it.
#[tokio::test]
async fn no_owner_is_unmade_by_a_key_that_is_bound_to_it() {
    let (house, ..) = owned().await;
    let lee = Person::in_org(&house, "Lee", "owner").await;
    let admin = house.admin();
    let wish = json!({ "label": "trap", "capabilities": ["admin"], "topics": "all", "user": lee.id });
    let key = admin.post(&admin.at("/keys"), wish).await.expect(201).clone();
    let bound = admin.with_key(key.body["secret"].as_str().unwrap());
    bound.delete(&admin.at(&format!("/members/{}", lee.id))).await.problem(403, "owner_only");
    assert_eq!(count(&house, "memberships WHERE role = 'owner'").await, "2");
}

#[tokio::test]
async fn who_is_removed_comes_back_by_no_open_link() {
    let (house, _, owner) = owned().await;
    let sam = Person::in_org(&house, "Sam", "viewer").await;
    let wish = json!({ "email": sam.email, "role": "admin", "mesh": "main" });
    owner.post(&owner.at("/invitations"), wish).await.expect(201);
    owner.delete(&owner.at(&format!("/members/{}", sam.id))).await.expect(200);
    let left = owner.get(&owner.at("/invitations")).await.expect(200).clone();
    assert_eq!(left.items()[0]["status"], "withdrawn");
    let events = owner.get(&owner.at("/audit?action=invitation.withdrawn")).await.expect(200).clone();
    assert_eq!(events.items().len(), 1);
}

#[tokio::test]
async fn an_admin_is_let_in_by_who_has_shown_lately_who_it_is() {
    let (house, _, owner) = owned().await;
    let sam = Person::in_org(&house, "Sam", "member").await;
    house
        .sql("superuser")
        .await
        .batch_execute("UPDATE sessions SET confirmed_at = now() - interval '1 hour'")
        .await
        .unwrap();
    let invite = |role: &str| json!({ "email": "new@example.com", "role": role });
    owner.post(&owner.at("/invitations"), invite("admin")).await.problem(403, "confirmation_required");
    let place = owner.at(&format!("/members/{}", sam.id));
    owner.patch(&place, json!({ "role": "admin" }), "*").await.problem(403, "confirmation_required");
    owner.patch(&place, json!({ "meshes": { "main": "admin" } }), "*").await.problem(403, "confirmation_required");
    owner.post(&owner.at("/invitations"), invite("member")).await.expect(201);
    owner.patch(&place, json!({ "role": "viewer" }), "*").await.expect(200);
}

#[tokio::test]
async fn a_suspended_owner_is_no_owner_who_is_left() {
    let (house, dana, owner) = owned().await;
    let lee = Person::in_org(&house, "Lee", "owner").await;
    lee.change(&house, "UPDATE users SET suspended_at = now() WHERE name = 'Lee'").await;
    owner.delete(&owner.at(&format!("/members/{}", dana.id))).await.problem(409, "last_owner");
    owner.delete(&owner.at(&format!("/members/{}", lee.id))).await.expect(200);
}
