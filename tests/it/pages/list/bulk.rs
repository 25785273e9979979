//! One thing, done with several keys.

use serde_json::{Value, json};

use super::{house, key, other, row};
use crate::{
    client::Client,
    sign_in::visitor::{Visitor, alert, text},
};

const BULK: &str = "/orgs/acme/keys/bulk";

async fn status(admin: &Client, id: &str) -> Value {
    admin.get(&admin.at(&format!("/keys/{id}"))).await.expect(200).body["status"].clone()
}

#[tokio::test]
async fn keys_are_revoked_once_it_was_shown_what_that_means() {
    let house = house().await;
    let admin = house.admin();
    let (one, holder) = key(&admin, "one", json!({})).await;
    let (two, other_holder) = key(&admin, "two", json!({})).await;
    let (gone, _) = key(&admin, "gone", json!({})).await;
    for _ in 0..3 {
        holder.get("/v1/whoami").await.expect(200);
    }
    house.flush_uses().await;
    let boxes = [&one, &two, &gone].map(|id| format!("key:{id}"));
    let [first, second, third] = boxes.each_ref().map(|name| (name.as_str(), "1"));
    let mut dana = Visitor::dana(&house).await;
    let review = dana.send(BULK, &[("act", "revoke"), first, second, third]).await.expect(200);
    assert!(text(&review).contains("<h1>Revoke 3 keys?</h1>"), "{review:?}");
    assert!(text(&review).contains("<strong>Used 3 times</strong>"), "{review:?}");
    assert!(row(&review, "one").contains("3 used"), "{review:?}");
    holder.get("/v1/whoami").await.expect(200);
    // Not without the word, and nothing typed is lost.
    let sent = [("act", "revoke"), ("step", "do"), ("reason", "found in a log"), first, second, third];
    for typed in ["", "acm"] {
        let fields: Vec<_> = sent.iter().copied().chain([("typed", typed)]).collect();
        let again = dana.send(BULK, &fields).await.expect(422);
        assert!(text(&again).contains("Type acme, to show that you mean it"), "{again:?}");
        assert!(text(&again).contains(r#"value="found in a log""#), "{again:?}");
    }
    holder.get("/v1/whoami").await.expect(200);
    admin.act(&admin.at(&format!("/keys/{gone}/revoke"))).await.expect(200);
    let fields: Vec<_> = sent.iter().copied().chain([("typed", "acme")]).collect();
    let done = dana.send(BULK, &fields).await.expect(200);
    assert!(text(&done).contains("2 of 3 revoked."), "{done:?}");
    for label in ["one", "two"] {
        assert!(
            row(&done, label).contains("Revoked: dead everywhere") && row(&done, label).contains(" ms"),
            "{done:?}"
        );
    }
    assert!(row(&done, "gone").contains("As before"), "{done:?}");
    // Dead at the very next request.
    holder.get("/v1/whoami").await.expect(401);
    other_holder.get("/v1/whoami").await.expect(401);
    let told = admin.get(&admin.at(&format!("/keys/{one}"))).await.expect(200).body;
    assert_eq!(told["revoke_reason"], "found in a log");
    // Sent once more, as by reloading the answer: nothing is done, and that is said.
    let again = dana.send(BULK, &fields).await.expect(409);
    assert!(text(&again).contains("0 of 3 revoked."), "{again:?}");
}

#[tokio::test]
async fn keys_are_disabled_and_given_an_end() {
    let house = house().await;
    let admin = house.admin();
    let (one, holder) = key(&admin, "one", json!({})).await;
    let (two, _) = key(&admin, "two", json!({})).await;
    let boxes = [&one, &two].map(|id| format!("key:{id}"));
    let [first, second] = boxes.each_ref().map(|name| (name.as_str(), "1"));
    let mut dana = Visitor::dana(&house).await;
    let wrong = dana.send(BULK, &[("act", "end"), ("step", "do"), ("day", "soon"), first, second]).await.expect(422);
    assert!(text(&wrong).contains("Choose a day, such as 2027-02-19"), "{wrong:?}");
    let past =
        dana.send(BULK, &[("act", "end"), ("step", "do"), ("day", "2020-01-01"), first, second]).await.expect(422);
    assert!(text(&past).contains("0 of 2 given this expiry."), "{past:?}");
    // Somebody else has changed one of them meanwhile.
    admin.act(&admin.at(&format!("/keys/{two}/disable"))).await.expect(200);
    let day = house
        .sql("superuser")
        .await
        .query_one("SELECT to_char(now() + '20 days', 'YYYY-MM-DD'), to_char(now() + '21 days', 'YYYY-MM-DD')", &[])
        .await;
    let day = day.unwrap();
    let (day, next): (String, String) = (day.get(0), day.get(1));
    let fields = [("act", "end"), ("step", "do"), ("day", day.as_str()), first, second];
    let done = dana.send(BULK, &fields).await.expect(200);
    assert!(text(&done).contains("1 of 2 given this expiry.") && row(&done, "two").contains("Not done"), "{done:?}");
    // As the form by which a key is issued and the command line have it: it works through the whole of that day.
    let told = admin.get(&admin.at(&format!("/keys/{one}"))).await.expect(200).body;
    assert_eq!(told["expires_at"], format!("{next}T00:00:00Z"));
    dana.send(BULK, &[("act", "disable"), ("step", "do"), first]).await.expect(200);
    assert_eq!(status(&admin, &one).await, "disabled");
    holder.get("/v1/whoami").await.expect(401);
}

// G-2
#[tokio::test]
async fn who_may_not_do_it_is_told_whom_to_ask_and_does_nothing() {
    let house = house().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "lab" })).await.expect(201);
    let (id, _) = key(&admin, "zz-of-main", json!({})).await;
    let boxed = format!("key:{id}");
    let fields = [("act", "revoke"), ("step", "do"), ("typed", "acme"), (boxed.as_str(), "1")];
    let mut mia = other(&house, "Mia", "member", None).await;
    let asked = mia.send(BULK, &fields).await.expect(403);
    assert!(text(&asked).contains("<strong>Dana</strong>"), "{asked:?}");
    // An admin of another mesh does not even learn of it.
    let mut gus = other(&house, "Gus", "admin", Some("lab")).await;
    let nothing = gus.send(BULK, &fields).await;
    assert!(!text(&nothing).contains("zz-of-main"), "{nothing:?}");
    assert_eq!(status(&admin, &id).await, "active");
    let mut dana = Visitor::dana(&house).await;
    for fields in [&[("act", "revoke")][..], &[("act", "burn"), (boxed.as_str(), "1")], &[(boxed.as_str(), "1")]] {
        let none = dana.send(BULK, fields).await.expect(422);
        assert!(alert(&none).starts_with("Nothing was chosen"), "{none:?}");
    }
}
