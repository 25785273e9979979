//! The list itself: what it shows, what narrows it, in which order, and to whom.

use serde_json::json;

use super::{HOSTILE, house, join, key, labels, other, row};
use crate::{
    house::House,
    policies,
    sign_in::visitor::{Visitor, text},
};

const KEYS: &str = "/orgs/acme/keys";

/// Keys in every state that a view asks for, made by Dana's eyes at once.
async fn states(house: &House) {
    let admin = house.admin();
    key(&admin, "plain", json!({})).await;
    key(&admin, "soon", json!({ "expires_in": "5d" })).await;
    key(&admin, "endless", json!({ "expires_at": null })).await;
    key(&admin, "strong", json!({ "capabilities": ["admin"] })).await;
    let rotating = key(&admin, "rotating", json!({})).await.0;
    admin.post(&admin.at(&format!("/keys/{rotating}/rotate")), json!({ "overlap": "24h" })).await.expect(200);
    let gone = key(&admin, "gone", json!({})).await.0;
    admin.act(&admin.at(&format!("/keys/{gone}/revoke"))).await.expect(200);
    for label in ["past", "idle"] {
        key(&admin, label, json!({})).await;
    }
    let change = "UPDATE api_keys SET expires_at = now() - interval '1 day' WHERE label = 'past';
                  UPDATE api_keys SET created_at = now() - interval '91 days' WHERE label = 'idle'";
    house.sql("superuser").await.batch_execute(change).await.unwrap();
}

