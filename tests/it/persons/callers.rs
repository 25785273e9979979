//! A request is judged by the key that it carries; without one, by the session, if it comes from a page of our own.

use serde_json::json;

use super::{Person, count};
use crate::{
    client::Client,
    house::House,
    tools::{id, until_heard},
};

const KEY: &str = r#"{ "label": "by hand", "capabilities": ["read"], "topics": "all" }"#;

fn wish() -> serde_json::Value {
    serde_json::from_str(KEY).unwrap()
}

/// A house, and an owner of its org who is signed in.
async fn owned() -> (House, Person, Client) {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "owner").await;
    let client = dana.signed_in(&house).await;
    (house, dana, client)
}

// A-23, L-13
#[tokio::test]
async fn who_is_signed_in_manages_its_org_and_the_audit_says_who_it_was() {
    let (_house, dana, client) = owned().await;
    assert_eq!(client.get(&client.at("")).await.expect(200).body["slug"], "acme");
    let key = client.post(&client.at("/keys"), wish()).await.expect(201).clone();
    assert_eq!(key.body["issued_by"], json!({ "kind": "user", "id": dana.id }));
    assert_eq!(key.body["user"], json!(null), "it outlives its issuer");
    let path = client.at(&format!("/keys/{}", id(&key.body)));
    let revoked = client.act(&format!("{path}/revoke")).await.expect(200).clone();
    assert_eq!(revoked.body["effective"], "everywhere");
    assert_eq!(client.get(&path).await.expect(200).body["revoked_by"], json!({ "kind": "user", "id": dana.id }));
    let events = client.get(&client.at(&format!("/audit?actor={}", dana.id))).await.expect(200).clone();
    let told: Vec<_> = events.items().iter().map(|event| &event["action"]).collect();
    assert_eq!(told, ["key.revoked", "key.issued"]);
    assert_eq!(client.get(&client.at(&format!("/keys?issued_by={}", dana.id))).await.expect(200).items().len(), 1);
    let verified = client.get(&client.at("/audit/verify")).await.expect(200).clone();
    assert_eq!(verified.body["whole"], true, "{verified:?}");
}

// G-9
#[tokio::test]
async fn a_request_with_a_key_is_judged_by_the_key_alone() {
    let (house, _, client) = owned().await;
    let reader = house.admin().issue(json!({ "capabilities": ["read"], "topics": "all" })).await.1;
    let with_both = |secret: &str, header: &str, value: String| {
        let _ = secret;
        client.raw("POST", &client.at("/keys")).header(header, &value).json(&wish())
    };
    let secret = reader.secret();
    for (header, value) in [("X-API-Key", secret.to_owned()), ("Authorization", format!("Bearer {secret}"))] {
        with_both(secret, header, value).send().await.problem(403, "insufficient_scope");
    }
    with_both(secret, "X-API-Key", "mshk_short".to_owned()).send().await.problem(401, "invalid_token");
    let admin = house.admin();
    let odd = client.raw("POST", &client.at("/keys")).header("X-API-Key", admin.secret());
    let key = odd.json(&wish()).send().await.expect(201).clone();
    assert_eq!(key.body["issued_by"]["kind"], "key");
}

