//! A policy is changed while keys are handed out.

use serde_json::json;

use super::{but, good, refused_by, set};
use crate::{
    house::House,
    tools::{id, until_waiting},
};

/// Who holds the org's policies in another transaction, as an issue (`_shared`) or a change does.
fn hold(kind: &str) -> String {
    format!("SELECT pg_advisory_xact_lock{kind}(hashtextextended('meshkey.policy ' || org_id, 0)) FROM audit_heads")
}

/// A house whose orgs may have several transactions under way.
async fn roomy() -> House {
    House::with(&[("MESHKEY_POOL_SIZE", "32")]).await
}

#[tokio::test]
async fn who_issues_waits_for_a_change_and_complies_with_it() {
    let house = roomy().await;
    let admin = house.admin();
    let mut db = house.sql("superuser").await;
    let under_way = db.transaction().await.unwrap();
    under_way.batch_execute(&hold("")).await.unwrap();
    let (path, by) = (admin.at("/keys"), admin.clone());
    let issuing = tokio::spawn(async move { by.post(&path, but(json!({ "note": null }))).await });
    until_waiting(&house.sql("superuser").await, 1).await;
    let change = "INSERT INTO policies (org_id, note_required) SELECT id, true FROM orgs";
    under_way.batch_execute(change).await.unwrap();
    under_way.commit().await.unwrap();
    refused_by(&issuing.await.unwrap(), "note_required");
}

#[tokio::test]
async fn a_change_waits_for_who_issues() {
    let house = roomy().await;
    let admin = house.admin();
    let by_another = admin.issue(json!({ "note": "n", "capabilities": ["admin"], "topics": "all" })).await.1;
    let mut db = house.sql("superuser").await;
    let under_way = db.transaction().await.unwrap();
    under_way.batch_execute(&hold("_shared")).await.unwrap();
    let by = admin.clone();
    let changing = tokio::spawn(async move { set(&by, json!({ "note_required": true })).await });
    until_waiting(&house.sql("superuser").await, 1).await;
    // Others stand behind it in the queue: it is not kept waiting by who comes later.
    let path = admin.at("/keys");
    let issuing = tokio::spawn(async move { by_another.post(&path, but(json!({ "note": null }))).await });
    until_waiting(&house.sql("superuser").await, 2).await;
    under_way.commit().await.unwrap();
    assert_eq!(changing.await.unwrap().body["version"], 1);
    refused_by(&issuing.await.unwrap(), "note_required");
}

#[tokio::test]
async fn changes_and_everything_that_hands_out_never_block_each_other_for_good() {
    let house = roomy().await;
    let admin = house.admin();
    let keys = [admin.issue(good()).await.0, admin.issue(good()).await.0].map(|key| id(&key));
    let by_another = admin.issue(json!({ "note": "n", "capabilities": ["admin"], "topics": "all" })).await.1;
    let mut all = Vec::new();
    for round in 0..6 {
        for by in [admin.clone(), by_another.clone()] {
            let keys = keys.clone();
            all.push(tokio::spawn(async move {
                let place = |at: usize, verb: &str| by.at(&format!("/keys/{}{verb}", keys[at]));
                let statuses = [
                    by.post(&by.at("/keys"), but(json!({ "expires_at": super::in_days(2) }))).await.status,
                    by.patch(&place(0, ""), json!({ "topics": ["deploys", "secrets"] }), "*").await.status,
                    by.patch(&place(0, ""), json!({ "topics": ["deploys"] }), "*").await.status,
                    by.act(&place(1, "/rotate")).await.status,
                    by.act(&place(1, "/rotate/finish")).await.status,
                    by.post(&by.at("/policy/spread"), json!({ "over_days": 5 })).await.status,
                    by.patch(&by.at("/policy"), json!({ "longest_life": format!("{}d", 90 - round) }), "*")
                        .await
                        .status,
                ];
                assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}");
            }));
        }
    }
    for one in all {
        one.await.unwrap();
    }
}
