//! Meshes and topics.

use serde_json::{Value, json};

use crate::{
    client::Client,
    house::House,
    persons::Person,
    sign_in::visitor::{Visitor, alert, leads_to, text},
    tools::id,
};

/// Text that is to do no harm on any page.
pub const HOSTILE: [&str; 3] =
    ["<img src=x onerror=alert(1)>", "\"><script>alert(1)</script>", "\u{5d0}\u{5d1} '><b>x</b>"];

/// A person with a browser.
pub async fn visitor(house: &House, person: &Person) -> Visitor {
    let mut visitor = Visitor::new(house);
    visitor.cookie = Some(person.session(house).await.reveal().to_string());
    visitor
}

/// Somebody new in the org, with a browser.
pub async fn in_org(house: &House, name: &str, role: &str) -> Visitor {
    visitor(house, &Person::in_org(house, name, role).await).await
}

/// That nothing of the hostile text stands there as it was sent.
#[track_caller]
pub fn is_harmless(page: &str) {
    for bad in ["<img", "<script>alert", "alert(1)>", "<b>x"] {
        assert!(!page.contains(bad), "{bad}: {page}");
    }
}

async fn key(admin: &Client, label: &str, mesh: Option<&str>, capability: &str, topics: Value) -> Value {
    admin.issue(json!({ "label": label, "mesh": mesh, "capabilities": [capability], "topics": topics })).await.0
}

