//! Lists of keys: every order, walked page by page, and every filter, against what is plainly so.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{client::Client, house::House};

/// What a list is sorted by.
type By = dyn Fn(&Value) -> String;
/// Whether a key is meant by a filter.
type Is<'a> = dyn Fn(&Value) -> bool + 'a;

/// Makes keys that differ in everything that a list can be sorted or filtered by.
async fn seeded(house: &House) -> (Client, Vec<Value>) {
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    let ends =
        [json!("2090-01-01T00:00:00Z"), Value::Null, json!("2080-01-01T00:00:00Z"), json!("2085-01-01T00:00:00Z")];
    for number in 0..12 {
        let mut wish = json!({
            "label": format!("{} {}", ["Beta", "alpha", "gamma"][number % 3], number),
            "capabilities": [(["send", "read", "state_write"][number % 3])],
            "topics": if number % 2 == 0 { json!(["deploys"]) } else { json!("all") },
            "expires_at": ends[number % 4],
        });
        if let Some(mesh) = [Some("main"), Some("other"), None][number % 3].filter(|_| number % 2 == 1) {
            wish["mesh"] = json!(mesh);
        }
        admin.issue(wish).await;
    }
    let all = admin.get(&admin.at("/keys?limit=200&sort=created_at")).await.expect(200);
    (admin, all.items().to_vec())
}

async fn walked(admin: &Client, query: &str, limit: usize) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&admin.at(&format!("/keys?limit={limit}&{query}{cursor}"))).await.expect(200);
        assert!(page.items().len() <= limit);
        ids.extend(page.items().iter().map(|key| text(key, "id")));
        match page.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

fn text(key: &Value, member: &str) -> String {
    key[member].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn every_order_walked_by_pages_shows_each_key_once_and_in_order() {
    let house = House::new().await;
    let (admin, all) = seeded(&house).await;
    // Never used and never ending stand at an end of their own.
    let end = |key: &Value| key["expires_at"].as_str().unwrap_or("9999").to_owned();
    let orders: [(&str, &By); 5] = [
        ("created_at", &|key| text(key, "created_at")),
        ("label", &|key| text(key, "label")),
        ("expires_at", &end),
        ("last_used_at", &|key| text(key, "last_used_at")),
        ("status", &|_| String::new()),
    ];
    for (sort, by) in orders {
        let mut wanted: Vec<_> = all.iter().map(|key| (by(key), text(key, "id"))).collect();
        wanted.sort();
        let mut wanted: Vec<_> = wanted.into_iter().map(|(_, id)| id).collect();
        assert_eq!(walked(&admin, &format!("sort={sort}"), 5).await, wanted, "{sort}");
        wanted.reverse();
        assert_eq!(walked(&admin, &format!("sort=-{sort}"), 5).await, wanted, "-{sort}");
        assert_eq!(walked(&admin, &format!("sort=-{sort}"), 1).await, wanted, "-{sort}, one by one");
    }
}

#[tokio::test]
async fn every_filter_shows_exactly_what_it_says() {
    let house = House::new().await;
    let (admin, all) = seeded(&house).await;
    let mesh = |key: &Value| text(&key["owner"], "mesh");
    let main = admin.get(&admin.at("/meshes/main")).await.body["id"].as_str().unwrap().to_owned();
    let first = all.iter().find(|key| key["label"] == "first admin key").unwrap();
    let may = |key: &Value, wanted: &str| {
        key["capabilities"].as_array().unwrap().iter().any(|one| one == wanted || one == "admin")
    };
    let filters: Vec<(String, Box<Is>)> = vec![
        ("mesh=main".to_owned(), Box::new(|key| mesh(key) == main)),
        (format!("mesh={main}"), Box::new(|key| mesh(key) == main)),
        ("mesh=-".to_owned(), Box::new(|key| key["owner"]["mesh"].is_null())),
        ("capability=read".to_owned(), Box::new(|key| may(key, "read"))),
        ("capability=admin".to_owned(), Box::new(|key| may(key, "admin"))),
        ("topic=secrets".to_owned(), Box::new(|key| key["topics"] == "all")),
        ("topic=deploys".to_owned(), Box::new(|_| true)),
        ("issued_by=local".to_owned(), Box::new(|key| key["issued_by"]["kind"] == "local")),
        (format!("issued_by={}", text(first, "id")), Box::new(|key| key["issued_by"]["id"] == first["id"])),
        (
            "expires_before=2086-01-01T00:00:00Z".to_owned(),
            Box::new(|key| key["expires_at"].as_str().is_some_and(|end| end < "2086")),
        ),
        ("text=ALPHA".to_owned(), Box::new(|key| text(key, "label").starts_with("alpha"))),
        (format!("text={}", text(first, "hint")), Box::new(|key| key["hint"] == first["hint"])),
        (format!("id={}", text(first, "id")), Box::new(|key| key["id"] == first["id"])),
        (format!("id={}", &text(first, "id")[..12]), Box::new(|key| text(key, "id")[..12] == text(first, "id")[..12])),
        ("id=00000000".to_owned(), Box::new(|_| false)),
        ("status=active".to_owned(), Box::new(|_| true)),
        ("status=revoked,expired".to_owned(), Box::new(|_| false)),
    ];
    for (filter, is_wanted) in filters {
        let wanted: Vec<_> = all.iter().filter(|key| is_wanted(key)).map(|key| text(key, "id")).collect();
        assert_eq!(walked(&admin, &format!("{filter}&sort=created_at"), 2).await, wanted, "{filter}");
    }
    for (wrong, parameter) in [
        ("mesh=nowhere", "mesh"),
        ("capability=snd%20", "capability"),
        ("status=alive", "status"),
        ("issued_by=me", "issued_by"),
        ("expires_before=soon", "expires_before"),
        ("sort=size", "sort"),
        ("id=key_01m80bh", "id"),
    ] {
        let problem = admin.get(&admin.at(&format!("/keys?{wrong}"))).await.problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["parameter"], parameter);
    }
}

