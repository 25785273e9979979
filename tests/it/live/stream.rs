//! Every message once and in its order, wherever it is sent and however often one comes back.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::{MESSAGES, STREAM, listener::Listener, listening, reader, send};
use crate::{
    house::House,
    tools::{eventually, one},
};

fn seqs(messages: &[serde_json::Value]) -> Vec<i64> {
    messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect()
}

// G-30
#[tokio::test]
async fn what_is_sent_here_or_at_another_replica_is_heard_as_it_is_kept() {
    let house = House::new().await;
    let twin = house.twin().await;
    let admin = house.admin();
    let (_, mut listener) = listening(&admin).await;
    let there = admin.with_key(admin.secret());
    let other = crate::client::Client::new(twin.stranger().base(), "acme").with_key(admin.secret());
    for at in 0..6 {
        let by = if at % 2 == 0 { &there } else { &other };
        let sent = send(by, json!({ "at": at, "text": "line one\nline two\u{2028}: é" })).await.body;
        assert_eq!(listener.messages(1).await, [sent]);
    }
    let listed = admin.get(&format!("{MESSAGES}?after=0")).await.expect(200);
    let mut again = Listener::behind(&admin, STREAM, 0).await;
    assert_eq!(again.messages(6).await, listed.items());
}

#[tokio::test]
async fn who_comes_back_misses_nothing_and_hears_nothing_twice() {
    let house = House::new().await;
    let admin = house.admin();
    let (_, by) = reader(&admin).await;
    for at in 0..5 {
        send(&by, json!(at)).await;
    }
    let mut late = Listener::behind(&by, STREAM, 2).await;
    assert_eq!(seqs(&late.messages(3).await), [3, 4, 5]);
    let mut after = Listener::open(&by, &format!("{STREAM}?after=4")).await;
    let mut now = Listener::open(&by, STREAM).await;
    assert_eq!([&late, &after, &now].map(|listener| listener.opened), [2, 4, 5]);
    send(&by, json!("six")).await;
    assert_eq!(seqs(&late.messages(1).await), [6]);
    assert_eq!(seqs(&after.messages(2).await), [5, 6]);
    // Whoever has heard nothing yet has a number to come back with all the same.
    let mut again = Listener::behind(&by, STREAM, now.opened).await;
    for listener in [&mut now, &mut again] {
        assert_eq!(seqs(&listener.messages(1).await), [6]);
    }
    // What the browser says goes before the address, which stays what it was.
    let both = by.raw("GET", &format!("{STREAM}?after=1")).header("Last-Event-ID", "5").open().await;
    assert_eq!(both.status(), 200);
}

/// Several senders at two replicas, and a listener who hangs up and comes back all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_senders_at_once_each_message_is_heard_once() {
    const EACH: i64 = 40;
    let house = House::new().await;
    let twin = house.twin().await;
    let admin = house.admin();
    let (_, by) = reader(&admin).await;
    let elsewhere = crate::client::Client::new(twin.stranger().base(), "acme").with_key(by.secret());
    let mut patient = Listener::open(&by, STREAM).await;
    let is_over = AtomicBool::new(false);
    let sending = async {
        let senders = (0..4).map(|sender| {
            let by = if sender % 2 == 0 { by.clone() } else { elsewhere.clone() };
            async move {
                for at in 0..EACH {
                    send(&by, json!([sender, at])).await;
                }
            }
        });
        futures_util::future::join_all(senders).await;
        is_over.store(true, Ordering::Relaxed);
    };
    let returning = async {
        let mut heard: Vec<i64> = Vec::new();
        while heard.len() < 4 * usize::try_from(EACH).unwrap() {
            let last = heard.last().copied().unwrap_or_default();
            let from = if last % 2 == 0 { &by } else { &elsewhere };
            let mut listener = Listener::behind(from, STREAM, last).await;
            heard.extend(seqs(&listener.messages(1).await));
        }
        heard
    };
    let ((), heard) = tokio::join!(sending, returning);
    assert!(is_over.load(Ordering::Relaxed));
    assert_eq!(heard, (1..=4 * EACH).collect::<Vec<_>>());
    assert_eq!(seqs(&patient.messages(heard.len()).await), heard);
}

