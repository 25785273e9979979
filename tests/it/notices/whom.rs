//! Whom it is told.

use super::{ends_in, house_with, issue, issue_own, look, quietly, told};
use crate::{house::House, invitations::receiver::Receiver, persons::Person, tools::id};

#[tokio::test]
async fn the_holder_hears_of_it_or_who_issued_it_or_the_owners() {
    let receiver = Receiver::start().await;
    let house = house_with(&receiver).await;
    let db = house.sql("superuser").await;
    Person::in_org(&house, "Dana", "owner").await;
    Person::in_org(&house, "Olga", "owner").await;
    let gus = Person::new(&house, "Gus").await;
    gus.becomes(&house, "acme", Some("main"), "admin").await;
    let mia = Person::in_org(&house, "Mia", "member").await;
    let by_gus = gus.signed_in(&house).await;
    let own = issue_own(&mia.signed_in(&house).await, "laptop").await;
    let by_his_key = {
        let wish =
            serde_json::json!({ "label": "terminal", "mesh": "main", "capabilities": ["admin"], "topics": "all" });
        let terminal = by_gus.post("/v1/me/keys", wish).await.expect(201).body;
        issue(&house.admin().with_key(terminal["secret"].as_str().unwrap()), "made in a terminal").await
    };
    for key in [id(&own), by_his_key, issue(&by_gus, "his").await, issue(&house.admin(), "of nobody").await] {
        ends_in(&db, &key, 7).await;
    }
    look(&house).await;
    assert_eq!(told(&db).await, ["Dana 1", "Gus 2", "Mia 1", "Olga 1"]);
}

#[tokio::test]
async fn who_left_or_manages_the_key_no_longer_hears_nothing() {
    let cases = [
        ("left", "DELETE FROM memberships USING users u WHERE user_id = u.id AND u.name = 'Gus'"),
        ("demoted", "UPDATE memberships SET role = 'member' FROM users u WHERE user_id = u.id AND u.name = 'Gus'"),
        ("suspended", "UPDATE users SET suspended_at = now() WHERE name = 'Gus'"),
    ];
    for (what, change) in cases {
        let receiver = Receiver::start().await;
        let house = house_with(&receiver).await;
        let db = house.sql("superuser").await;
        Person::in_org(&house, "Dana", "owner").await;
        let gus = Person::in_org(&house, "Gus", "admin").await;
        let key = issue(&gus.signed_in(&house).await, "ci").await;
        ends_in(&db, &key, 7).await;
        quietly(&db, change).await;
        look(&house).await;
        assert_eq!(told(&db).await, ["Dana 1"], "{what}");
    }
}

#[tokio::test]
async fn without_a_mail_server_nothing_is_said_to_be_told() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let dana = Person::in_org(&house, "Dana", "owner").await.signed_in(&house).await;
    let key = issue(&dana, "ci").await;
    ends_in(&db, &key, 7).await;
    look(&house).await;
    assert_eq!((told(&db).await, super::step(&db, &key).await), (vec![], "-".to_owned()));
}