/// The name of a topic that one does not reach stands in nothing that one is given.
#[tokio::test]
async fn no_cursor_tells_of_a_topic_beyond() {
    let house = House::new().await;
    let admin = house.admin();
    for name in ["aa", "ab-hidden", "ac"] {
        admin.post(&admin.at("/meshes/main/topics"), json!({ "name": name })).await.expect(201);
    }
    let (_, by) = admin.issue(json!({ "mesh": "main", "capabilities": ["read"], "topics": ["aa", "ac"] })).await;
    let page = by.get("/v1/meshes/main/topics?limit=1").await.expect(200);
    let cursor = page.body["next"].as_str().unwrap();
    let told = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
    assert!(told.contains("aa") && !told.contains("hidden"), "{told}");
    let rest = by.get(&format!("/v1/meshes/main/topics?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((&rest.items()[0]["name"], rest.body.get("next")), (&json!("ac"), None));
}

// G-23
#[tokio::test]
async fn a_cursor_of_another_order_or_filter_is_refused() {
    let house = House::new().await;
    let (admin, _) = seeded(&house).await;
    let page = admin.get(&admin.at("/keys?limit=2&sort=label")).await.expect(200);
    let cursor = page.body["next"].as_str().unwrap();
    for query in ["sort=-label", "sort=created_at", "sort=label&status=active", "sort=label&mesh=main"] {
        let path = admin.at(&format!("/keys?limit=2&{query}&cursor={cursor}"));
        admin.get(&path).await.problem(400, "invalid_cursor");
    }
    let page = admin.get("/v1/meshes/main/topics?limit=1").await.expect(200);
    let cursor = page.body["next"].as_str().unwrap();
    admin.get(&format!("/v1/meshes/other/topics?limit=1&cursor={cursor}")).await.problem(400, "invalid_cursor");
}

/// What the cursors of a list hold, walked one by one.
async fn cursors(by: &Client, path: &str) -> String {
    let (mut told, mut cursor) = (String::new(), String::new());
    loop {
        let page = by.get(&by.at(&format!("{path}limit=1{cursor}"))).await.expect(200);
        let Some(next) = page.body["next"].as_str() else { return told };
        told.push_str(&String::from_utf8(URL_SAFE_NO_PAD.decode(next).unwrap()).unwrap());
        cursor = format!("&cursor={next}");
    }
}

// K-1
#[tokio::test]
async fn a_cursor_tells_nothing_of_keys_that_one_may_not_see() {
    let house = House::new().await;
    let admin = house.admin();
    let wish = |label: &str, capability: &str, topics: &str| json!({ "label": label, "mesh": "main", "capabilities": [capability], "topics": [topics], "expires_at": "2090-01-01T00:00:00Z" });
    let (_, confined) = admin.issue(wish("confined", "admin", "deploys")).await;
    let mut hidden = Vec::new();
    for number in 0..4 {
        // Of every order some stand before, between and behind those that may be seen.
        for label in [format!("a hidden {number}"), format!("seen {number} hidden"), format!("z hidden {number}")] {
            hidden.push(text(&admin.issue(wish(&label, "send", "secrets")).await.0, "id"));
        }
        confined.issue(wish(&format!("seen {number}"), "read", "deploys")).await;
    }
    let reaching = |order: &str| format!("/keys?sort={order}&");
    let orders = ["created_at", "label", "expires_at", "last_used_at", "status", "uses"];
    let lists = orders.into_iter().flat_map(|order| [reaching(order), reaching(&format!("-{order}"))]);
    for list in lists.chain(["/meshes/main/topics/deploys/access?".to_owned()]) {
        let told = cursors(&confined, &list).await;
        assert!(told.contains("key_"), "{list}: there was no second page");
        let leak = hidden.iter().find(|id| told.contains(id.as_str()));
        assert!(leak.is_none() && !told.contains("hidden"), "{list}: {told}");
    }
}
