//! What holds at every door: one shape of a no, no cookie that helps or hides, no origin that is let in.

use serde_json::{Value, json};

use crate::house::House;

// G-13, G-15
#[tokio::test]
async fn every_no_has_the_same_members() {
    let house = House::new().await;
    let (admin, stranger) = (house.admin(), house.stranger());
    let keys = admin.at("/keys");
    let answers = [
        stranger.get("/nowhere").await.expect(404),
        stranger.get("/docs/errors/none").await.expect(404),
        stranger.raw("DELETE", "/livez").send().await.expect(405),
        stranger.get("/v1/whoami").await.expect(401),
        admin.get("/v1/meshes/nowhere/topics").await.expect(404),
        admin.raw("POST", &keys).body("application/json", "{").send().await.expect(400),
        admin.raw("POST", &keys).body("text/plain", "x").send().await.expect(415),
        admin.raw("POST", &keys).body("application/json", vec![b' '; 70_000]).send().await.expect(413),
        admin.act("/v1/meshes/main/topics/deploys/messages").await.expect(415),
        admin.patch(&admin.at(""), json!({ "name": "x" }), "\"x\"").await.expect(412),
    ];
    for answer in answers {
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let members: Vec<&str> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
        for member in ["code", "detail", "request_id", "status", "title", "type"] {
            assert!(members.contains(&member), "{answer:?}");
        }
        assert_eq!(answer.body["status"], answer.status);
        assert_ne!(answer.body["detail"], Value::Null);
    }
}

// G-9, G-11
#[tokio::test]
async fn a_key_in_its_header_decides_alone_and_no_origin_is_let_in() {
    let house = House::new().await;
    let admin = house.admin();
    let path = "/v1/meshes/main/topics/deploys/messages";
    for (name, value) in [
        ("Origin", "https://elsewhere.example"),
        ("Origin", "null"),
        ("Cookie", "session=stale; key=mshk_x"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Referer", "https://elsewhere.example/"),
    ] {
        let answer = admin.raw("POST", path).header(name, value).json(&json!({ "body": 1 })).send().await.expect(201);
        let opened = answer.headers.keys().any(|name| name.as_str().starts_with("access-control"));
        assert!(!opened && !answer.headers.contains_key("set-cookie"), "{answer:?}");
    }
    let asked = admin.raw("OPTIONS", path).header("Origin", "https://elsewhere.example");
    let asked = asked.header("Access-Control-Request-Method", "POST").send().await.expect(405);
    assert!(!asked.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{asked:?}");
}
