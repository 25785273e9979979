//! Capabilities that an org declares: made, described and retired; given to keys, and judged as those that every org has.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    client::{Answer, Client},
    house::House,
    tools::{id, unsettled, until_waiting},
};

async fn declare(admin: &Client, name: &str) -> Answer {
    admin.post(&admin.at("/capabilities"), json!({ "name": name })).await
}

async fn retire(admin: &Client, name: &str) -> Answer {
    admin.act(&admin.at(&format!("/capabilities/{name}/retire"))).await
}

fn wish(capabilities: &[&str]) -> Value {
    json!({ "label": "bot", "mesh": "main", "capabilities": capabilities, "topics": "all" })
}

async fn ask(asker: &Client, key: &Client, capability: &str) -> Answer {
    asker.post("/v1/verify", json!({ "key": key.secret(), "capability": capability, "mesh": "main" })).await
}

async fn code(asker: &Client, key: &Client, capability: &str) -> String {
    ask(asker, key, capability).await.expect(200).body["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn one_is_declared_shown_described_and_retired() {
    let house = House::new().await;
    let admin = house.admin();
    let all = admin.at("/capabilities");
    let made = admin.post(&all, json!({ "name": "upload", "description": "Put files" })).await.expect(201).clone();
    let place = made.header("location");
    assert_eq!(
        place,
        admin.get("/v1/orgs/acme").await.body["id"]
            .as_str()
            .map(|org| format!("/v1/orgs/{org}/capabilities/upload"))
            .unwrap()
    );
    assert_eq!(
        (&made.body["name"], &made.body["description"], &made.body["version"]),
        (&json!("upload"), &json!("Put files"), &json!(1))
    );
    assert_eq!(admin.get(place).await.expect(200).body, made.body);
    declare(&admin, "issue_view").await.expect(201);
    let names: Vec<_> = admin.get(&all).await.expect(200).items().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["issue_view", "upload"]);
    let first = admin.get(&format!("{all}?limit=1")).await.expect(200).body.clone();
    let rest =
        admin.get(&format!("{all}?limit=1&cursor={}", first["next"].as_str().unwrap())).await.expect(200).body.clone();
    assert_eq!(
        (&first["items"][0]["name"], &rest["items"][0]["name"], rest.get("next")),
        (&json!("issue_view"), &json!("upload"), None)
    );
    let edited = admin.patch(place, json!({ "description": "Put a file" }), "\"v1\"").await.expect(200).clone();
    assert_eq!((&edited.body["description"], &edited.body["version"]), (&json!("Put a file"), &json!(2)));
    admin.patch(place, json!({ "description": "" }), "\"v1\"").await.problem(412, "precondition_failed");
    let retired = retire(&admin, "upload").await.expect(200).clone();
    assert_eq!(unsettled(retired.body), edited.body);
    admin.get(place).await.problem(404, "not_found");
    retire(&admin, "upload").await.problem(404, "not_found");
    declare(&admin, "upload").await.expect(201);
}

#[tokio::test]
async fn a_name_that_is_none_or_taken_is_refused() {
    let house = House::new().await;
    let admin = house.admin();
    for (name, said) in [
        ("send", "'send' is built in: every org has it"),
        ("Upload", "a capability is 2 to 48 characters of a-z 0-9 _ . -, the first a letter"),
        ("x", "a capability is 2 to 48 characters of a-z 0-9 _ . -, the first a letter"),
        ("9a", "a capability is 2 to 48 characters of a-z 0-9 _ . -, the first a letter"),
    ] {
        let problem = declare(&admin, name).await.problem(422, "invalid_input");
        assert_eq!(problem["errors"], json!([{ "pointer": "#/name", "detail": said }]));
    }
    declare(&admin, "upload").await.expect(201);
    declare(&admin, "upload").await.problem(409, "already_exists");
}

#[tokio::test]
async fn sixty_four_are_all_even_if_many_are_declared_at_once() {
    let house = House::new().await;
    let admin = house.admin();
    for number in 0..60 {
        declare(&admin, &format!("right-{number}")).await.expect(201);
    }
    let names: Vec<_> = (60..72).map(|number| format!("right-{number}")).collect();
    let answers = join_all(names.iter().map(|name| declare(&admin, name))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 4);
    for answer in refused {
        answer.problem(409, "capability_limit_reached");
    }
}

