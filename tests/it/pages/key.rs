//! The page of a key: what stands there, and who may see it.

use serde_json::json;

use super::{browser, somebody};
use crate::{house::House, persons::Person, sign_in::visitor::text, tools::id};

const NARROW: &str = r#"{ "label": "ci", "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] }"#;

fn narrow() -> serde_json::Value {
    serde_json::from_str(NARROW).unwrap()
}

#[tokio::test]
async fn a_key_is_shown_with_what_it_did_and_what_was_denied_to_it() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, holder) = admin.issue(narrow()).await;
    let dana = somebody(&house, "Dana", "owner").await;
    let path = format!("/orgs/acme/keys/{}", id(&key));
    let fresh = dana.get(&path).await.expect(200);
    assert!(
        text(&fresh).contains("Nobody has used it yet.") && text(&fresh).contains("Nothing was denied to it lately.")
    );
    for (topic, count, status) in [("deploys", 3, 201), ("secrets", 2, 403)] {
        for _ in 0..count {
            let path = format!("/v1/meshes/main/topics/{topic}/messages");
            holder.post(&path, json!({ "body": 1 })).await.expect(status);
        }
    }
    holder.get("/v1/meshes/main/topics/deploys/messages").await.expect(403);
    house.flush_uses().await;
    let page = dana.get(&path).await.expect(200);
    let page = text(&page);
    for said in [
        "<strong>ci</strong> may <strong>post</strong> on <strong>#deploys</strong> in mesh <strong>main</strong>",
        "</span> 3 allowed</span>",
        "</span> 3 denied</span>",
        "<th scope=\"row\">#deploys</th><td class=\"number\">3</td><td class=\"number\">1</td>",
        "<th scope=\"row\">#secrets</th><td class=\"number\">0</td><td class=\"number\">2</td>",
        "<th scope=\"row\">127.0.0.1</th><td class=\"number\">3</td><td class=\"number\">3</td>",
        "<th scope=\"row\">topic out of scope</th><td class=\"number\">0</td><td class=\"number\">2</td>",
        "Wanted <strong>send</strong> on <strong>#secrets</strong>: this key does not reach the topic 'secrets'.",
        "2 times since",
        "hours in UTC",
        "<code>key.issued</code> by the key <a href=\"",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // The way to a key that may, with what it has and what was missing.
    for missing in ["topic=deploys&amp;topic=secrets", "cap=send&amp;cap=read"] {
        assert!(page.contains(&format!("/orgs/acme/keys/new?from={}&amp;{missing}\"", id(&key))), "{missing}: {page}");
    }
    let told = admin.get(&admin.at(&format!("/keys/{}/usage?by=outcome", id(&key)))).await.expect(200).body;
    assert_eq!((&told["total"]["allowed"], &told["total"]["denied"]), (&json!(3), &json!(3)));
}

#[tokio::test]
async fn every_time_can_be_looked_at_and_no_other() {
    let house = House::new().await;
    let (key, _) = house.admin().issue(narrow()).await;
    let dana = somebody(&house, "Dana", "owner").await;
    let path = format!("/orgs/acme/keys/{}", id(&key));
    for (range, said) in [("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days")] {
        let page = dana.get(&format!("{path}?range={range}")).await.expect(200);
        assert!(text(&page).contains(&format!("aria-current=\"true\">{said}</a>")), "{page:?}");
    }
    for slip in ["range=1y", "rage=7d", "range=7d&by=topic"] {
        dana.get(&format!("{path}?{slip}")).await.expect(422);
    }
    let slip = dana.get(&format!("{path}?rnge=7d")).await.expect(422);
    assert!(text(&slip).contains("did you mean"), "{slip:?}");
}

