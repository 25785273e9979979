//! Who decides, within what it may, and what is so when the terminal comes.

use super::{Terminal, approve, decide, keys, typed, visitor};
use crate::{
    house::House,
    persons::Person,
    sign_in::visitor::{Visitor, alert, leads_to, text},
    tools::texts,
};

#[tokio::test]
async fn nobody_decides_who_is_not_signed_in_or_comes_from_elsewhere() {
    let house = House::new().await;
    let mut nobody = Visitor::new(&house);
    assert_eq!(leads_to(&nobody.get("/device").await), "/sign-in?next=%2Fdevice");
    let place = leads_to(&nobody.get("/device/request?id=login_x").await);
    assert_eq!(place, "/sign-in?next=%2Fdevice%2Frequest%3Fid%3Dlogin_x");
    nobody.send("/device", &[("user_code", "WDJB-MJHT")]).await.expect(303);
    let dana = Person::in_org(&house, "Dana", "member").await;
    let terminal = Terminal::begin(&house, &[]).await;
    let mut browser = visitor(&house, &dana).await;
    let id = typed(&mut browser, &terminal.user_code).await;
    let fields = [("do", "approve"), ("id", id.as_str())];
    let token = browser.token();
    let forged = [("do", "approve"), ("id", id.as_str()), ("form_token", token.as_str())];
    browser
        .bare("POST", "/device/request")
        .header("sec-fetch-site", "same-origin")
        .form(&fields)
        .send()
        .await
        .expect(403);
    browser
        .bare("POST", "/device/request")
        .header("sec-fetch-site", "cross-site")
        .form(&forged)
        .send()
        .await
        .expect(403);
    browser.bare("POST", "/device/request").form(&forged).send().await.expect(403);
    terminal.poll().await.problem(400, "authorization_pending");
}

#[tokio::test]
async fn a_login_is_seen_by_nobody_but_who_has_typed_its_code_last() {
    let house = House::new().await;
    let [dana, lee] = [("Dana", "admin"), ("Lee", "admin")].map(|(name, role)| Person::in_org(&house, name, role));
    let (dana, lee) = (dana.await, lee.await);
    let (mut danas, mut lees) = (visitor(&house, &dana).await, visitor(&house, &lee).await);
    let terminal = Terminal::begin(&house, &[]).await;
    let id = typed(&mut danas, &terminal.user_code).await;
    lees.get(&format!("/device/request?id={id}")).await.expect(404);
    for what in ["approve", "deny"] {
        decide(&mut lees, &id, &[("do", what)]).await.expect(404);
    }
    // Another session of the same person is the same person.
    visitor(&house, &dana).await.get(&format!("/device/request?id={id}")).await.expect(200);
    assert_eq!(typed(&mut lees, &terminal.user_code).await, id);
    danas.get(&format!("/device/request?id={id}")).await.expect(404);
    decide(&mut danas, &id, &[]).await.expect(404);
    decide(&mut lees, &id, &[]).await.expect(200);
    terminal.take(&house).await;
    assert_eq!((keys(&house, &dana).await, keys(&house, &lee).await), ("0".to_owned(), "1".to_owned()));
    for bad in ["x", "login_00000000000000000000000000"] {
        danas.get(&format!("/device/request?id={bad}")).await.expect(404);
    }
    for none in ["/device/request", "/device/request?id="] {
        assert_eq!(leads_to(&danas.get(none).await), "/device");
    }
}

#[tokio::test]
async fn a_login_that_was_denied_gives_nothing_and_cannot_be_approved() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let mut browser = visitor(&house, &dana).await;
    let terminal = Terminal::begin(&house, &[]).await;
    let id = typed(&mut browser, &terminal.user_code).await;
    let denied = decide(&mut browser, &id, &[("do", "deny")]).await.expect(200);
    assert!(text(&denied).contains("The terminal gets nothing"), "{denied:?}");
    assert_eq!(terminal.poll().await.problem(400, "access_denied")["error"], "access_denied");
    decide(&mut browser, &id, &[]).await.expect(404);
    browser.send("/device", &[("user_code", &terminal.user_code)]).await.expect(200);
    decide(&mut browser, &id, &[("do", "")]).await.expect(404);
    terminal.poll_later(&house).await.problem(400, "access_denied");
    assert_eq!(keys(&house, &dana).await, "0");
}

