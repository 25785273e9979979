//! A key has one status, whoever computes it.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{house::House, tools::id};

const STATUSES: [&str; 5] = ["revoked", "expired", "disabled", "rotating", "active"];
/// Each way of ending, as a bit, in the order in which the statuses are told.
const ENDS: [&str; 4] = [
    "UPDATE api_keys SET revoked_at = now(), revoked_by_kind = 'local' WHERE label = $1",
    "UPDATE api_keys SET expires_at = clock_timestamp() WHERE label = $1",
    "UPDATE api_keys SET disabled_at = now() WHERE label = $1",
    "INSERT INTO key_secrets (org_id, key_id, number, hash, hint, dies_at)
     SELECT org_id, id, 9, sha256(convert_to(label, 'UTF8')), 'mshk_12345678', now() + '1 hour' FROM api_keys WHERE label = $1",
];

// L-10, U-3
#[tokio::test]
async fn the_database_and_the_domain_tell_the_same_status_of_a_key_in_every_state() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let mut expected = BTreeMap::new();
    for state in 0..16_usize {
        let label = format!("state {state:04b}");
        let (key, _) = admin.issue(json!({ "label": label, "capabilities": ["read"], "topics": "all" })).await;
        let ends: Vec<usize> = (0..4).filter(|bit| state & (1 << bit) != 0).collect();
        for end in &ends {
            assert_eq!(db.execute(ENDS[*end], &[&label]).await.unwrap(), 1);
        }
        expected.insert(id(&key), STATUSES[ends.first().copied().unwrap_or(4)]);
    }
    for status in STATUSES {
        let page = admin.get(&admin.at(&format!("/keys?text=state&limit=200&status={status}"))).await.expect(200);
        let told: BTreeMap<_, _> = page.items().iter().map(|key| (id(key), key["status"].as_str().unwrap())).collect();
        let wanted: BTreeMap<_, _> =
            expected.iter().filter(|(_, one)| **one == status).map(|(id, one)| (id.clone(), *one)).collect();
        assert_eq!(told, wanted);
    }
    for (key, status) in expected {
        let shown = admin.get(&admin.at(&format!("/keys/{key}"))).await.expect(200);
        assert_eq!(shown.body["status"], status);
    }
    let all = admin.get(&admin.at("/keys?text=state&limit=200&status=active,rotating,disabled,expired,revoked")).await;
    assert_eq!(all.expect(200).items().len(), 16);
}
