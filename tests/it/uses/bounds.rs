//! Nothing grows without a bound, whatever a tenant says; and what was counted is kept for a while, and no longer.

use serde_json::json;

use super::{ask_about, asker, counts, key, total, usage};
use crate::{
    house::House,
    metrics::counted,
    tools::{eventually, one},
};

const LINES: &str = "SELECT count(*) FROM key_uses WHERE topic LIKE 't%'";

#[tokio::test]
async fn of_too_many_topics_and_addresses_the_rest_is_one() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let asker = asker(&admin).await;
    let (id, holder) = key(&admin, json!({ "mesh": "main", "capabilities": ["send"], "topics": "all" })).await;
    // In one interval.
    ask_about(&asker, &holder, 0..300, json!({ "ip": "192.0.2.1" })).await;
    house.flush_uses().await;
    assert!(one(&db, LINES).await.parse::<u32>().unwrap() <= 200);
    // In many.
    for round in 1..6 {
        ask_about(&asker, &holder, round * 300..round * 300 + 60, json!({ "ip": format!("192.0.2.{round}") })).await;
        house.flush_uses().await;
    }
    assert!(one(&db, LINES).await.parse::<u32>().unwrap() <= 400, "an hour may have ended meanwhile");
    for by in ["topic", "capability", "address"] {
        assert_eq!(total(&usage(&house, &admin, &id, &format!("by={by}&limit=200")).await), (600, 0), "{by}");
    }
    let topics = counts(&usage(&house, &admin, &id, "by=topic&limit=200").await);
    let others = topics.iter().find(|(name, ..)| name == "*").unwrap();
    assert!(others.1 >= 200, "{topics:?}");
    // A topic that has a line goes on with it.
    let (name, before, _) = topics.iter().find(|(name, ..)| name.starts_with('t')).unwrap();
    let number = name[1..].parse().unwrap();
    ask_about(&asker, &holder, number..number + 1, json!({})).await;
    let after = counts(&usage(&house, &admin, &id, "by=topic&limit=200").await);
    assert!(after.contains(&(name.clone(), before + 1, 0)), "{after:?}");
    for address in 0..120 {
        ask_about(&asker, &holder, 3..4, json!({ "ip": format!("198.51.100.{address}") })).await;
        if address % 40 == 0 {
            house.flush_uses().await;
        }
    }
    house.flush_uses().await;
    let addresses =
        "SELECT max(n) FROM (SELECT count(*) AS n FROM key_addresses WHERE address <> '*' GROUP BY key_id, hour) x";
    assert_eq!(one(&db, addresses).await, "50");
    let told = usage(&house, &admin, &id, "by=address&limit=200").await;
    assert_eq!(total(&told), (721, 0), "{told}");
}

#[tokio::test]
async fn what_is_older_than_it_is_kept_is_taken_away() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    admin.get(&admin.at("/keys")).await.expect(200);
    let (id, holder) = key(&admin, json!({ "capabilities": ["read"], "topics": "all" })).await;
    holder.get(&holder.at("/keys")).await.problem(403, "insufficient_scope");
    usage(&house, &admin, &id, "").await;
    let rows = "SELECT (SELECT count(*) FROM key_uses WHERE hour < now() - interval '35 days')
                     + (SELECT count(*) FROM key_addresses WHERE hour < now() - interval '35 days')
                     + (SELECT count(*) FROM key_denials WHERE at < now() - interval '35 days')";
    let age = "UPDATE key_uses SET hour = hour - interval '36 days' WHERE outcome <> 'ok';
               UPDATE key_addresses SET hour = hour - interval '36 days' WHERE denied > 0;
               UPDATE key_denials SET at = at - interval '36 days', first_at = first_at - interval '36 days'";
    db.batch_execute(age).await.unwrap();
    assert_eq!(one(&db, rows).await, "3");
    let _twin = house.twin().await;
    eventually("old counts are gone", async || (one(&db, rows).await == "0").then_some(())).await;
    assert_ne!(one(&db, "SELECT count(*) FROM key_uses").await, "0");
    assert_ne!(one(&db, "SELECT count(*) FROM key_addresses").await, "0");
}

#[tokio::test]
async fn keys_that_end_soon_are_counted() {
    let house = House::new().await;
    let admin = house.admin();
    let db = house.sql("superuser").await;
    for (label, days) in [("soon", 3), ("later", 20), ("much later", 60), ("revoked", 3)] {
        let (id, _) = key(&admin, json!({ "label": label, "capabilities": ["read"], "topics": "all" })).await;
        let end = format!("UPDATE api_keys SET expires_at = now() + interval '{days} days' WHERE label = '{label}'");
        db.batch_execute(&end).await.unwrap();
        if label == "revoked" {
            admin.act(&admin.at(&format!("/keys/{id}/revoke"))).await.expect(200);
        }
    }
    let twin = house.twin().await;
    let within = |span: &str| format!("meshkey_keys_expiring{{within=\"{span}\"}}");
    eventually("the keys are counted", async || (counted(&twin, &within("30d")) == 2).then_some(())).await;
    assert_eq!(counted(&twin, &within("7d")), 1);
}