#[tokio::test]
async fn more_than_the_person_may_is_refused_on_the_page_and_nothing_is_given() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "viewer").await;
    let mut browser = visitor(&house, &dana).await;
    let terminal = Terminal::begin(&house, &[("scope", "send read")]).await;
    let id = typed(&mut browser, &terminal.user_code).await;
    let page = browser.get(&format!("/device/request?id={id}")).await.expect(200);
    assert!(text(&page).contains("It also asked for send, which you may not give"), "{page:?}");
    assert!(!text(&page).contains("can:send"), "{page:?}");
    for (other, said) in [
        (vec![("can:send", "yes")], "'send'"),
        (vec![("can:send", "")], "Choose what the terminal may do"),
        (vec![("can:send", ""), ("can:read", "yes"), ("topics", "")], "Choose on which topics"),
        (vec![("can:send", ""), ("can:read", "yes"), ("topics", "only")], "Name at least one topic"),
        (vec![("can:send", ""), ("can:read", "yes"), ("topics", "only"), ("names", "deplois")], "deplois"),
        (vec![("can:send", ""), ("can:read", "yes"), ("topics", "only"), ("names", "*")], "'*'"),
        (vec![("can:send", ""), ("can:read", "yes"), ("mesh", "")], "Choose a mesh"),
        (vec![("can:send", ""), ("can:read", "yes"), ("mesh", "nowhere")], "no such mesh"),
        (vec![("can:send", ""), ("can:read", "yes"), ("label", "")], "Name: "),
    ] {
        let answer = decide(&mut browser, &id, &other).await;
        let answer = answer.expect(422);
        let said_there = text(&answer).split("role=\"alert\">").skip(1).collect::<String>();
        assert!(
            said_there.contains(said) || alert(&answer).contains(&said.replace('\'', "&#39;")),
            "{said}: {answer:?}"
        );
        terminal.poll_later(&house).await.problem(400, "authorization_pending");
    }
    for (org, said) in [("nowhere", "The org 'nowhere' is not there or not yours"), ("", "Choose an org")] {
        let answer = decide(&mut browser, &id, &[("org", org)]).await.expect(422);
        assert!(text(&answer).contains(said) && text(&answer).contains("Approve"), "{answer:?}");
    }
    let right = [("can:send", ""), ("can:read", "yes"), ("life", "99999999999")];
    decide(&mut browser, &id, &right).await.expect(200);
    let taken = terminal.poll_later(&house).await.expect(200).body;
    assert_eq!(taken["scope"], "read");
    assert!(taken["expires_in"].as_i64().unwrap() <= 90 * 86_400, "{taken}");
}

#[tokio::test]
async fn who_gives_admin_has_just_shown_who_it_is() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "owner").await;
    let mut browser = visitor(&house, &dana).await;
    let confirmed = async |ago: &str| {
        let set = format!("UPDATE sessions SET confirmed_at = now() - interval '{ago}'");
        house.sql("superuser").await.batch_execute(&set).await.unwrap();
    };
    let terminal = Terminal::begin(&house, &[]).await;
    let id = typed(&mut browser, &terminal.user_code).await;
    // A minute is left for the terminal to come.
    for ago in ["16 minutes", "14 minutes 30 seconds"] {
        confirmed(ago).await;
        let sent = decide(&mut browser, &id, &[("can:admin", "yes")]).await;
        let back = format!("/confirm?next=%2Fdevice%2Frequest%3Fid%3D{id}%26org%3Dacme");
        assert_eq!(leads_to(&sent), back);
        terminal.poll_later(&house).await.problem(400, "authorization_pending");
    }
    let asked = Terminal::begin(&house, &[("scope", "admin")]).await;
    let admins = typed(&mut browser, &asked.user_code).await;
    let page = browser.get(&format!("/device/request?id={admins}")).await;
    assert_eq!(leads_to(&page), format!("/confirm?next=%2Fdevice%2Frequest%3Fid%3D{admins}"));
    // All else takes no confirmation.
    decide(&mut browser, &id, &[("can:read", "yes")]).await.expect(200);
    terminal.take(&house).await;
    confirmed("13 minutes").await;
    decide(&mut browser, &admins, &[("can:admin", "yes"), ("mesh", "*")]).await.expect(200);
    let holder = asked.take(&house).await;
    holder.get("/v1/orgs/acme/keys").await.expect(200);
}

