//! The whole way, from the terminal to the page and back.

use serde_json::json;

use super::{Terminal, approve, decide, keys, rested, typed, visitor};
use crate::{
    house::House,
    persons::Person,
    sign_in::visitor::text,
    tools::{one, texts},
};

#[tokio::test]
async fn a_terminal_is_given_what_its_person_has_chosen_once() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "admin").await;
    let asked = [("scope", "send read topic:deploys"), ("mesh", "main"), ("key_expires_in", "3600")];
    let terminal = Terminal::begin(&house, &asked).await;
    let pending = terminal.poll().await;
    assert_eq!(pending.problem(400, "authorization_pending")["error"], "authorization_pending");

    let mut browser = visitor(&house, &dana).await;
    let id = typed(&mut browser, &terminal.user_code.to_lowercase().replace('-', " ")).await;
    let page = browser.get(&format!("/device/request?id={id}")).await.expect(200);
    for part in
        [terminal.user_code.as_str(), "Does this code stand in your terminal?", "laptop", "127.0.0.1", "deploys"]
    {
        assert!(text(&page).contains(part), "{part}: {page:?}");
    }
    // To look at it gives nothing away.
    terminal.poll_later(&house).await.problem(400, "authorization_pending");
    let chosen = [("topics", "only"), ("names", "deploys"), ("label", "dana's laptop"), ("life", "3600")];
    let done = decide(&mut browser, &id, &chosen).await.expect(200);
    assert!(text(&done).contains("You may close this page"), "{done:?}");

    let answer = terminal.poll_later(&house).await.expect(200);
    assert_eq!((answer.header("cache-control"), answer.header("content-type")), ("no-store", "application/json"));
    let token = &answer.body;
    assert_eq!(token["token_type"], "Bearer");
    assert_eq!(token["scope"], "send topic:deploys");
    assert_eq!((&token["org"], &token["mesh"]), (&json!("acme"), &json!("main")));
    assert_eq!((&token["user"], &token["label"]), (&json!("dana@example.com"), &json!("dana's laptop")));
    assert!((3500..=3600).contains(&token["expires_in"].as_i64().unwrap()), "{token}");

    let holder = terminal.client.with_key(token["access_token"].as_str().unwrap());
    let own = holder.get("/v1/whoami").await.expect(200).body;
    assert_eq!((&own["key"]["id"], &own["key"]["user"]), (&token["key"], &json!(dana.id)));
    holder.post("/v1/meshes/main/topics/deploys/messages", json!({ "body": 1 })).await.expect(201);
    holder
        .post("/v1/meshes/main/topics/secrets/messages", json!({ "body": 1 }))
        .await
        .problem(403, "insufficient_scope");

    // It is given once.
    assert_eq!(terminal.poll_later(&house).await.problem(400, "invalid_grant")["error"], "invalid_grant");
    assert_eq!(keys(&house, &dana).await, "1");
    let events =
        "SELECT actor_kind || ' ' || action || ' ' || (after->>'note') FROM audit_events WHERE actor_kind = 'user'";
    assert_eq!(texts(&house.sql("superuser").await, events).await, ["user key.issued meshkey login"]);
}

#[tokio::test]
async fn the_key_is_a_personal_one_like_any_other() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let terminal = Terminal::begin(&house, &[]).await;
    let mut browser = visitor(&house, &dana).await;
    approve(&mut browser, &terminal, &[("can:admin", "yes")]).await.expect(422); // a member has no such box
    approve(&mut browser, &terminal, &[("can:read", "yes")]).await.expect(200);
    let holder = terminal.take(&house).await;
    let listed = dana.signed_in(&house).await.get("/v1/me/keys").await.expect(200);
    assert_eq!((&listed.items()[0]["label"], &listed.items()[0]["status"]), (&json!("laptop"), &json!("active")));
    holder.get("/v1/meshes/main/topics/deploys/messages").await.expect(200);
    dana.becomes(&house, "acme", None, "viewer").await;
    holder
        .post("/v1/meshes/main/topics/deploys/messages", json!({ "body": 1 }))
        .await
        .problem(403, "insufficient_scope");
    dana.leaves(&house).await;
    holder.get("/v1/whoami").await.problem(401, "invalid_token");
}