// G-11
#[tokio::test]
async fn a_session_opens_nothing_to_a_page_of_another_site() {
    let (house, dana, client) = owned().await;
    let (session, path) = (dana.session(&house).await, client.at("/keys"));
    let cookie = format!("__Host-meshkey={}", session.reveal().as_str());
    let (token, other) = (session.form_token(), dana.session(&house).await.form_token());
    let host = client.base().strip_prefix("http://").unwrap().to_owned();
    let own = format!("http://{host}");
    let same = ("Sec-Fetch-Site", "same-origin");
    let refused: [&[(&str, &str)]; 12] = [
        &[("Sec-Fetch-Site", "cross-site"), ("X-Form-Token", &token)],
        &[("Sec-Fetch-Site", "same-site"), ("X-Form-Token", &token)],
        &[("Sec-Fetch-Site", "none"), ("X-Form-Token", &token)],
        &[("Sec-Fetch-Site", ""), ("X-Form-Token", &token)],
        &[("X-Form-Token", &token)],
        &[("Origin", "null"), ("X-Form-Token", &token)],
        &[("Origin", "https://evil.example"), ("X-Form-Token", &token)],
        &[("Origin", "http://127.0.0.1:1"), ("X-Form-Token", &token)],
        &[same],
        &[same, ("X-Form-Token", "")],
        &[same, ("X-Form-Token", &other)],
        &[same, ("X-Form-Token", &token), ("X-Form-Token", &token)],
    ];
    for headers in refused {
        let request = client.bare("POST", &path).header("Cookie", &cookie);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        request.json(&wish()).send().await.problem(403, "cross_site");
    }
    for headers in [[same, ("X-Form-Token", token.as_str())], [("Origin", own.as_str()), ("X-Form-Token", &token)]] {
        let request = client.bare("POST", &path).header("Cookie", &cookie);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        request.json(&wish()).send().await.expect(201);
    }
    // What only reads needs no token, and may be typed into the address bar; another site's page gets nothing.
    for site in ["same-origin", "none"] {
        client.bare("GET", &path).header("Cookie", &cookie).header("Sec-Fetch-Site", site).send().await.expect(200);
    }
    let foreign = client.bare("GET", &path).header("Cookie", &cookie).header("Sec-Fetch-Site", "cross-site");
    foreign.send().await.problem(403, "cross_site");
    assert_eq!(count(&house, "api_keys WHERE label = 'by hand'").await, "2");
}

