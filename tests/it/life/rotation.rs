//! Rotation: two secrets of one key, and the old one ends.

use serde_json::{Value, json};
use tokio_postgres::Client as Db;

use crate::{
    client::Client,
    house::House,
    tools::{id, one},
};

async fn rotated(house: &House, life: Option<&str>, overlap: &str) -> (Value, Client, Client) {
    let admin = house.admin();
    let wish = json!({ "label": "turning", "capabilities": ["read"], "topics": "all", "expires_at": life });
    let (key, old) = admin.issue(wish).await;
    let path = admin.at(&format!("/keys/{}/rotate", id(&key)));
    let body = admin.post(&path, json!({ "overlap": overlap })).await.expect(200).body;
    let new = old.with_key(body["secret"].as_str().unwrap());
    (body, old, new)
}

async fn number(by: &Client) -> Value {
    by.get("/v1/whoami").await.expect(200).body["secret_number"].clone()
}

async fn is_true(db: &Db, condition: &str) -> bool {
    one(db, &format!("SELECT {condition} FROM key_secrets WHERE number = 1 AND dies_at IS NOT NULL")).await == "t"
}

//
#[tokio::test]
async fn both_secrets_live_until_the_overlap_ends() {
    let house = House::new().await;
    let (key, old, new) = rotated(&house, None, "24h").await;
    let db = house.sql("superuser").await;
    assert_eq!((number(&old).await, number(&new).await), (json!(1), json!(2)));
    let secrets = key["secrets"].as_array().unwrap();
    assert_eq!((secrets.len(), &secrets[0]["number"], &secrets[0]["dies_at"]), (2, &json!(2), &Value::Null));
    assert_eq!(key["hint"], new.secret()[..13]);
    assert!(is_true(&db, "dies_at - created_at BETWEEN interval '24 hours' AND interval '24 hours 1 minute'").await);
    crate::tools::by_hand(&db, "UPDATE key_secrets SET dies_at = clock_timestamp() WHERE dies_at IS NOT NULL").await;
    old.get("/v1/whoami").await.problem(401, "invalid_token");
    let shown = new.get("/v1/whoami").await.expect(200).body["key"].clone();
    assert_eq!((&shown["status"], shown["secrets"].as_array().unwrap().len()), (&json!("active"), 1));
    let admin = house.admin();
    let question = json!({ "key": old.secret(), "capability": "read" });
    assert_eq!(admin.post("/v1/verify", question).await.expect(200).body["code"], "revoked");
}

//
#[tokio::test]
async fn an_overlap_is_ended_early_or_is_none_at_all() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, old, new) = rotated(&house, None, "7d").await;
    let finish = admin.at(&format!("/keys/{}/rotate/finish", id(&key)));
    assert_eq!(admin.act(&finish).await.expect(200).body["status"], "active");
    old.get("/v1/whoami").await.problem(401, "invalid_token");
    new.get("/v1/whoami").await.expect(200);
    admin.act(&finish).await.problem(409, "not_rotating");
    let (_, old, new) = rotated(&house, None, "0s").await;
    old.get("/v1/whoami").await.problem(401, "invalid_token");
    new.get("/v1/whoami").await.expect(200);
}

// P-2
#[tokio::test]
async fn an_overlap_lengthens_no_life() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let soon = "SELECT to_char(now() AT TIME ZONE 'UTC' + interval '1 hour', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
    let soon = one(&db, soon).await;
    let (key, old, new) = rotated(&house, Some(&soon), "7d").await;
    assert_eq!((&key["secrets"][1]["dies_at"], &key["expires_at"]), (&json!(soon), &json!(soon)));
    assert_eq!(key["secrets"][0]["dies_at"], Value::Null);
    crate::tools::by_hand(&db, "UPDATE api_keys SET expires_at = clock_timestamp() WHERE label = 'turning'").await;
    for holder in [old, new] {
        holder.get("/v1/whoami").await.problem(401, "invalid_token");
    }
}

// P-2
#[tokio::test]
async fn an_edit_that_shortens_the_key_shortens_its_old_secret_too() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, old, _) = rotated(&house, None, "7d").await;
    let db = house.sql("superuser").await;
    let soon = "SELECT to_char(now() AT TIME ZONE 'UTC' + interval '1 hour', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
    let edit = json!({ "expires_at": one(&db, soon).await });
    admin.patch(&admin.at(&format!("/keys/{}", id(&key))), edit, "*").await.expect(200);
    crate::tools::by_hand(&db, "UPDATE api_keys SET expires_at = clock_timestamp() WHERE label = 'turning'").await;
    old.get("/v1/whoami").await.problem(401, "invalid_token");
}

#[tokio::test]
async fn an_overlap_is_a_number_and_a_unit_up_to_seven_days() {
    let house = House::new().await;
    let admin = house.admin();
    let key = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await.0;
    let path = admin.at(&format!("/keys/{}/rotate?dry_run=true", id(&key)));
    for good in ["0s", "30s", "15m", "1h", "24h", "7d", "168h"] {
        admin.post(&path, json!({ "overlap": good })).await.expect(200);
    }
    for bad in ["", "1", "h", "-1h", "8d", "169h", "1w", "1h30m", "1.5h", "99999999999999999999s", " 1h", "1é"] {
        admin.post(&path, json!({ "overlap": bad })).await.problem(422, "invalid_input");
    }
    for bad in [json!(3600), json!([]), json!({})] {
        admin.post(&path, json!({ "overlap": bad })).await.problem(422, "invalid_input");
    }
}
