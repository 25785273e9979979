//! Nothing is served that the contract does not promise, and everything that it does.

use std::collections::BTreeSet;

use meshkey::http::routes::TABLE;

use super::scene::Scene;
use crate::{
    house::House,
    promise::{Door, Operation, PROMISE},
};

#[test]
fn the_route_table_and_the_contract_are_the_same() {
    let served: BTreeSet<_> = TABLE.iter().map(|(method, path)| (method.to_uppercase(), (*path).to_owned())).collect();
    let promised: BTreeSet<_> =
        PROMISE.operations.iter().map(|operation| (method(operation), operation.path.clone())).collect();
    assert_eq!(served, promised);
    assert_eq!(TABLE.len(), served.len(), "a route is there twice");
}

/// As the table of routes says it.
fn method(operation: &Operation) -> String {
    if operation.door == Door::Gateway { "ANY".to_owned() } else { operation.method.to_uppercase() }
}

// T-13
#[test]
fn every_example_fits_its_schema() {
    assert_eq!(PROMISE.wrong_examples(), Vec::<String>::new());
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let names: BTreeSet<_> = PROMISE.operations.iter().map(|operation| &operation.id).collect();
    assert_eq!(names.len(), PROMISE.operations.len());
}

#[tokio::test]
async fn another_method_is_refused_and_told_which_would_do() {
    let scene = Scene::new().await;
    for operation in PROMISE.operations.iter().filter(|operation| operation.door != Door::Gateway) {
        let mut place = scene.main_place();
        place.key = super::scene::nobodys("key");
        let path = operation.path.replace("{code}", "internal");
        let path = path.replace("{org}", &place.org).replace("{mesh}", &place.mesh).replace("{topic}", &place.topic);
        let path = path.replace("{key}", &place.key).replace("{name}", &place.name);
        let mut known = PROMISE.methods(&path);
        if known.contains(&"GET".to_owned()) {
            known.push("HEAD".to_owned());
        }
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            if known.iter().any(|known| known == method) {
                continue;
            }
            let answer = scene.admin.raw(method, &path).send().await.expect(405);
            let allowed: BTreeSet<_> = answer.header("allow").split(", ").collect();
            assert_eq!(allowed, known.iter().map(String::as_str).collect(), "{path}");
        }
    }
}

#[tokio::test]
async fn head_answers_like_get_without_the_body() {
    let scene = Scene::new().await;
    // A socket is opened by GET alone.
    let looks = |operation: &&Operation| operation.method == "get" && operation.id != "openSocket";
    for operation in PROMISE.guarded().filter(looks) {
        let call = scene.call(operation).await;
        let got = call.by(&scene.admin).await.expect(200);
        let head = scene.admin.raw("HEAD", &call.path).send().await.expect(200);
        for name in ["content-type", "etag"] {
            assert_eq!(head.headers.get(name), got.headers.get(name), "{name} of {}", operation.id);
        }
        scene.house.stranger().raw("HEAD", &call.path).send().await.expect(401);
    }
}

#[tokio::test]
async fn the_docs_fetch_nothing_from_elsewhere() {
    let house = House::new().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = |path: String| http.get(format!("{}{path}", house.stranger().base())).send();
    let html = page("/docs/".to_owned()).await.unwrap().text().await.unwrap();
    let links: Vec<_> = html.split("=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let files: Vec<_> = links.iter().filter(|link| link.contains(".js") || link.contains(".css")).collect();
    assert!(files.len() >= 4 && !html.contains("//"), "{html}");
    for file in files {
        let answer = page(format!("/docs/{}", file.trim_start_matches("./"))).await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{file}");
    }
    let start = page("/docs/swagger-initializer.js".to_owned()).await.unwrap().text().await.unwrap();
    assert!(start.contains("/openapi.yaml") && !start.contains("://"), "{start}");
}

#[tokio::test]
async fn what_is_open_is_open() {
    let house = House::with(&[("MESHKEY_PUBLIC_URL", "https://keys.example.org")]).await;
    for operation in PROMISE.operations.iter().filter(|operation| operation.open && operation.method == "get") {
        let path = operation.path.replace("{code}", "insufficient_scope");
        house.stranger().get(&path).await.expect(operation.successes[0]);
    }
    house.stranger().get("/docs/").await.expect(200);
    let contract = house.stranger().get("/openapi.yaml").await.expect(200);
    assert_eq!(contract.body, include_str!("../../../openapi.yaml"));
    house.stranger().get("/docs/errors/nonsense").await.problem(404, "not_found");
}

// T-13
#[tokio::test]
async fn every_error_code_has_a_page() {
    let house = House::new().await;
    let codes = PROMISE.codes();
    let list = house.stranger().get("/docs/errors").await.expect(200).body;
    for code in codes {
        house.stranger().get(&format!("/docs/errors/{code}")).await.expect(200);
        assert!(list.as_str().unwrap().contains(&code), "{code} is not in the list");
    }
}

#[tokio::test]
async fn what_is_not_promised_is_not_there() {
    let house = House::new().await;
    for path in [
        "/index.html",
        "/sign-in/",
        "/account/x",
        "/v1",
        "/v1/",
        "/v2/whoami",
        "/v1/whoami/",
        "/v1//whoami",
        "/metrics",
        "/v1/orgs",
        "/v1/verify/batch/x",
    ] {
        house.admin().get(path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_request_id_is_new_for_each_request() {
    let house = House::new().await;
    let (first, second) = (house.stranger().get("/livez").await, house.stranger().get("/livez").await);
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}
