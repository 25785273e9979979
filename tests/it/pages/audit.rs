//! The pages of the audit.

use serde_json::json;

use super::{HOSTILE, visitor};
use crate::{
    house::House,
    sign_in::visitor::{Visitor, text},
    tools::{count_events, id, percent},
};

const PAGE: &str = "/orgs/acme/audit";

async fn shown(visitor: &Visitor, query: &str) -> String {
    text(&visitor.get(&format!("{PAGE}?{query}")).await.expect(200)).to_owned()
}

/// How many events stand on a page.
fn rows(page: &str) -> usize {
    page.matches("<tbody data-seq=").count()
}

#[tokio::test]
async fn events_are_told_by_names_and_whatever_was_stored_is_text() {
    let house = House::new().await;
    let (admin, dana) = (house.admin(), visitor(&house, "Dana", "owner", None).await);
    let wish =
        json!({ "label": HOSTILE, "note": HOSTILE, "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] });
    let key = id(&admin.issue(wish).await.0);
    admin.post(&admin.at(&format!("/keys/{key}/revoke")), json!({ "reason": HOSTILE })).await.expect(200);
    let all = shown(&dana, "").await;
    let last = count_events(&admin).await;
    for path in [PAGE.to_owned(), format!("{PAGE}?subject={key}"), format!("{PAGE}/{last}")] {
        let page = dana.get(&path).await.expect(200);
        let page = text(&page);
        assert!(page.contains("revoked a key") && page.contains("&lt;img src=x"), "{page}");
        assert!(!page.contains("<img") && !page.contains("\"><b>"), "{path}");
        assert!(page.contains("<bdi>"), "what was stored may be written from right to left");
        assert!(page.contains(&format!("/orgs/acme/keys/{key}")));
    }
    assert!(all.contains("Local command line") && all.contains("first admin key") && all.contains("#deploys"));
    assert!(all.contains("Events are kept for ever"));
    let one = dana.get(&format!("{PAGE}/{last}")).await.expect(200);
    assert!(text(&one).contains("<h1>Event ") && text(&one).contains("Reason: "), "{one:?}");
    for nowhere in ["0", "999999", "x", "9223372036854775807"] {
        dana.get(&format!("{PAGE}/{nowhere}")).await.expect(404);
    }
}

#[tokio::test]
async fn filters_are_those_of_the_api_and_none_is_passed_over() {
    let house = House::new().await;
    let (admin, dana) = (house.admin(), visitor(&house, "Dana", "owner", None).await);
    admin.post(&admin.at("/meshes"), json!({ "slug": "side" })).await.expect(201);
    let key = id(&admin.issue(json!({ "mesh": "main", "capabilities": ["read"], "topics": "all" })).await.0);
    admin.act(&admin.at(&format!("/keys/{key}/disable"))).await.expect(200);
    let total = usize::try_from(count_events(&admin).await).unwrap();
    for (query, expected) in [
        (String::new(), total),
        (format!("subject={key}"), 2),
        (format!("subject={key}&action=key.disabled"), 1),
        (format!("subject={key}&action=key.*&actor="), 2),
        ("mesh=side".to_owned(), 1),
        ("action=gate.*".to_owned(), 0),
        ("within=1h".to_owned(), total),
        ("until=2026-01-01T00:00".to_owned(), 0),
        ("address=127.0.0.1&action=mesh.created".to_owned(), 1),
        (format!("after={}", total - 1), 1),
    ] {
        let page = shown(&dana, &query).await;
        assert_eq!(rows(&page), expected, "{query}");
        let count = if expected == 1 { "1 event<".to_owned() } else { format!("{expected} events<") };
        assert!(expected == 0 || query.starts_with("after") || page.contains(&count), "{query}");
        assert!(expected > 0 || page.contains("No events match") && page.contains("Clear filters"), "{page}");
    }
    for (query, said) in [
        ("acter=local", "There is no filter &#39;acter&#39; (did you mean &#39;actor&#39;?)"),
        ("action=key.isued", "Unknown action &#39;key.isued&#39; (did you mean &#39;key.issued&#39;?)"),
        ("address=here", "Expected an address"),
        ("within=soon", "Expected a period"),
        ("since=soon", "Expected a time"),
        ("mesh=nowhere", "There is no such mesh in this org"),
        ("actor=local&actor=system", "This filter can be given once"),
        ("cursor=x", "This cursor does not belong to this list and filter"),
        ("subject=%00", "A NUL character"),
    ] {
        let page = dana.get(&format!("{PAGE}?{query}&request_id=req_kept")).await.expect(422);
        let page = text(&page).replace('\'', "&#39;");
        assert!(page.contains("role=\"alert\"") && page.contains(said), "{query}: {page}");
        assert!(page.contains("value=\"req_kept\"") && rows(&page) == 0, "what was typed is lost: {page}");
    }
    let typed = shown(&dana, &format!("subject={}", percent(HOSTILE))).await;
    assert!(typed.contains("&lt;img") && !typed.contains("<img"), "{typed}");
}

#[tokio::test]
async fn the_next_page_of_a_period_begins_where_the_first_ended() {
    let house = House::new().await;
    let (admin, dana) = (house.admin(), visitor(&house, "Dana", "owner", None).await);
    for _ in 0..55 {
        admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    }
    let first = shown(&dana, "within=1h&action=key.issued").await;
    assert_eq!(rows(&first), 50);
    let next = first.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    assert!(next.contains("since=") && !next.contains("within="), "{next}");
    let second = dana.get(&next).await.expect(200);
    assert_eq!(rows(text(&second)), 6);
}

#[tokio::test]
async fn who_is_an_admin_of_a_mesh_sees_its_events_and_no_others() {
    let house = House::new().await;
    house.org("rival");
    let admin = house.admin();
    let dana = visitor(&house, "Dana", "owner", None).await;
    let (max, mia) =
        (visitor(&house, "Max", "admin", Some("main")).await, visitor(&house, "Mia", "member", None).await);
    admin.post(&admin.at("/meshes"), json!({ "slug": "side" })).await.expect(201);
    let elsewhere = count_events(&admin).await;
    admin.issue(json!({ "label": "ours", "mesh": "main", "capabilities": ["read"], "topics": "all" })).await;
    let ours = count_events(&admin).await;
    let page = shown(&max, "").await;
    let events = page.split("data-events").nth(1).unwrap();
    assert!(events.contains("ours") && !events.contains("side") && !events.contains("org.created"), "{events}");
    assert!(!page.contains("first admin key"), "a key of the whole org is none of theirs to know the name of");
    max.get(&format!("{PAGE}/{ours}")).await.expect(200);
    max.get(&format!("{PAGE}/{elsewhere}")).await.expect(404);
    max.get(&format!("{PAGE}?mesh=side")).await.expect(422);
    assert!(!page.contains("Verify the chain"));
    max.get(&format!("{PAGE}/verify")).await.expect(403);
    for path in [PAGE, "/orgs/acme/audit/1", "/orgs/acme/audit/verify"] {
        let refused = mia.get(path).await.expect(403);
        assert!(text(&refused).contains("Ask <strong>Dana</strong>"), "{refused:?}");
    }
    for path in ["/orgs/rival/audit", "/orgs/rival/audit/1", "/orgs/rival/audit/verify", "/orgs/nowhere/audit"] {
        dana.get(path).await.expect(404);
    }
    Visitor::new(&house).get(PAGE).await.expect(303);
}

#[tokio::test]
async fn what_is_taken_along_is_the_filtered_set_and_is_written_down() {
    let house = House::new().await;
    let (admin, dana) = (house.admin(), visitor(&house, "Dana", "owner", None).await);
    admin.issue(json!({ "label": "=1+1", "capabilities": ["read"], "topics": "all" })).await;
    let page = shown(&dana, "action=key.*&within=24h").await;
    let link = |format: &str| {
        let links = page.split("href=\"").map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
        links.into_iter().find(|link| link.contains("/export?") && link.contains(&format!("format={format}"))).unwrap()
    };
    assert!(page.contains("2 events") && !link("csv").contains("within"), "{page}");
    let before = count_events(&admin).await;
    dana.bare("HEAD", &link("csv")).header("sec-fetch-site", "same-origin").send().await.expect(200);
    assert_eq!(count_events(&admin).await, before, "nothing was taken along");
    let csv = dana.bare("GET", &link("csv")).header("sec-fetch-site", "same-origin").send().await.expect(200);
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"audit-acme.csv\"");
    let csv = csv.body.as_str().unwrap();
    assert!(csv.lines().count() == 3 && csv.contains("\"\"label\"\":\"\"=1+1\"\""), "{csv}");
    assert!(!csv.lines().any(|line| line.split(',').any(|cell| cell.starts_with(['=', '+', '-', '@']))), "{csv}");
    let page = shown(&dana, "action=audit.exported").await;
    assert!(rows(&page) == 1 && page.contains("took events along") && page.contains("Dana"), "{page}");
    let told = admin.get(&admin.at("/audit?action=audit.exported")).await.expect(200).items()[0].clone();
    assert_eq!((&told["subject"]["kind"], &told["before"]), (&json!("org"), &json!(null)));
    assert_eq!((&told["after"]["format"], told["after"]["actions"].as_array().unwrap().len()), (&json!("csv"), 7));
    assert!(told["after"]["since"].is_string() && told["actor"]["kind"] == "user", "{told}");
    // From another site nothing is taken along.
    dana.bare("GET", &link("jsonl")).header("sec-fetch-site", "cross-site").send().await.expect(403);
}

#[tokio::test]
async fn the_chain_is_proved_and_where_it_breaks_is_said() {
    let house = House::new().await;
    let mut dana = visitor(&house, "Dana", "owner", None).await;
    let path = "/orgs/acme/audit/verify";
    assert!(text(&dana.get(path).await.expect(200)).contains("Verify the chain"));
    let whole = dana.send(path, &[]).await.expect(200);
    let events = count_events(&house.admin()).await;
    assert!(
        text(&whole).contains("Verified through ") && text(&whole).contains(&format!(": {events} events")),
        "{whole:?}"
    );
    let forged = dana.bare("POST", path).header("sec-fetch-site", "cross-site").form(&[("form_token", &dana.token())]);
    forged.send().await.expect(403);
    dana.bare("POST", path)
        .header("sec-fetch-site", "same-origin")
        .form(&[("form_token", "x")])
        .send()
        .await
        .expect(403);
    let alter = "SET session_replication_role = replica; UPDATE audit_events SET action = 'key.revoked' WHERE seq = 3";
    house.sql("superuser").await.batch_execute(alter).await.unwrap();
    let broken = dana.send(path, &[]).await.expect(200);
    assert!(
        text(&broken).contains("The chain is broken at event 3") && text(&broken).contains("altered: "),
        "{broken:?}"
    );
}
