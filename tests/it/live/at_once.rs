//! Much at once over one socket: nothing keeps anything else out, and nothing comes twice.

use serde_json::json;

use super::{reader, send, socket::topic, talker::Talker};
use crate::house::House;

#[tokio::test]
async fn several_topics_come_over_one_socket_each_in_its_order() {
    let house = House::new().await;
    let admin = house.admin();
    let wish = json!({ "mesh": "main", "capabilities": ["read", "send"], "topics": "all" });
    let (_, by) = admin.issue(wish).await;
    let topics = ["deploys", "builds", "alerts"];
    let mut talker = Talker::open(&by).await;
    for name in topics {
        if name != "deploys" {
            topic(&admin, name).await;
        }
        talker.follow(name).await;
    }
    let mut other = Talker::open(&by).await;
    for at in 0..20 {
        for name in topics {
            let wish = json!({ "do": "send", "id": "s", "topic": name, "body": at });
            assert_eq!(other.ask(wish).await["seq"], at + 1);
        }
    }
    let heard = talker.messages(60).await;
    for name in topics {
        let own = heard.iter().filter(|message| message["topic"] == name);
        let bodies: Vec<_> = own.map(|message| message["body"].as_i64().unwrap()).collect();
        assert_eq!(bodies, (0..20).collect::<Vec<_>>(), "{name}");
    }
}

#[tokio::test]
async fn who_leaves_a_topic_and_comes_back_in_one_breath_hears_it_once() {
    const ALL: i64 = 60;
    let house = House::new().await;
    let (_, by) = reader(&house.admin()).await;
    for at in 1..=ALL {
        send(&by, json!(at)).await;
    }
    let mut talker = Talker::open(&by).await;
    talker.say(&json!({ "do": "subscribe", "topic": "deploys", "after": 0 })).await;
    // While it is handed what was there before.
    for _ in 0..20 {
        talker.say(&json!({ "do": "unsubscribe", "topic": "deploys" })).await;
        talker.say(&json!({ "do": "subscribe", "id": "last", "topic": "deploys", "after": 40 })).await;
    }
    let (mut last, mut heard) = (0, 0);
    while heard < 20 || last < ALL {
        let event = talker.next().await;
        match event["event"].as_str().unwrap() {
            "subscribed" if event["re"] == "last" => {
                last = event["after"].as_i64().unwrap();
                heard += 1;
            }
            "message" => {
                assert_eq!(event["message"]["seq"], last + 1, "after {heard}");
                last += 1;
            }
            _ => {}
        }
    }
    send(&by, json!("once")).await;
    assert_eq!(talker.messages(1).await[0]["body"], "once");
    assert_eq!(house.service().live.listening(), 2);
}

#[tokio::test]
async fn who_sends_all_the_time_hears_meanwhile() {
    const ALL: usize = 300;
    let house = House::new().await;
    let (_, by) = reader(&house.admin()).await;
    let mut talker = Talker::open(&by).await;
    talker.follow("deploys").await;
    for at in 0..ALL {
        talker.say(&json!({ "do": "send", "topic": "deploys", "body": at })).await;
    }
    let (mut sent, mut heard, mut meanwhile) = (0, Vec::new(), 0);
    while sent < ALL || heard.len() < ALL {
        let event = talker.next().await;
        match event["event"].as_str().unwrap() {
            "sent" => sent += 1,
            "message" => {
                meanwhile += usize::from(sent < ALL);
                heard.push(event["message"]["body"].as_u64().unwrap());
            }
            _ => {}
        }
    }
    assert_eq!(heard, (0..ALL as u64).collect::<Vec<_>>());
    assert!(meanwhile > 0);
}

#[tokio::test]
async fn who_is_slow_on_a_socket_is_told_and_misses_nothing() {
    const ALL: i64 = 400;
    let house = House::new().await;
    let (_, by) = reader(&house.admin()).await;
    let mut slow = Talker::open(&by).await;
    slow.follow("deploys").await;
    let large = "x".repeat(60 * 1024);
    for _ in 0..ALL {
        send(&by, json!(large)).await;
    }
    let (mut last, mut told) = (0, 0);
    while last < ALL {
        let event = slow.next().await;
        if event["event"] == "behind" {
            assert_eq!((&event["topic"], &event["after"]), (&json!("deploys"), &json!(last)));
            told += 1;
            continue;
        }
        assert_eq!((&event["event"], &event["message"]["seq"]), (&json!("message"), &json!(last + 1)));
        last += 1;
    }
    assert!(told > 0, "it was never behind");
}