// A-29
#[tokio::test]
async fn a_session_that_is_over_or_only_half_opens_nothing() {
    let (house, dana, _) = owned().await;
    let db = house.sql("superuser").await;
    for over in [
        "UPDATE sessions SET is_half = true",
        "UPDATE sessions SET ends_at = clock_timestamp()",
        "UPDATE sessions SET seen_at = clock_timestamp() - interval '12 hours'",
        "DELETE FROM sessions",
        "UPDATE users SET suspended_at = now()",
    ] {
        db.batch_execute("DELETE FROM sessions; UPDATE users SET suspended_at = NULL").await.unwrap();
        let client = dana.signed_in(&house).await;
        client.get(&client.at("")).await.expect(200);
        let replica = house.twin().await;
        let there = replica.admin().with_session(&dana.session(&house).await);
        there.get(&there.at("")).await.expect(200);
        db.batch_execute(over).await.unwrap();
        for client in [&client, &there] {
            client.get(&client.at("")).await.problem(401, "unauthenticated");
            client.get("/v1/me").await.problem(401, "unauthenticated");
        }
    }
    let stranger = house.stranger();
    for cookie in ["__Host-meshkey=x", "__Host-meshkey=", "meshkey=x"] {
        let request = stranger.bare("GET", &house.admin().at("")).header("Cookie", cookie);
        request.send().await.problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn to_act_within_a_mesh_and_to_ask_about_keys_takes_a_key() {
    let (house, _, client) = owned().await;
    for path in ["/v1/meshes/main/topics", "/v1/meshes/main/topics/deploys/messages", "/v1/whoami"] {
        client.get(path).await.problem(401, "unauthenticated");
    }
    let question = json!({ "key": house.admin().secret(), "capability": "read" });
    client.post("/v1/verify", question).await.problem(401, "unauthenticated");
}

// A-13
#[tokio::test]
async fn another_org_is_as_unknown_as_one_that_does_not_exist() {
    let (house, dana, client) = owned().await;
    house.org("rival");
    for path in ["", "/keys", "/meshes", "/audit", "/gates", "/meshes/main/topics"] {
        let (theirs, nobodys) = (format!("/v1/orgs/rival{path}"), format!("/v1/orgs/nowhere{path}"));
        let answer = client.get(&theirs).await;
        answer.problem(404, "not_found");
        assert_eq!(answer.face(), client.get(&nobodys).await.face());
    }
    dana.becomes(&house, "rival", None, "viewer").await;
    client.get("/v1/orgs/rival/keys").await.problem(403, "insufficient_scope");
    let suspend = "UPDATE orgs SET suspended_at = now() WHERE slug = 'rival'";
    let db = house.sql("superuser").await;
    db.batch_execute(suspend).await.unwrap();
    until_heard(&db).await;
    client.get("/v1/orgs/rival").await.problem(403, "org_suspended");
    client.get("/v1/orgs/acme").await.expect(200);
}

#[tokio::test]
async fn admin_is_handed_out_by_who_has_shown_lately_who_it_is() {
    let (house, _, client) = owned().await;
    let db = house.sql("superuser").await;
    let wish = json!({ "label": "root", "capabilities": ["admin"], "topics": "all" });
    let key = client.post(&client.at("/keys"), wish.clone()).await.expect(201).clone();
    let path = client.at(&format!("/keys/{}", id(&key.body)));
    let narrow = client.post(&client.at("/keys"), self::wish()).await.expect(201).clone();
    db.batch_execute("UPDATE sessions SET confirmed_at = now() - interval '15 minutes'").await.unwrap();
    client.post(&client.at("/keys"), wish).await.problem(403, "confirmation_required");
    client.act(&format!("{path}/rotate")).await.problem(403, "confirmation_required");
    let widen = client.at(&format!("/keys/{}", id(&narrow.body)));
    client.patch(&widen, json!({ "capabilities": ["admin"] }), "*").await.problem(403, "confirmation_required");
    // What takes away is not put off.
    client.post(&client.at("/keys"), self::wish()).await.expect(201);
    client.act(&format!("{path}/revoke")).await.expect(200);
}

#[tokio::test]
async fn the_same_request_of_a_person_again_gets_the_first_answer() {
    let (house, _, client) = owned().await;
    let other = Person::in_org(&house, "Lee", "admin").await.signed_in(&house).await;
    let ask =
        |client: &Client| client.raw("POST", &client.at("/keys")).header("Idempotency-Key", "\"once\"").json(&wish());
    let first = ask(&client).send().await.expect(201).clone();
    let again = ask(&client).send().await.expect(201).clone();
    assert_eq!((id(&first.body), &again.body["secret"]), (id(&again.body), &json!(null)));
    assert_ne!(id(&ask(&other).send().await.expect(201).body), id(&first.body));
}

#[tokio::test]
async fn a_person_is_told_who_it_is_and_a_key_whose_it_is() {
    let (house, dana, client) = owned().await;
    house.org("rival");
    dana.becomes(&house, "rival", None, "member").await;
    let me = client.get("/v1/me").await.expect(200).clone();
    assert_eq!(me.body["user"], json!({ "id": dana.id, "email": "dana@example.com", "name": "Dana" }));
    let parts: Vec<_> = me.body["memberships"].as_array().unwrap().iter().collect();
    assert_eq!(parts.iter().map(|part| part["role"].as_str().unwrap()).collect::<Vec<_>>(), ["owner", "member"]);
    assert!(me.body["session"]["id"].as_str().unwrap().starts_with("sess_"));
    house.admin().get("/v1/me").await.problem(403, "person_required");
    let wish = json!({ "label": "mine", "capabilities": ["read"], "topics": "all" });
    let key = client.post("/v1/me/keys?org=acme", wish).await.expect(201).clone();
    let own = house.stranger().with_key(key.body["secret"].as_str().unwrap());
    let told = own.get("/v1/me").await.expect(200).clone();
    assert_eq!((&told.body["user"]["id"], &told.body["session"]), (&json!(dana.id), &json!(null)));
    own.get("/v1/me/keys").await.problem(403, "person_required");
}