#[tokio::test]
async fn who_is_slow_is_told_and_goes_on_from_the_log() {
    let house = House::new().await;
    let admin = house.admin();
    let (_, mut slow) = listening(&admin).await;
    let large = "x".repeat(60 * 1024);
    for _ in 0..400 {
        send(&admin, json!(large)).await;
    }
    let (mut next, mut told) = (1, 0);
    while next <= 400 {
        let event = slow.next().await.unwrap();
        if event.name == "behind" {
            assert_eq!(event.data["after"], next - 1);
            told += 1;
            continue;
        }
        assert_eq!((event.name.as_str(), event.id), ("message", Some(next)));
        next += 1;
    }
    assert!(told > 0, "it was never behind");
    send(&admin, json!("on")).await;
    assert_eq!(slow.messages(1).await[0]["body"], "on");
}

/// That something was sent is told by a hint, and it is seen without one: the line is down, or it was written by hand.
#[tokio::test]
async fn what_nobody_has_told_of_is_heard_all_the_same() {
    let house = House::new().await;
    let twin = house.twin().await;
    let admin = house.admin();
    let (_, mut listener) = listening(&admin).await;
    let elsewhere = crate::client::Client::new(twin.stranger().base(), "acme").with_key(admin.secret());
    send(&elsewhere, json!("told")).await;
    listener.messages(1).await;
    let db = house.sql("superuser").await;
    let ears = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE '%meshkey_live%' AND pid <> pg_backend_pid()";
    let all = ears.replace("pg_terminate_backend(pid)", "*");
    eventually("both listen", async || (one(&db, &all).await == "2").then_some(())).await;
    one(&db, ears).await;
    send(&elsewhere, json!("not told")).await;
    assert_eq!(listener.messages(1).await[0]["body"], "not told");
    // And they come back.
    eventually("both listen again", async || (one(&db, &all).await == "2").then_some(())).await;
}

#[tokio::test]
async fn where_it_is_quiet_that_is_said() {
    let house = House::new().await;
    let (_, mut listener) = listening(&house.admin()).await;
    listener.quiet().await;
    send(&house.admin(), json!(1)).await;
    listener.messages(1).await;
}

#[tokio::test]
async fn what_means_nothing_is_refused_and_takes_no_place() {
    let house = House::with(&[("MESHKEY_STREAMS_PER_KEY", "1")]).await;
    let admin = house.admin();
    let (_, by) = reader(&admin).await;
    for bad in ["x", "-1", "1.5", "99999999999999999999"] {
        by.raw("GET", STREAM).header("Last-Event-ID", bad).send().await.problem(400, "invalid_request");
    }
    let twice = by.raw("GET", STREAM).header("Last-Event-ID", "1").header("Last-Event-ID", "1");
    twice.send().await.problem(400, "invalid_request");
    for bad in ["?after=-1", "?after=x", "?from=1", "?after=7"] {
        by.get(&format!("{STREAM}{bad}")).await.problem(422, "invalid_input");
    }
    by.raw("GET", STREAM).header("Last-Event-ID", "7").send().await.problem(422, "invalid_input");
    by.get(&format!("{STREAM}?api_key={}", by.secret())).await.problem(400, "invalid_request");
    by.get("/v1/meshes/main/topics/nowhere/stream").await.problem(403, "insufficient_scope");
    admin.get("/v1/meshes/main/topics/nowhere/stream").await.problem(404, "not_found");
    house.stranger().get(STREAM).await.problem(401, "unauthenticated");
    by.act(STREAM).await.problem(405, "method_not_allowed");
    let sender = admin.issue(json!({ "mesh": "main", "capabilities": ["send"], "topics": "all" })).await.1;
    sender.get(STREAM).await.problem(403, "insufficient_scope");
    for _ in 0..3 {
        by.raw("HEAD", STREAM).send().await.expect(200);
    }
    eventually("no place is taken", async || (house.service().live.listening() == 0).then_some(())).await;
}

// G-20
#[tokio::test]
async fn a_key_listens_so_often_and_no_more() {
    let house = House::with(&[("MESHKEY_STREAMS_PER_KEY", "2"), ("MESHKEY_STREAMS", "3")]).await;
    let admin = house.admin();
    let (_, by) = reader(&admin).await;
    let first = Listener::open(&by, STREAM).await;
    let _second = Listener::open(&by, STREAM).await;
    let full = by.get(STREAM).await;
    full.problem(429, "too_many_streams");
    assert_eq!(full.header("retry-after"), "5");
    let _other = Listener::open(&admin, STREAM).await;
    let (_, third) = reader(&admin).await;
    third.get(STREAM).await.problem(429, "too_many_streams");
    drop(first);
    let freed = async || (house.service().live.listening() == 2).then_some(());
    eventually("who hangs up gives its place back", freed).await;
    Listener::open(&third, STREAM).await;
}
