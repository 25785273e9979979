//! What becomes of the keys of a member who is removed.

use serde_json::{Value, json};

use super::made::{give, member, parts};
use crate::{
    house::House,
    tools::{count_events, id, unsettled},
};

#[tokio::test]
async fn a_removal_is_tried_first_and_then_takes_the_keys_that_it_said() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let dana = member(&house, "dana", "member").await;
    let wish = |label: &str| json!({ "label": label, "mesh": "main", "capabilities": ["read"], "topics": "all" });
    let (own, owner) = admin.issue(wish("laptop")).await;
    let (issued, holder) = admin.issue(wish("deploys")).await;
    let (revoked, _) = admin.issue(wish("old")).await;
    let (_, other) = admin.issue(wish("not hers")).await;
    give(&db, &own, &dana, "user_id").await;
    give(&db, &revoked, &dana, "user_id").await;
    give(&db, &issued, &dana, "issued_by_user").await;
    give(&db, &own, &dana, "issued_by_user").await;
    admin.act(&admin.at(&format!("/keys/{}/revoke", id(&revoked)))).await.expect(200);
    let place = admin.at(&format!("/members/{dana}"));
    assert_eq!(admin.get(&place).await.expect(200).body["keys"], json!({ "personal": 1, "issued": 1 }));

    let events = count_events(&admin).await;
    let named = |key: &Value, label: &str| json!([{ "id": key["id"], "label": label }]);
    let keys = |are_issued_revoked: bool| {
        json!({
            "personal": { "count": 1, "revoked": true, "first": named(&own, "laptop") },
            "issued": { "count": 1, "revoked": are_issued_revoked, "first": named(&issued, "deploys") },
        })
    };
    for (query, with_issued, count) in [("?dry_run=true", false, 1), ("?dry_run=true&revoke_issued=true", true, 2)] {
        let tried = admin.delete(&format!("{place}{query}")).await.expect(200);
        assert_eq!((&tried.body["dry_run"], tried.body.get("effective")), (&json!(true), None));
        assert_eq!((&tried.body["keys"], &tried.body["revoked"]), (&keys(with_issued), &json!(count)));
    }
    assert_eq!((count_events(&admin).await, parts(&db, &dana).await.as_str()), (events, "- member"));

    let removed = admin.delete(&place).await.expect(200);
    assert_eq!(removed.body["effective"], "everywhere");
    assert_eq!((&removed.body["keys"], &removed.body["revoked"]), (&keys(false), &json!(1)));
    assert_eq!(unsettled(removed.body)["dry_run"], false);
    // The key that was its own is dead for good, and would not wake up if the person came back.
    owner.get("/v1/whoami").await.problem(401, "invalid_token");
    let dead = admin.get(&admin.at(&format!("/keys/{}", id(&own)))).await.expect(200);
    assert_eq!(
        (&dead.body["status"], &dead.body["revoke_reason"]),
        (&json!("revoked"), &json!("the member was removed"))
    );
    holder.get("/v1/whoami").await.expect(200);
    other.get("/v1/whoami").await.expect(200);
    let told = admin.get(&admin.at("/audit?limit=2")).await.expect(200);
    let actions: Vec<&Value> = told.items().iter().map(|event| &event["action"]).collect();
    assert_eq!(
        (actions, count_events(&admin).await),
        (vec![&json!("member.removed"), &json!("key.revoked")], events + 2)
    );
    assert_eq!(admin.get(&admin.at("/audit/verify")).await.expect(200).body["whole"], true);
}

#[tokio::test]
async fn with_revoke_issued_the_keys_that_the_member_issued_die_too() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let dana = member(&house, "dana", "admin").await;
    let (issued, holder) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    give(&db, &issued, &dana, "issued_by_user").await;
    let place = admin.at(&format!("/members/{dana}?revoke_issued=true"));
    let removed = admin.delete(&place).await.expect(200);
    assert_eq!(removed.body["revoked"], 1);
    holder.get("/v1/whoami").await.problem(401, "invalid_token");
    admin.delete(&admin.at(&format!("/members/{dana}?revoke_issued=1"))).await.problem(422, "invalid_input");
}
