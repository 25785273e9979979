//! The account: another password, and where one is signed in.

use super::visitor::{EMAIL, PASSWORD, Visitor, alert, danas, leads_to, person, text};
use crate::tools::one;

const NEW: &str = "quite another phrase";

#[tokio::test]
async fn another_password_takes_the_old_one_and_ends_all_other_sessions() {
    let house = danas().await;
    person(&house, "lee@example.com", "Lee", PASSWORD).await;
    let (mut dana, other, mut lee) = (Visitor::dana(&house).await, Visitor::dana(&house).await, Visitor::new(&house));
    lee.sign_in("lee@example.com", PASSWORD).await.expect(303);
    let page = "/account/password";
    for (old, new, said) in [
        ("wrong", NEW, "The old password is wrong"),
        (PASSWORD, "too short", "A password has at least 12 characters"),
        (PASSWORD, &"ab".repeat(129), "A password has at most 256 bytes"),
        (PASSWORD, EMAIL, "Your e-mail address and your name are no passwords"),
        (PASSWORD, "passwordpassword", "Too many people have this password, and so it is tried first"),
    ] {
        let answer = dana.send(page, &[("old", old), ("new", new)]).await.expect(200);
        assert_eq!(alert(&answer), said);
        assert!(!text(&answer).contains(NEW) && !text(&answer).contains(PASSWORD));
    }
    assert!(other.is_in().await);
    assert_eq!(leads_to(&dana.send(page, &[("old", PASSWORD), ("new", NEW)]).await), "/account?password-changed");
    assert!(dana.is_in().await && !other.is_in().await && lee.is_in().await);
    let mut again = Visitor::new(&house);
    again.sign_in(EMAIL, PASSWORD).await.expect(200);
    again.sign_in(EMAIL, NEW).await.expect(303);
}

#[tokio::test]
async fn the_old_password_cannot_be_guessed_there() {
    let house = danas().await;
    let mut dana = Visitor::dana(&house).await;
    for path in ["/account/password", "/confirm", "/account/password", "/confirm", "/confirm"] {
        dana.send(path, &[("old", "wrong"), ("password", "wrong"), ("new", NEW)]).await.expect(200);
    }
    dana.send("/account/password", &[("old", PASSWORD), ("new", NEW)]).await.expect(429);
    dana.send("/confirm", &[("password", PASSWORD)]).await.expect(429);
    assert!(dana.is_in().await);
}

#[tokio::test]
async fn one_sees_where_one_is_signed_in_and_ends_that() {
    let house = danas().await;
    person(&house, "lee@example.com", "Lee", PASSWORD).await;
    let (mut dana, second, third, mut lee) =
        (Visitor::dana(&house).await, Visitor::dana(&house).await, Visitor::dana(&house).await, Visitor::new(&house));
    let agent = second
        .bare("POST", "/sign-in")
        .header("user-agent", "<b>Old & Odd</b>")
        .header("sec-fetch-site", "same-origin");
    agent.form(&[("email", EMAIL), ("password", PASSWORD)]).send().await.expect(303);
    assert!(!second.is_in().await, "what the browser had before has ended");
    lee.sign_in("lee@example.com", PASSWORD).await.expect(303);
    let page = dana.get("/account").await.expect(200);
    let page = text(&page);
    assert_eq!((page.matches("<li>").count(), page.matches(">this one<").count()), (3, 1), "{page}");
    assert!(page.contains("From 127.0.0.1") && page.contains("&lt;b&gt;Old &amp; Odd&lt;/b&gt;"), "{page}");
    // Somebody else's is nobody's to end.
    let db = house.sql("superuser").await;
    let lees: uuid::Uuid = db
        .query_one("SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.name = 'Lee'", &[])
        .await
        .unwrap()
        .get(0);
    let lees = meshkey::domain::SessionId::from(lees).to_string();
    assert_eq!(leads_to(&dana.send("/account/sessions", &[("end", &lees)]).await), "/account");
    dana.send("/account/sessions", &[("end", "nonsense")]).await.expect(303);
    assert!(lee.is_in().await && third.is_in().await);
    dana.send("/account/sessions", &[("end", "others")]).await.expect(303);
    assert!(dana.is_in().await && !third.is_in().await && lee.is_in().await);
    assert_eq!(one(&db, "SELECT count(*) FROM sessions").await, "2");
}

