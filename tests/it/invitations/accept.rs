//! Who has the link accepts: as a newcomer, or as who is signed in.

use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
    members::made::parts,
    sign_in::visitor::{EMAIL, PASSWORD, Visitor, danas, person, text},
    tools::{by_hand, count_events, id, one},
};

/// Invites; gives the invitation and its token.
async fn invited(admin: &Client, wish: Value) -> (String, String) {
    let made = admin.post(&admin.at("/invitations"), wish).await.expect(201).body;
    let token = made["link"].as_str().unwrap().split_once("#token=").unwrap().1.to_owned();
    (id(&made), token)
}

async fn see(by: &mut Visitor, token: &str) -> Answer {
    by.send("/invitation", &[("token", token)]).await
}

async fn join(by: &mut Visitor, token: &str, name: &str, password: &str) -> Answer {
    by.send("/invitation/accept", &[("token", token), ("name", name), ("password", password)]).await
}

async fn user(db: &tokio_postgres::Client, email: &str) -> String {
    let id = one(db, &format!("SELECT id FROM users WHERE email = '{email}'")).await;
    meshkey::domain::UserId::from(id.parse::<uuid::Uuid>().unwrap()).to_string()
}

#[tokio::test]
async fn a_newcomer_sees_to_what_it_is_invited_and_becomes_a_member_once() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let wish = json!({ "email": "erin@example.com", "role": "member", "mesh": "main" });
    let (invitation, token) = invited(&admin, wish).await;
    let mut erin = Visitor::new(&house);
    let page = erin.get("/invitation").await.expect(200);
    assert!(text(&page).contains("data-fragment=\"token\""), "{page:?}");
    let offer = see(&mut erin, &token).await.expect(200);
    for said in
        ["You are invited to <strong>acme</strong>", "<dd>main</dd>", "<dd>member</dd>", "<dd>erin@example.com</dd>"]
    {
        assert!(text(&offer).contains(said), "{said}: {offer:?}");
    }
    let events = count_events(&admin).await;
    let short = join(&mut erin, &token, "Erin <b>", "short").await.expect(422);
    assert!(text(&short).contains("A password has at least 12 characters"), "{short:?}");
    assert!(text(&short).contains("value=\"Erin &lt;b&gt;\"") && !text(&short).contains("short\""), "{short:?}");
    join(&mut erin, &token, " ", PASSWORD).await.expect(422);
    assert_eq!((count_events(&admin).await, one(&db, "SELECT count(*) FROM users").await.as_str()), (events, "0"));

    let done = join(&mut erin, &token, "Erin", PASSWORD).await.expect(200);
    assert!(text(&done).contains("You are a member of acme now."), "{done:?}");
    let erins = user(&db, "erin@example.com").await;
    assert_eq!(parts(&db, &erins).await, "main member");
    erin.sign_in("erin@example.com", PASSWORD).await.expect(303);
    assert!(erin.is_in().await);
    let shown = admin.get(&admin.at(&format!("/invitations/{invitation}"))).await.expect(200).body;
    assert_eq!((&shown["status"], &shown["accepted_by"]), (&json!("accepted"), &json!(erins)));
    let told = admin.get(&admin.at("/audit?limit=2")).await.expect(200);
    let [added, accepted] = [&told.items()[0], &told.items()[1]];
    let by = json!({ "kind": "user", "id": erins });
    assert_eq!((&added["action"], &added["actor"]), (&json!("member.added"), &by));
    assert_eq!(added["subject"], json!({ "kind": "member", "id": erins }));
    assert_eq!((&added["before"], &added["after"]["role"]), (&Value::Null, &Value::Null));
    assert_eq!((&accepted["action"], &accepted["actor"]), (&json!("invitation.accepted"), &by));
    assert_eq!(accepted["after"], json!({ "accepted_by": erins }));
    assert_eq!((&added["request_id"], &added["address"]), (&json!(done.header("x-request-id")), &json!("127.0.0.1")));

    // Used once, by whoever.
    let events = count_events(&admin).await;
    for again in
        [see(&mut Visitor::new(&house), &token).await, join(&mut Visitor::new(&house), &token, "Eve", PASSWORD).await]
    {
        assert!(text(&again.expect(410)).contains("This invitation was accepted"));
    }
    assert_eq!(count_events(&admin).await, events);
}

#[tokio::test]
async fn who_is_signed_in_accepts_what_is_for_its_own_address() {
    let house = danas().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let (_, token) = invited(&admin, json!({ "email": EMAIL, "role": "admin" })).await;
    // Who is not signed in is led to where it signs in, and makes no second account.
    let mut nobody = Visitor::new(&house);
    let offer = see(&mut nobody, &token).await.expect(200);
    assert!(
        text(&offer).contains("You have an account with this address") && !text(&offer).contains("type=\"password\"")
    );
    join(&mut nobody, &token, "Dana", PASSWORD).await.expect(409);
    // Nor does another accept it.
    person(&house, "erin@example.com", "Erin", PASSWORD).await;
    let mut erin = Visitor::new(&house);
    erin.sign_in("erin@example.com", PASSWORD).await.expect(303);
    let others = see(&mut erin, &token).await.expect(200);
    assert!(text(&others).contains("You are signed in as erin@example.com, and the invitation is for somebody else."));
    let refused = join(&mut erin, &token, "Dana", PASSWORD).await.expect(403);
    assert!(text(&refused).contains("This invitation is for somebody else."), "{refused:?}");

    let mut dana = Visitor::dana(&house).await;
    let offer = see(&mut dana, &token).await.expect(200);
    assert!(text(&offer).contains("Accept as Dana") && !text(&offer).contains("type=\"password\""), "{offer:?}");
    // G-11: a form without the session's token, and one of another site.
    let bare =
        dana.bare("POST", "/invitation/accept").header("sec-fetch-site", "same-origin").form(&[("token", &token)]);
    bare.send().await.expect(403);
    for site in ["cross-site", "same-site"] {
        let form = [("token", token.as_str()), ("form_token", &dana.token())];
        dana.bare("POST", "/invitation/accept").header("sec-fetch-site", site).form(&form).send().await.expect(403);
    }
    assert_eq!(one(&db, "SELECT count(*) FROM memberships").await, "0");
    let done = dana.send("/invitation/accept", &[("token", &token)]).await.expect(200);
    assert!(text(&done).contains("You are a member of acme now."));
    assert_eq!(parts(&db, &user(&db, EMAIL).await).await, "- admin");
}

