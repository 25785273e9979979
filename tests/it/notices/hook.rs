//! The webhook of an org: what it is told, that it is told once, and who is never called.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio_postgres::Client as Db;

use super::{ends_in, issue, look, pass, step};
use crate::{
    client::Client,
    house::House,
    notices::server::{Call, Server},
    tools::{by_hand, eventually, id, one, texts},
};

const PRIVATE: [(&str, &str); 1] = [("MESHKEY_WEBHOOK_PRIVATE", "true")];
const DUE: &str = "UPDATE webhook_calls SET due_at = clock_timestamp()";
const NOWHERE: &str = "its name is not known, or leads to no address that is called";

async fn set(admin: &Client, url: &str) -> Value {
    admin.put(&admin.at("/webhook"), json!({ "url": url })).await.expect(200).body
}

async fn shown(admin: &Client) -> Value {
    admin.get(&admin.at("/webhook")).await.expect(200).body
}

/// How the last call ended, as soon as it is so.
async fn until(admin: &Client, is_so: impl Fn(&Value) -> bool) -> Value {
    eventually("the call", async || {
        let shown = shown(admin).await;
        (is_so(&shown["last_call"])).then_some(shown)
    })
    .await
}

/// Has it tried out, and waits for no pause.
async fn try_now(admin: &Client, db: &Db) {
    admin.act(&admin.at("/webhook/test")).await.expect(202);
    by_hand(db, "UPDATE webhook_calls SET due_at = clock_timestamp() WHERE tries = 0").await;
}

/// The signature, computed by another implementation.
fn signed(secret: &str, call: &Call) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let text = format!("{}.{}.{}", call.header("webhook-id"), call.header("webhook-timestamp"), call.body);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes());
    format!("v1,{}", STANDARD.encode(tag.as_ref()))
}

