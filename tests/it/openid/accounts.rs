//! Whose account it is: of who has connected it, and of nobody by an address.

use super::traveller::{Traveller, house};
use crate::{
    sign_in::visitor::{EMAIL, PASSWORD, alert, leads_to, person, text},
    tools::{by_hand, id, one, texts},
};

const NOBODY: &str = "No account here is connected with who you are at The one.";

#[tokio::test]
async fn an_address_takes_over_no_account_and_makes_none() {
    let Some((house, _provider)) = house().await else { return };
    let db = house.sql("superuser").await;
    // Dana has an account, nobody has another: who is named hears the same.
    let mut faces = Vec::new();
    for login in ["mallory~dana", "dana", "newcomer"] {
        let mut visitor = Traveller::new(&house);
        let answer = visitor.enter(login).await.expect(403);
        assert_eq!(alert(&answer), NOBODY);
        assert!(!visitor.here.is_in().await);
        faces.push(answer.face());
    }
    assert!(faces.iter().all(|face| *face == faces[0]), "{faces:?}");
    assert_eq!(one(&db, "SELECT count(*) FROM users").await, "1");
    assert_eq!(one(&db, "SELECT count(*) FROM identities").await, "0");
}

#[tokio::test]
async fn who_is_suspended_hears_what_nobody_hears() {
    let Some((house, _provider)) = house().await else { return };
    let mut dana = Traveller::dana(&house).await;
    dana.connect("dana").await.expect(303);
    house.meshkey(&["admin", "suspend", EMAIL, "--json"]);
    let mut later = Traveller::new(&house);
    let (known, unknown) = (later.enter("dana").await, Traveller::new(&house).enter("nobody").await);
    assert_eq!(known.face(), unknown.face());
    assert!(!later.here.is_in().await);
}

#[tokio::test]
async fn one_identity_is_one_person_and_a_person_has_ten() {
    let Some((house, _provider)) = house().await else { return };
    person(&house, "fay@example.com", "Fay", PASSWORD).await;
    let mut dana = Traveller::dana(&house).await;
    dana.connect("dana").await.expect(303);
    dana.connect("dana").await.expect(303);
    let db = house.sql("superuser").await;
    assert_eq!(one(&db, "SELECT count(*) FROM identities").await, "1");
    let mut fay = Traveller::new(&house);
    fay.send("/sign-in", &[("email", "fay@example.com"), ("password", PASSWORD)]).await.expect(303);
    let of_another = fay.connect("dana").await.expect(409);
    assert_eq!(alert(&of_another), "Somebody else here is connected with it already.");
    by_hand(
        &db,
        "INSERT INTO identities (id, issuer, subject, user_id)
         SELECT gen_random_uuid(), 'https://other.example', n::text, user_id FROM identities, generate_series(1, 9) n",
    )
    .await;
    dana.forget_there();
    assert_eq!(alert(&dana.connect("eve").await.expect(409)), "You have as many as you may: disconnect one first.");
    assert!(!text(&dana.get("/account/identities").await).contains("Connect The one"));
}

#[tokio::test]
async fn who_has_signed_in_anew_meanwhile_connects_nothing() {
    let Some((house, _provider)) = house().await else { return };
    let mut dana = Traveller::dana(&house).await;
    let there = dana.leave("/account/identities", &[("connect", "one")]).await;
    let back = dana.sign_in_there(there, Some("dana")).await;
    dana.send("/sign-in", &[("email", EMAIL), ("password", PASSWORD)]).await.expect(303);
    dana.get(&back).await.expect(403);
    assert_eq!(one(&house.sql("superuser").await, "SELECT count(*) FROM identities").await, "0");
}