#[tokio::test]
async fn what_people_wrote_is_text_wherever_it_stands() {
    let house = House::new().await;
    let admin = house.admin();
    let (image, script) = ("<img src=x onerror=alert(1)>", "\"><script>alert(1)</script>");
    let mut wish = narrow();
    (wish["label"], wish["note"]) = (json!(image), json!(script));
    let (key, _) = admin.issue(wish).await;
    let (child, _) = admin.issue(narrow()).await;
    let dana = somebody(&house, "Dana", "owner").await;
    house.sql("superuser").await.execute("UPDATE users SET name = $1", &[&image]).await.unwrap();
    let path = format!("/orgs/acme/keys/{}", id(&key));
    admin.post(&admin.at(&format!("/keys/{}/revoke", id(&child))), json!({ "reason": script })).await.expect(200);
    let pages =
        [path.clone(), format!("{path}/edit"), format!("{path}/revoke"), format!("/orgs/acme/keys/{}", id(&child))];
    for page in &pages {
        let shown = dana.get(page).await.expect(200);
        assert!(!text(&shown).contains("<img") && !text(&shown).contains("<script>"), "{page}");
        assert!(text(&shown).contains("&lt;img src=x") || text(&shown).contains("&quot;&gt;&lt;script&gt;"), "{page}");
    }
    let revoked = dana.get(&pages[3]).await;
    assert!(
        text(&revoked).contains("Reason: <bdi>&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"),
        "{revoked:?}"
    );
}

#[tokio::test]
async fn a_member_sees_its_own_key_and_is_told_whom_to_ask() {
    let house = House::new().await;
    let admin = house.admin();
    Person::in_org(&house, "Dana", "owner").await;
    let mia = Person::in_org(&house, "Mia", "member").await;
    let mut wish = narrow();
    (wish["user"], wish["label"]) = (json!(mia.id), json!("mias"));
    let (own, _) = admin.issue(wish).await;
    let (other, _) = admin.issue(narrow()).await;
    let mia = browser(&house, &mia).await;
    let page = mia.get(&format!("/orgs/acme/keys/{}", id(&own))).await.expect(200);
    let page = text(&page);
    assert!(page.contains("Only an admin may change it: ask Dana."), "{page}");
    assert!(
        page.contains("<button class=\"second\" disabled aria-describedby=\"whom-to-ask\">Edit</button>"),
        "{page}"
    );
    assert!(page.contains("/rotate\">Rotate</a>") && page.contains("/revoke\">Revoke</a>"), "{page}");
    // Neither the audit, nor what the key that issued hers is called.
    assert!(!page.contains("<h2>Audit</h2>") && !page.contains("first admin key"), "{page}");
    for path in [format!("/orgs/acme/keys/{}/edit", id(&own)), "/orgs/acme/usage".to_owned()] {
        let refused = mia.get(&path).await.expect(403);
        assert!(text(&refused).contains("Ask <strong>Dana</strong>"), "{path}: {refused:?}");
    }
    mia.get(&format!("/orgs/acme/keys/{}", id(&other))).await.expect(404);
    // By herself she may end it.
    let mut mia = mia;
    let revoked = mia.send(&format!("/orgs/acme/keys/{}/revoke", id(&own)), &[("reason", "leaked")]).await.expect(200);
    assert!(text(&revoked).contains("<strong>Revoked.</strong> Dead everywhere after "), "{revoked:?}");
}

