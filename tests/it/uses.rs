//! What keys are used for: counted at every door, told to who may know, bounded, and lost by nobody.

mod bounds;
mod denials;
mod doors;
mod fleet;
mod ranges;
mod tenants;
mod terminal;

use serde_json::{Value, json};

use crate::{client::Client, house::House, tools::id};

/// A name, how often it was allowed, and how often denied.
type Count = (String, u64, u64);

fn count(name: &str, allowed: u64, denied: u64) -> Count {
    (name.to_owned(), allowed, denied)
}

/// A key, and a client that holds it.
async fn key(admin: &Client, wish: Value) -> (String, Client) {
    let (key, holder) = admin.issue(wish).await;
    (id(&key), holder)
}

/// Who may ask about all keys of the org.
async fn asker(admin: &Client) -> Client {
    key(admin, json!({ "capabilities": ["verify"], "topics": "all" })).await.1
}

/// Asks about that many topics, each by its number, at most a hundred at once; gives the codes.
async fn ask_about(asker: &Client, key: &Client, topics: std::ops::Range<u32>, more: Value) -> Vec<String> {
    let question = |topic: u32| {
        let mut question =
            json!({ "key": key.secret(), "capability": "send", "mesh": "main", "topic": format!("t{topic}") });
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        question
    };
    let questions: Vec<Value> = topics.map(question).collect();
    let mut codes = Vec::new();
    for items in questions.chunks(100) {
        let answer = asker.post("/v1/verify/batch", json!({ "items": items })).await.expect(200);
        codes.extend(answer.items().iter().map(|verdict| verdict["code"].as_str().unwrap().to_owned()));
    }
    codes
}

/// What was counted of a key, once it is written down.
async fn usage(house: &House, by: &Client, key: &str, query: &str) -> Value {
    house.flush_uses().await;
    by.get(&by.at(&format!("/keys/{key}/usage?{query}"))).await.expect(200).body
}

/// The items, by name.
fn counts(usage: &Value) -> Vec<Count> {
    let by = usage["by"].as_str().unwrap();
    let name = |item: &Value| item[by].as_str().unwrap_or("-").to_owned();
    let number = |item: &Value, of: &str| item[of].as_u64().unwrap_or_else(|| panic!("{usage}"));
    let items = usage["items"].as_array().unwrap().iter();
    let mut counts: Vec<Count> =
        items.map(|item| (name(item), number(item, "allowed"), number(item, "denied"))).collect();
    counts.sort();
    counts
}

/// What the items and the rest come to; the total says the same.
#[track_caller]
fn total(usage: &Value) -> (u64, u64) {
    let of = |name: &str| {
        let items = usage["items"].as_array().unwrap().iter().map(|item| item[name].as_u64().unwrap());
        items.sum::<u64>() + usage["rest"][name].as_u64().unwrap()
    };
    let sum = (of("allowed"), of("denied"));
    let told = (usage["total"]["allowed"].as_u64().unwrap(), usage["total"]["denied"].as_u64().unwrap());
    assert_eq!(told, sum, "{usage}");
    sum
}
