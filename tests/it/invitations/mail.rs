//! The mail of an invitation: handed to a mail server after the invitation was committed, tried again, given up, never lost.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::receiver::Receiver;
use crate::{
    client::Client,
    house::House,
    sign_in::visitor::{PASSWORD, Visitor},
    tools::{by_hand, eventually, hex, id, one, texts},
};

const URL: &str = "https://keys.example.org";
const DUE: &str = "UPDATE mail_outbox SET due_at = clock_timestamp()";

async fn house_with(receiver: &Receiver) -> House {
    let server = receiver.url();
    let settings = [
        ("MESHKEY_PUBLIC_URL", URL),
        ("MESHKEY_SMTP_URL", server.as_str()),
        ("MESHKEY_MAIL_FROM", "Meshkey <keys@example.org>"),
    ];
    House::with(&settings).await
}

async fn invite(admin: &Client, email: &str) -> Value {
    let wish = json!({ "email": email, "role": "member", "mesh": "main" });
    admin.post(&admin.at("/invitations"), wish).await.expect(201).body
}

/// What has become of the mail, as soon as it is so.
async fn until(admin: &Client, id: &str, mail: &str) -> Value {
    let place = admin.at(&format!("/invitations/{id}"));
    eventually(mail, async || {
        let shown = admin.get(&place).await.expect(200).body;
        (shown["mail"] == mail).then_some(shown)
    })
    .await
}

fn token(link: &str) -> String {
    link.strip_prefix(&format!("{URL}/invitation#token=")).unwrap().to_owned()
}

/// The token's hash, as it is stored.
fn hash(token: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    hex(&Sha256::digest(URL_SAFE_NO_PAD.decode(token).unwrap()))
}

// P-15
#[tokio::test]
async fn an_invitation_is_mailed_with_a_link_of_its_own() {
    let receiver = Receiver::start().await;
    let house = house_with(&receiver).await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let made = invite(&admin, "dana@example.com").await;
    assert_eq!(made["mail"], "queued");
    let mails = receiver.received(1).await;
    let mail = &mails[0];
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("keys@example.org", "dana@example.com"));
    assert!(
        mail.head.contains("From: Meshkey <keys@example.org>")
            || mail.head.contains("From: \"Meshkey\" <keys@example.org>"),
        "{}",
        mail.head
    );
    assert!(mail.head.contains("Subject: Invitation to acme"), "{}", mail.head);
    assert!(mail.text.contains("You are invited to acme on Meshkey, as member, for its mesh main."), "{}", mail.text);
    let link = mail.text.lines().find(|line| line.starts_with(URL)).unwrap();
    let shown = token(made["link"].as_str().unwrap());
    assert_ne!(token(link), shown);
    until(&admin, &id(&made), "sent").await;
    // Either opens it; what is stored of them is their hashes alone.
    let stored = one(&db, "SELECT encode(token_hash, 'hex') || ' ' || encode(mail_hash, 'hex') FROM invitations").await;
    assert_eq!(stored, format!("{} {}", hash(&shown), hash(&token(link))));
    assert_eq!(one(&db, "SELECT count(*) FROM mail_outbox").await, "0");
    let all = one(&db, "SELECT string_agg(r::text, '') FROM (SELECT to_jsonb(i) r FROM invitations i UNION ALL SELECT to_jsonb(a) FROM audit_events a) s").await;
    assert!(!all.contains(&shown) && !all.contains(&token(link)));
    assert!(house.metrics().contains("meshkey_mails_total{outcome=\"sent\"} 1"), "{}", house.metrics());
    // Who opens what was mailed has shown that the address is theirs; who opens the link that was passed on has not.
    let mut erin = Visitor::new(&house);
    let other = invite(&admin, "erin@example.com").await;
    let passed_on = token(other["link"].as_str().unwrap());
    for (token, name) in [(token(link), "Dana"), (passed_on, "Erin")] {
        let fields = [("token", token.as_str()), ("name", name), ("password", PASSWORD)];
        erin.send("/invitation/accept", &fields).await.expect(200);
    }
    let verified = texts(&db, "SELECT name || ' ' || (email_verified_at IS NOT NULL) FROM users ORDER BY 1").await;
    assert_eq!(verified, ["Dana true", "Erin false"]);
}

#[tokio::test]
async fn what_the_server_refuses_is_told_and_tried_again() {
    let receiver = Receiver::start().await;
    let house = house_with(&receiver).await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    receiver.refuse(Some("451 come again later"));
    let made = invite(&admin, "dana@example.com").await;
    let place = admin.at(&format!("/invitations/{}", id(&made)));
    let shown = eventually("it was tried", async || {
        let shown = admin.get(&place).await.expect(200).body;
        shown["mail_reason"].is_string().then_some(shown)
    })
    .await;
    assert_eq!(shown["mail"], "queued");
    assert!(shown["mail_reason"].as_str().unwrap().contains("come again later"), "{shown}");
    // It is not due at once, and each pause is longer.
    assert_eq!(one(&db, "SELECT due_at > clock_timestamp() + interval '20 seconds' FROM mail_outbox").await, "t");
    assert!(house.metrics().contains("meshkey_mails_total{outcome=\"failed\"} 1"));
    receiver.refuse(None);
    by_hand(&db, DUE).await;
    assert_eq!(receiver.received(1).await.len(), 1);
    let sent = until(&admin, &id(&made), "sent").await;
    assert_eq!(sent["mail_reason"], Value::Null);
}