#[tokio::test]
async fn what_was_approved_is_judged_again_when_the_terminal_comes() {
    let house = House::new().await;
    house.org("rival");
    let ends = "UPDATE sessions SET ends_at = now() - interval '1 second'";
    for (name, sql) in [
        ("Removed", "DELETE FROM memberships USING users u WHERE user_id = u.id AND u.name = 'Removed'"),
        ("Demoted", "UPDATE memberships SET role = 'viewer' FROM users u WHERE user_id = u.id AND u.name = 'Demoted'"),
        ("Suspended", "UPDATE users SET suspended_at = now() WHERE name = 'Suspended'"),
        ("Ended", ends),
        ("Out", "DELETE FROM sessions USING users u WHERE user_id = u.id AND u.name = 'Out'"),
    ] {
        let person = Person::in_org(&house, name, "member").await;
        // It stays somebody elsewhere.
        person.becomes(&house, "rival", None, "owner").await;
        let mut browser = visitor(&house, &person).await;
        let terminal = Terminal::begin(&house, &[]).await;
        approve(&mut browser, &terminal, &[]).await.expect(200);
        let sql = if name == "Demoted" {
            format!("{sql} AND org_id = (SELECT id FROM orgs WHERE slug = 'acme')")
        } else {
            sql.to_owned()
        };
        person.change(&house, &sql).await;
        assert_eq!(terminal.poll().await.problem(400, "access_denied")["error"], "access_denied", "{name}");
        // It stays so, even if the person may it again.
        person.becomes(&house, "acme", None, "owner").await;
        terminal.poll_later(&house).await.problem(400, "access_denied");
        assert_eq!(keys(&house, &person).await, "0", "{name}");
    }
    let events =
        texts(&house.sql("superuser").await, "SELECT action FROM audit_events WHERE actor_kind = 'user'").await;
    assert!(events.is_empty(), "{events:?}");
}

// Who has a code of its own does not guess others' as often as it likes.
#[tokio::test]
async fn a_code_that_is_right_ends_no_count_of_those_that_were_wrong() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let mut browser = visitor(&house, &dana).await;
    let terminal = Terminal::begin(&house, &[]).await;
    let mut statuses = Vec::new();
    for code in [
        "BCDF-GHJK",
        "BCDF-GHJL",
        &terminal.user_code,
        "BCDF-GHJM",
        "BCDF-GHJN",
        &terminal.user_code,
        "BCDF-GHJP",
        "BCDF-GHJQ",
    ] {
        statuses.push(browser.send("/device", &[("user_code", code)]).await.status);
    }
    assert_eq!(statuses, [200, 200, 303, 200, 200, 303, 200, 429]);
}

#[tokio::test]
async fn where_the_policy_asks_for_a_fresh_proof_it_is_one_still_when_the_terminal_comes() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    let dana = Person::in_org(&house, "Dana", "owner").await;
    db.batch_execute("INSERT INTO policies (org_id, confirmation_required) SELECT id, true FROM orgs").await.unwrap();
    let mut browser = visitor(&house, &dana).await;
    let terminal = Terminal::begin(&house, &[]).await;
    let id = typed(&mut browser, &terminal.user_code).await;
    db.batch_execute("UPDATE sessions SET confirmed_at = now() - interval '14 minutes 30 seconds'").await.unwrap();
    assert!(leads_to(&decide(&mut browser, &id, &[]).await).starts_with("/confirm?next="));
    db.batch_execute("UPDATE sessions SET confirmed_at = now()").await.unwrap();
    decide(&mut browser, &id, &[]).await.expect(200);
    terminal.take(&house).await.get("/v1/whoami").await.expect(200);
}