#[tokio::test]
async fn a_view_has_as_many_keys_as_it_says() {
    let house = house().await;
    states(&house).await;
    let dana = Visitor::dana(&house).await;
    let page = dana.get(KEYS).await.expect(200);
    let views = text(&page).split(r#"aria-label="Views">"#).nth(1).unwrap().split("</nav>").next().unwrap();
    let mut seen = Vec::new();
    for link in views.split("<a href=\"").skip(1) {
        let path = link.split('"').next().unwrap().replace("&amp;", "&");
        let Some(count) = link.split(r#"badge plain">"#).nth(1) else { continue };
        let count: usize = count.split('<').next().unwrap().parse().unwrap();
        let shown = dana.get(&path).await.expect(200);
        assert_eq!(labels(&shown).len(), count, "{path}");
        assert!(text(&shown).contains(r#"aria-current="page">"#), "{path}");
        seen.push(count);
    }
    // The first admin key is there too: an admin that never ends.
    assert_eq!(seen, [8, 1, 1, 2, 2, 1]);
    assert!(!labels(&page).contains(&"gone".to_owned()), "what was revoked is out of sight");
    assert!(labels(&page).contains(&"past".to_owned()), "what has expired is in sight");
    assert_eq!(labels(&dana.get(&format!("{KEYS}?status=revoked")).await), ["gone"]);
    // By how much each wants attention, as its chip says it.
    let order = ["soon", "rotating", "idle", "strong", "endless", "plain", "first admin key", "past"];
    assert_eq!(labels(&page), order);
    let reversed = labels(&dana.get(&format!("{KEYS}?sort=status")).await);
    assert_eq!(reversed, order.into_iter().rev().collect::<Vec<_>>());
    for (status, label) in [("expiring", "soon"), ("unused", "idle"), ("rotating", "rotating")] {
        assert_eq!(labels(&dana.get(&format!("{KEYS}?status={status}")).await), [label]);
        assert!(row(&page, label).contains(&format!("</span> {status}")), "{page:?}");
    }
    // Of a key that is being rotated the overlap is ended, and no second secret asked for.
    assert!(row(&page, "rotating").contains("End the overlap…") && !row(&page, "rotating").contains("Rotate…"));
    policies::set(&house.admin(), json!({ "expiry_required": true })).await;
    let page = dana.get(KEYS).await;
    assert!(row(&page, "endless").contains("It does not comply with the policy: it never ends."), "{page:?}");
    assert!(!row(&page, "plain").contains("comply"), "{page:?}");
}

/// As many keys of mesh `main` as a list looks at, and one more, that end tomorrow.
const MANY: &str = "
    SET session_replication_role = replica;
    INSERT INTO api_keys (org_id, id, mesh_id, label, capabilities, everywhere, topics, issued_by_kind, expires_at)
    SELECT m.org_id, md5(key::text)::uuid, m.id, 'zz', '{send}', true, '{}', 'local', now() + interval '1 day'
    FROM meshes m, generate_series(1, 5001) AS key WHERE m.slug = 'main';
    INSERT INTO key_secrets (org_id, key_id, number, hash, hint)
    SELECT org_id, id, 1, sha256(id::text::bytea), 'mshk_zzzzzzzz' FROM api_keys WHERE label = 'zz'";

// G-2
#[tokio::test]
async fn keys_of_others_neither_hide_ones_own_nor_are_counted() {
    let house = house().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "lab" })).await.expect(201);
    key(&admin, "of lab", json!({ "mesh": "lab", "expires_in": "10d" })).await;
    house.sql("superuser").await.batch_execute(MANY).await.unwrap();
    // In more than one place: an admin of one mesh, and a viewer of all.
    let gus = other(&house, "Gus", "admin", Some("lab")).await;
    join(&house, "Gus", "viewer", None).await;
    let mia = other(&house, "Mia", "viewer", None).await;
    for (who, mine) in [(&gus, vec!["of lab"]), (&mia, vec![])] {
        for path in [KEYS, "/orgs/acme/expiring"] {
            let page = who.get(path).await.expect(200);
            assert_eq!(labels(&page), mine, "{path}");
            let badges = text(&page).split("class=\"badge").skip(1).map(|rest| rest.split(['>', '<']).nth(1).unwrap());
            let most = mine.len().to_string();
            assert!(badges.into_iter().all(|count| count == "0" || count == most), "{path}: {page:?}");
            assert!(!text(&page).contains("There are more"), "{path}: {page:?}");
        }
    }
    let dana = Visitor::dana(&house).await;
    let all = dana.get(KEYS).await.expect(200);
    assert!(labels(&all).len() == 50 && text(&all).contains("1000+"), "{all:?}");
}

#[tokio::test]
async fn a_list_is_narrowed_by_what_its_address_says() {
    let house = house().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "lab" })).await.expect(201);
    key(&admin, "one", json!({ "topics": ["deploys"] })).await;
    admin.post(&admin.at("/meshes/lab/topics"), json!({ "name": "ops" })).await.expect(201);
    key(&admin, "two", json!({ "topics": ["ops"], "capabilities": ["read"], "mesh": "lab" })).await;
    key(&admin, "three", json!({ "topics": ["ops"], "expires_in": "10d" })).await;
    let dana = Visitor::dana(&house).await;
    let first = "first admin key";
    for (query, shown) in [
        ("?mesh=lab", vec!["two"]),
        ("?mesh=-", vec![first]),
        ("?topic=deploys", vec!["one", first]),
        ("?capability=read", vec!["two", first]),
        ("?capability=read&mesh=lab", vec!["two"]),
        ("?issued_by=local", vec![first]),
        ("?ends=14d", vec!["three"]),
        ("?ends=never", vec![first]),
        ("?text=THR", vec!["three"]),
        ("?user=me", vec![]),
        ("?unused_for=1d", vec![]),
        ("?expires_before=2026-01-01", vec![]),
        ("?sort=label&mesh=main", vec!["one", "three"]),
        ("?sort=-label&mesh=main", vec!["three", "one"]),
        ("?sort=expires_at", vec!["three", "one", "two", first]),
        ("?sort=created_at&mesh=main", vec!["one", "three"]),
        ("?status=expiring", vec!["three"]),
        ("?status=unused", vec![]),
        // What wants attention stands first.
        ("", vec!["three", "two", "one", first]),
    ] {
        let page = dana.get(&format!("{KEYS}{query}")).await.expect(200);
        assert_eq!(labels(&page), shown, "{query}");
        let is_empty = text(&page).contains("<h2>No keys match</h2>");
        assert_eq!(is_empty, shown.is_empty(), "{query}");
        let beside = text(&page).contains("1 key of the whole org works here too.");
        assert_eq!(beside, query.contains("mesh=main") || query.ends_with("mesh=lab"), "{query}: {page:?}");
        let chips = text(&page).matches("(take this filter away)").count();
        assert_eq!(chips, query.split(['?', '&']).skip(1).filter(|part| !part.starts_with("sort")).count(), "{query}");
    }
    let sorted = dana.get(&format!("{KEYS}?sort=-last_used_at")).await;
    assert_eq!(text(&sorted).matches("aria-sort").count(), 1);
    assert!(
        text(&sorted).contains(
            r#"<th scope="col" aria-sort="descending"><a href="/orgs/acme/keys?sort=last_used_at">Last used"#
        )
    );
    let plain = dana.get(KEYS).await;
    assert!(
        text(&plain).contains(r#"aria-sort="descending"><a href="/orgs/acme/keys?sort=status">Status"#),
        "{plain:?}"
    );
}

