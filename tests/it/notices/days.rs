//! The days on which a key is told of.

use serde_json::json;

use super::{DUE, ends_in, house_with, issue, look, pass, quietly, step, told};
use crate::{
    client::Client,
    house::House,
    invitations::receiver::Receiver,
    persons::Person,
    tools::{id, one},
};

/// A house with a mail server, and with an owner who issues keys.
async fn with_owner() -> (House, Receiver, Client) {
    let receiver = Receiver::start().await;
    let house = house_with(&receiver).await;
    let dana = Person::in_org(&house, "Dana", "owner").await.signed_in(&house).await;
    (house, receiver, dana)
}

/// Issues a key that lives so many hours from noon of today on, and gives on which of the days that follow it is told of.
async fn days_of(hours: i32, until: i32) -> Vec<i32> {
    let (house, _receiver, dana) = with_owner().await;
    let db = house.sql("superuser").await;
    issue(&dana, "ci").await;
    let noon = "date_trunc('day', clock_timestamp(), 'UTC') + interval '12 hours'";
    let sql = format!(
        "UPDATE api_keys SET created_at = {noon}, expires_at = {noon} + interval '{hours} hours' WHERE label = 'ci'"
    );
    quietly(&db, &sql).await;
    let mut days = Vec::new();
    for day in 0..=until {
        let before = told(&db).await.len();
        // However often it is looked.
        look(&house).await;
        look(&house).await;
        if told(&db).await.len() > before {
            days.push(day);
        }
        pass(&db, 1).await;
    }
    days
}

#[tokio::test]
async fn a_key_is_told_of_30_14_7_and_1_days_before_its_end_and_on_the_day_itself() {
    assert_eq!(days_of(40 * 24, 55).await, [10, 26, 33, 39, 40]);
}

#[tokio::test]
async fn steps_that_are_longer_than_its_life_are_left_out() {
    assert_eq!(days_of(7 * 24, 10).await, [6, 7]);
    assert_eq!(days_of(7 * 24 + 1, 10).await, [6, 7], "not on the day on which it was issued");
    assert_eq!(days_of(30 * 24, 32).await, [16, 23, 29, 30]);
    assert_eq!(days_of(24, 3).await, [1]);
    assert_eq!(days_of(23, 3).await, [0; 0], "what is made for an hour or a night needs no mail");
}

#[tokio::test]
async fn another_end_begins_anew() {
    let (house, _receiver, dana) = with_owner().await;
    let db = house.sql("superuser").await;
    let key = issue(&dana, "ci").await;
    ends_in(&db, &key, 1).await;
    look(&house).await;
    assert_eq!(step(&db, &key).await, "1");
    // By the API: the steps that are over when the end is set are not told of.
    let end =
        one(&db, "SELECT to_char(clock_timestamp() + interval '10 days', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')").await;
    dana.patch(&dana.at(&format!("/keys/{key}")), json!({ "expires_at": end }), "*").await.expect(200);
    pass(&db, 1).await;
    look(&house).await;
    assert_eq!(told(&db).await, ["Dana 1"]);
    pass(&db, 2).await;
    look(&house).await;
    assert_eq!((told(&db).await.len(), step(&db, &key).await), (2, "7".to_owned()));
}

#[tokio::test]
async fn days_that_were_missed_are_made_up_for_once_and_what_is_long_over_is_left() {
    let (house, _receiver, dana) = with_owner().await;
    let db = house.sql("superuser").await;
    let [late, ended, old] = [issue(&dana, "late").await, issue(&dana, "ended").await, issue(&dana, "old").await];
    ends_in(&db, &late, 3).await;
    ends_in(&db, &ended, -2).await;
    ends_in(&db, &old, -9).await;
    look(&house).await;
    assert_eq!(told(&db).await, ["Dana 2"]);
    assert_eq!([step(&db, &late).await, step(&db, &ended).await, step(&db, &old).await], ["7", "0", "-"]);
}

#[tokio::test]
async fn of_what_nobody_could_use_nothing_is_told() {
    let (house, _receiver, dana) = with_owner().await;
    let db = house.sql("superuser").await;
    let key = issue(&dana, "ci").await;
    ends_in(&db, &key, 7).await;
    for (stop, undo) in [
        ("UPDATE api_keys SET disabled_at = now()", "UPDATE api_keys SET disabled_at = NULL"),
        ("UPDATE meshes SET archived_at = now()", "UPDATE meshes SET archived_at = NULL"),
        ("UPDATE orgs SET suspended_at = now()", "UPDATE orgs SET suspended_at = NULL"),
    ] {
        quietly(&db, stop).await;
        look(&house).await;
        assert_eq!(step(&db, &key).await, "-", "{stop}");
        quietly(&db, undo).await;
    }
    let gone = issue(&dana, "gone").await;
    ends_in(&db, &gone, 7).await;
    dana.act(&dana.at(&format!("/keys/{gone}/revoke"))).await.expect(200);
    look(&house).await;
    assert_eq!([step(&db, &key).await, step(&db, &gone).await], ["7", "-"]);
}

#[tokio::test]
async fn a_person_hears_once_a_day_and_of_the_rest_on_the_next() {
    let (house, receiver, dana) = with_owner().await;
    let db = house.sql("superuser").await;
    let keys = [issue(&dana, "first").await, issue(&dana, "second").await];
    ends_in(&db, &keys[0], 7).await;
    look(&house).await;
    ends_in(&db, &keys[1], 8).await;
    pass(&db, 1).await;
    quietly(&db, "UPDATE end_notices SET day = day + interval '24 hours'").await;
    look(&house).await;
    assert_eq!((told(&db).await, step(&db, &keys[1]).await), (vec!["Dana 1".to_owned()], "-".to_owned()));
    pass(&db, 1).await;
    look(&house).await;
    assert_eq!(told(&db).await, ["Dana 1", "Dana 1"]);
    db.batch_execute(DUE).await.unwrap();
    let mails = receiver.received(2).await;
    assert!(mails[1].text.contains("second") && mails[1].text.contains("Ends in 6 days"), "{}", mails[1].text);
}

#[tokio::test]
async fn a_mail_names_a_hundred_keys_and_says_how_many_more_there_are() {
    let (house, receiver, dana) = with_owner().await;
    let db = house.sql("superuser").await;
    let first = issue(&dana, "ci").await;
    ends_in(&db, &first, 7).await;
    let copies = "INSERT INTO api_keys (org_id, id, label, mesh_id, capabilities, everywhere, topics, issued_by_kind, created_at, expires_at)
                  SELECT org_id, gen_random_uuid(), 'copy ' || n, mesh_id, capabilities, everywhere, topics, 'local', created_at, expires_at
                  FROM api_keys, generate_series(1, 104) AS n WHERE label = 'ci';
                  INSERT INTO key_secrets (org_id, key_id, number, hash, hint)
                  SELECT org_id, id, 1, sha256(id::text::bytea), 'mshk_12345678' FROM api_keys WHERE label LIKE 'copy %'";
    quietly(&db, copies).await;
    look(&house).await;
    assert_eq!(told(&db).await, ["Dana 105"]);
    let mail = receiver.received(1).await[0].clone();
    assert!(mail.head.contains("Subject: 105 keys end soon"), "{}", mail.head);
    assert_eq!(mail.text.matches("Rotate it:").count(), 100);
    assert!(mail.text.contains("There are 5 more. All that end soon:\n  https://keys.example.org/orgs/acme/expiring"));
    let admin = house.admin();
    assert_eq!(id(&admin.get(&admin.at(&format!("/keys/{first}"))).await.expect(200).body), first);
}