#[tokio::test]
async fn a_member_gets_what_is_more_and_loses_nothing() {
    let house = danas().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let (_, weak) = invited(&admin, json!({ "email": EMAIL, "role": "viewer" })).await;
    let (_, mesh) = invited(&admin, json!({ "email": EMAIL, "role": "admin", "mesh": "main" })).await;
    let danas = user(&db, EMAIL).await;
    crate::members::made::put(&db, &danas, "acme", None, "owner").await;
    let mut dana = Visitor::dana(&house).await;
    let events = count_events(&admin).await;
    dana.send("/invitation/accept", &[("token", &weak)]).await.expect(200);
    assert_eq!((parts(&db, &danas).await.as_str(), count_events(&admin).await), ("- owner", events + 1));
    dana.send("/invitation/accept", &[("token", &mesh)]).await.expect(200);
    assert_eq!((parts(&db, &danas).await.as_str(), count_events(&admin).await), ("- owner, main admin", events + 3));
    let told = admin.get(&admin.at("/audit?limit=1")).await.expect(200);
    assert_eq!(told.items()[0]["action"], "member.edited");
}

#[tokio::test]
async fn a_link_that_is_over_or_never_was_opens_nothing() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let mut somebody = Visitor::new(&house);
    let (expired, expired_token) = invited(&admin, json!({ "email": "a@example.com", "role": "viewer" })).await;
    let (withdrawn, withdrawn_token) = invited(&admin, json!({ "email": "b@example.com", "role": "viewer" })).await;
    let (resent, old_token) = invited(&admin, json!({ "email": "c@example.com", "role": "viewer" })).await;
    let place = |id: &str| admin.at(&format!("/invitations/{id}"));
    admin.delete(&place(&withdrawn)).await.expect(200);
    let new = admin.act(&format!("{}/resend", place(&resent))).await.expect(200).body;
    by_hand(&db, "UPDATE invitations SET ends_at = clock_timestamp() WHERE email = 'a@example.com'").await;
    for (token, status, said) in [
        (expired_token.as_str(), 410, "This invitation has expired"),
        (&withdrawn_token, 410, "This invitation was withdrawn"),
        (&old_token, 404, "This link opens nothing"),
        ("A1234567890123456789012345678901234567890AA", 404, "This link opens nothing"),
        ("no token", 404, "This link opens nothing"),
        ("", 404, "This link opens nothing"),
    ] {
        for answer in [see(&mut somebody, token).await, join(&mut somebody, token, "Eve", PASSWORD).await] {
            assert!(text(&answer.expect(status)).contains(said), "{token}");
        }
    }
    assert_eq!(one(&db, "SELECT count(*) FROM users").await, "0");
    let token = new["link"].as_str().unwrap().split_once("#token=").unwrap().1;
    house.meshkey(&["org", "suspend", "acme", "--json"]);
    for answer in [see(&mut somebody, token).await, join(&mut somebody, token, "Carl", PASSWORD).await] {
        answer.expect(403);
    }
    house.meshkey(&["org", "resume", "acme", "--json"]);
    join(&mut somebody, token, "Carl", PASSWORD).await.expect(200);
    assert_eq!(admin.get(&place(&expired)).await.expect(200).body["status"], "expired");
}

#[tokio::test]
async fn of_two_who_accept_at_once_one_does() {
    let house = danas().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let (_, token) = invited(&admin, json!({ "email": "erin@example.com", "role": "viewer" })).await;
    let ask = async |name: &'static str| {
        let mut by = Visitor::new(&house);
        join(&mut by, &token, name, PASSWORD).await.status
    };
    let mut said = futures_util::future::join_all(["Erin", "Eve", "Erika", "Emma"].map(ask)).await;
    said.sort_unstable();
    assert_eq!(said, [200, 410, 410, 410]);
    assert_eq!(one(&db, "SELECT count(*) FROM users WHERE email = 'erin@example.com'").await, "1");
}

#[tokio::test]
async fn the_invitation_is_its_orgs_alone() {
    let house = House::new().await;
    let (admin, rival) = (house.admin(), house.org("rival").admin);
    let (invitation, _) = invited(&rival, json!({ "email": "erin@example.com", "role": "viewer" })).await;
    let place = admin.at(&format!("/invitations/{invitation}"));
    admin.get(&place).await.problem(404, "not_found");
    admin.delete(&place).await.problem(404, "not_found");
    admin.act(&format!("{place}/resend")).await.problem(404, "not_found");
    assert_eq!(admin.get(&admin.at("/invitations")).await.expect(200).body, json!({ "items": [] }));
}