#[tokio::test]
async fn what_means_nothing_is_said_and_nothing_typed_is_lost() {
    let house = house().await;
    let dana = Visitor::dana(&house).await;
    for (query, field, words) in [
        ("?topic=Foo%20Bar", "topic", "a topic is 1 to 64 characters"),
        ("?status=activ", "status", "did you mean &#39;active&#39;?"),
        ("?mesh=nowhere", "mesh", "there is no such mesh"),
        ("?ends=soon", "ends", "such as"),
        ("?expires_before=yesterday", "expires_before", "expected a day"),
    ] {
        let page = dana.get(&format!("{KEYS}{query}")).await.expect(422);
        assert!(text(&page).replace("&#39;", "'").contains(&words.replace("&#39;", "'")), "{query}: {page:?}");
        assert!(text(&page).contains(&format!("href=\"#filter-{field}\"")), "{query}: {page:?}");
        assert!(text(&page).contains(&format!("id=\"filter-{field}\"")), "{query}: {page:?}");
    }
    let kept = dana.get(&format!("{KEYS}?topic=Foo%20Bar&unused_for=30d")).await;
    assert!(
        text(&kept).contains(r#"value="Foo Bar""#) && text(&kept).contains(r#"<option value="30d" selected>"#),
        "{kept:?}"
    );
    let stranger = dana.get(&format!("{KEYS}?capabilty=send")).await.expect(422);
    assert!(text(&stranger).contains("did you mean 'capability'?"), "{stranger:?}");
    dana.get(&format!("{KEYS}?cursor=x")).await.expect(400);
}

// G-2
#[tokio::test]
async fn each_sees_the_keys_that_it_manages_and_its_own() {
    let house = house().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "lab" })).await.expect(201);
    key(&admin, "of main", json!({})).await;
    key(&admin, "of lab", json!({ "mesh": "lab" })).await;
    let dana = Visitor::dana(&house).await;
    let gus = other(&house, "Gus", "admin", Some("lab")).await;
    let mia = other(&house, "Mia", "member", None).await;
    let db = house.sql("superuser").await;
    let own = "UPDATE api_keys SET user_id = (SELECT id FROM users WHERE name = 'Mia') WHERE label = $1";
    assert_eq!(labels(&dana.get(KEYS).await).len(), 3);
    assert_eq!(labels(&gus.get(KEYS).await), ["of lab"]);
    assert!(!text(&gus.get(KEYS).await).contains("first admin key"), "who issued it is none of his keys");
    let none = mia.get(KEYS).await.expect(200);
    assert!(
        text(&none).contains("You have no keys here") && text(&none).contains("<bdi><strong>Dana</strong></bdi>"),
        "{none:?}"
    );
    key(&admin, "mine", json!({})).await;
    assert_eq!(db.execute(own, &[&"mine"]).await.unwrap(), 1);
    let mine = mia.get(KEYS).await;
    assert_eq!(labels(&mine), ["mine"]);
    assert!(
        text(&mine).contains("These are your own keys") && !text(&mine).contains("type=\"checkbox\" form"),
        "{mine:?}"
    );
    assert!(row(&dana.get(KEYS).await, "mine").contains("<bdi>Mia</bdi>"));
    // Of another org there is nothing, as of none.
    house.org("rival");
    for path in ["/orgs/rival/keys", "/orgs/rival/expiring", "/orgs/nobody/keys"] {
        dana.get(path).await.expect(404);
    }
}