#[tokio::test]
async fn what_is_connected_stands_in_the_chain_of_each_org_and_the_last_way_in_stays() {
    let Some((house, _provider)) = house().await else { return };
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let join = "INSERT INTO memberships (org_id, user_id, mesh_id, role) SELECT o.id, u.id, NULL, 'member' FROM orgs o, users u";
    db.batch_execute(join).await.unwrap();
    let mut dana = Traveller::dana(&house).await;
    dana.connect("dana").await.expect(303);
    dana.connect("eve").await.expect(303);
    dana.forget_there();
    dana.connect("eve").await.expect(303);
    let ids = texts(&db, "SELECT id FROM identities ORDER BY created_at").await;
    let named = |id: &str| meshkey::domain::IdentityId::from(id.parse::<uuid::Uuid>().unwrap()).to_string();
    assert_eq!(ids.len(), 2);
    let path = "/account/identities";
    assert_eq!(leads_to(&dana.send(path, &[("disconnect", &named(&ids[0]))]).await), path);
    // Without a password the other is the last.
    by_hand(&db, "DELETE FROM passwords").await;
    let stays = dana.send(path, &[("disconnect", &named(&ids[1]))]).await.expect(409);
    assert!(alert(&stays).starts_with("This is the last way in which you can sign in"), "{stays:?}");
    let events = admin.get(&admin.at("/audit?limit=200")).await.expect(200);
    let told = |event: &serde_json::Value| event["action"].as_str().unwrap().to_owned();
    let actions: Vec<_> = events.items().iter().map(told).filter(|action| action.contains("identity")).collect();
    assert_eq!(actions, ["user.identity_removed", "user.identity_added", "user.identity_added"]);
    let newest = &events.items()[0];
    assert_eq!(newest["subject"]["kind"], "member");
    assert!(newest["after"]["issuer"].as_str().unwrap().starts_with("http://localhost:"), "{newest}");
    assert_eq!(newest["actor"]["id"], newest["subject"]["id"]);
    // A first password is set without an old one, and with it the last can go.
    assert!(!text(&dana.get("/account/password").await.expect(200)).contains("Old password"));
    let wrong = dana.send("/account/password", &[("new", "short")]).await.expect(200);
    assert!(alert(&wrong).starts_with("A password has at least"));
    assert_eq!(leads_to(&dana.send("/account/password", &[("new", PASSWORD)]).await), "/account?password-changed");
    dana.send(path, &[("disconnect", &named(&ids[1]))]).await.expect(303);
    assert_eq!(one(&db, "SELECT count(*) FROM identities").await, "0");
    dana.send("/sign-in", &[("email", EMAIL), ("password", PASSWORD)]).await.expect(303);
}

#[tokio::test]
async fn where_no_provider_is_set_up_that_is_said() {
    let house = crate::sign_in::visitor::danas().await;
    let mut dana = Traveller::dana(&house).await;
    let page = dana.get("/account/identities").await.expect(200);
    assert!(text(&page).contains("No provider is set up here"), "{page:?}");
    assert!(!text(&page).contains("<h2>Connect</h2>"), "{page:?}");
}

#[tokio::test]
async fn a_first_password_takes_a_fresh_proof() {
    let Some((house, _provider)) = house().await else { return };
    let mut dana = Traveller::dana(&house).await;
    dana.connect("dana").await.expect(303);
    let db = house.sql("superuser").await;
    by_hand(&db, "DELETE FROM passwords; UPDATE sessions SET confirmed_at = now() - interval '16 minutes'").await;
    let confirm = "/confirm?next=%2Faccount%2Fpassword";
    assert_eq!(leads_to(&dana.get("/account/password").await), confirm);
    assert_eq!(leads_to(&dana.send("/account/password", &[("new", PASSWORD)]).await), confirm);
    let page = dana.get(confirm).await.expect(200);
    assert!(!text(&page).contains("type=\"password\"") && text(&page).contains("Confirm with The one"), "{page:?}");
    assert_eq!(one(&db, "SELECT count(*) FROM passwords").await, "0");
}

#[tokio::test]
async fn a_reset_on_the_host_disconnects_all() {
    let Some((house, _provider)) = house().await else { return };
    let mut dana = Traveller::dana(&house).await;
    dana.connect("dana").await.expect(303);
    let told = house.meshkey(&["admin", "reset-password", EMAIL, "--json"]);
    assert_eq!(told["identities_removed"], 1);
    assert!(!id(&told["user"]).is_empty());
    let mut later = Traveller::new(&house);
    assert_eq!(alert(&later.enter("dana").await.expect(403)), NOBODY);
}
