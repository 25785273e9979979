//! One socket: topics followed and left, messages sent, and a no for each that is not allowed.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

use super::{MESSAGES, SOCKET, STREAM, listener::Listener, reader, send, talker::Talker};
use crate::{
    client::Client,
    house::House,
    tools::{eventually, id},
};

pub(super) async fn topic(admin: &Client, name: &str) {
    let wish = json!({ "name": name });
    admin.post(&admin.at("/meshes/main/topics"), wish).await.expect(201);
}

/// A socket at the replica of this client, and one of the same key at another.
async fn at_both(by: &Client, twin: &House) -> (Talker, Talker) {
    let there = Client::new(twin.stranger().base(), "acme").with_key(by.secret());
    (Talker::open(by).await, Talker::open(&there).await)
}

#[tokio::test]
async fn what_is_sent_here_is_acknowledged_and_heard_here_and_elsewhere() {
    let house = House::new().await;
    let twin = house.twin().await;
    let admin = house.admin();
    let (key, by) = reader(&admin).await;
    let (mut here, mut elsewhere) = at_both(&by, &twin).await;
    let mut stream = Listener::open(&by, STREAM).await;
    assert_eq!((here.follow("deploys").await, elsewhere.follow("deploys").await), (0, 0));
    let wish = json!({ "do": "send", "id": "s1", "topic": "deploys", "body": { "text": "line\u{2028}é" } });
    elsewhere.say(&wish).await;
    let (mut sent, mut heard) = (Value::Null, Value::Null);
    // Which of the two comes first is open.
    for _ in 0..2 {
        let mut event = elsewhere.next().await;
        match event["event"].as_str() {
            Some("sent") => sent = event,
            Some("message") => heard = event["message"].take(),
            _ => panic!("{event}"),
        }
    }
    assert_eq!(sent, json!({ "event": "sent", "re": "s1", "topic": "deploys", "id": heard["id"], "seq": 1 }));
    assert_eq!((&heard["body"], &heard["author"]["key"]), (&wish["body"], &key["id"]));
    let kept = admin.get(&format!("{MESSAGES}?after=0")).await.expect(200);
    assert_eq!(kept.items(), [heard.clone()]);
    assert_eq!(here.messages(1).await, [heard.clone()]);
    assert_eq!(stream.messages(1).await, [heard]);
}

#[tokio::test]
async fn who_comes_back_goes_on_behind_what_it_has_heard() {
    let house = House::new().await;
    let admin = house.admin();
    let (_, by) = reader(&admin).await;
    for at in 0..5 {
        send(&by, json!(at)).await;
    }
    let mut talker = Talker::open(&by).await;
    let wish = json!({ "do": "subscribe", "id": "1", "topic": "deploys", "after": 2 });
    assert_eq!(talker.ask(wish).await, json!({ "event": "subscribed", "re": "1", "topic": "deploys", "after": 2 }));
    let seqs: Vec<_> = talker.messages(3).await.iter().map(|message| message["seq"].clone()).collect();
    assert_eq!(seqs, [3, 4, 5]);
    let left = talker.ask(json!({ "do": "unsubscribe", "id": "2", "topic": "deploys" })).await;
    assert_eq!(left, json!({ "event": "unsubscribed", "re": "2", "topic": "deploys" }));
    send(&by, json!("not heard")).await;
    // It is taken up again, and left out what was sent meanwhile.
    assert_eq!(talker.follow("deploys").await, 6);
    send(&by, json!("heard")).await;
    assert_eq!(talker.messages(1).await[0]["body"], "heard");
}