// What a key can do is what its person may by now, and every page that speaks of it says so.
#[tokio::test]
async fn a_personal_key_is_shown_with_what_its_person_leaves_of_it() {
    let house = House::new().await;
    let admin = house.admin();
    let mia = Person::in_org(&house, "Mia", "member").await;
    let dana = somebody(&house, "Dana", "owner").await;
    let mut wish = json!({ "label": "mias", "mesh": "main", "capabilities": ["send", "read"], "topics": ["deploys"], "user": mia.id });
    let (own, holder) = admin.issue(wish.clone()).await;
    (wish["label"], wish["mesh"]) = (json!("mias everywhere"), json!(null));
    let (wide, _) = admin.issue(wish).await;
    let at = |key: &serde_json::Value, rest: &str| format!("/orgs/acme/keys/{}{rest}", id(key));
    let whole = dana.get(&at(&own, "")).await.expect(200);
    assert!(text(&whole).contains("<strong>mias</strong> may <strong>post and read</strong>"), "{whole:?}");
    assert!(!text(&whole).contains("but <bdi>Mia"), "{whole:?}");
    mia.becomes(&house, "acme", None, "viewer").await;
    let messages = "/v1/meshes/main/topics/deploys/messages";
    holder.post(messages, json!({ "body": 1 })).await.expect(403);
    holder.get(messages).await.expect(200);
    let vic = browser(&house, &mia).await;
    for (by, rest) in [(&dana, ""), (&dana, "/revoke"), (&vic, "")] {
        let cut = by.get(&at(&own, rest)).await.expect(200);
        for said in [
            "<strong>mias</strong> may <strong>read</strong> on <strong>#deploys</strong>",
            "It was issued to post and read, but <bdi>Mia</bdi> is viewer of the org now",
            "no more than its person: it can only read.",
        ] {
            assert!(text(&cut).contains(said), "{said}: {cut:?}");
        }
    }
    let topic = "/orgs/acme/meshes/main/topics/deploys";
    let page = dana.get(topic).await.expect(200);
    let (send, read) = (part(text(&page), "can-send"), part(text(&page), "can-read"));
    assert!(
        !send.contains(">mias<") && read.contains(">mias<") && read.contains("no more than its person"),
        "{page:?}"
    );
    mia.becomes(&house, "acme", Some("main"), "member").await;
    let page = dana.get(&at(&wide, "")).await.expect(200);
    let said = "is viewer of the org and member of mesh main now, and a personal key may do no more than its person; in mesh main it can post and read.";
    assert!(text(&page).contains(said), "{page:?}");
    mia.change(&house, &format!("UPDATE users SET suspended_at = now() WHERE email = '{}'", mia.email)).await;
    let page = dana.get(&at(&own, "")).await.expect(200);
    assert!(
        text(&page).contains("<strong>mias</strong> could <strong>") && text(&page).contains("Mia</bdi> is suspended"),
        "{page:?}"
    );
    assert!(!text(&dana.get(topic).await.expect(200)).contains(">mias<"), "it can do nothing");
}

/// The section of a page that has this id.
fn part<'a>(page: &'a str, id: &str) -> &'a str {
    let rest = page.split(&format!("<section id=\"{id}\">")).nth(1).unwrap_or_else(|| panic!("no {id}: {page}"));
    rest.split("</section>").next().unwrap()
}

// G-38
#[tokio::test]
async fn a_key_of_another_tenant_is_nowhere() {
    let house = House::new().await;
    let rival = house.org("rival").admin;
    let (key, _) = rival.issue(json!({ "label": "theirs", "capabilities": ["read"], "topics": "all" })).await;
    let mut dana = somebody(&house, "Dana", "owner").await;
    for rest in ["", "/edit", "/revoke"] {
        for named in [id(&key), "key_01m82pqhm3e5w87ktte3716bma".to_owned(), "nothing".to_owned()] {
            dana.get(&format!("/orgs/acme/keys/{named}{rest}")).await.expect(404);
            dana.get(&format!("/orgs/rival/keys/{named}{rest}")).await.expect(404);
        }
    }
    for verb in ["revoke", "disable", "enable", "edit"] {
        dana.send(&format!("/orgs/acme/keys/{}/{verb}", id(&key)), &[("version", "1")]).await.expect(404);
        dana.send(&format!("/orgs/rival/keys/{}/{verb}", id(&key)), &[("version", "1")]).await.expect(404);
    }
    assert_eq!(rival.get(&rival.at(&format!("/keys/{}", id(&key)))).await.expect(200).body["status"], "active");
}

#[tokio::test]
async fn who_issued_it_is_named_also_when_that_person_has_left() {
    let house = House::new().await;
    let gus = Person::in_org(&house, "Gus", "admin").await;
    let client = gus.signed_in(&house).await;
    let key = client.post(&client.at("/keys"), narrow()).await.expect(201).body;
    gus.leaves(&house).await;
    let dana = somebody(&house, "Dana", "owner").await;
    let page = dana.get(&format!("/orgs/acme/keys/{}", id(&key))).await.expect(200);
    assert!(text(&page).contains("<dt>Issued by</dt><dd>Gus</dd>"), "{page:?}");
}