// P-9
#[tokio::test]
async fn a_declared_one_is_judged_like_those_that_every_org_has() {
    let house = House::new().await;
    let admin = house.admin();
    let said =
        "unknown capability 'uplaod' (did you mean 'upload'?); known: send, read, state_write, admin, verify, upload";
    declare(&admin, "upload").await.expect(201);
    let refused = admin.post(&admin.at("/keys"), wish(&["read", "uplaod"])).await.problem(422, "invalid_input");
    assert_eq!(refused["errors"], json!([{ "pointer": "#/capabilities", "detail": said }]));
    let (uploader, reader) = (admin.issue(wish(&["upload"])).await, admin.issue(wish(&["read"])).await);
    assert_eq!(uploader.0["capabilities"], json!(["upload"]));
    for _ in 0..2 {
        assert_eq!(code(&admin, &uploader.1, "upload").await, "ok");
        assert_eq!(code(&admin, &uploader.1, "read").await, "capability_missing");
        assert_eq!(code(&admin, &reader.1, "upload").await, "capability_missing");
        assert_eq!(code(&admin, &admin, "upload").await, "ok");
    }
    let unknown = ask(&admin, &uploader.1, "uplaod").await.problem(422, "invalid_input");
    assert_eq!(unknown["errors"], json!([{ "pointer": "#/capability", "detail": said }]));
    let questions = json!({ "items": [{ "key": uploader.1.secret(), "capability": "uplaod" }] });
    let unknown = admin.post("/v1/verify/batch", questions).await.problem(422, "invalid_input");
    assert_eq!(unknown["errors"][0]["pointer"], "#/items/0/capability");
    let why = json!({ "key": id(&reader.0), "capability": "upload", "mesh": "main" });
    let why = admin.post("/v1/explain", why).await.expect(200).body.clone();
    assert_eq!(
        (&why["code"], &why["changes"][0]["patch"]["capabilities"]),
        (&json!("capability_missing"), &json!(["read", "upload"]))
    );
    // Nobody hands out more than they hold: an admin of the mesh has them all, another key has its own.
    let path = admin.at(&format!("/keys/{}", id(&reader.0)));
    admin.patch(&path, json!({ "capabilities": ["upload"] }), "*").await.expect(200);
    assert_eq!(code(&admin, &reader.1, "upload").await, "ok");
}

#[tokio::test]
async fn what_one_org_has_declared_another_has_not() {
    let house = House::new().await;
    let (admin, rival) = (house.admin(), house.org("rival").admin);
    declare(&admin, "upload").await.expect(201);
    rival.post(&rival.at("/meshes"), json!({ "slug": "main" })).await.expect(201);
    rival.post(&rival.at("/keys"), wish(&["upload"])).await.problem(422, "invalid_input");
    ask(&rival, &rival, "upload").await.problem(422, "invalid_input");
    assert!(rival.get(&rival.at("/capabilities")).await.expect(200).items().is_empty());
}

#[tokio::test]
async fn an_admin_of_a_mesh_may_look_and_no_more() {
    let house = House::new().await;
    let admin = house.admin();
    declare(&admin, "upload").await.expect(201);
    let (_, local) = admin.issue(wish(&["admin"])).await;
    assert_eq!(local.get(&local.at("/capabilities")).await.expect(200).items().len(), 1);
    let denied = declare(&local, "other").await.problem(403, "insufficient_scope");
    assert_eq!(denied["denial"], "wrong_mesh");
    retire(&local, "upload").await.problem(403, "insufficient_scope");
    local.issue(wish(&["upload"])).await;
}

#[tokio::test]
async fn one_that_a_live_key_has_is_not_retired_and_after_it_no_replica_knows_it() {
    let house = House::new().await;
    let (admin, twin) = (house.admin(), house.twin().await);
    let elsewhere = twin.stranger().with_key(admin.secret());
    declare(&admin, "upload").await.expect(201);
    let (key, holder) = admin.issue(wish(&["upload"])).await;
    assert_eq!(code(&elsewhere, &holder, "upload").await, "ok");
    let key = admin.at(&format!("/keys/{}", id(&key)));
    retire(&admin, "upload").await.problem(409, "capability_in_use");
    admin.act(&format!("{key}/disable")).await.expect(200);
    retire(&admin, "upload").await.problem(409, "capability_in_use");
    admin.act(&format!("{key}/revoke")).await.expect(200);
    retire(&admin, "upload").await.expect(200);
    for asker in [&admin, &elsewhere] {
        ask(asker, &holder, "upload").await.problem(422, "invalid_input");
    }
}

/// Asks for something while somebody else holds the row of a capability in this way: it waits until that one is done.
async fn waits(house: &House, lock: &str, asking: impl Future<Output = Answer>) -> Answer {
    let (holder, watcher) = (house.sql("superuser").await, house.sql("superuser").await);
    holder.batch_execute(&format!("BEGIN; SELECT FROM capabilities FOR {lock}")).await.unwrap();
    let release = async {
        until_waiting(&watcher, 1).await;
        holder.batch_execute("COMMIT").await.unwrap();
    };
    tokio::join!(asking, release).0
}

#[tokio::test]
async fn who_gives_one_to_a_key_and_who_retires_it_wait_for_each_other() {
    let house = House::new().await;
    let admin = house.admin();
    declare(&admin, "upload").await.expect(201);
    let keys = admin.at("/keys");
    let (key, _) = admin.issue(wish(&["read"])).await;
    waits(&house, "UPDATE", admin.post(&keys, wish(&["upload"]))).await.expect(201);
    let path = format!("{keys}/{}", id(&key));
    waits(&house, "UPDATE", admin.patch(&path, json!({ "capabilities": ["upload"] }), "*")).await.expect(200);
    waits(&house, "KEY SHARE", retire(&admin, "upload")).await.problem(409, "capability_in_use");
}