#[tokio::test]
async fn a_message_is_sent_once_however_often_it_is_said_under_one_key() {
    let house = House::new().await;
    let (_, by) = reader(&house.admin()).await;
    let wish =
        |body: i64| json!({ "do": "send", "id": "s", "topic": "deploys", "body": body, "idempotency_key": "k1" });
    let first = Talker::open(&by).await.ask(wish(1)).await;
    assert_eq!(first["event"], "sent");
    let mut again = Talker::open(&by).await;
    assert_eq!(again.ask(wish(1)).await, first);
    assert_eq!(again.ask(wish(2)).await["error"]["code"], "idempotency_key_reused");
    // By whichever way it comes.
    let same = by.raw("POST", MESSAGES).header("Idempotency-Key", "k1");
    let same = same.body("application/json", r#"{ "reply_to": null, "body": 1 }"#).send().await.expect(201).body;
    assert_eq!((&same["id"], &same["seq"]), (&first["id"], &first["seq"]));
    let other = by.raw("POST", MESSAGES).header("Idempotency-Key", "k1");
    other.body("application/json", r#"{ "body": 2 }"#).send().await.problem(422, "idempotency_key_reused");
    assert_eq!(by.get(&format!("{MESSAGES}?after=0")).await.expect(200).items().len(), 1);
    let no_key = json!({ "do": "send", "id": "s", "topic": "deploys", "body": 1, "idempotency_key": "a b" });
    let no_key = again.ask(no_key).await;
    assert_eq!(
        (&no_key["error"]["code"], no_key["error"]["errors"][0]["pointer"].as_str()),
        (&json!("invalid_input"), Some("#/idempotency_key"))
    );
}

#[tokio::test]
async fn each_no_has_its_reason_and_leaves_the_socket_open() {
    let house = House::new().await;
    let admin = house.admin();
    topic(&admin, "builds").await;
    let (_, by) = admin.issue(json!({ "mesh": "main", "capabilities": ["read"], "topics": ["deploys"] })).await;
    let mut talker = Talker::open(&by).await;
    let follow = |topic: &str| json!({ "do": "subscribe", "id": "1", "topic": topic });
    let long = "x".repeat(65);
    for (text, status, code) in [
        (follow("builds"), 403, "insufficient_scope"),
        (follow("Not a name"), 422, "invalid_input"),
        (json!({ "do": "send", "id": "1", "topic": "deploys", "body": 1 }), 403, "insufficient_scope"),
        (json!({ "do": "subscribe", "id": "1", "topic": "deploys", "after": 7 }), 422, "invalid_input"),
        (json!({ "do": "subscribe", "id": "1", "topic": "deploys", "after": -1 }), 422, "invalid_input"),
        (json!({ "do": "subscribe", "id": "1", "topic": "deploys", "befor": 1 }), 422, "invalid_input"),
        (json!({ "do": "unsubscribe", "id": "1", "topic": "deploys" }), 404, "not_found"),
        (json!({ "do": "shout", "id": "1" }), 422, "invalid_input"),
        (json!({ "id": "1" }), 422, "invalid_input"),
    ] {
        let answer = talker.ask(text.clone()).await;
        let error = &answer["error"];
        assert_eq!((&answer["event"], &error["status"]), (&json!("error"), &json!(status)), "{text}: {answer}");
        assert_eq!((&error["code"], &error["instance"]), (&json!(code), &json!("/v1/meshes/{mesh}/ws")), "{answer}");
    }
    for text in
        ["", "{", "[]", "null", r#"{"do":"subscribe","do":"send","topic":"deploys"}"#, &format!(r#"{{"id":"{long}"}}"#)]
    {
        talker.put(Message::text(text)).await;
        let answer = talker.next().await;
        assert!(
            answer["re"].is_null() && [400, 422].contains(&answer["error"]["status"].as_i64().unwrap()),
            "{answer}"
        );
    }
    talker.follow("deploys").await;
    let again = talker.ask(follow("deploys")).await;
    assert_eq!((&again["error"]["status"], &again["error"]["code"]), (&json!(409), &json!("already_exists")));
    let (_, sender) = reader(&admin).await;
    send(&sender, json!("still open")).await;
    assert_eq!(talker.messages(1).await[0]["body"], "still open");
}

#[tokio::test]
async fn it_costs_of_the_rate_whether_it_means_something_or_not() {
    let house = House::new().await;
    let admin = house.admin();
    let rate = json!({ "per_minute": 3, "burst": 3 });
    let wish = json!({ "mesh": "main", "capabilities": ["send"], "topics": "all", "rate": rate });
    let (_, by) = admin.issue(wish).await;
    let mut talker = Talker::open(&by).await;
    assert_eq!(talker.ask(json!({ "do": "send", "id": "1", "topic": "deploys", "body": 1 })).await["event"], "sent");
    assert_eq!(talker.ask(json!({ "do": "nothing", "id": "2" })).await["error"]["code"], "invalid_input");
    let refused = talker.ask(json!({ "do": "nothing", "id": "3" })).await;
    assert_eq!(refused["error"]["code"], "rate_limited");
    assert!(refused["retry_after"].as_i64().unwrap() > 0, "{refused}");
}

#[tokio::test]
async fn what_breaks_the_rules_closes_it_with_the_code_for_that() {
    let house = House::new().await;
    let (_, by) = reader(&house.admin()).await;
    let mut talker = Talker::open(&by).await;
    talker.put(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(talker.end().await.0, u16::from(CloseCode::Unsupported));
    // As long as a body of a request may be, and no longer.
    let send = |length: usize| {
        let empty = json!({ "do": "send", "id": "1", "topic": "deploys", "body": "" }).to_string();
        json!({ "do": "send", "id": "1", "topic": "deploys", "body": "x".repeat(length - empty.len()) })
    };
    let mut talker = Talker::open(&by).await;
    assert_eq!(talker.ask(send(64 * 1024)).await["event"], "sent");
    talker.say(&send(64 * 1024 + 1)).await;
    assert_eq!(talker.end().await.0, u16::from(CloseCode::Size));
    let mut talker = Talker::open(&by).await;
    talker.put(Message::Ping("are you there?".into())).await;
    assert_eq!(talker.frame().await, Message::Pong("are you there?".into()));
    talker.put(Message::Close(None)).await;
    assert!(matches!(talker.frame().await, Message::Close(_)));
}

#[tokio::test]
async fn so_many_of_a_key_and_what_is_left_is_free_again() {
    let house = House::with(&[("MESHKEY_STREAMS_PER_KEY", "3")]).await;
    let admin = house.admin();
    topic(&admin, "builds").await;
    topic(&admin, "alerts").await;
    let wish = json!({ "mesh": "main", "capabilities": ["read"], "topics": "all" });
    let (_, by) = admin.issue(wish).await;
    // The socket itself is one.
    let mut talker = Talker::open(&by).await;
    talker.follow("deploys").await;
    talker.follow("builds").await;
    let full = talker.ask(json!({ "do": "subscribe", "id": "1", "topic": "alerts" })).await;
    assert_eq!((&full["error"]["status"], &full["error"]["code"]), (&json!(429), &json!("too_many_streams")));
    assert_eq!(full["retry_after"], 5);
    let answer = by.raw("GET", SOCKET).send().await;
    assert_eq!((answer.status, &answer.body["code"]), (429, &json!("too_many_streams")));
    // What is left is free when that is answered.
    talker.ask(json!({ "do": "unsubscribe", "id": "1", "topic": "builds" })).await;
    talker.follow("alerts").await;
    drop(talker);
    eventually("nobody listens", async || house.metrics().contains("meshkey_streams 0\n").then_some(())).await;
}

// G-19
#[tokio::test]
async fn when_a_revocation_answers_nothing_is_heard_on_a_socket_any_more() {
    let house = House::new().await;
    let twin = house.twin().await;
    let admin = house.admin();
    let (key, by) = reader(&admin).await;
    let (mut here, mut elsewhere) = at_both(&by, &twin).await;
    for talker in [&mut here, &mut elsewhere] {
        talker.follow("deploys").await;
    }
    send(&by, json!("heard")).await;
    for talker in [&mut here, &mut elsewhere] {
        talker.messages(1).await;
    }
    admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
    send(&admin, json!("not for them")).await;
    for talker in [&mut here, &mut elsewhere] {
        assert_eq!(talker.end().await, (1008, "invalid_token".to_owned()));
    }
}

#[tokio::test]
async fn where_one_topic_is_taken_away_the_others_go_on() {
    let house = House::new().await;
    let admin = house.admin();
    topic(&admin, "builds").await;
    let wish = json!({ "mesh": "main", "capabilities": ["read", "send"], "topics": ["deploys", "builds"] });
    let (key, by) = admin.issue(wish).await;
    let mut talker = Talker::open(&by).await;
    talker.follow("deploys").await;
    talker.follow("builds").await;
    admin.patch(&admin.at(&format!("/keys/{}", id(&key))), json!({ "topics": ["builds"] }), "*").await.expect(200);
    let ended = talker.next().await;
    assert_eq!((&ended["event"], &ended["topic"]), (&json!("ended"), &json!("deploys")));
    assert_eq!(ended["code"], "insufficient_scope");
    let sent = talker.ask(json!({ "do": "send", "id": "1", "topic": "deploys", "body": 1 })).await;
    assert_eq!(sent["error"]["code"], "insufficient_scope");
    admin.post("/v1/meshes/main/topics/builds/messages", json!({ "body": "on" })).await.expect(201);
    assert_eq!(talker.messages(1).await[0]["body"], "on");
}

#[tokio::test]
async fn a_quiet_socket_that_follows_nothing_ends_with_its_key_and_with_the_server() {
    let mut house = House::new().await;
    let admin = house.admin();
    let (key, by) = reader(&admin).await;
    let mut talker = Talker::open(&by).await;
    admin.act(&admin.at(&format!("/keys/{}/disable", id(&key)))).await.expect(200);
    assert_eq!(talker.end().await, (1008, "invalid_token".to_owned()));

    let mut talker = Talker::open(&reader(&admin).await.1).await;
    admin.act(&admin.at("/meshes/main/archive")).await.expect(200);
    assert_eq!(talker.end().await, (1008, "mesh_archived".to_owned()));
    admin.act(&admin.at("/meshes/main/unarchive")).await.expect(200);

    let mut talker = Talker::open(&reader(&admin).await.1).await;
    house.stop().await;
    assert_eq!(talker.end().await, (1001, "stopping".to_owned()));
}

#[tokio::test]
async fn whoever_comes_while_the_server_stops_is_told() {
    let house = House::new().await;
    let (_, by) = reader(&house.admin()).await;
    house.service().live.stop();
    assert_eq!(Talker::open(&by).await.end().await, (1001, "stopping".to_owned()));
}

#[tokio::test]
async fn out_of_reach_it_is_closed_for_now() {
    let house = House::with(&[("MESHKEY_BOUND", "500ms")]).await;
    let (_, by) = reader(&house.admin()).await;
    let mut talker = Talker::open(&by).await;
    house.set_reachable(false).await;
    assert_eq!(talker.end().await, (1013, "store_unavailable".to_owned()));
    house.set_reachable(true).await;
}
