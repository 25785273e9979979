//! A stream ends with what its key may do there; whoever listens is told why, and nothing more.

use serde_json::{Value, json};

use super::{STREAM, listener::Listener, listening, reader, send};
use crate::{
    client::Client,
    house::House,
    persons::Person,
    tools::{by_hand, eventually, id},
};

async fn revoke(admin: &Client, key: &Value) {
    admin.act(&admin.at(&format!("/keys/{}/revoke", id(key)))).await.expect(200);
}

#[tokio::test]
async fn when_a_revocation_answers_nothing_is_heard_any_more_at_any_replica() {
    let house = House::new().await;
    let twin = house.twin().await;
    let admin = house.admin();
    let (key, by) = reader(&admin).await;
    let there = Client::new(twin.stranger().base(), "acme").with_key(by.secret());
    let mut listeners = [Listener::open(&by, STREAM).await, Listener::open(&there, STREAM).await];
    send(&by, json!("heard")).await;
    for listener in &mut listeners {
        listener.messages(1).await;
    }
    revoke(&admin, &key).await;
    send(&admin, json!("not for them")).await;
    for listener in &mut listeners {
        assert_eq!(listener.end().await, "invalid_token");
    }
}

/// Before it was said that it is quiet, for which it would be judged too.
async fn ends_unasked(admin: &Client) -> bool {
    let (key, mut listener) = listening(admin).await;
    revoke(admin, &key).await;
    assert_eq!(listener.end().await, "invalid_token");
    listener.comments == 0
}

#[tokio::test]
async fn it_ends_within_the_bound_and_not_only_when_something_is_said() {
    let house = House::new().await;
    let admin = house.admin();
    // A machine may be slow for once.
    assert!(ends_unasked(&admin).await || ends_unasked(&admin).await || ends_unasked(&admin).await);
}

// G-19
#[tokio::test]
async fn without_a_message_it_ends_too_whatever_takes_the_right_away() {
    let house = House::new().await;
    let admin = house.admin();
    let path = |key: &Value, verb: &str| admin.at(&format!("/keys/{}{verb}", id(key)));
    let (key, mut listener) = listening(&admin).await;
    revoke(&admin, &key).await;
    assert_eq!(listener.end().await, "invalid_token");

    let (key, mut listener) = listening(&admin).await;
    admin.act(&path(&key, "/disable")).await.expect(200);
    assert_eq!(listener.end().await, "invalid_token");

    let (key, mut listener) = listening(&admin).await;
    admin.patch(&path(&key, ""), json!({ "topics": ["secrets"] }), "*").await.expect(200);
    assert_eq!(listener.end().await, "insufficient_scope");

    let (key, mut listener) = listening(&admin).await;
    admin.patch(&path(&key, ""), json!({ "capabilities": ["send"] }), "*").await.expect(200);
    assert_eq!(listener.end().await, "insufficient_scope");

    let (key, mut listener) = listening(&admin).await;
    admin.patch(&path(&key, ""), json!({ "addresses": ["192.0.2.0/24"] }), "*").await.expect(200);
    assert_eq!(listener.end().await, "ip_not_allowed");

    let (key, mut listener) = listening(&admin).await;
    let past = format!("UPDATE api_keys SET expires_at = now() WHERE id = '{}'", uuid_of(&key));
    by_hand(&house.sql("superuser").await, &past).await;
    assert_eq!(listener.end().await, "invalid_token");

    let (key, mut listener) = listening(&admin).await;
    // An end that comes by itself: nobody tells of it then.
    let soon = format!("UPDATE api_keys SET expires_at = now() + interval '2 seconds' WHERE id = '{}'", uuid_of(&key));
    by_hand(&house.sql("superuser").await, &soon).await;
    assert_eq!(listener.end().await, "invalid_token");

    let (key, mut listener) = listening(&admin).await;
    // The old secret listens; without an overlap it is over at once.
    admin.post(&path(&key, "/rotate"), json!({ "overlap": "0s" })).await.expect(200);
    assert_eq!(listener.end().await, "invalid_token");

    let mut listener = Listener::open(&reader(&admin).await.1, STREAM).await;
    admin.act(&admin.at("/meshes/main/archive")).await.expect(200);
    assert_eq!(listener.end().await, "mesh_archived");
}

fn uuid_of(key: &Value) -> uuid::Uuid {
    id(key).parse::<meshkey::domain::KeyId>().unwrap().uuid()
}

#[tokio::test]
async fn a_personal_key_listens_for_as_long_as_its_person_may() {
    let house = House::new().await;
    let person = Person::in_org(&house, "Mia", "member").await;
    let own = person.signed_in(&house).await;
    let wish = json!({ "label": "mine", "mesh": "main", "capabilities": ["read"], "topics": "all" });
    let key = own.post("/v1/me/keys", wish).await.expect(201).body;
    let by = house.admin().with_key(key["secret"].as_str().unwrap());
    let mut listener = Listener::open(&by, STREAM).await;
    house.meshkey(&["admin", "suspend", &person.email]);
    assert_eq!(listener.end().await, "invalid_token");
}

#[tokio::test]
async fn what_a_key_may_no_longer_do_elsewhere_does_not_concern_it() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, mut listener) = listening(&admin).await;
    let path = admin.at(&format!("/keys/{}", id(&key)));
    admin.patch(&path, json!({ "capabilities": ["read"], "label": "other" }), "*").await.expect(200);
    admin.act(&format!("{path}/rotate")).await.expect(200);
    send(&admin, json!("still")).await;
    assert_eq!(listener.messages(1).await[0]["body"], "still");
}

// G-21
#[tokio::test]
async fn what_goes_wrong_inside_is_told_by_its_code_alone() {
    let house = House::with(&[("MESHKEY_BOUND", "500ms")]).await;
    let admin = house.admin();
    let (_, mut listener) = listening(&admin).await;
    house.set_reachable(false).await;
    let event = listener.next().await.unwrap();
    assert_eq!((event.name.as_str(), event.id), ("end", None));
    assert_eq!(event.data, json!({ "code": "store_unavailable", "title": "Store out of reach" }));
    assert_eq!(listener.next().await, None);
    house.set_reachable(true).await;
    eventually("it can be opened again", async || {
        let again = admin.raw("GET", STREAM).open().await;
        (again.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_waits_for_nobody() {
    let mut house = House::new().await;
    let (_, mut listener) = listening(&house.admin()).await;
    house.stop().await;
    assert_eq!(listener.end().await, "stopping");
}
