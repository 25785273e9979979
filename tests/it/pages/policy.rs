//! The pages of policies.

use serde_json::{Value, json};

use super::{HOSTILE, visitor};
use crate::{
    client::Client,
    house::House,
    sign_in::visitor::{Visitor, leads_to, text},
};

const PAGE: &str = "/orgs/acme/policy";

/// The form of the org's policy, with these fields.
async fn send(by: &mut Visitor, path: &str, version: &str, fields: &[(&str, &str)]) -> crate::client::Answer {
    let fields: Vec<_> = fields.iter().copied().chain([("version", version)]).collect();
    by.send(path, &fields).await
}

async fn policy(admin: &Client) -> Value {
    admin.get(&admin.at("/policy")).await.expect(200).body
}

#[tokio::test]
async fn a_change_is_shown_before_it_is_saved_and_binds_from_then_on() {
    let house = House::new().await;
    let (admin, mut dana) = (house.admin(), visitor(&house, "Dana", "owner", None).await);
    let key =
        json!({ "label": HOSTILE, "mesh": "main", "capabilities": ["read"], "topics": "all", "expires_at": null });
    admin.issue(key.clone()).await;
    let shown = dana.get(PAGE).await.expect(200);
    assert!(text(&shown).contains("Now: <strong>no limit</strong>, where nothing is set"), "{shown:?}");
    let rules = [("longest_life", "30d"), ("note_required", "on"), ("do", "preview")];
    let preview = send(&mut dana, PAGE, "0", &rules).await.expect(200);
    let page = text(&preview);
    assert!(page.contains("2 live keys do not comply") && page.contains("Save the policy"), "{page}");
    assert!(page.contains("&lt;img") && !page.contains("<img"), "{page}");
    assert_eq!(policy(&admin).await["longest_life"], json!(null), "it is saved already");
    let back = send(&mut dana, PAGE, "0", &[("longest_life", "30d"), ("do", "edit")]).await.expect(200);
    assert!(text(&back).contains("value=\"30d\""), "what was typed is lost: {back:?}");
    let rules = [("longest_life", "30d"), ("note_required", "on"), ("do", "save"), ("then", "leave")];
    let saved = send(&mut dana, PAGE, "0", &rules).await;
    assert_eq!(super::leads_on_to(&saved), "/orgs/acme/policy?saved=yes");
    assert!(text(&dana.get(&leads_to(&saved)).await.expect(200)).contains("The policy is saved."));
    let now = policy(&admin).await;
    assert_eq!((&now["longest_life"], &now["note_required"]), (&json!("30d"), &json!(true)));
    let refused = admin.post(&admin.at("/keys"), key).await.problem(403, "policy_refused");
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("ends at most 30 days after it is issued"));
    // Where nothing is said of a life, it is as long as any may be; the meshes that ask for more are named.
    assert!(text(&dana.get(PAGE).await).contains("Now: <strong>30 days</strong>, where nothing is set"));
    assert!(!text(&dana.get(PAGE).await).contains("Meshes with a policy of their own"));
    admin.patch(&admin.at("/meshes/main/policy"), json!({ "topics_required": true }), "*").await.expect(200);
    let of_meshes = dana.get(PAGE).await.expect(200);
    let named = text(&of_meshes).split("Meshes with a policy of their own").nth(1).unwrap();
    assert!(
        named.contains("href=\"/orgs/acme/meshes/main/policy\"") && named.contains("Every key names its topics"),
        "{named}"
    );
    let listed = dana.get("/orgs/acme/policy/violations").await.expect(200);
    assert!(text(&listed).contains("ends too late, or never") && text(&listed).contains("has no note"), "{listed:?}");
    assert!(text(&listed).contains("&lt;img") && !text(&listed).contains("<img"));
    // Whoever has seen an older one has to look again, and loses nothing.
    let stale = send(&mut dana, PAGE, "0", &[("longest_life", "7d"), ("do", "save")]).await.expect(412);
    assert!(text(&stale).contains("somebody else has changed this policy") && text(&stale).contains("value=\"7d\""));
    assert_eq!(policy(&admin).await["longest_life"], "30d");
}

#[tokio::test]
async fn keys_without_an_end_are_given_one_where_that_is_chosen() {
    let house = House::new().await;
    let (admin, mut dana) = (house.admin(), visitor(&house, "Dana", "owner", None).await);
    let key = json!({ "mesh": "main", "capabilities": ["read"], "topics": "all", "expires_at": null });
    let (first, _) = admin.issue(key).await;
    let rules = [("expiry_required", "on"), ("do", "save"), ("then", "spread"), ("over_days", "0")];
    send(&mut dana, PAGE, "0", &rules).await.expect(422);
    assert_eq!(policy(&admin).await["expiry_required"], false, "nothing is saved of what cannot be done whole");
    let rules = [("expiry_required", "on"), ("do", "save"), ("then", "spread"), ("over_days", "30")];
    let saved = send(&mut dana, PAGE, "0", &rules).await;
    assert_eq!(super::leads_on_to(&saved), "/orgs/acme/policy/violations?saved=yes&spread=2");
    let page = dana.get(&leads_to(&saved)).await.expect(200);
    assert!(text(&page).contains("2 keys were given an end.") && text(&page).contains("Every live key complies"));
    let path = admin.at(&format!("/keys/{}", first["id"].as_str().unwrap()));
    assert!(admin.get(&path).await.expect(200).body["expires_at"].is_string());
    // And by itself: first shown, then done.
    send(&mut dana, PAGE, "1", &[("longest_life", "5d"), ("do", "save")]).await.expect(303);
    let spread = "/orgs/acme/policy/spread";
    let tried = dana.send(spread, &[("over_days", "30"), ("do", "preview")]).await.expect(200);
    assert!(text(&tried).contains("Give 2 keys an end"), "{tried:?}");
    let violations = dana.get("/orgs/acme/policy/violations").await.expect(200);
    assert!(text(&violations).contains("ends too late, or never"), "{violations:?}");
    let wrong = dana.send(spread, &[("over_days", "soon"), ("do", "spread")]).await.expect(422);
    assert!(text(&wrong).contains("value=\"soon\""), "{wrong:?}");
    let done = dana.send(spread, &[("over_days", "30"), ("do", "spread")]).await;
    assert_eq!(super::leads_on_to(&done), "/orgs/acme/policy/violations?spread=2");
}