#[tokio::test]
async fn a_proof_is_fresh_for_a_quarter_of_an_hour() {
    let house = danas().await;
    let db = house.sql("superuser").await;
    let mut dana = Visitor::dana(&house).await;
    dana.get("/account/second-factor").await.expect(200);
    db.batch_execute("UPDATE sessions SET confirmed_at = now() - interval '14 minutes'").await.unwrap();
    dana.get("/account/second-factor").await.expect(200);
    db.batch_execute("UPDATE sessions SET confirmed_at = now() - interval '15 minutes'").await.unwrap();
    let to = leads_to(&dana.get("/account/second-factor?x=1").await);
    assert_eq!(to, "/confirm?next=%2Faccount%2Fsecond-factor%3Fx%3D1");
    dana.get(&to).await.expect(200);
    assert_eq!(alert(&dana.send("/confirm", &[("password", "wrong")]).await.expect(200)), "That is wrong");
    dana.get("/account/second-factor").await.expect(303);
    let fields = [("password", PASSWORD), ("next", "/account/second-factor")];
    assert_eq!(leads_to(&dana.send("/confirm", &fields).await), "/account/second-factor");
    dana.get("/account/second-factor").await.expect(200);
}

//
#[tokio::test]
async fn what_people_change_of_their_own_stands_in_the_chain_of_each_of_their_orgs() {
    let house = danas().await;
    let rival = house.org("rival").admin;
    house.org("strangers");
    let join = "INSERT INTO memberships (org_id, user_id, mesh_id, role)
                SELECT o.id, u.id, m.id, 'member' FROM users u CROSS JOIN orgs o LEFT JOIN meshes m ON m.org_id = o.id
                WHERE o.slug <> 'strangers'
                UNION ALL SELECT o.id, u.id, NULL, 'viewer' FROM orgs o, users u WHERE o.slug = 'acme'";
    let db = house.sql("superuser").await;
    db.batch_execute(join).await.unwrap();
    let mut dana = Visitor::dana(&house).await;
    super::factor::turn_on(&house, &mut dana).await;
    dana.send("/account/second-factor", &[("do", "end")]).await.expect(303);
    dana.send("/account/second-factor", &[("do", "end")]).await.expect(303);
    let (wrong, right) = ([("old", "wrong"), ("new", NEW)], [("old", PASSWORD), ("new", NEW)]);
    dana.send("/account/password", &wrong).await.expect(200);
    Visitor::dana(&house).await;
    let changed = dana.send("/account/password", &right).await.expect(303);
    assert!(!text(&dana.get("/account").await.expect(200)).contains("Your password is changed"));
    let account = dana.get(changed.header("location")).await.expect(200);
    for said in [
        "Your password is changed.",
        "You are a viewer of <a href=\"/orgs/acme/keys\">acme</a><",
        "You are a member of <a href=\"/orgs/acme/keys\">acme</a>/main<",
    ] {
        assert!(text(&account).contains(said), "{said}: {account:?}");
    }
    let id: uuid::Uuid = db.query_one("SELECT id FROM users", &[]).await.unwrap().get(0);
    let dana = meshkey::domain::UserId::from(id).to_string();
    for admin in [house.admin(), rival] {
        let events = admin.get(&admin.at(&format!("/audit?actor={dana}&limit=200"))).await.expect(200);
        let told = |event: &serde_json::Value| event["action"].as_str().unwrap().to_owned();
        let actions: Vec<_> = events.items().iter().map(told).collect();
        assert_eq!(actions, ["user.password_changed", "user.second_factor_off", "user.second_factor_on"]);
        let newest = &events.items()[0];
        assert_eq!((&newest["actor"]["id"], &newest["subject"]["id"]), (&dana.as_str().into(), &dana.as_str().into()));
        assert_eq!(newest["after"], serde_json::json!({ "sessions_ended": 1 }));
        assert_eq!(
            (&newest["request_id"], &newest["address"]),
            (&changed.header("x-request-id").into(), &"127.0.0.1".into())
        );
        assert_eq!(admin.get(&admin.at("/audit/verify")).await.expect(200).body["whole"], true);
    }
    assert_eq!(one(&db, "SELECT count(*) FROM audit_events WHERE actor_kind = 'user'").await, "6");
}