#[tokio::test]
async fn after_a_day_it_is_given_up_and_can_be_sent_anew() {
    let receiver = Receiver::start().await;
    let house = house_with(&receiver).await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    receiver.refuse(Some("550 nobody of that name"));
    let made = invite(&admin, "dana@example.com").await;
    eventually("it was tried", async || (receiver.asked() == 1).then_some(())).await;
    let old = "UPDATE mail_outbox SET created_at = created_at - interval '25 hours', due_at = clock_timestamp() WHERE reason IS NOT NULL";
    eventually("it is made old", async || (db.execute(old, &[]).await.unwrap() == 1).then_some(())).await;
    let failed = until(&admin, &id(&made), "failed").await;
    assert!(failed["mail_reason"].as_str().unwrap().contains("nobody of that name"), "{failed}");
    assert_eq!(failed["status"], "open");
    let asked = receiver.asked();
    by_hand(&db, DUE).await;
    // Another mail goes its way, and so the outbox was looked at.
    receiver.refuse(None);
    let other = invite(&admin, "erin@example.com").await;
    until(&admin, &id(&other), "sent").await;
    assert_eq!((receiver.asked(), receiver.mails().len()), (asked + 1, 1));
    let place = admin.at(&format!("/invitations/{}/resend", id(&made)));
    by_hand(&db, "UPDATE invitations SET sent_at = sent_at - interval '1 hour'").await;
    assert_eq!(admin.act(&place).await.expect(200).body["mail"], "queued");
    until(&admin, &id(&made), "sent").await;
    assert_eq!(receiver.mails()[1].to, "dana@example.com");
}

// However often the link is made anew.
#[tokio::test]
async fn nobody_is_mailed_twice_within_a_minute() {
    let receiver = Receiver::start().await;
    let house = house_with(&receiver).await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let made = invite(&admin, "dana@example.com").await;
    until(&admin, &id(&made), "sent").await;
    for _ in 0..3 {
        admin.act(&admin.at(&format!("/invitations/{}/resend", id(&made)))).await.expect(200);
    }
    let waits = "SELECT count(*) FROM mail_outbox WHERE due_at > clock_timestamp() + interval '30 seconds'";
    assert_eq!(one(&db, waits).await, "1");
    by_hand(&db, DUE).await;
    until(&admin, &id(&made), "sent").await;
    assert_eq!(receiver.mails().len(), 2);
}

// P-15
#[tokio::test]
async fn what_was_taken_back_is_never_mailed() {
    let receiver = Receiver::start().await;
    let house = house_with(&receiver).await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    // It fails at the end: when the invitation and its mail were written, before they are committed.
    by_hand(&db, "ALTER TABLE audit_events ADD CONSTRAINT not_now CHECK (action <> 'invitation.created') NOT VALID")
        .await;
    let wish = json!({ "email": "dana@example.com", "role": "member" });
    admin.post(&admin.at("/invitations"), wish).await.problem(500, "internal");
    by_hand(&db, "ALTER TABLE audit_events DROP CONSTRAINT not_now").await;
    assert_eq!(one(&db, "SELECT (SELECT count(*) FROM invitations) + (SELECT count(*) FROM mail_outbox)").await, "0");
    let made = invite(&admin, "erin@example.com").await;
    until(&admin, &id(&made), "sent").await;
    // Nor what is withdrawn before it went.
    receiver.refuse(Some("451 later"));
    let other = invite(&admin, "finn@example.com").await;
    eventually("it was tried", async || (receiver.asked() == 2).then_some(())).await;
    admin.delete(&admin.at(&format!("/invitations/{}", id(&other)))).await.expect(200);
    receiver.refuse(None);
    assert_eq!(one(&db, "SELECT count(*) FROM mail_outbox").await, "0");
    let last = invite(&admin, "gail@example.com").await;
    until(&admin, &id(&last), "sent").await;
    let to: Vec<_> = receiver.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["erin@example.com", "gail@example.com"]);
}

#[tokio::test]
async fn of_two_replicas_one_sends_it() {
    let receiver = Receiver::start().await;
    let house = house_with(&receiver).await;
    let server = receiver.url();
    let settings =
        [("MESHKEY_PUBLIC_URL", URL), ("MESHKEY_SMTP_URL", server.as_str()), ("MESHKEY_MAIL_FROM", "keys@example.org")];
    let twin = house.replica(&settings).await;
    let admin = house.admin();
    let there = twin.stranger().with_key(admin.secret());
    let mut ids = Vec::new();
    for number in 0..10 {
        let by = if number % 2 == 0 { &admin } else { &there };
        ids.push(id(&invite(by, &format!("number-{number}@example.com")).await));
    }
    for one in &ids {
        until(&admin, one, "sent").await;
    }
    let mut to: Vec<_> = receiver.mails().into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, (0..10).map(|number| format!("number-{number}@example.com")).collect::<Vec<_>>());
}

#[tokio::test]
async fn without_a_mail_server_nothing_is_queued() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let made = invite(&admin, "dana@example.com").await;
    assert_eq!((&made["mail"], &made["mail_reason"]), (&json!("off"), &Value::Null));
    assert!(made["link"].as_str().unwrap().contains("/invitation#token="));
    assert_eq!(one(&db, "SELECT count(*) FROM mail_outbox").await, "0");
}