#[tokio::test]
async fn what_the_terminal_has_is_kept_nowhere() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let terminal = Terminal::begin(&house, &[]).await;
    assert_eq!(terminal.device_code.len(), 43);
    let mut browser = visitor(&house, &dana).await;
    approve(&mut browser, &terminal, &[]).await.expect(200);
    let holder = terminal.take(&house).await;
    let db = house.sql("superuser").await;
    for table in ["device_logins", "idempotency", "audit_events", "api_keys"] {
        let all = texts(&db, &format!("SELECT to_jsonb(t)::text FROM {table} t")).await.concat();
        assert!(!all.contains(&terminal.device_code) && !all.contains(holder.secret()), "{table}");
    }
    assert_eq!(one(&db, "SELECT state FROM device_logins").await, "taken");
}

#[tokio::test]
async fn where_a_person_is_in_several_orgs_it_chooses_one() {
    let house = House::new().await;
    house.org("rival");
    let dana = Person::in_org(&house, "Dana", "member").await;
    dana.becomes(&house, "rival", None, "admin").await;
    let mut browser = visitor(&house, &dana).await;
    let terminal = Terminal::begin(&house, &[]).await;
    let id = typed(&mut browser, &terminal.user_code).await;
    let page = browser.get(&format!("/device/request?id={id}")).await.expect(200);
    assert!(text(&page).contains("For which org?") && !text(&page).contains("Approve"), "{page:?}");
    let page = browser.get(&format!("/device/request?id={id}&org=rival")).await.expect(200);
    assert!(text(&page).contains("The whole org") && text(&page).contains("can:admin"), "{page:?}");
    let page = browser.get(&format!("/device/request?id={id}&org=acme")).await.expect(200);
    assert!(text(&page).contains("Mesh main") && !text(&page).contains("can:admin"), "{page:?}");
    decide(&mut browser, &id, &[("org", "rival"), ("mesh", "*")]).await.expect(200);
    rested(&house).await;
    let taken = terminal.poll().await.expect(200).body;
    assert_eq!((&taken["org"], &taken["mesh"]), (&json!("rival"), &json!(null)));
    // One that the terminal names is chosen already.
    let named = Terminal::begin(&house, &[("org", "rival")]).await;
    let id = typed(&mut browser, &named.user_code).await;
    let page = browser.get(&format!("/device/request?id={id}")).await.expect(200);
    assert!(text(&page).contains("Approve"), "{page:?}");
}

#[tokio::test]
async fn what_is_proposed_is_ticked_and_admin_only_where_it_was_asked_for() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "owner").await;
    let mut browser = visitor(&house, &dana).await;
    let ticked = async |browser: &mut crate::sign_in::visitor::Visitor, more: &[(&str, &str)]| {
        let terminal = Terminal::begin(&house, more).await;
        let id = typed(browser, &terminal.user_code).await;
        let page = browser.get(&format!("/device/request?id={id}")).await.expect(200);
        let boxes = text(&page).split("type=\"checkbox\" id=\"can:").skip(1);
        let ticked = boxes.filter(|rest| rest.split('>').next().unwrap().contains(" checked"));
        let names = ticked.map(|rest| rest.split('"').next().unwrap().to_owned()).collect::<Vec<_>>();
        let radios = text(&page).matches("checked").count() - names.len();
        (names, radios)
    };
    assert_eq!(ticked(&mut browser, &[]).await, (vec!["send".into(), "read".into(), "state_write".into()], 0));
    let all = ticked(&mut browser, &[("scope", "admin"), ("topics", "all")]).await;
    // All topics are a choice of the person alone.
    assert_eq!(all, (vec!["admin".into()], 0));
    let odd = ticked(&mut browser, &[("scope", "verify topic:ci.*")]).await;
    assert_eq!(odd, (vec!["verify".into()], 1));
}