#[tokio::test]
async fn an_org_is_told_of_all_its_keys_in_one_signed_call_a_day() {
    let server = Server::start().await;
    let house = House::with(&PRIVATE).await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let secret = set(&admin, &server.url()).await["secret"].as_str().unwrap().to_owned();
    let rival = house.org("rival").admin;
    let theirs = id(&rival.issue(json!({ "capabilities": ["read"], "topics": "all" })).await.0);
    let keys = [issue(&admin, "first").await, issue(&admin, "<b>second</b>").await];
    for (key, days) in [(&keys[1], 14), (&keys[0], 7), (&theirs, 7)] {
        ends_in(&db, key, days).await;
    }
    look(&house).await;
    look(&house).await;
    let told = until(&admin, |call| !call.is_null()).await;
    assert_eq!((&told["last_call"]["delivered"], &told["last_call"]["status"]), (&json!(true), &json!(204)));
    assert_eq!(told["waiting"], false);
    let calls = server.calls();
    let call = &calls[0];
    assert_eq!(
        (calls.len(), call.line.as_str(), call.header("content-type")),
        (1, "POST /hook HTTP/1.1", "application/json")
    );
    assert_eq!(call.header("webhook-signature"), signed(&secret, call));
    let sent: i64 = call.header("webhook-timestamp").parse().unwrap();
    let apart = format!("SELECT abs(extract(epoch FROM clock_timestamp())::bigint - {sent}) < 60");
    assert_eq!(one(&db, &apart).await, "t");
    let body: Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(
        (&body["type"], &body["org"]["slug"], &body["more"]),
        (&json!("keys.expiring"), &json!("acme"), &json!(0))
    );
    let told: Vec<_> = body["keys"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(told, keys, "the soonest first, and none of another org");
    let first = &body["keys"][0];
    assert_eq!(
        (&first["label"], &first["mesh"], &first["uses_last_day"]),
        (&json!("first"), &json!("main"), &json!(0))
    );
    assert!(first["rotate"].as_str().unwrap().ends_with(&format!("/orgs/acme/keys/{}/rotate", keys[0])));
    assert_eq!(first["hint"].as_str().unwrap().len(), 13);
    assert_eq!(step(&db, &theirs).await, "-", "nobody hears of it");
    // What is due later that day waits for the next.
    ends_in(&db, &keys[0], 1).await;
    look(&house).await;
    assert_eq!(step(&db, &keys[0]).await, "7");
    pass(&db, 1).await;
    by_hand(&db, "UPDATE webhook_calls SET day = day - interval '24 hours'").await;
    look(&house).await;
    server.called(2).await;
}

// P-15
#[tokio::test]
async fn a_call_that_fails_is_made_again_with_the_same_id_and_given_up_after_a_day() {
    let server = Server::start().await;
    let house = House::with(&PRIVATE).await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    set(&admin, &server.url()).await;
    let key = issue(&admin, "ci").await;
    ends_in(&db, &key, 7).await;
    server.answer("500 Internal Server Error", "");
    look(&house).await;
    let told = until(&admin, |call| call["delivered"] == false).await;
    assert_eq!((&told["last_call"]["status"], &told["waiting"]), (&json!(500), &json!(true)));
    assert_eq!(told["last_call"]["reason"], "it says no: 500");
    assert_eq!(one(&db, "SELECT due_at > clock_timestamp() + interval '20 seconds' FROM webhook_calls").await, "t");
    by_hand(&db, DUE).await;
    let calls = server.called(2).await;
    assert_eq!((calls[0].header("webhook-id"), &calls[0].body), (calls[1].header("webhook-id"), &calls[1].body));
    let old = "UPDATE webhook_calls SET created_at = created_at - interval '25 hours', due_at = clock_timestamp()";
    let concluded =
        async || (one(&db, "SELECT tries = 2 AND reason IS NOT NULL FROM webhook_calls").await == "t").then_some(());
    eventually("the second try ended", concluded).await;
    by_hand(&db, old).await;
    let given_up = async || (one(&db, "SELECT failed_at IS NOT NULL FROM webhook_calls").await == "t").then_some(());
    eventually("it is given up", given_up).await;
    assert_eq!(shown(&admin).await["waiting"], false);
    // Trying it out is another call, and that is made once.
    server.answer("204 No Content", "");
    admin.act(&admin.at("/webhook/test")).await.expect(202);
    let told = until(&admin, |call| call["delivered"] == true).await;
    assert_eq!(told["last_call"]["reason"], Value::Null);
    let body: Value = serde_json::from_str(&server.calls().last().unwrap().body).unwrap();
    assert_eq!((&body["type"], &body["keys"]), (&json!("test"), &json!([])));
    // Nobody has us call all the time: the next one waits some seconds, and is one however often it was asked for.
    for _ in 0..3 {
        assert_eq!(admin.act(&admin.at("/webhook/test")).await.expect(202).body["waiting"], true);
    }
    let waiting = "SELECT count(*), bool_and(c.due_at = t.created_at + interval '10 seconds')
                   FROM webhook_calls c, (SELECT created_at FROM webhook_calls WHERE day IS NULL AND sent_at IS NOT NULL) t
                   WHERE c.sent_at IS NULL AND c.failed_at IS NULL";
    assert_eq!(texts(&db, waiting).await, ["1\tt"]);
}

#[tokio::test]
async fn of_replicas_one_calls() {
    let server = Server::start().await;
    let house = House::with(&PRIVATE).await;
    let twin = house.replica(&PRIVATE).await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    set(&admin, &server.url()).await;
    let key = issue(&admin, "ci").await;
    ends_in(&db, &key, 7).await;
    join_all([&house, &twin, &house, &twin].map(look)).await;
    until(&admin, |call| call["delivered"] == true).await;
    // Another call goes its way, and so what waits was looked at.
    let before = server.calls().len();
    admin.act(&admin.at("/webhook/test")).await.expect(202);
    server.called(before + 1).await;
    let types = server.calls().iter().filter(|call| call.body.contains("keys.expiring")).count();
    assert_eq!((before, types), (1, 1));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (server, elsewhere) = (Server::start().await, Server::start().await);
    let house = House::with(&PRIVATE).await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    set(&admin, &server.url()).await;
    for status in ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        server.answer(status, &format!("Location: {}\r\n", elsewhere.url()));
        let before = server.calls().len();
        try_now(&admin, &db).await;
        let status: i64 = status[..3].parse().unwrap();
        let told = until(&admin, |call| call["status"] == status).await;
        assert_eq!(told["last_call"]["delivered"], false);
        assert!(told["last_call"]["reason"].as_str().unwrap().contains("leads elsewhere"), "{told}");
        assert_eq!(server.calls().len(), before + 1, "what tries it out is not made again");
    }
    assert_eq!((elsewhere.calls().len(), elsewhere.connections()), (0, 0));
}