#[tokio::test]
async fn what_each_key_was_used_for_in_a_day_stands_beside_it() {
    let house = house().await;
    let admin = house.admin();
    let (used, holder) = key(&admin, "used", json!({ "topics": ["deploys"] })).await;
    key(&admin, "idle", json!({})).await;
    for topic in ["deploys", "deploys", "deploys", "ops"] {
        holder.post(&format!("/v1/meshes/main/topics/{topic}/messages"), json!({ "body": 1 })).await;
    }
    house.flush_uses().await;
    // Older than a day: of no account.
    let old = "INSERT INTO key_uses (org_id, key_id, hour, capability, topic, outcome, count)
               SELECT org_id, id, date_trunc('hour', now()) - interval '24 hours', 'send', '', 'ok', 5000
               FROM api_keys WHERE label = 'used'";
    house.sql("superuser").await.batch_execute(old).await.unwrap();
    let dana = Visitor::dana(&house).await;
    let page = dana.get(KEYS).await;
    let told = row(&page, "used");
    assert!(told.contains(r#"3 used, <span class="warn-text">1 denied</span>"#), "{told}");
    assert_eq!(labels(&dana.get(&format!("{KEYS}?sort=-uses&mesh=main")).await), ["used", "idle"]);
    assert_eq!(labels(&dana.get(&format!("{KEYS}?sort=uses&mesh=main")).await), ["idle", "used"]);
    assert!(told.contains("<svg class=\"bars\"") && told.contains(&used), "{told}");
    assert!(row(&page, "idle").contains(r#"data-label="24 hours"><span class="quiet">none</span>"#), "{page:?}");
}

#[tokio::test]
async fn a_list_goes_on_where_a_page_ended_also_where_it_says_how_long_from_now() {
    let house = house().await;
    let admin = house.admin();
    for number in 0..53 {
        key(&admin, &format!("key {number:02}"), json!({ "expires_in": "10d" })).await;
    }
    let dana = Visitor::dana(&house).await;
    let mut path = format!("{KEYS}?ends=14d&sort=label");
    let mut seen = Vec::new();
    loop {
        let page = dana.get(&path).await.expect(200);
        seen.extend(labels(&page));
        let Some(link) = text(&page).split(r#"rel="next" href=""#).nth(1) else { break };
        assert!(text(&page).contains("50 keys shown, and there are more"));
        path = link.split('"').next().unwrap().replace("&amp;", "&");
    }
    assert_eq!(seen, (0..53).map(|number| format!("key {number:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_people_have_written_is_shown_as_it_is_written() {
    let house = house().await;
    let admin = house.admin();
    key(&admin, HOSTILE, json!({ "expires_in": "5d" })).await;
    let rename = "UPDATE users SET name = $1 WHERE name = 'Dana'";
    house.sql("superuser").await.execute(rename, &[&HOSTILE]).await.unwrap();
    let issued = "UPDATE api_keys SET issued_by_kind = 'user', issued_by_key = NULL, issued_by_user = (SELECT id FROM users LIMIT 1),
                  user_id = (SELECT id FROM users LIMIT 1) WHERE label = $1";
    house.sql("superuser").await.execute(issued, &[&HOSTILE]).await.unwrap();
    let mut dana = Visitor::dana(&house).await;
    let query = "text=%22%3E%3Cimg+src%3Dx+onerror%3Dalert%281%29%3E";
    for path in
        [KEYS.to_owned(), format!("{KEYS}?{query}"), format!("{KEYS}?{query}&mesh=-"), "/orgs/acme/expiring".to_owned()]
    {
        let page = dana.get(&path).await.expect(200);
        assert!(!text(&page).contains("<img") && text(&page).contains("&lt;img src=x"), "{path}: {page:?}");
    }
    let topic = dana.get(&format!("{KEYS}?topic=%22%3E%3Cimg+src%3Dx%3E")).await.expect(422);
    assert!(!text(&topic).contains("<img"), "{topic:?}");
    let id = house.sql("superuser").await.query_one("SELECT id FROM api_keys WHERE label = $1", &[&HOSTILE]).await;
    let id: meshkey::domain::KeyId = id.unwrap().get::<_, uuid::Uuid>(0).into();
    let boxed = format!("key:{id}");
    for fields in [
        vec![("act", "revoke"), (&*boxed, "1"), ("back", HOSTILE)],
        vec![("act", "revoke"), (&*boxed, "1"), ("step", "do"), ("typed", HOSTILE), ("reason", HOSTILE)],
        vec![("act", "disable"), (&*boxed, "1"), ("step", "do"), ("back", HOSTILE)],
    ] {
        let page = dana.send(&format!("{KEYS}/bulk"), &fields).await;
        assert!(!text(&page).contains("<img") && text(&page).contains("&lt;img src=x"), "{page:?}");
    }
}
