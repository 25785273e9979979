//! How a key may be shown, and how it may not.

use super::scene::Scene;
use crate::promise::PROMISE;

// G-10, K-11
#[tokio::test]
async fn one_credential_in_one_header_and_nothing_else_will_do() {
    let scene = Scene::new().await;
    let (stranger, secret) = (scene.house.stranger(), scene.admin.secret());
    let bearer = format!("Bearer {secret}");
    let doubles = [
        [("Authorization", bearer.as_str()), ("X-API-Key", secret)],
        [("Authorization", &bearer), ("Authorization", &bearer)],
        [("X-API-Key", secret), ("X-API-Key", secret)],
        [("Authorization", &bearer), ("X-API-Key", "")],
    ];
    for operation in PROMISE.guarded() {
        let call = scene.call(operation).await;
        for [first, second] in doubles {
            let request = stranger.bare(&operation.method, &call.path).header(first.0, first.1);
            call.complete(request.header(second.0, second.1)).send().await.problem(400, "invalid_request");
        }
        for name in ["token", "api_key", "access_token", "key"] {
            let path = format!("{}?{name}={secret}", call.path);
            call.complete(stranger.bare(&operation.method, &path)).send().await.problem(400, "invalid_request");
            call.complete(scene.admin.raw(&operation.method, &path)).send().await.problem(400, "invalid_request");
        }
        let request = stranger.bare(&operation.method, &call.path).header("x-api-key", secret);
        let answer = call.complete(request).send().await;
        assert!(operation.successes.contains(&answer.status), "X-API-Key at {}: {answer:?}", operation.id);
    }
}

// G-10
#[tokio::test]
async fn the_scheme_is_read_in_any_case() {
    let scene = Scene::new().await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let request = scene.house.stranger().bare("GET", "/v1/whoami");
        request.header("Authorization", &format!("{scheme} {}", scene.admin.secret())).send().await.expect(200);
    }
}

// G-10
#[tokio::test]
async fn a_header_that_holds_no_key_is_challenged() {
    let scene = Scene::new().await;
    let secret = scene.admin.secret();
    let odd = [
        "",
        "Bearer",
        "Bearer ",
        secret,
        "Basic bWVzaDprZXk=",
        &format!("Token {secret}"),
        &format!("Bearer {secret} x"),
    ];
    for value in odd {
        let request = scene.house.stranger().bare("GET", "/v1/whoami").header("Authorization", value);
        let answer = request.send().await;
        assert!(answer.status == 401, "{value}: {answer:?}");
    }
    let cookie = scene.house.stranger().bare("GET", "/v1/whoami").header("Cookie", &format!("key={secret}"));
    cookie.send().await.problem(401, "unauthenticated"); // G-9
}