#[tokio::test]
async fn what_cannot_be_is_said_at_its_field_and_nothing_typed_is_lost() {
    let house = House::new().await;
    let (admin, mut dana) = (house.admin(), visitor(&house, "Dana", "owner", None).await);
    for (rule, said) in [
        ("longest_life", "soon"),
        ("longest_life", "5s"),
        ("longest_overlap", "30d"),
        ("disable_unused_after", HOSTILE),
    ] {
        let fields = [(rule, said), ("default_life", "12d"), ("topics_required", "on"), ("do", "save")];
        let wrong = send(&mut dana, PAGE, "0", &fields).await.expect(422);
        let page = text(&wrong);
        assert!(
            page.contains(&format!("id=\"{rule}-fault\"")) && page.contains(&format!("href=\"#{rule}\"")),
            "{page}"
        );
        assert!(page.contains("value=\"12d\"") && !page.contains("<img"), "{page}");
    }
    assert_eq!(policy(&admin).await["version"], 0);
    let age = "UPDATE sessions SET confirmed_at = now() - interval '16 minutes'";
    house.sql("superuser").await.batch_execute(age).await.unwrap();
    assert!(text(&dana.get(PAGE).await.expect(200)).contains("Confirm that it is you"));
    let asked = send(&mut dana, PAGE, "0", &[("longest_life", "30d"), ("do", "preview")]).await.expect(403);
    assert!(text(&asked).contains("/confirm?next=%2Forgs%2Facme%2Fpolicy") && text(&asked).contains("value=\"30d\""));
}

#[tokio::test]
async fn who_may_not_change_a_policy_sees_it_and_whom_to_ask() {
    let house = House::new().await;
    house.org("rival");
    let admin = house.admin();
    let mut dana = visitor(&house, "Dana", "owner", None).await;
    let mut gus = visitor(&house, "Gus", "admin", None).await;
    let mut max = visitor(&house, "Max", "admin", Some("main")).await;
    let mut mia = visitor(&house, "Mia", "member", None).await;
    let seen = max.get(PAGE).await.expect(200);
    assert!(text(&seen).contains("Only an admin of the whole org may change this. Ask Dana, Gus."), "{seen:?}");
    assert!(!text(&seen).contains("See what would change") && text(&seen).contains(" disabled"), "{seen:?}");
    send(&mut max, PAGE, "0", &[("longest_life", "30d"), ("do", "save")]).await.expect(403);
    let meshs = "/orgs/acme/meshes/main/policy";
    send(&mut max, meshs, "0", &[("longest_life", "10d"), ("do", "save")]).await.expect(303);
    let seen = max.get(meshs).await.expect(200);
    assert!(
        text(&seen).contains("<strong>10 days</strong>, set by the mesh")
            && text(&seen).contains("The org says: no limit")
    );
    for (method, path) in [("GET", PAGE), ("GET", meshs), ("GET", "/orgs/acme/policy/violations")] {
        let refused = mia.bare(method, path).header("sec-fetch-site", "none").send().await.expect(403);
        assert!(text(&refused).contains("Ask <strong>Dana or Gus</strong>"), "{refused:?}");
    }
    mia.send("/orgs/acme/policy/spread", &[("over_days", "30"), ("do", "spread")]).await.expect(403);
    // What is for owners is for owners.
    let page = gus.get(PAGE).await.expect(200);
    assert!(text(&page).contains("(for an owner to set)"), "{page:?}");
    // Nobody is told to ask himself.
    assert!(text(&page).contains("set and taken back by an owner. Ask Dana."), "{page:?}");
    let refused = send(&mut gus, PAGE, "0", &[("org_keys_by", "owners"), ("do", "save")]).await.expect(403);
    assert!(text(&refused).contains("Only an owner, signed in"), "{refused:?}");
    send(&mut dana, PAGE, "0", &[("org_keys_by", "owners"), ("do", "save")]).await.expect(303);
    // Who may not change that leaves it as it is: the field is not sent.
    send(&mut gus, PAGE, "1", &[("longest_life", "30d"), ("do", "save")]).await.expect(303);
    let now = policy(&admin).await;
    assert_eq!((&now["org_keys_by"], &now["longest_life"]), (&json!("owners"), &json!("30d")));
    for path in ["/orgs/rival/policy", "/orgs/rival/policy/violations", "/orgs/acme/meshes/nowhere/policy"] {
        dana.get(path).await.expect(404);
    }
    let forged = dana.bare("POST", PAGE).header("sec-fetch-site", "cross-site").form(&[("form_token", &dana.token())]);
    forged.send().await.expect(403);
    dana.bare("POST", PAGE).header("sec-fetch-site", "same-origin").form(&[("do", "save")]).send().await.expect(403);
}