#[tokio::test]
async fn what_was_asked_for_and_is_not_there_is_named_and_nothing_stands_in_its_place() {
    const CHOOSE: &str = "<option value=\"\">Choose…</option>";
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let owner = Person::in_org(&house, "Lee", "owner").await;
    let org = one(&house.sql("superuser").await, "SELECT id FROM orgs WHERE slug = 'acme'").await;
    let org = meshkey::domain::OrgId::from(org.parse::<uuid::Uuid>().unwrap()).to_string();
    let page = async |person: &Person, more: &[(&str, &str)]| {
        let mut browser = visitor(&house, person).await;
        let terminal = Terminal::begin(&house, more).await;
        let id = typed(&mut browser, &terminal.user_code).await;
        let answer = browser.get(&format!("/device/request?id={id}")).await.expect(200);
        (text(&answer).to_owned(), browser, id)
    };
    // The only org is chosen, unless another one was asked for.
    let (plain, ..) = page(&dana, &[]).await;
    assert!(plain.contains("Approve") && !plain.contains("It also asked"), "{plain}");
    let (lost, ..) = page(&dana, &[("mesh", "nope")]).await;
    assert!(lost.contains("It also asked for the mesh 'nope', which is not there or not yours"), "{lost}");
    assert!(lost.contains(CHOOSE), "{lost}");
    let (lost, browser, id) = page(&dana, &[("org", "nope"), ("mesh", "main")]).await;
    assert!(lost.contains("It asked for the org 'nope', which is not there or not yours"), "{lost}");
    assert!(lost.contains(CHOOSE) && !lost.contains("Approve"), "{lost}");
    let there = browser.get(&format!("/device/request?id={id}&org=acme")).await.expect(200);
    let said = "It asked for the mesh 'main' of the org 'nope', and not for this one";
    assert!(text(&there).contains(said) && text(&there).contains(CHOOSE), "{there:?}");
    // An org may be named by its id.
    let (known, ..) = page(&dana, &[("org", &org), ("mesh", "main")]).await;
    assert!(known.contains("Approve") && !known.contains(CHOOSE), "{known}");
    // The widest is never filled in.
    for asked in [vec![("mesh", "*"), ("topics", "all")], vec![("mesh", "*"), ("topics", "all"), ("org", "acme")]] {
        let (wide, ..) = page(&owner, &asked).await;
        assert!(wide.contains("It asked for the whole org.") && wide.contains("It asked for all topics."), "{wide}");
        assert!(wide.contains(CHOOSE) && wide.contains("<option value=\"*\">The whole org"), "{wide}");
    }
    let (wide, ..) = page(&dana, &[("mesh", "*")]).await;
    assert!(wide.contains("the whole org") && !wide.contains("<option value=\"*\" selected>"), "{wide}");
}

#[tokio::test]
async fn who_is_in_no_org_can_deny_and_type_another_code() {
    let house = House::new().await;
    let lee = Person::new(&house, "Lee").await;
    let mut browser = visitor(&house, &lee).await;
    let terminal = Terminal::begin(&house, &[]).await;
    let id = typed(&mut browser, &terminal.user_code).await;
    let page = browser.get(&format!("/device/request?id={id}")).await.expect(200);
    let page = text(&page);
    assert!(page.contains("You are a member of no org") && page.contains("href=\"/device\""), "{page}");
    assert!(page.contains("value=\"deny\"") && !page.contains("value=\"approve\""), "{page}");
    browser.send("/device/request", &[("id", id.as_str()), ("do", "deny")]).await.expect(200);
    terminal.poll().await.problem(400, "access_denied");
}

#[tokio::test]
async fn an_org_that_is_suspended_meanwhile_is_said_on_the_page() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let mut browser = visitor(&house, &dana).await;
    let terminal = Terminal::begin(&house, &[]).await;
    let id = typed(&mut browser, &terminal.user_code).await;
    dana.change(&house, "UPDATE orgs SET suspended_at = now() WHERE slug = 'acme'").await;
    let refused = decide(&mut browser, &id, &[]).await.expect(403);
    assert!(text(&refused).contains("role=\"alert\"") && text(&refused).contains("suspended"), "{refused:?}");
    assert!(text(&refused).contains("value=\"deny\""), "{refused:?}");
}
