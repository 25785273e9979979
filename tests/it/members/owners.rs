//! Owners: no key makes or unmakes one, and an org keeps one.

use meshkey::{
    db::{members, store::begin},
    domain::OrgId,
};
use serde_json::json;

use super::made::{member, parts, uuid};
use crate::{
    house::House,
    tools::{by_hand, count_events, until_waiting},
};

#[tokio::test]
async fn no_key_makes_changes_or_removes_an_owner() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let [dana, erin, finn] = [
        member(&house, "dana", "owner").await,
        member(&house, "erin", "owner").await,
        member(&house, "finn", "admin").await,
    ];
    let events = count_events(&admin).await;
    let place = |user: &str| admin.at(&format!("/members/{user}"));
    let detail = "only an owner, signed in, may make or change owners";
    for answer in [
        admin.patch(&place(&finn), json!({ "role": "owner" }), "*").await,
        admin.patch(&place(&dana), json!({ "role": "admin" }), "*").await,
        admin.patch(&place(&erin), json!({ "role": null, "meshes": { "main": "viewer" } }), "*").await,
        admin.delete(&place(&dana)).await,
        admin.delete(&format!("{}?dry_run=true", place(&dana))).await,
    ] {
        assert_eq!(answer.problem(403, "owner_only")["detail"], detail);
    }
    assert_eq!(count_events(&admin).await, events);
    for (user, part) in [(&dana, "- owner"), (&erin, "- owner"), (&finn, "- admin")] {
        assert_eq!(parts(&db, user).await, part);
    }
    // What is no owner's stays an admin's to give, to an owner too.
    admin.patch(&place(&dana), json!({ "role": "owner", "meshes": { "main": "viewer" } }), "*").await.expect(200);
    assert_eq!(parts(&db, &dana).await, "- owner, main viewer");
}

#[tokio::test]
async fn the_last_owner_stays() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let dana = member(&house, "dana", "owner").await;
    let place = admin.at(&format!("/members/{dana}"));
    admin.patch(&place, json!({ "role": "admin" }), "*").await.problem(409, "last_owner");
    admin.delete(&place).await.problem(409, "last_owner");
    assert_eq!(parts(&db, &dana).await, "- owner");
    // Another org's owner is none of this one's.
    house.org("rival");
    by_hand(
        &db,
        &format!("INSERT INTO memberships SELECT id, '{}', NULL, 'owner' FROM orgs WHERE slug = 'rival'", uuid(&dana)),
    )
    .await;
    admin.delete(&place).await.problem(409, "last_owner");
}

#[tokio::test]
async fn of_two_owners_who_go_at_once_the_second_is_the_last() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let (dana, erin) = (member(&house, "dana", "owner").await, member(&house, "erin", "owner").await);
    let org: OrgId = house.acme().id.parse().unwrap();
    let (dana, erin) = (uuid(&dana).into(), uuid(&erin).into());
    let (mut one, mut other) = (house.operator().await, house.operator().await);
    let first = begin(&mut one, org).await.unwrap();
    assert_eq!(members::lock(&first, org, dana).await.unwrap().len(), 2);
    members::remove(&first, org, dana).await.unwrap();
    let second = begin(&mut other, org).await.unwrap();
    let waiting = async { members::lock(&second, org, erin).await.unwrap() };
    let ending = async {
        until_waiting(&db, 1).await;
        first.commit().await.unwrap();
    };
    let (left, ()) = futures_util::future::join(waiting, ending).await;
    assert_eq!(left, [erin], "the second sees that it is the last");
}