/// What the cells of the row of this topic say.
fn cells(page: &str, topic: &str) -> Vec<String> {
    let row = page.split("<tr").find(|row| row.contains(&format!(">#{topic}<"))).unwrap();
    let cells = row.split("<td").skip(1).filter_map(|cell| cell.split_once('>')?.1.split("</td>").next());
    cells.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_mesh_and_a_topic_are_made_once_and_said_why_not() {
    let house = House::new().await;
    let mut dana = in_org(&house, "Dana", "owner").await;
    for (slug, name, field) in
        [("A b", "x", "#slug"), ("", "x", "#slug"), ("ok", "a\u{7}b", "#name"), ("ok", "\u{202e}gnp.exe", "#name")]
    {
        let answer = dana.send("/orgs/acme/meshes", &[("slug", slug), ("name", name)]).await.expect(422);
        assert!(text(&answer).contains(&format!("href=\"{field}\"")), "{answer:?}");
    }
    let answer = dana.send("/orgs/acme/meshes", &[("slug", "main"), ("name", "kept as typed")]).await.expect(409);
    assert!(alert(&answer).starts_with("The name is taken."), "{answer:?}");
    assert!(text(&answer).contains("value=\"kept as typed\""), "{answer:?}");
    let once = [("slug", "lab"), ("name", ""), ("once", "0123456789abcdef0123")];
    for _ in 0..2 {
        let answer = dana.send("/orgs/acme/meshes", &once).await;
        assert_eq!(super::leads_on_to(&answer), "/orgs/acme/meshes/lab?done=made");
    }
    let topic = [("name", " #ci.web "), ("description", "Builds")];
    let answer = dana.send("/orgs/acme/meshes/lab", &topic).await;
    assert_eq!(super::leads_on_to(&answer), "/orgs/acme/meshes/lab/topics/ci.web?done=made");
    let answer = dana.send("/orgs/acme/meshes/lab", &[("name", "Not One"), ("description", "typed")]).await.expect(422);
    assert!(text(&answer).contains("value=\"typed\""), "{answer:?}");
    let page = dana.get("/orgs/acme/meshes").await.expect(200);
    assert!(text(&page).contains(">lab<") && text(&page).contains(">main<"), "{page:?}");
    let stranger = dana.get("/orgs/acme/meshes?topci=x").await.expect(422);
    assert!(text(&stranger).contains("This page knows no 'topci'."), "{stranger:?}");
    dana.get("/orgs/acme/members?text=%00").await.expect(422);
}

#[tokio::test]
async fn each_topic_has_the_number_of_keys_that_can_do_what() {
    let house = House::new().await;
    let admin = house.admin();
    key(&admin, "named", Some("main"), "send", json!(["deploys"])).await;
    key(&admin, "pattern", Some("main"), "read", json!(["dep*"])).await;
    key(&admin, "wide", None, "state_write", json!("all")).await;
    let stopped = key(&admin, "stopped", Some("main"), "send", json!("all")).await;
    admin.act(&admin.at(&format!("/keys/{}/disable", id(&stopped)))).await.expect(200);
    let dana = in_org(&house, "Dana", "owner").await;
    let page = dana.get("/orgs/acme/meshes/main").await.expect(200);
    // With the first admin key, which may everything.
    assert_eq!(cells(text(&page), "deploys")[1..4], ["2", "2", "2"], "{page:?}");
    assert_eq!(cells(text(&page), "secrets")[1..4], ["1", "1", "2"], "{page:?}");
    assert!(text(&page).contains("No key of this mesh was used in this time."), "{page:?}");
    let page = dana.get("/orgs/acme/meshes/main/topics/deploys").await.expect(200);
    for expected in [
        "named",
        "pattern",
        "wide",
        "stopped",
        "#dep*",
        "Through all topics of the whole org",
        "is disabled, and may once enabled",
    ] {
        let is_there = text(&page).contains(expected) || text(&page).replace("</span>", "").contains(expected);
        assert!(is_there, "{expected}: {page:?}");
    }
    let page = dana.get("/orgs/acme/meshes/main/topics/secrets").await.expect(200);
    assert!(
        !text(&page).contains(">named<") && text(&page).contains("No key by name, by pattern or by all topics."),
        "{page:?}"
    );
}

#[tokio::test]
async fn archiving_tells_whom_it_hits_and_hits_them() {
    let house = House::new().await;
    let admin = house.admin();
    let lone = key(&admin, "lone", Some("main"), "send", json!(["deploys"])).await;
    key(&admin, "pair", Some("main"), "send", json!(["deploys", "secrets"])).await;
    key(&admin, "gone", Some("main"), "send", json!(["deploys"])).await;
    let asker = admin.issue(json!({ "capabilities": ["verify"], "topics": "all" })).await.1;
    let mut dana = in_org(&house, "Dana", "owner").await;
    let topic = "/orgs/acme/meshes/main/topics/deploys/archive";
    let page = dana.get(topic).await.expect(200);
    let left = text(&page).split("Left with nothing").nth(1).unwrap();
    assert!(left.contains("lone") && left.contains("gone") && !left.contains("pair"), "{page:?}");
    assert_eq!(
        super::leads_on_to(&dana.send(topic, &[("to", "archived")]).await),
        "/orgs/acme/meshes/main/topics/deploys?done=archived"
    );
    dana.send(topic, &[("to", "archived")]).await.expect(409);
    // Who could touch it, and keys that are confined to it, are told of with that.
    let page = dana.get("/orgs/acme/meshes/main/topics/deploys").await.expect(200);
    assert!(text(&page).contains("none now; 4 keys once unarchived"), "{page:?}");
    let of = async |label: &str| {
        let found = admin.get(&admin.at(&format!("/keys?text={label}"))).await.expect(200);
        dana.get(&format!("/orgs/acme/keys/{}", id(&found.items()[0]))).await.expect(200)
    };
    for (label, is_all) in [("lone", true), ("pair", false)] {
        let page = of(label).await;
        assert!(text(&page).contains("#deploys is archived: nothing can be sent there"), "{page:?}");
        assert_eq!(text(&page).contains("It reaches no live topic."), is_all, "{page:?}");
    }
    let unarchived = leads_to(&dana.send(topic, &[("to", "unarchived")]).await);
    assert!(unarchived.contains("?done=unarchived&seal="), "{unarchived}");

    let ask = json!({ "key": lone["secret"], "capability": "send", "mesh": "main", "topic": "deploys" });
    assert_eq!(asker.post("/v1/verify", ask.clone()).await.expect(200).body["code"], "ok");
    let mesh = "/orgs/acme/meshes/main/archive";
    let page = dana.get(mesh).await.expect(200);
    assert!(text(&page).contains("<strong>3 keys</strong> of this mesh would be refused"), "{page:?}");
    let path = leads_to(&dana.send(mesh, &[("to", "archived")]).await);
    assert!(path.starts_with("/orgs/acme/meshes/main?done=archived&after_ms="), "{path}");
    assert_eq!(asker.post("/v1/verify", ask.clone()).await.expect(200).body["code"], "mesh_archived");
    let page = dana.get(&path).await.expect(200);
    assert!(text(&page).contains("Effective everywhere after "), "{page:?}");
    let answer = dana.send(mesh, &[("to", "archived")]).await.expect(409);
    assert!(!alert(&answer).is_empty());
    dana.send(mesh, &[("to", "unarchived")]).await.expect(303);
    assert_eq!(asker.post("/v1/verify", ask).await.expect(200).body["code"], "ok");
}

// Of thousands of keys, those are read that reach the topic: before, these would have been more than are looked at.
#[tokio::test]
async fn what_archiving_a_topic_would_do_is_looked_for_among_the_keys_that_reach_it() {
    let house = House::new().await;
    let admin = house.admin();
    key(&admin, "lone", Some("main"), "send", json!(["dep*"])).await;
    key(&admin, "pair", Some("main"), "send", json!(["deploys", "secrets"])).await;
    let many = "INSERT INTO api_keys (org_id, id, mesh_id, label, capabilities, everywhere, topics, issued_by_kind)
                SELECT m.org_id, gen_random_uuid(), m.id, 'elsewhere', '{send}', false, '{secrets,ci.*,deploy}', 'local'
                FROM meshes m, generate_series(1, 5200) WHERE m.slug = 'main'";
    house.sql("superuser").await.batch_execute(many).await.unwrap();
    let dana = in_org(&house, "Dana", "owner").await;
    let page = dana.get("/orgs/acme/meshes/main/topics/deploys/archive").await.expect(200);
    // With the first admin key.
    assert!(text(&page).contains("<strong>3</strong> keys that you manage reach it."), "{page:?}");
    assert!(text(&page).contains("<strong class=\"warn-text\">1</strong> would be left"), "{page:?}");
    assert!(!text(&page).contains("than was looked at") && !text(&page).contains("elsewhere"), "{page:?}");
}

// G-11
#[tokio::test]
async fn forms_of_others_and_without_the_token_change_nothing() {
    let house = House::new().await;
    let dana = in_org(&house, "Dana", "owner").await;
    let token = dana.token();
    for path in
        ["/orgs/acme/meshes", "/orgs/acme/meshes/main", "/orgs/acme/meshes/main/archive", "/orgs/acme/invitations"]
    {
        let fields = [("to", "archived"), ("slug", "x"), ("name", "x"), ("email", "x@example.com"), ("role", "member")];
        let with: Vec<_> = fields.into_iter().chain([("form_token", token.as_str())]).collect();
        dana.bare("POST", path).header("sec-fetch-site", "cross-site").form(&with).send().await.expect(403);
        dana.bare("POST", path).header("sec-fetch-site", "same-origin").form(&fields).send().await.expect(403);
    }
    let admin = house.admin();
    assert_eq!(admin.get(&admin.at("/meshes")).await.items().len(), 1);
    assert_eq!(admin.get(&admin.at("/invitations")).await.items().len(), 0);
}

#[tokio::test]
async fn nobody_sees_the_meshes_of_others_and_who_may_not_is_told_whom_to_ask() {
    let house = House::new().await;
    house.meshkey(&["org", "create", "globex", "--json"]);
    let dana = in_org(&house, "Dana", "owner").await;
    for path in
        ["/orgs/globex/meshes", "/orgs/acme/meshes/none", "/orgs/acme/meshes/main/topics/none", "/orgs/globex/members"]
    {
        dana.get(path).await.expect(404);
    }
    for role in ["member", "viewer"] {
        let other = in_org(&house, &format!("Mia-{role}"), role).await;
        for path in [
            "/meshes",
            "/meshes/main",
            "/meshes/main/topics/deploys",
            "/members",
            "/invitations",
            "/meshes/main/archive",
        ] {
            let page = other.get(&format!("/orgs/acme{path}")).await.expect(403);
            assert!(text(&page).contains("Ask <strong>Dana</strong>"), "{page:?}");
        }
    }
}

#[tokio::test]
async fn an_admin_of_one_mesh_sees_what_the_api_shows_to_it() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    key(&admin, "of-main", Some("main"), "send", json!("all")).await;
    key(&admin, "of-other", Some("other"), "send", json!("all")).await;
    key(&admin, "of-the-org", None, "send", json!("all")).await;
    Person::in_org(&house, "Dana", "owner").await;
    let lea = Person::new(&house, "Lea").await;
    lea.becomes(&house, "acme", Some("main"), "admin").await;
    let mut lea = visitor(&house, &lea).await;
    let page = lea.get("/orgs/acme/meshes").await.expect(200);
    assert!(!text(&page).contains("other"), "{page:?}");
    assert!(!text(&page).contains("Make the mesh") && text(&page).contains("<strong>Dana</strong>"), "{page:?}");
    let page = lea.get("/orgs/acme/meshes/main").await.expect(200);
    assert_eq!(cells(text(&page), "deploys")[1..4], ["1", "0", "0"], "{page:?}");
    assert!(!text(&page).contains("dana@example.com") && !text(&page).contains("Archive…"), "{page:?}");
    let page = lea.get("/orgs/acme/meshes/main/topics/deploys").await.expect(200);
    assert!(text(&page).contains("of-main") && !text(&page).contains("of-the-org"), "{page:?}");
    assert!(text(&page).contains("Keys of the whole org may reach this topic too"), "{page:?}");
    assert!(!text(&page).contains("dana@example.com"), "{page:?}");
    lea.get("/orgs/acme/meshes/other").await.expect(404);
    lea.get("/orgs/acme/meshes/main/archive").await.expect(403);
    lea.get("/orgs/acme/members").await.expect(403);
    lea.send("/orgs/acme/meshes", &[("slug", "mine")]).await.expect(403);
    lea.send("/orgs/acme/meshes/main", &[("name", "hers")]).await.expect(303);
    let renamed = lea.get("/orgs/acme/meshes/main/name").await.expect(200);
    let version =
        text(&renamed).split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    lea.send("/orgs/acme/meshes/main/name", &[("name", "Hers"), ("version", &version)]).await.expect(303);
    let stale = lea.send("/orgs/acme/meshes/main/name", &[("name", "Again"), ("version", &version)]).await.expect(412);
    assert!(text(&stale).contains("value=\"Again\""), "{stale:?}");
}

