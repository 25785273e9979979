//! The limit of live keys: held under concurrency, and dead keys do not count.

use futures_util::future::join_all;
use serde_json::json;

use crate::{
    client::Client,
    house::House,
    tools::{Other, id},
};

async fn issue_at_once(admin: &Client, number: usize) -> Vec<String> {
    let wish = json!({ "label": "one of many", "capabilities": ["read"], "topics": "all" });
    let path = admin.at("/keys");
    let answers = join_all((0..number).map(|_| admin.post(&path, wish.clone()))).await;
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        refused.problem(409, "key_limit_reached");
    }
    answers.iter().filter(|answer| answer.status == 201).map(|answer| id(&answer.body)).collect()
}

//
#[tokio::test]
async fn an_org_has_at_most_as_many_live_keys_as_it_may_however_many_ask_at_once() {
    let house = House::new().await;
    let small = Other::on(&house, ("MESHKEY_MAX_LIVE_KEYS", "12")).await;
    let admin = Client::new(&small.address, "acme").with_key(house.admin().secret());
    let issued = issue_at_once(&admin, 40).await;
    assert_eq!(issued.len(), 11, "the first admin key is the twelfth");
    assert!(issue_at_once(&admin, 3).await.is_empty());
    let db = house.sql("superuser").await;
    let expire = "UPDATE api_keys SET expires_at = clock_timestamp() WHERE id IN
                  (SELECT id FROM api_keys WHERE label = 'one of many' LIMIT 5)";
    db.batch_execute(expire).await.unwrap();
    assert_eq!(issue_at_once(&admin, 20).await.len(), 5, "the expired ones are counted out");
    let live = "SELECT label FROM api_keys WHERE expires_at IS NULL OR expires_at > now()";
    assert_eq!(db.query(live, &[]).await.unwrap().len(), 12);
    let last = issued.iter().rev().find(|_| true).unwrap();
    admin.act(&admin.at(&format!("/keys/{last}/revoke"))).await.expect(200);
    assert!(issue_at_once(&admin, 5).await.len() <= 1, "one was revoked");
    assert!(issue_at_once(&admin, 5).await.is_empty());
}
