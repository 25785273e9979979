//! The link of an invitation, accepted by a provider that vouches for the address.

use serde_json::json;

use super::traveller::{Traveller, house};
use crate::{
    client::Client,
    sign_in::visitor::{EMAIL, alert, text},
    tools::{by_hand, one},
};

async fn invited(admin: &Client, email: &str) -> String {
    let wish = json!({ "email": email, "role": "member" });
    let made = admin.post(&admin.at("/invitations"), wish).await.expect(201).body;
    made["link"].as_str().unwrap().split_once("#token=").unwrap().1.to_owned()
}

#[tokio::test]
async fn a_newcomer_accepts_without_a_password_and_is_signed_in() {
    let Some((house, _provider)) = house().await else { return };
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let token = invited(&admin, "erin@example.com").await;
    let mut erin = Traveller::new(&house);
    let offer = erin.send("/invitation", &[("token", &token)]).await.expect(200);
    assert!(text(&offer).contains("Accept with The one"), "{offer:?}");
    let form = [("token", token.as_str())];
    let done = erin.travel("/sign-in/openid/one", &form, Some("erin")).await.expect(200);
    assert!(text(&done).contains("You are a member of acme now."), "{done:?}");
    assert!(erin.here.is_in().await);
    let user = "SELECT u.email || ' ' || u.name || ' ' || count(p.user_id) FROM users u LEFT JOIN passwords p ON p.user_id = u.id
                WHERE u.email = 'erin@example.com' GROUP BY u.id";
    assert_eq!(one(&db, user).await, "erin@example.com erin 0");
    let events = admin.get(&admin.at("/audit?limit=200")).await.expect(200);
    let told = |event: &serde_json::Value| event["action"].as_str().unwrap().to_owned();
    let actions: Vec<_> = events.items().iter().map(told).take(3).collect();
    assert_eq!(actions, ["user.identity_added", "member.added", "invitation.accepted"]);
    // It opened once. Later the provider alone lets in.
    let again = Traveller::new(&house).send("/sign-in/openid/one", &form).await.expect(410);
    assert_eq!(alert(&again), "This invitation was accepted: sign in.");
    let mut later = Traveller::new(&house);
    later.enter("erin").await.expect(303);
    assert!(later.here.is_in().await);
}

#[tokio::test]
async fn an_address_that_is_not_vouched_for_accepts_nothing() {
    let Some((house, _provider)) = house().await else { return };
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let token = invited(&admin, "erin@example.com").await;
    for login in ["erin!", "mallory", "mallory~dana"] {
        let mut somebody = Traveller::new(&house);
        let answer = somebody.travel("/sign-in/openid/one", &[("token", &token)], Some(login)).await.expect(403);
        assert!(alert(&answer).starts_with("The provider does not say that this address is yours"), "{answer:?}");
        assert!(!somebody.here.is_in().await);
    }
    assert_eq!(one(&db, "SELECT count(*) FROM users").await, "1");
    assert_eq!(one(&db, "SELECT count(*) FROM identities").await, "0");
}

#[tokio::test]
async fn who_has_an_account_signs_in_first() {
    let Some((house, _provider)) = house().await else { return };
    let token = invited(&house.admin(), EMAIL).await;
    let mut dana = Traveller::new(&house);
    let answer = dana.travel("/sign-in/openid/one", &[("token", &token)], Some("dana")).await.expect(409);
    assert_eq!(alert(&answer), "You have an account with this address: sign in first.");
    assert_eq!(one(&house.sql("superuser").await, "SELECT count(*) FROM identities").await, "0");
}

#[tokio::test]
async fn an_invitation_that_is_withdrawn_on_the_way_is_over() {
    let Some((house, _provider)) = house().await else { return };
    let token = invited(&house.admin(), "erin@example.com").await;
    let mut erin = Traveller::new(&house);
    let there = erin.leave("/sign-in/openid/one", &[("token", &token)]).await;
    let back = erin.sign_in_there(there, Some("erin")).await;
    by_hand(&house.sql("superuser").await, "UPDATE invitations SET withdrawn_at = now()").await;
    assert_eq!(alert(&erin.get(&back).await.expect(410)), "This invitation was withdrawn.");
    assert!(!erin.here.is_in().await);
    erin.send("/sign-in/openid/one", &[("token", "nonsense")]).await.expect(404);
}
