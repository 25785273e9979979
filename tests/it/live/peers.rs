//! Who is connected: told of all replicas, to those alone who may read what is followed.

use serde_json::{Value, json};

use super::{PEERS, STREAM, listener::Listener, reader, talker::Talker};
use crate::{
    client::Client,
    house::House,
    persons::Person,
    tools::{by_hand, eventually, id, one},
};

async fn peers(by: &Client) -> Vec<Value> {
    by.get(PEERS).await.expect(200).items().to_vec()
}

/// Waits until this is what is told, but for the times.
async fn until(by: &Client, wanted: &Value) {
    eventually("who is connected is told", async || {
        let mut told = peers(by).await;
        for peer in &mut told {
            peer.as_object_mut().unwrap().remove("since");
        }
        (json!(told) == *wanted).then_some(())
    })
    .await;
}

#[tokio::test]
async fn whoever_is_connected_anywhere_is_told_and_told_no_more_when_it_is_not() {
    let house = House::new().await;
    let twin = house.twin().await;
    let admin = house.admin();
    assert_eq!(peers(&admin).await, [] as [Value; 0]);
    let (key, by) = reader(&admin).await;
    let there = Client::new(twin.stranger().base(), "acme").with_key(by.secret());
    let stream = Listener::open(&by, STREAM).await;
    let mut talker = Talker::open(&there).await;
    talker.follow("deploys").await;
    let who = json!({ "id": id(&key), "label": "test" });
    let told = |streams: i64, sockets: i64| {
        let topics = json!([{ "topic": "deploys", "streams": streams, "sockets": sockets }]);
        json!([{ "key": who, "user": null, "sockets": sockets, "topics": topics }])
    };
    until(&admin, &told(1, 1)).await;
    let again = Listener::open(&by, STREAM).await;
    until(&admin, &told(2, 1)).await;
    drop((stream, again));
    until(&admin, &told(0, 1)).await;
    talker.ask(json!({ "do": "unsubscribe", "id": "1", "topic": "deploys" })).await;
    until(&admin, &json!([{ "key": who, "user": null, "sockets": 1, "topics": [] }])).await;
    drop(talker);
    until(&admin, &json!([])).await;
}

#[tokio::test]
async fn nobody_is_told_of_more_than_it_reaches() {
    let house = House::new().await;
    let admin = house.admin();
    let all = json!({ "mesh": "main", "capabilities": ["read"], "topics": "all" });
    let (open, both) = admin.issue(all.clone()).await;
    let mut talker = Talker::open(&both).await;
    talker.follow("deploys").await;
    talker.follow("secrets").await;
    let (hidden, secret) = admin.issue(all).await;
    let _hidden = Listener::open(&secret, "/v1/meshes/main/topics/secrets/stream").await;
    let person = Person::in_org(&house, "Mia", "member").await;
    let own = person.signed_in(&house).await;
    let wish = json!({ "label": "mine", "mesh": "main", "capabilities": ["read"], "topics": "all" });
    let mine = own.post("/v1/me/keys", wish).await.expect(201).body;
    let _mine = Listener::open(&admin.with_key(mine["secret"].as_str().unwrap()), STREAM).await;
    let follows =
        |topic: &str, streams: i64, sockets: i64| json!({ "topic": topic, "streams": streams, "sockets": sockets });
    let of = |key: &Value| json!({ "id": id(key), "label": key["label"] });
    let user = json!({ "id": person.id, "name": "Mia" });
    let whole = json!([
        { "key": of(&open), "user": null, "sockets": 1, "topics": [follows("deploys", 0, 1), follows("secrets", 0, 1)] },
        { "key": of(&hidden), "user": null, "sockets": 0, "topics": [follows("secrets", 1, 0)] },
        { "key": of(&mine), "user": user, "sockets": 0, "topics": [follows("deploys", 1, 0)] },
    ]);
    until(&admin, &whole).await;
    let (_, narrow) = reader(&admin).await;
    let part = json!([
        { "key": of(&open), "user": null, "topics": [follows("deploys", 0, 1)] },
        { "key": of(&mine), "user": user, "topics": [follows("deploys", 1, 0)] },
    ]);
    until(&narrow, &part).await;
    // Page by page the same, and nothing of what is left out.
    let first = narrow.get(&format!("{PEERS}?limit=1")).await.expect(200);
    let next = first.body["next"].as_str().unwrap();
    let second = narrow.get(&format!("{PEERS}?limit=1&cursor={next}")).await.expect(200);
    assert_eq!((second.items()[0]["key"].clone(), second.body.get("next")), (of(&mine), None));
    let rival = house.org("rival").admin;
    rival.post(&rival.at("/meshes"), json!({ "slug": "main" })).await.expect(201);
    assert_eq!(peers(&rival).await, [] as [Value; 0]);
    let (_, sender) = admin.issue(json!({ "mesh": "main", "capabilities": ["send"], "topics": "all" })).await;
    sender.get(PEERS).await.problem(403, "insufficient_scope");
}

#[tokio::test]
async fn what_a_replica_said_that_is_gone_does_not_stay() {
    let mut house = House::new().await;
    let admin = house.admin();
    let twin = house.twin().await;
    let there = Client::new(twin.stranger().base(), "acme").with_key(admin.secret());
    let (_, by) = reader(&admin).await;
    let _stream = Listener::open(&by, STREAM).await;
    eventually("it is told", async || (peers(&there).await.len() == 1).then_some(())).await;
    let sql = house.sql("superuser").await;
    // One that was killed: nothing was heard of it for a while.
    by_hand(&sql, "INSERT INTO hubs VALUES ('00000000-0000-0000-0000-000000000001', now() - interval '21 seconds')")
        .await;
    let copy = "INSERT INTO peers SELECT '00000000-0000-0000-0000-000000000001', org_id, mesh_id, key_id, topic, via, 7, since FROM peers";
    by_hand(&sql, copy).await;
    assert_eq!(peers(&there).await[0]["topics"][0]["streams"], 1);
    by_hand(&sql, "UPDATE hubs SET seen_at = now() - interval '61 seconds' WHERE id::text LIKE '0000%'").await;
    meshkey::db::hubs::sweep(&house.operator().await, 60.0).await.unwrap();
    assert_eq!(one(&sql, "SELECT count(*) FROM peers").await, "1");
    // One that was taken for gone says all of it again.
    by_hand(&sql, "DELETE FROM hubs").await;
    eventually("it is told again", async || (peers(&there).await.len() == 1).then_some(())).await;
    house.stop().await;
    assert_eq!(one(&sql, "SELECT count(*) FROM hubs").await, "0");
}
