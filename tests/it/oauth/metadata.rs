//! Where everything is, for clients that look for it, and only by the name that the operator has given.

use serde_json::{Value, json};

use super::{basic, challenges};
use crate::house::House;

const SERVER: &str = "/.well-known/oauth-authorization-server";
const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const URL: &str = "https://keys.example.org";

/// The one who asks says another host, as anybody can.
async fn shown(house: &House, path: &str) -> Value {
    let request =
        house.stranger().raw("GET", path).header("Host", "evil.example").header("X-Forwarded-Host", "evil.example");
    let answer = request.send().await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    answer.body
}

#[tokio::test]
async fn a_service_that_does_not_know_its_name_says_nothing() {
    let house = House::new().await;
    for path in [SERVER, RESOURCE] {
        house.stranger().get(path).await.problem(404, "not_found");
    }
    let refused = house.stranger().get("/v1/whoami").await;
    assert_eq!(challenges(&refused), [r#"Bearer realm="meshkey""#]);
}

#[tokio::test]
async fn what_is_told_is_whole_and_of_the_name_that_was_set() {
    let house = House::with(&[("MESHKEY_PUBLIC_URL", "https://keys.example.org/")]).await;
    let scopes = ["send", "read", "state_write", "admin", "verify"];
    let server = json!({
        "issuer": URL,
        "device_authorization_endpoint": format!("{URL}/v1/device-authorization"),
        "token_endpoint": format!("{URL}/v1/token"),
        "token_endpoint_auth_methods_supported": ["none"],
        "introspection_endpoint": format!("{URL}/v1/introspect"),
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "Bearer"],
        "revocation_endpoint": format!("{URL}/v1/revoke"),
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic"],
        "scopes_supported": scopes,
        "response_types_supported": [],
        "grant_types_supported": ["urn:ietf:params:oauth:grant-type:device_code"],
        "service_documentation": format!("{URL}/docs/"),
    });
    let resource = json!({
        "resource": URL,
        "authorization_servers": [URL],
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
        "resource_documentation": format!("{URL}/docs/"),
    });
    assert_eq!(shown(&house, SERVER).await, server);
    assert_eq!(shown(&house, RESOURCE).await, resource);
    for path in [SERVER, RESOURCE] {
        house.stranger().raw("HEAD", path).send().await.expect(200);
    }
    // What is named is there.
    for member in ["introspection_endpoint", "revocation_endpoint"] {
        let path = server[member].as_str().unwrap().strip_prefix(URL).unwrap();
        house.stranger().form(path, &[("token", "x")]).await.problem(401, "unauthenticated");
    }
    house.stranger().get("/docs/").await.expect(200);
}

#[tokio::test]
async fn each_challenge_for_a_bearer_token_names_the_place_and_no_other_does() {
    let house = House::with(&[("MESHKEY_PUBLIC_URL", URL)]).await;
    let (admin, stranger) = (house.admin(), house.stranger());
    let place = format!(r#", resource_metadata="{URL}{RESOURCE}""#);
    let (nobody, bad) = (r#"Bearer realm="meshkey""#, r#"Bearer realm="meshkey", error="invalid_token""#);
    let plain = stranger.get("/v1/whoami").await.expect(401);
    assert_eq!(challenges(&plain), [format!("{nobody}{place}")]);
    let dead = stranger.with_key("mshk_short").get("/v1/whoami").await.expect(401);
    assert_eq!(challenges(&dead), [format!("{bad}{place}")]);
    let either = stranger.form("/v1/introspect", &[("token", "x")]).await.expect(401);
    assert_eq!(challenges(&either), [format!("{nobody}{place}"), r#"Basic realm="meshkey""#.to_owned()]);
    let by_basic = stranger.bare("POST", "/v1/revoke").header("Authorization", &basic("x", "y"));
    let by_basic = by_basic.form(&[("token", "x")]).send().await.expect(401);
    assert_eq!(challenges(&by_basic), [r#"Basic realm="meshkey""#]);
    let (_, reader) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    let narrow = reader.get(&reader.at("/keys")).await.expect(403);
    assert_eq!(challenges(&narrow), [r#"Bearer realm="meshkey", error="insufficient_scope", scope="admin""#]);
}