#[tokio::test]
async fn nothing_private_is_called_unless_the_operator_says_so() {
    let server = Server::start().await;
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let port = server.address.port();
    for url in [
        format!("http://127.0.0.1:{port}/hook"),
        format!("https://127.0.0.1:{port}/hook"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        "https://169.254.169.254/latest".to_owned(),
        "https://10.0.0.1/".to_owned(),
        "https://2130706433/".to_owned(),
        "https://dana:secret@hooks.example.org/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let refused = admin.put(&admin.at("/webhook"), json!({ "url": url })).await.problem(422, "invalid_input");
        assert_eq!(refused["errors"][0]["pointer"], "#/url", "{url}");
    }
    // A name may lead there all the same: it is looked at when it is called, and nobody connects.
    set(&admin, &format!("https://localhost:{port}/hook")).await;
    admin.act(&admin.at("/webhook/test")).await.expect(202);
    let told = until(&admin, |call| call["delivered"] == false).await;
    assert_eq!(told["last_call"]["reason"], NOWHERE);
    // Which is said of a name that there is not, too: who sets webhooks learns nothing of the names around here.
    set(&admin, "https://nobody.invalid/hook").await;
    try_now(&admin, &db).await;
    let told = until(&admin, |call| call["delivered"] == false).await;
    assert_eq!(told["last_call"]["reason"], NOWHERE);
    // Nor where it stands in the database already.
    by_hand(&db, &format!("UPDATE webhooks SET url = 'http://127.0.0.1:{port}/hook', tried_at = NULL, reason = NULL"))
        .await;
    try_now(&admin, &db).await;
    let told = until(&admin, |call| call["delivered"] == false).await;
    assert!(told["last_call"]["reason"].as_str().unwrap().starts_with("expected https"), "{told}");
    assert_eq!(server.connections(), 0);
    let allowing = house.replica(&PRIVATE).await;
    let there = allowing.stranger().with_key(admin.secret());
    let link_local = json!({ "url": "http://169.254.169.254/latest" });
    there.put(&there.at("/webhook"), link_local).await.problem(422, "invalid_input");
}

#[tokio::test]
async fn it_is_set_tried_out_shown_and_taken_away_from_a_terminal() {
    let server = Server::start().await;
    let house = House::with(&PRIVATE).await;
    let admin = house.admin();
    let shell = crate::cli::shell::Shell::of(&admin);
    shell.run("webhook show").expect(5);
    let set = shell.run(&format!("webhook set {}", server.url())).expect(0);
    assert!(set.out.contains(&server.url()) && set.out.contains("whsec_"), "{set:?}");
    let again = shell.run(&format!("webhook set {}", server.url())).expect(0);
    assert!(!again.out.contains("whsec_"), "{again:?}");
    assert!(shell.run(&format!("webhook set {} --new-secret", server.url())).expect(0).out.contains("whsec_"));
    shell.run("webhook test").expect(0);
    until(&admin, |call| call["delivered"] == true).await;
    assert!(shell.run("webhook show").expect(0).out.contains(": taken"));
    let refused = shell.run("webhook set http://169.254.169.254/").expect(7);
    assert!(refused.err.contains("it is not on the internet"), "{refused:?}");
    shell.run("webhook remove --yes").expect(0);
    shell.run("webhook show").expect(5);
}

// K-12, L-17
#[tokio::test]
async fn what_signs_is_shown_once_and_the_audit_knows_where_without_the_rest() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    admin.get(&admin.at("/webhook")).await.problem(404, "not_found");
    admin.act(&admin.at("/webhook/test")).await.problem(404, "not_found");
    let first = set(&admin, "https://hooks.example.org/services/confidential").await;
    let secret = first["secret"].as_str().unwrap().to_owned();
    assert_eq!(set(&admin, "https://hooks.example.org/other").await["secret"], Value::Null);
    let stored = one(&db, "SELECT encode(signs_with, 'base64') FROM webhooks").await;
    assert_eq!(format!("whsec_{stored}"), secret, "it goes on signing");
    let wish = json!({ "url": "https://hooks.example.org/other", "new_secret": true });
    let third = admin.put(&admin.at("/webhook"), wish).await.expect(200);
    assert_ne!(third.body["secret"].as_str().unwrap(), secret);
    assert_eq!(third.header("cache-control"), "no-store");
    assert!(shown(&admin).await.get("secret").is_none());
    admin.delete(&admin.at("/webhook")).await.expect(200);
    admin.delete(&admin.at("/webhook")).await.problem(404, "not_found");
    let events = admin.get(&admin.at("/audit?limit=4")).await.expect(200).clone();
    let actions: Vec<_> = events.items().iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["webhook.removed", "webhook.edited", "webhook.edited", "webhook.created"]);
    assert_eq!(events.items()[3]["after"]["calls"], "https://hooks.example.org");
    let all = one(&db, "SELECT string_agg(to_jsonb(a)::text, '') FROM audit_events a").await;
    assert!(!all.contains("confidential") && !all.contains("whsec_"), "{all}");
    assert_eq!(one(&db, "SELECT count(*) FROM webhook_calls").await, "0");
}
