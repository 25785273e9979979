//! The mail itself: what stands in it, and that it is sent once and never lost.

use futures_util::future::join_all;

use super::{DUE, URL, ends_in, house_with, issue, issue_own, look, settings, told};
use crate::{
    invitations::receiver::Receiver,
    persons::Person,
    tools::{eventually, id, one},
};

#[tokio::test]
async fn all_keys_of_a_person_stand_in_one_mail_with_their_use_and_without_their_secret() {
    let receiver = Receiver::start().await;
    let house = house_with(&receiver).await;
    let db = house.sql("superuser").await;
    let dana = Person::in_org(&house, "Dana", "owner").await;
    let dana = dana.signed_in(&house).await;
    let (unused, ended) = (issue(&dana, "unused").await, issue(&dana, "ends first").await);
    let used = issue_own(&dana, "<b>used</b>").await;
    let secret = used["secret"].as_str().unwrap();
    let holder = house.admin().with_key(secret);
    for _ in 0..3 {
        holder.get("/v1/meshes/main/topics/deploys/messages").await.expect(200);
    }
    house.flush_uses().await;
    for (key, days) in [(&unused, 14), (&id(&used), 7), (&ended, 1)] {
        ends_in(&db, key, days).await;
    }
    look(&house).await;
    let mail = receiver.received(1).await[0].clone();
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("keys@example.org", "dana@example.com"));
    assert!(mail.head.contains("Subject: 3 keys end soon"), "{}", mail.head);
    let at = |words: &str| mail.text.find(words).unwrap_or_else(|| panic!("no {words} in {}", mail.text));
    assert!(at("ends first") < at("<b>used</b>") && at("<b>used</b>") < at("unused (mshk_"), "the soonest first");
    assert!(at("Ends tomorrow, on ") < at("Ends in 7 days, on ") && at("Ends in 7 days") < at("Ends in 14 days"));
    assert!(mail.text.contains("Still used: last just now, 3 in the last day"), "{}", mail.text);
    assert_eq!(mail.text.matches("Never used: let it die").count(), 2, "{}", mail.text);
    for key in [&unused, &ended, &id(&used)] {
        assert!(mail.text.contains(&format!("{URL}/orgs/acme/keys/{key}/rotate\n")), "{}", mail.text);
    }
    assert!(mail.text.contains(&format!("<b>used</b> ({}…)", &secret[..13])) && !mail.text.contains(secret));
    assert!(!mail.text.contains(&secret[13..20]), "more of it than its hint");
    assert!(mail.text.contains(&format!("{URL}/account/notices")), "{}", mail.text);
    let sent = async || (one(&db, "SELECT count(sent_at) FROM end_notices").await == "1").then_some(());
    eventually("it is written down that it was sent", sent).await;
    let counted = async || house.metrics().contains("meshkey_mails_total{outcome=\"sent\"} 1").then_some(());
    eventually("it is counted", counted).await;
}

// P-15
#[tokio::test]
async fn what_was_written_down_and_not_sent_is_sent_by_whoever_comes_next() {
    let receiver = Receiver::start().await;
    let mut house = house_with(&receiver).await;
    let db = house.sql("superuser").await;
    let dana = Person::in_org(&house, "Dana", "owner").await.signed_in(&house).await;
    let key = issue(&dana, "ci").await;
    ends_in(&db, &key, 7).await;
    // Where it cannot be committed, nothing is sent.
    db.batch_execute("ALTER TABLE told_ends ADD CONSTRAINT not_now CHECK (step <> 7) NOT VALID").await.unwrap();
    assert!(meshkey::service::notices::look(house.service()).await.is_err());
    assert_eq!((told(&db).await, receiver.asked()), (vec![], 0));
    db.batch_execute("ALTER TABLE told_ends DROP CONSTRAINT not_now").await.unwrap();
    receiver.refuse(Some("451 come again later"));
    look(&house).await;
    let tried =
        async || (!one(&db, "SELECT coalesce(max(reason), '') FROM end_notices").await.is_empty()).then_some(());
    eventually("it was tried", tried).await;
    assert_eq!(one(&db, "SELECT due_at > clock_timestamp() + interval '20 seconds' FROM end_notices").await, "t");
    // Its process dies, and another comes.
    house.stop().await;
    receiver.refuse(None);
    let server = receiver.url();
    let twin = house.replica(&settings(&server)).await;
    look(&twin).await;
    assert_eq!(told(&db).await, ["Dana 1"], "it is not told of again");
    db.batch_execute(DUE).await.unwrap();
    let mails = receiver.received(1).await;
    assert!(mails[0].text.contains("ci (mshk_"), "{}", mails[0].text);
}

#[tokio::test]
async fn of_replicas_that_look_at_once_one_tells() {
    let receiver = Receiver::start().await;
    let house = house_with(&receiver).await;
    let server = receiver.url();
    let twin = house.replica(&settings(&server)).await;
    let db = house.sql("superuser").await;
    for number in 0..6 {
        let somebody = Person::in_org(&house, &format!("Somebody{number}"), "admin").await.signed_in(&house).await;
        let key = issue(&somebody, "ci").await;
        ends_in(&db, &key, 7).await;
    }
    let houses = [&house, &twin, &house, &twin];
    join_all(houses.map(look)).await;
    let mails = receiver.received(6).await;
    let all_sent =
        async || (one(&db, "SELECT count(*) FROM end_notices WHERE sent_at IS NULL").await == "0").then_some(());
    eventually("all are sent", all_sent).await;
    let mut to: Vec<_> = receiver.mails().into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, (0..6).map(|number| format!("somebody{number}@example.com")).collect::<Vec<_>>(), "{mails:?}");
}

#[tokio::test]
async fn what_changed_before_it_went_is_left_out() {
    let receiver = Receiver::start().await;
    let house = house_with(&receiver).await;
    let db = house.sql("superuser").await;
    let gus = Person::in_org(&house, "Gus", "admin").await;
    let dana = Person::in_org(&house, "Dana", "owner").await.signed_in(&house).await;
    let mia = Person::in_org(&house, "Mia", "admin").await;
    let (by_gus, by_mia) = (gus.signed_in(&house).await, mia.signed_in(&house).await);
    let (stays, goes) = (issue(&dana, "stays").await, issue(&dana, "goes").await);
    let (his, hers) = (issue(&by_gus, "his").await, issue(&by_mia, "hers").await);
    for key in [&stays, &goes, &his, &hers] {
        ends_in(&db, key, 7).await;
    }
    receiver.refuse(Some("451 come again later"));
    look(&house).await;
    assert_eq!(told(&db).await, ["Dana 2", "Gus 1", "Mia 1"]);
    let tried = async || (one(&db, "SELECT count(reason) FROM end_notices").await == "3").then_some(());
    eventually("all were tried", tried).await;
    dana.act(&dana.at(&format!("/keys/{goes}/revoke"))).await.expect(200);
    // One leaves, and one stays but manages no keys of others any more.
    gus.leaves(&house).await;
    mia.becomes(&house, "acme", None, "viewer").await;
    receiver.refuse(None);
    db.batch_execute(DUE).await.unwrap();
    let settled =
        async || (one(&db, "SELECT count(*) FROM end_notices WHERE sent_at IS NULL").await == "0").then_some(());
    eventually("nothing waits any more", settled).await;
    let mails = receiver.mails();
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["dana@example.com"]);
    assert!(mails[0].text.contains("stays (mshk_") && !mails[0].text.contains("goes (mshk_"), "{}", mails[0].text);
}
