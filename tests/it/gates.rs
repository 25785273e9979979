//! Gates: made, changed and deleted by an admin of the org, and asked by gateways, which name them by their id.

mod agreement;
mod life;
mod passing;
mod replicas;
mod tenants;

use serde_json::{Value, json};

use crate::{
    client::Client,
    forward::{
        PAIRS, bearer, decided, line,
        wire::{Line, Said},
    },
    house::House,
    tools::id,
};

/// Makes a gate of mesh `main`; gives its id.
async fn made(admin: &Client, name: &str, methods: Value, topic: Value) -> String {
    let wish = json!({ "mesh": "main", "name": name, "methods": methods, "topic": topic });
    id(&admin.post(&admin.at("/gates"), wish).await.expect(201).body)
}

/// The question of a gateway about a request: its own method, its path, and the lines that tell of the request.
fn question(dialect: &str, gate: &str, method: &str, target: &str) -> (String, String, Vec<Line>) {
    let (_, method_line, uri_line) = PAIRS.into_iter().find(|(known, ..)| *known == dialect).unwrap();
    let path = format!("/v1/forward-auth/{dialect}/{gate}");
    match dialect {
        "skipper" => ("GET".to_owned(), path, vec![]),
        "envoy" => (method.to_owned(), format!("{path}{target}"), vec![]),
        "ingress-nginx" => {
            let url = format!("https://example.com{target}");
            ("GET".to_owned(), path, vec![line(method_line, method), line(uri_line, &url)])
        }
        _ => ("GET".to_owned(), path, vec![line(method_line, method), line(uri_line, target)]),
    }
}

/// Asks as this gateway does whether the key may pass with this request.
async fn asked(house: &House, dialect: &str, gate: &str, key: &Client, request: (&str, &str)) -> Said {
    let (method, path, mut lines) = question(dialect, gate, request.0, request.1);
    lines.push(bearer(key));
    decided(house, &method, &path, &lines).await
}

/// The same as nginx does it.
async fn at_nginx(house: &House, gate: &str, key: &Client, request: (&str, &str)) -> Said {
    asked(house, "nginx", gate, key, request).await
}

/// What was said in a word: `ok`, or the code, or the denial.
fn word(said: &Said) -> String {
    if said.status == 200 {
        return "ok".to_owned();
    }
    let problem = said.json();
    problem["denial"].as_str().or(problem["code"].as_str()).unwrap().to_owned()
}

/// All that is said but what differs from answer to answer.
fn face(said: &Said) -> String {
    let mut body = said.json();
    body.as_object_mut().unwrap().remove("request_id");
    let passing = ["date", "x-request-id", "x-meshkey-request-id"];
    let headers = said.headers.iter().filter(|(name, _)| !passing.contains(&name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    format!("{}\n{}\n{body}", said.status, headers.join("\n"))
}
