//! The rate as one of the terms of a key: said, shown, changed and handed on.

use serde_json::{Value, json};

use super::rated;
use crate::{
    client::{Answer, Client},
    house::House,
    tools::{id, one},
};

fn wish(rate: &Value) -> Value {
    json!({ "label": "x", "capabilities": ["read"], "topics": "all", "rate": rate })
}

fn rate(per_minute: u32, burst: u32) -> Value {
    json!({ "per_minute": per_minute, "burst": burst })
}

// G-37, P-6
#[tokio::test]
async fn no_key_has_a_rate_that_nobody_has_asked_for() {
    let house = House::new().await;
    let admin = house.admin();
    assert_eq!(admin.get("/v1/whoami").await.expect(200).body["key"]["rate"], json!(null));
    let (key, _) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    assert_eq!(key["rate"], json!(null));
    let none = "SELECT count(*) FROM api_keys WHERE rate_per_minute IS NOT NULL OR rate_burst IS NOT NULL";
    assert_eq!(one(&house.sql("superuser").await, none).await, "0");
}

#[tokio::test]
async fn a_rate_is_shown_wherever_the_key_is_and_written_down_when_it_changes() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, holder) = admin.issue(wish(&json!({ "per_minute": 1000 }))).await;
    assert_eq!(key["rate"], rate(1000, 1000));
    let path = admin.at(&format!("/keys/{}", id(&key)));
    let shown = admin.get(&path).await.expect(200);
    assert_eq!(shown.body["rate"], rate(1000, 1000));
    assert_eq!(holder.get("/v1/whoami").await.expect(200).body["key"]["rate"], rate(1000, 1000));
    let listed = admin.get(&admin.at("/keys")).await.expect(200);
    let listed = listed.items().iter().find(|one| one["id"] == key["id"]).unwrap();
    assert_eq!(listed["rate"], rate(1000, 1000));

    let narrow = json!({ "rate": rate(60, 10) });
    let tried = admin.patch(&format!("{path}?dry_run=true"), narrow.clone(), "*").await.expect(200).body;
    assert_eq!((&tried["impact"]["gains"], &tried["impact"]["loses"]), (&json!([]), &json!(["rate:1000/m:1000"])));
    admin.patch(&path, narrow.clone(), "\"v9\"").await.problem(412, "precondition_failed");
    let narrowed = admin.patch(&path, narrow, &shown.etag()).await.expect(200);
    assert_eq!((&narrowed.body["rate"], &narrowed.body["version"]), (&rate(60, 10), &json!(2)));
    assert_eq!(narrowed.body["effective"], "everywhere");
    let event = admin.get(&admin.at("/audit?limit=1")).await.expect(200).items()[0].clone();
    assert_eq!(
        (&event["before"], &event["after"]),
        (&json!({ "rate": rate(1000, 1000) }), &json!({ "rate": rate(60, 10) }))
    );
    let free = json!({ "rate": null });
    let tried = admin.patch(&format!("{path}?dry_run=true"), free.clone(), "*").await.expect(200).body;
    assert_eq!((&tried["impact"]["gains"], &tried["impact"]["loses"]), (&json!(["rate:unlimited"]), &json!([])));
    let freed = admin.patch(&path, free, &narrowed.etag()).await.expect(200);
    assert_eq!(freed.body["rate"], json!(null));
    // What was said already changes nothing.
    let again = admin.patch(&path, json!({ "rate": null }), "*").await.expect(200);
    assert_eq!(again.etag(), freed.etag());
}

