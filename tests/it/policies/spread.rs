//! Ends for keys that have none, or too late a one.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{but, good, in_days, set, set_of_mesh};
use crate::{
    client::Client,
    house::House,
    tools::{count_events, id},
};

fn end(key: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(key["expires_at"].as_str().unwrap_or_else(|| panic!("no end: {key}")), &Rfc3339).unwrap()
}

async fn shown(admin: &Client, id: &str) -> Value {
    admin.get(&admin.at(&format!("/keys/{id}"))).await.expect(200).body
}

#[tokio::test]
async fn ends_are_spread_and_no_life_becomes_longer() {
    let house = House::new().await;
    let admin = house.admin();
    let short = id(&admin.issue(but(json!({ "expires_at": in_days(3) }))).await.0);
    let mut endless = Vec::new();
    for end in [json!(null), json!(in_days(400)), json!(null), json!(null), json!(null)] {
        endless.push(id(&admin.issue(but(json!({ "expires_at": end }))).await.0));
    }
    let before = shown(&admin, &short).await;
    set_of_mesh(&admin, json!({ "longest_life": "60d" })).await;
    let path = admin.at("/meshes/main/policy/spread");
    let events = count_events(&admin).await;
    let tried = admin.post(&format!("{path}?dry_run=true"), json!({ "over_days": 30 })).await.expect(200);
    assert_eq!((&tried.body["dry_run"], &tried.body["left"]), (&json!(true), &json!(0)));
    assert_eq!(count_events(&admin).await, events);
    assert_eq!(shown(&admin, &endless[0]).await["expires_at"], json!(null));
    let done = admin.post(&path, json!({ "over_days": 30 })).await.expect(200);
    assert_eq!((&done.body["effective"], &done.body["left"]), (&json!("everywhere"), &json!(0)));
    let keys = done.body["keys"].as_array().unwrap();
    assert_eq!(keys.iter().map(id).collect::<Vec<_>>(), endless);
    assert_eq!(count_events(&admin).await, events + 5, "an event for each key");
    let ends: Vec<_> = keys.iter().map(end).collect();
    let now = OffsetDateTime::now_utc();
    for (key, end) in endless.iter().zip(&ends) {
        assert_eq!(shown(&admin, key).await["expires_at"], json!(end.format(&Rfc3339).unwrap()));
        assert!(*end > now + Duration::hours(20) && *end <= now + Duration::days(30), "{end}");
    }
    let days: std::collections::BTreeSet<_> = ends.iter().map(|end| end.date()).collect();
    assert_eq!(days.len(), ends.len(), "two end on one day: {ends:?}");
    assert_eq!(shown(&admin, &short).await, before);
    // Again: there is nothing left to do.
    let again = admin.post(&path, json!({ "over_days": 30 })).await.expect(200);
    assert_eq!((&again.body["keys"], &again.body["left"]), (&json!([]), &json!(0)));
    assert_eq!(count_events(&admin).await, events + 5);
}

#[tokio::test]
async fn no_end_is_later_than_the_policy_lets_it_be() {
    let house = House::new().await;
    let admin = house.admin();
    let key = id(&admin.issue(but(json!({ "expires_at": null }))).await.0);
    set_of_mesh(&admin, json!({ "longest_life": "2d" })).await;
    let done = admin.post(&admin.at("/meshes/main/policy/spread"), json!({ "over_days": 365 })).await.expect(200);
    assert_eq!(done.body["keys"][0]["id"], json!(key));
    assert!(end(&done.body["keys"][0]) <= OffsetDateTime::now_utc() + Duration::days(2), "{done:?}");
    assert_eq!(admin.get(&admin.at("/policy/violations")).await.expect(200).items().len(), 0);
    for wrong in [json!({ "over_days": 0 }), json!({ "over_days": 366 }), json!({})] {
        admin.post(&admin.at("/policy/spread"), wrong).await.problem(422, "invalid_input");
    }
}

#[tokio::test]
async fn only_so_many_at_once_and_the_rest_is_told_of() {
    let house = House::new().await;
    let admin = house.admin();
    let own = json!({ "capabilities": ["admin"], "topics": "all" });
    let by = admin.issue(own).await.1;
    let many = "INSERT INTO api_keys (org_id, id, label, capabilities, everywhere, topics, issued_by_kind)
                SELECT o.id, md5(n::text)::uuid, 'many', '{send}', true, '{}', 'local' FROM orgs o, generate_series(1, 250) n;
                INSERT INTO key_secrets (org_id, key_id, number, hash, hint)
                SELECT org_id, id, 1, sha256(id::text::bytea), 'mshk_12345678' FROM api_keys WHERE label = 'many';
                UPDATE audit_heads SET unrevoked_keys = unrevoked_keys + 250";
    house.sql("superuser").await.batch_execute(many).await.unwrap();
    set(&by, json!({ "expiry_required": true })).await;
    let spread = async || by.post(&by.at("/policy/spread"), json!({ "over_days": 30 })).await.expect(200);
    let first = spread().await;
    let count = |answer: &crate::client::Answer| answer.body["keys"].as_array().unwrap().len();
    // With the first admin key of the org.
    assert_eq!((count(&first), &first.body["left"]), (200, &json!(51)));
    let second = spread().await;
    assert_eq!((count(&second), &second.body["left"]), (51, &json!(0)));
    by.issue(good()).await;
}
