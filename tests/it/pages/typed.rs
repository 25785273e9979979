//! What is typed into a form: it is kept while one chooses, a day means the whole of it, and the text of a key is never taken.

use meshkey::domain::{Secret, secret::Prefix};
use serde_json::json;

use super::{
    every::pages,
    furnished::Furnished,
    insider,
    issue::{NEW, but},
    secret,
};
use crate::{
    house::House,
    policies,
    sign_in::visitor::text,
    tools::{dump, id},
};

#[tokio::test]
async fn to_start_from_a_template_or_for_oneself_loses_nothing_that_was_typed() {
    let house = House::new().await;
    let mut gus = insider(&house, "Gus", "admin").await;
    policies::set(&house.admin(), json!({ "longest_life": "45d" })).await;
    let typed: Vec<_> = but(&[("note", "kept there"), ("addresses", "10.0.0.0/8"), ("expires", "7d")]);
    let typed: Vec<_> = typed.into_iter().filter(|(name, _)| *name != "do").collect();
    for (name, value, seen) in [
        (
            "template",
            "feed",
            &["\"can:read\" value=\"yes\" checked", "value=\"45d\" checked", "value=\"feed\" aria-current"][..],
        ),
        ("template", "state", &["\"can:state_write\" value=\"yes\" checked", "value=\"30d\" checked"]),
        ("template", "automation", &["Neither is ever filled in"]),
        ("door", "me", &["A new key of yours", "name=\"for\" value=\"me\"", "value=\"7d\" checked"]),
        ("door", "org", &["name=\"for\" value=\"org\"", "\"can:send\" value=\"yes\" checked"]),
    ] {
        let fields: Vec<_> = typed.iter().copied().chain([(name, value)]).collect();
        let answer = gus.send(NEW, &fields).await.expect(200);
        let page = text(&answer);
        for kept in ["value=\"by hand\"", "value=\"kept there\"", "value=\"10.0.0.0/8\"", "value=\"deploys\" list="] {
            assert!(page.contains(kept), "{value}: {kept}: {page}");
        }
        assert!(seen.iter().all(|one| page.contains(one)), "{value}: {page}");
    }
    // What the policy allows is said of each, and Enter starts from none of them.
    let answer = gus.get(NEW).await.expect(200);
    let page = text(&answer);
    assert!(page.contains("Reads the topics you choose. 45 days."), "{page}");
    let first = page.split("form=\"issue\"").nth(1).unwrap();
    assert!(first.trim_start().starts_with("name=\"do\" value=\"issue\""), "{first}");
    assert!(page.contains("The policy lets it end by <time"), "{page}");
}

#[tokio::test]
async fn what_the_role_refuses_is_no_template_and_without_a_mesh_that_is_asked_for_first() {
    let house = House::new().await;
    let vic = insider(&house, "Vic", "viewer").await;
    let answer = vic.get(NEW).await.expect(200);
    let tile = |name: &str| text(&answer).split(&format!("value=\"{name}\"")).nth(1).unwrap().to_owned();
    assert!(tile("ci").split("</li>").next().unwrap().contains("you may not issue keys with send"), "{answer:?}");
    assert!(tile("ci").split('>').next().unwrap().contains("disabled"));
    assert!(!tile("feed").split('>').next().unwrap().contains("disabled"));
    let gus = insider(&house, "Gus", "admin").await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "lab" })).await.expect(201);
    let answer = gus.get(NEW).await.expect(200);
    assert_eq!(text(&answer).matches("Choose a mesh first").count(), 3, "{answer:?}");
    assert_eq!(text(&gus.get(&format!("{NEW}?mesh=lab")).await).matches("Choose a mesh first").count(), 0);
}

#[tokio::test]
async fn a_key_works_through_the_day_that_is_chosen() {
    let house = House::new().await;
    let mut gus = insider(&house, "Gus", "admin").await;
    let fields = but(&[("expires", "on"), ("until", "2099-12-31")]);
    let preview: Vec<_> = fields.iter().copied().filter(|(name, _)| *name != "do").collect();
    let seen = gus.send(NEW, &preview).await.expect(200);
    assert!(text(&seen).contains("1 Jan 2100, 00:00 UTC") && text(&seen).contains("--expires 2100-01-01T00:00:00Z"));
    let issued = gus.send(NEW, &fields).await.expect(200);
    let key = house.admin().with_key(&secret(text(&issued)));
    assert_eq!(key.get("/v1/whoami").await.expect(200).body["key"]["expires_at"], "2100-01-01T00:00:00Z");
}

#[tokio::test]
async fn a_duplicate_of_ones_own_is_not_told_to_be_by_a_link() {
    let house = House::new().await;
    let gus = insider(&house, "Gus", "admin").await;
    let (key, _) =
        house.admin().issue(json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] })).await;
    for (query, from, is_told) in [
        (format!("from={}", id(&key)), "same-origin", false),
        (format!("from={}", id(&key)), "cross-site", true),
        (format!("from={}&name=other", id(&key)), "same-origin", true),
        ("name=other".to_owned(), "same-origin", true),
    ] {
        let page =
            gus.bare("GET", &format!("{NEW}?{query}")).header("sec-fetch-site", from).send().await.expect(200).clone();
        assert_eq!(text(&page).contains("A link has filled this form in"), is_told, "{query} {from}");
    }
}

// What people write is shown to others and written down for good. Whatever the form, a key is neither taken nor shown again.
#[tokio::test]
async fn no_form_takes_the_text_of_a_key() {
    let furnished = Furnished::with(&[], "plain").await;
    let house = &furnished.house;
    let mut gus = insider(house, "Gus", "admin").await;
    let key = Secret::generate(&Prefix::default()).unwrap();
    let text_of_it = format!("in CI: {}", key.reveal());
    for field in ["name", "note"] {
        let refused = gus.send(NEW, &but(&[(field, &text_of_it)])).await.expect(422);
        assert!(
            text(&refused).contains("his looks like a key") && !text(&refused).contains(key.reveal()),
            "{refused:?}"
        );
        assert!(text(&refused).contains(&format!("href=\"#{field}\"")), "{refused:?}");
    }
    for pattern in pages("post") {
        let texts =
            ["label", "name", "note", "reason", "other", "description", "slug", "email", "url", "over_days", "overlap"]
                .map(|field| (field, text_of_it.as_str()));
        let rest = [
            ("version", "1"),
            ("do", "save"),
            ("topics", "all"),
            ("ends", "keep"),
            ("from", "any"),
            ("can:send", "on"),
        ];
        let fields: Vec<_> = texts.into_iter().chain(rest).collect();
        let answer = gus.send(&furnished.path(pattern), &fields).await;
        assert!(answer.status < 500, "{pattern}: {answer:?}");
        // A search says of a key what it is, and not what it was.
        assert!(!format!("{answer:?}").contains(key.reveal()), "{pattern} sends it back: {answer:?}");
    }
    let rows = dump(&house.sql("superuser").await, "true").await;
    assert!(!rows.contains(key.reveal()), "it was written down");
    // What was written down before such texts were refused can still be read: here a key without its prefix, as of no key that there is.
    let old = key.reveal().split_once('_').unwrap().1;
    let before = format!("UPDATE api_keys SET note = 'in CI: {old}', label = '{old}'");
    house.sql("superuser").await.batch_execute(&before).await.unwrap();
    gus.get("/orgs/acme/keys").await.expect(200);
    gus.get(&furnished.path("/orgs/{org}/keys/{key}")).await.expect(200);
}
