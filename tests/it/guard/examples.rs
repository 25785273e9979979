//! The examples, built as a stranger would build them, and asked what they may answer.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::LazyLock,
};

use meshkey::domain::{Prefix, Secret};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    house::House,
    tools::{database_url, id},
};

const ACTIX_WEB: &str = "meshkey-example-actix-web";
const AXUM: &str = "meshkey-example-axum";

/// A running example.
struct Example {
    child: Child,
    base: String,
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds the examples, once for all tests, and gives the path of this one's program.
fn built(package: &str) -> String {
    static PROGRAMS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
        let build = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--message-format", "json"])
            .args(["--package", ACTIX_WEB, "--package", AXUM])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(build.status.success(), "the examples do not build");
        let lines =
            build.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        let text = |value: &Value| value.as_str().map(str::to_owned);
        lines.filter_map(|line| Some((text(&line["target"]["name"])?, text(&line["executable"])?))).collect()
    });
    let program = PROGRAMS.iter().find(|(name, _)| name == package);
    program.unwrap_or_else(|| panic!("{package} makes no program")).1.clone()
}

async fn started(house: &House, package: &str) -> Example {
    let mut child = Command::new(built(package))
        .env("MESHKEY_GUARD_DATABASE_URL", database_url(house).await)
        .envs([("MESHKEY_GUARD_ORG", "acme"), ("MESHKEY_GUARD_MESH", "main"), ("LISTEN", "127.0.0.1:0")])
        .envs([("MESHKEY_GUARD_ALLOW_FSYNC_OFF", "true")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let base = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{package} says {line:?}"));
    Example { base: format!("http://{base}"), child }
}

type Header<'a> = (&'static str, &'a str);

async fn ask(example: &Example, method: Method, path: &str, headers: &[Header<'_>]) -> (StatusCode, String, String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.request(method, format!("{}{path}", example.base)).body("some bytes");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = request.send().await.unwrap();
    let challenge = response.headers().get("www-authenticate").map_or("", |value| value.to_str().unwrap()).to_owned();
    (response.status(), challenge, response.text().await.unwrap())
}

fn code(body: &str) -> String {
    let problem: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("no problem: {body}"));
    let denial = problem["denial"].as_str().map(|denial| format!(" {denial}")).unwrap_or_default();
    format!("{}{denial}", problem["code"].as_str().unwrap())
}

async fn a_service_is_guarded(package: &str) {
    let house = House::new().await;
    let admin = house.admin();
    for name in ["issue_view", "upload"] {
        admin.post(&admin.at("/capabilities"), json!({ "name": name })).await.expect(201);
    }
    let example = started(&house, package).await;
    let wish = json!({ "mesh": "main", "capabilities": ["upload"], "topics": ["deploys"], "label": "ci" });
    let (key, ci) = admin.issue(wish).await;
    let wish = json!({ "mesh": "main", "capabilities": ["issue_view"], "topics": "all", "label": "viewer",
                       "addresses": ["127.0.0.1"] });
    let viewer = admin.issue(wish).await.1;
    let far = json!({ "capabilities": ["issue_view"], "topics": "all", "addresses": ["192.0.2.1"] });
    let far = admin.issue(far).await.1;
    let bearer = |secret: &str| format!("Bearer {secret}");
    let (of_ci, of_viewer, of_far) = (bearer(ci.secret()), bearer(viewer.secret()), bearer(far.secret()));
    let unknown = bearer(Secret::generate(&Prefix::default()).ok().unwrap().reveal());
    let (get, put) = (Method::GET, Method::PUT);
    let (realm, upload) = (r#"Bearer realm="meshkey""#, "/projects/deploys/file");
    let invalid = format!(r#"{realm}, error="invalid_token""#);
    let scope = |what: &str| format!(r#"{realm}, error="insufficient_scope"{what}"#);
    for (method, path, headers, status, told, challenge) in [
        (&put, upload, vec![("authorization", &*of_ci)], 200, "10 bytes from ci\n", ""),
        (&put, upload, vec![("x-api-key", ci.secret())], 200, "10 bytes from ci\n", ""),
        (&get, "/issues", vec![("authorization", &*of_viewer)], 200, "issues for viewer\n", ""),
        (&get, "/issues", vec![], 401, "unauthenticated", realm),
        (&get, "/issues", vec![("authorization", "Basic eDp5")], 401, "unauthenticated", realm),
        (&get, "/issues", vec![("authorization", &*unknown)], 401, "invalid_token", &invalid),
        (&get, "/issues", vec![("authorization", "Bearer x")], 401, "invalid_token", &invalid),
        (&get, "/issues", vec![("authorization", &*of_far)], 403, "ip_not_allowed", ""),
        (
            &get,
            "/issues",
            vec![("authorization", &*of_ci)],
            403,
            "insufficient_scope capability_missing",
            &scope(r#", scope="issue_view""#),
        ),
        (
            &put,
            "/projects/secrets/file",
            vec![("authorization", &*of_ci)],
            403,
            "insufficient_scope topic_out_of_scope",
            &scope(r#", scope="topic:secrets""#),
        ),
        (
            &put,
            "/projects/a%2fdeploys/file",
            vec![("authorization", &*of_ci)],
            403,
            "insufficient_scope topic_out_of_scope",
            &scope(""),
        ),
        (
            &put,
            upload,
            vec![("authorization", &*of_ci), ("x-api-key", ci.secret())],
            400,
            "invalid_request",
            &format!(r#"{realm}, error="invalid_request""#),
        ),
    ] {
        let (came, dared, body) = ask(&example, method.clone(), path, &headers).await;
        let said = if came == 200 { body } else { code(&body) };
        assert_eq!((came.as_u16(), &*said, &*dared), (status, told, challenge), "{package}: {method} {path}");
    }
    let answer = admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200).body;
    assert_eq!((&answer["acknowledged"], &answer["lapsed"]), (&json!(2), &json!(0)), "{answer}");
    let (came, dared, body) = ask(&example, put, upload, &[("authorization", &of_ci)]).await;
    assert_eq!((came.as_u16(), &*code(&body), &*dared), (401, "invalid_token", &*invalid), "{package}");
}

#[tokio::test]
async fn the_service_on_actix_web_is_guarded() {
    a_service_is_guarded(ACTIX_WEB).await;
}

#[tokio::test]
async fn the_service_on_axum_is_guarded() {
    a_service_is_guarded(AXUM).await;
}

/// What the recipes show is what the examples are, with lines left out.
#[test]
fn the_recipes_show_the_examples() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: String| std::fs::read_to_string(root.join(&path)).unwrap_or_else(|_| panic!("no {path}"));
    for name in ["actix-web", "axum"] {
        let (page, program) =
            (read(format!("docs/how-to/services/{name}.md")), read(format!("examples/{name}/src/main.rs")));
        let block = page.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        assert!(block.lines().count() <= 30, "{name}: the recipe is too long");
        let mut lines = program.lines();
        for line in block.lines() {
            assert!(
                lines.any(|other| other == line),
                "{name}: the example has no line, or not behind the others: {line}"
            );
        }
    }
}

#[test]
fn a_service_that_is_guarded_brings_nothing_of_the_server() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--package", AXUM])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let crates: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains(&"meshkey") && crates.contains(&"tokio-postgres"), "{tree}");
    for server in
        ["actix-web", "clap", "refinery", "reqwest", "toml", "utoipa-swagger-ui", "pulldown-cmark", "tempfile"]
    {
        assert!(!crates.contains(&server), "{server} comes with the guard");
    }
}
