//! A key that is dying mints nothing: what was true before a wait for a lock is asked again after it.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
    tools::{eventually, id, one, until_waiting},
};

fn child() -> Value {
    json!({ "label": "child", "capabilities": ["admin"], "topics": "all" })
}

/// Issues children, and children of children, until the issuer is refused.
async fn issue_until_dead(by: Client, issued: &AtomicUsize) {
    let mut line = by.clone();
    loop {
        let answer = line.post(&line.at("/keys"), child()).await;
        if answer.status != 201 {
            answer.problem(401, "invalid_token");
            return;
        }
        if issued.fetch_add(1, Relaxed).is_multiple_of(3) {
            line = by.with_key(answer.body["secret"].as_str().unwrap());
        }
    }
}

//
#[tokio::test]
async fn a_key_that_is_being_revoked_mints_nothing() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    for round in 0..30 {
        let (line, by) = admin.issue(child()).await;
        let count = AtomicUsize::new(0);
        let minting = join_all((0..8).map(|_| issue_until_dead(by.clone(), &count)));
        let revoking = async {
            eventually("some children", async || (count.load(Relaxed) >= 2 + round % 7).then_some(())).await;
            let path = admin.at(&format!("/keys/{}/revoke", id(&line)));
            admin.post(&path, json!({ "cascade": true })).await.expect(200)
        };
        let ended = futures_util::future::join(minting, revoking).await.1;
        let left = "SELECT count(*) FROM api_keys WHERE revoked_at IS NULL AND issued_by_kind = 'key'
                    AND issued_by_key <> (SELECT id FROM api_keys WHERE issued_by_kind = 'local')";
        assert_eq!(one(&db, left).await, "0", "round {round}");
        assert_eq!(ended.body["cascaded"].as_array().unwrap().len(), count.load(Relaxed), "round {round}");
    }
}

/// Posts while another transaction holds what `hold` touches; `COMMIT`s or rolls back when the post waits.
async fn post_meanwhile(house: &House, hold: &str, end: &str, by: Client, path: String, body: Value) -> Answer {
    let (holder, watcher) = (house.sql("superuser").await, house.sql("superuser").await);
    holder.batch_execute(&format!("BEGIN; {hold}")).await.unwrap();
    let posting = tokio::spawn(async move { by.post(&path, body).await });
    until_waiting(&watcher, 1).await;
    let is_over = "SELECT count(*) FROM api_keys WHERE expires_at > clock_timestamp() AND label = 'short'";
    eventually("its end", async || (one(&watcher, is_over).await == "0").then_some(())).await;
    holder.batch_execute(end).await.unwrap();
    posting.await.unwrap()
}

//
#[tokio::test]
async fn a_secret_that_dies_while_it_waits_mints_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    let (issuer, old) = admin.issue(child()).await;
    admin.act(&admin.at(&format!("/keys/{}/rotate", id(&issuer)))).await.expect(200);
    let finish = "UPDATE key_secrets SET dies_at = clock_timestamp() WHERE dies_at > now();
                  UPDATE api_keys SET version = version + 1 WHERE label = 'child'";
    let keys = old.at("/keys");
    post_meanwhile(&house, finish, "COMMIT", old, keys, child()).await.problem(401, "invalid_token");
}

// G-16
#[tokio::test]
async fn a_key_that_expires_while_it_waits_mints_nothing() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let mut short = child();
    short["label"] = json!("short");
    let (_, by) = admin.issue(short).await;
    let soon = "UPDATE api_keys SET expires_at = clock_timestamp() + interval '3 s' WHERE label = 'short'";
    crate::tools::by_hand(&db, soon).await;
    let keys = by.at("/keys");
    let mut wish = child();
    wish.as_object_mut().unwrap().remove("expires_at");
    let hold = "SELECT FROM api_keys WHERE label = 'short' FOR UPDATE";
    post_meanwhile(&house, hold, "ROLLBACK", by, keys, wish).await.problem(401, "invalid_token");
}

//
#[tokio::test]
async fn of_ten_rotations_at_once_one_is_done_and_the_others_are_told() {
    let house = House::new().await;
    let admin = house.admin();
    for round in 0..5 {
        let path = admin.at(&format!("/keys/{}/rotate", id(&admin.issue(child()).await.0)));
        let answers = join_all((0..10).map(|_| admin.act(&path))).await;
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        for told in answers.iter().filter(|answer| answer.status != 200) {
            told.problem(409, "already_rotating");
        }
        assert_eq!(done, 1, "round {round}");
    }
}

// L-4
#[tokio::test]
async fn of_ten_revocations_at_once_one_is_done_and_the_others_are_told() {
    let house = House::new().await;
    let admin = house.admin();
    let path = admin.at(&format!("/keys/{}/revoke", id(&admin.issue(child()).await.0)));
    let answers = join_all((0..10).map(|_| admin.act(&path))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    answers.iter().filter(|answer| answer.status != 200).for_each(|told| drop(told.problem(409, "already_revoked")));
}
