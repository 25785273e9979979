//! A topic's messages have one order, that in which they were committed, whoever sends and reads meanwhile.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::{client::Client, house::House, tools::one};

const MESSAGES: &str = "/v1/meshes/main/topics/deploys/messages";

async fn send(by: &Client, number: usize) -> Value {
    by.post(MESSAGES, json!({ "body": number })).await.expect(201).body
}

fn seqs(items: &[Value]) -> Vec<i64> {
    items.iter().map(|message| message["seq"].as_i64().unwrap()).collect()
}

// G-22
#[tokio::test]
async fn eight_senders_at_once_leave_no_gap_and_a_reader_misses_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    let sending = join_all((0..8).map(|sender| {
        let by = admin.clone();
        async move {
            let mut last = 0;
            for number in 0..20 {
                let seq = send(&by, sender * 100 + number).await["seq"].as_i64().unwrap();
                assert!(seq > last, "one's own messages are in order");
                last = seq;
            }
        }
    }));
    let reading = async {
        let (mut seen, mut after) = (Vec::new(), 0);
        while seen.len() < 160 {
            let page = admin.get(&format!("{MESSAGES}?after={after}&limit=7")).await.expect(200);
            seen.extend(seqs(page.items()));
            after = seen.last().copied().unwrap_or(0);
        }
        seen
    };
    let (_, seen) = join(sending, reading).await;
    assert_eq!(seen, (1..=160).collect::<Vec<_>>(), "a number that is seen has none before it that comes later");
    let db = house.sql("superuser").await;
    let order = "SELECT count(*) FROM messages a JOIN messages b ON a.seq < b.seq AND a.created_at > b.created_at";
    assert_eq!(one(&db, order).await, "0");
    assert_eq!(one(&db, "SELECT last_seq FROM topics WHERE name = 'deploys'").await, "160");
}

// G-23
#[tokio::test]
async fn who_pages_while_others_write_sees_each_old_message_once() {
    let house = House::new().await;
    let admin = house.admin();
    for number in 0..25 {
        send(&admin, number).await;
    }
    let (mut seen, mut path) = (Vec::new(), format!("{MESSAGES}?limit=4"));
    loop {
        let page = admin.get(&path).await.expect(200);
        seen.extend(seqs(page.items()));
        send(&admin, 0).await;
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("{MESSAGES}?limit=4&cursor={next}");
    }
    assert_eq!(seen, (1..=25).rev().collect::<Vec<_>>());
}

// G-23, G-31
#[tokio::test]
async fn a_cursor_belongs_to_its_topic_and_its_direction() {
    let house = House::new().await;
    let admin = house.admin();
    for number in 0..3 {
        send(&admin, number).await;
        admin.post(&MESSAGES.replace("deploys", "secrets"), json!({ "body": number })).await.expect(201);
    }
    let next = admin.get(&format!("{MESSAGES}?limit=1")).await.expect(200).body["next"].clone();
    let next = next.as_str().unwrap();
    let others = [
        format!("{}?limit=1&cursor={next}", MESSAGES.replace("deploys", "secrets")),
        format!("{MESSAGES}?limit=1&after=0&cursor={next}"),
        format!("{MESSAGES}?cursor={next}x"),
        format!("{MESSAGES}?cursor="),
        format!("/v1/meshes/main/topics?cursor={next}"),
    ];
    for path in others {
        admin.get(&path).await.problem(400, "invalid_cursor");
    }
    for bad in ["after=-1", "after=x", "after=99999999999999999999", "after=1.5", "before=3"] {
        admin.get(&format!("{MESSAGES}?{bad}")).await.problem(422, "invalid_input");
    }
    let rest = admin.get(&format!("{MESSAGES}?limit=2&after=1")).await.expect(200);
    assert_eq!((seqs(rest.items()), rest.body.get("next")), (vec![2, 3], None));
    assert_eq!(admin.get(&format!("{MESSAGES}?after=3")).await.expect(200).items().len(), 0);
    let after: BTreeSet<_> =
        seqs(admin.get(&format!("{MESSAGES}?after={}", i64::MAX)).await.expect(200).items()).into_iter().collect();
    assert!(after.is_empty());
}

// Fails until a parameter that is there twice is named in `errors`, as the contract promises.
#[tokio::test]
async fn a_parameter_that_is_there_twice_is_refused_by_its_name() {
    let house = House::new().await;
    let admin = house.admin();
    for (path, name) in [(MESSAGES.to_owned(), "after"), (admin.at("/keys"), "status"), (admin.at("/meshes"), "limit")]
    {
        let problem = admin.get(&format!("{path}?{name}=1&{name}=2")).await.problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["parameter"], name);
    }
}