#[tokio::test]
async fn what_people_have_written_does_no_harm() {
    let house = House::new().await;
    let admin = house.admin();
    let mut dana = in_org(&house, "Dana", "owner").await;
    for (at, hostile) in HOSTILE.into_iter().enumerate() {
        let slug = format!("bad{at}");
        admin.post(&admin.at("/meshes"), json!({ "slug": slug, "name": hostile })).await.expect(201);
        let topic = json!({ "name": "t", "description": hostile });
        admin.post(&admin.at(&format!("/meshes/{slug}/topics")), topic).await.expect(201);
        let wish = json!({ "label": hostile, "mesh": slug, "capabilities": ["send"], "topics": ["t"] });
        admin.issue(wish).await;
        for path in ["", "/name", "/archive", "/topics/t", "/topics/t/archive"] {
            let page = dana.get(&format!("/orgs/acme/meshes/{slug}{path}")).await.expect(200);
            is_harmless(text(&page));
        }
        is_harmless(text(&dana.get("/orgs/acme/meshes").await.expect(200)));
        let typed = dana.send("/orgs/acme/meshes", &[("slug", hostile), ("name", hostile)]).await.expect(422);
        is_harmless(text(&typed));
        let asked = format!("/orgs/acme/meshes/{slug}?done={0}&{0}={0}", crate::tools::percent(hostile));
        is_harmless(text(&dana.get(&asked).await.expect(422)));
    }
}