#[tokio::test]
async fn what_is_no_rate_is_refused_at_its_place() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, _) = rated(&admin, json!(null)).await;
    let key = admin.at(&format!("/keys/{key}"));
    for bad in [
        json!({}),
        json!(60),
        json!("60/m"),
        json!([]),
        json!({ "per_minute": 0 }),
        json!({ "per_minute": -1 }),
        json!({ "per_minute": 1.5 }),
        json!({ "per_minute": 1_000_001 }),
        json!({ "per_minute": 60, "burst": 0 }),
        json!({ "per_minute": 60, "burst": 1_000_001 }),
        json!({ "burst": 60 }),
        json!({ "per_minute": 60, "per_hour": 1 }),
        json!({ "per_minute": null }),
    ] {
        let at = |answer: &Answer| {
            let problem = answer.problem(422, "invalid_input");
            assert!(problem["errors"][0]["pointer"].as_str().unwrap().starts_with("#/rate"), "{bad}: {answer:?}");
        };
        at(&admin.post(&admin.at("/keys"), wish(&bad)).await);
        at(&admin.patch(&key, json!({ "rate": bad }), "*").await);
    }
    for (said, meant) in [
        (json!({ "per_minute": 1 }), rate(1, 1)),
        (json!({ "per_minute": 1_000_000, "burst": 1_000_000 }), rate(1_000_000, 1_000_000)),
        (json!({ "per_minute": 7, "burst": null }), rate(7, 7)),
    ] {
        assert_eq!(admin.issue(wish(&said)).await.0["rate"], meant);
    }
}

/// An admin that may be used so often.
async fn limited(house: &House) -> Client {
    let wish = json!({ "capabilities": ["admin"], "topics": "all", "rate": rate(100_000, 1_000) });
    house.admin().issue(wish).await.1
}

#[track_caller]
fn refused(answer: &Answer) {
    let problem = answer.problem(403, "exceeds_authority");
    let detail = "your key may be used 100000 times a minute, 1000 at once, and hands out no more";
    assert_eq!(problem["errors"], json!([{ "pointer": "#/rate", "detail": detail }]));
}

#[tokio::test]
async fn a_key_with_a_rate_hands_out_no_higher_one() {
    let house = House::new().await;
    let limited = limited(&house).await;
    let keys = limited.at("/keys");
    for over in [json!(null), rate(100_001, 1), rate(1, 1_001), rate(100_001, 1_001), json!({ "per_minute": 1_001 })] {
        refused(&limited.post(&keys, wish(&over)).await);
        refused(&limited.post(&format!("{keys}?dry_run=true"), wish(&over)).await);
    }
    for within in [rate(100_000, 1_000), rate(1, 1), rate(100_000, 1), rate(1, 1_000)] {
        assert_eq!(limited.issue(wish(&within)).await.0["rate"], within);
    }
    let mut unsaid = wish(&json!(null));
    unsaid.as_object_mut().unwrap().remove("rate");
    let (child, _) = limited.issue(unsaid).await;
    assert_eq!(child["rate"], rate(100_000, 1_000));
    let child = limited.at(&format!("/keys/{}", id(&child)));
    limited.patch(&child, json!({ "rate": rate(10, 10) }), "*").await.expect(200);
    limited.patch(&child, json!({ "rate": rate(20, 20) }), "*").await.expect(200);
    for over in [json!(null), rate(100_001, 1)] {
        refused(&limited.patch(&child, json!({ "rate": over }), "*").await);
    }
}

#[tokio::test]
async fn it_manages_keys_that_are_used_more_often_and_hands_them_out_to_nobody() {
    let house = House::new().await;
    let limited = limited(&house).await;
    let (key, holder) = house.admin().issue(wish(&json!(null))).await;
    let path = limited.at(&format!("/keys/{}", id(&key)));
    limited.get(&path).await.expect(200);
    refused(&limited.act(&format!("{path}/rotate")).await);
    limited.act(&format!("{path}/disable")).await.expect(200);
    refused(&limited.act(&format!("{path}/enable")).await);
    house.admin().act(&format!("{path}/enable")).await.expect(200);
    limited.patch(&path, json!({ "label": "seen" }), "*").await.expect(200);
    // To narrow is not to hand out.
    limited.patch(&path, json!({ "rate": rate(1_000_000, 1_000_000) }), "*").await.expect(200);
    limited.act(&format!("{path}/revoke")).await.expect(200);
    holder.get("/v1/whoami").await.problem(401, "invalid_token");
}
