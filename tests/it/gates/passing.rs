//! Who passes a stored gate, in every dialect.

use serde_json::{Value, json};

use super::{asked, at_nginx, made, question, word};
use crate::{
    client::Client,
    forward::{PAIRS, bearer, decided, line},
    house::House,
    tools::id,
};

/// The dialects that tell of the request.
fn telling() -> impl Iterator<Item = &'static str> {
    PAIRS.into_iter().map(|(dialect, ..)| dialect).filter(|dialect| *dialect != "skipper")
}

async fn holder(admin: &Client, capabilities: Value, topics: Value) -> Client {
    admin.issue(json!({ "mesh": "main", "capabilities": capabilities, "topics": topics })).await.1
}

#[tokio::test]
async fn each_method_is_let_through_by_what_the_gate_says_of_it() {
    let house = House::new().await;
    let admin = house.admin();
    let gate = made(&admin, "some", json!({ "GET": "read", "POST": "send" }), Value::Null).await;
    let rest = made(&admin, "rest", json!({ "GET": "read", "HEAD": "send", "*": "admin" }), Value::Null).await;
    let reader = holder(&admin, json!(["read"]), json!("all")).await;
    for dialect in telling() {
        let said =
            async |gate: &str, method: &str| word(&asked(&house, dialect, gate, &reader, (method, "/a?b=c")).await);
        for (method, some, others) in [
            ("GET", "ok", "ok"),
            ("HEAD", "ok", "capability_missing"),
            ("POST", "capability_missing", "capability_missing"),
            ("DELETE", "method_not_in_gate", "capability_missing"),
            ("PROPFIND", "method_not_in_gate", "capability_missing"),
            ("get", "method_not_in_gate", "method_not_in_gate"),
        ] {
            // An answer to HEAD has no body, and Envoy asks with the method of its client.
            if dialect == "envoy" && method == "HEAD" {
                let (method, path, lines) = question(dialect, &gate, method, "/a");
                let lines = [lines, vec![bearer(&reader)]].concat();
                assert_eq!(decided(&house, &method, &path, &lines).await.status, 200);
                continue;
            }
            assert_eq!(said(&gate, method).await, some, "{dialect} {method}");
            assert_eq!(said(&rest, method).await, others, "{dialect} {method}");
        }
    }
    // Who may do everything does not pass by a method that is not named.
    let said = at_nginx(&house, &gate, &admin, ("DELETE", "/")).await;
    let problem = said.problem(403, "method_not_in_gate");
    assert_eq!(problem["instance"], "/v1/forward-auth/{dialect}/{gate}");
    assert!(!said.headers.contains_key("www-authenticate"));
}

#[tokio::test]
async fn the_topic_is_the_segment_of_the_path_and_comes_from_nowhere_else() {
    let house = House::new().await;
    let admin = house.admin();
    let gate = made(&admin, "reports", json!({ "GET": "read" }), json!({ "segment": 2 })).await;
    let reader = holder(&admin, json!(["read"]), json!(["deploys", "ci.*"])).await;
    for dialect in telling() {
        for (target, wanted) in [
            ("/reports/deploys", "ok"),
            ("/reports/deploys/", "ok"),
            ("/reports/ci.web/today?topic=secrets", "ok"),
            ("/reports/secrets", "topic_out_of_scope"),
            ("/reports/ci.", "topic_out_of_scope"),
            ("/", "topic_not_in_path"),
            ("/deploys", "topic_not_in_path"),
            ("/reports/", "topic_not_in_path"),
            ("/reports?x=/reports/deploys", "topic_not_in_path"),
            ("/reports/Deploys", "topic_not_in_path"),
            ("/reports/ci.*", "topic_not_in_path"),
            ("/reports/%23deploys", "topic_not_in_path"),
            ("/reports/deploys%2f..", "path_not_canonical"),
            ("/reports/%64eploys", "path_not_canonical"),
            ("/reports//deploys", "path_not_canonical"),
            ("//reports/deploys", "path_not_canonical"),
            ("/./reports/deploys", "path_not_canonical"),
            ("/reports/secrets/../deploys", "path_not_canonical"),
            ("/reports/deploys;x", "path_not_canonical"),
        ] {
            let said = asked(&house, dialect, &gate, &reader, ("GET", target)).await;
            assert_eq!(word(&said), wanted, "{dialect} {target}: {said:?}");
            if wanted == "topic_out_of_scope" {
                let topic = target.rsplit('/').next().unwrap();
                assert_eq!(said.json()["topic"], topic, "{target}");
            }
        }
        let said = asked(&house, dialect, &gate, &admin, ("GET", "/reports")).await;
        said.problem(403, "topic_not_in_path");
    }
    let fixed = made(&admin, "fixed", json!({ "*": "read" }), json!({ "fixed": "deploys" })).await;
    assert_eq!(word(&at_nginx(&house, &fixed, &reader, ("PUT", "/reports/secrets")).await), "ok");
    let none = made(&admin, "none", json!({ "*": "read" }), Value::Null).await;
    let said = at_nginx(&house, &none, &reader, ("PUT", "/reports/deploys")).await;
    assert_eq!((word(&said), &said.json()["topic"]), ("topic_out_of_scope".to_owned(), &Value::Null));
}

#[tokio::test]
async fn what_a_client_forges_of_its_request_is_not_looked_at() {
    let house = House::new().await;
    let admin = house.admin();
    let gate = made(&admin, "reports", json!({ "GET": "read" }), json!({ "segment": 2 })).await;
    let reader = holder(&admin, json!(["read"]), json!(["deploys"])).await;
    for dialect in telling() {
        let own = PAIRS.into_iter().find(|(known, ..)| *known == dialect).unwrap();
        let mut forged = vec![line("X-HTTP-Method-Override", "GET")];
        for (_, method, uri) in PAIRS.into_iter().filter(|(_, method, _)| !method.is_empty()) {
            let others = [(method, "GET", own.1), (uri, "/reports/deploys", own.2)];
            forged.extend(
                others.into_iter().filter(|(name, _, own)| name != own).map(|(name, value, _)| line(name, value)),
            );
        }
        for ((method, target), wanted) in [
            (("GET", "/reports/secrets"), "topic_out_of_scope"),
            (("DELETE", "/reports/deploys"), "method_not_in_gate"),
            (("GET", "/reports/deploys"), "ok"),
        ] {
            let (method, path, lines) = question(dialect, &gate, method, target);
            let lines = [lines, forged.clone(), vec![bearer(&reader)]].concat();
            let query = format!("{path}{}gate=x&topic=deploys", if path.contains('?') { '&' } else { '?' });
            assert_eq!(word(&decided(&house, &method, &query, &lines).await), wanted, "{dialect} {target}");
        }
    }
}

#[tokio::test]
async fn a_gateway_that_does_not_tell_of_the_request_lets_nobody_pass() {
    let house = House::new().await;
    let admin = house.admin();
    let gate = made(&admin, "all", json!({ "*": "read" }), Value::Null).await;
    asked(&house, "skipper", &gate, &admin, ("GET", "/")).await.problem(403, "gateway_misconfigured");
    let (method, path, lines) = question("nginx", &gate, "GET", "/");
    for lines in [vec![], vec![lines[0].clone()], vec![lines[1].clone()], [lines.clone(), lines.clone()].concat()] {
        let lines = [lines, vec![bearer(&admin)]].concat();
        decided(&house, &method, &path, &lines).await.problem(403, "gateway_misconfigured");
    }
    let at_envoy = format!("/v1/forward-auth/envoy/{gate}");
    decided(&house, "GET", &at_envoy, &[bearer(&admin)]).await.problem(403, "gateway_misconfigured");
    // The id is not supplied by whoever asks Envoy: what follows it is the path, whatever it holds.
    for (target, wanted) in [
        ("/mesh/acme/main/read/-/x", "ok"),
        (&format!("/{gate}"), "ok"),
        ("/../../mesh/acme/main/read", "path_not_canonical"),
    ] {
        let said = decided(&house, "GET", &format!("{at_envoy}{target}"), &[bearer(&admin)]).await;
        assert_eq!(word(&said), wanted, "{target}");
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_so_where_the_gateway_can_pass_it_on() {
    let house = House::new().await;
    let admin = house.admin();
    let wish = |name: &str, deny: bool| {
        let methods = json!({ "GET": "read" });
        json!({ "mesh": "main", "name": name, "methods": methods, "topic": null, "deny_429": deny })
    };
    let mut gates = Vec::new();
    for (name, deny) in [("able", true), ("unable", false)] {
        gates.push(id(&admin.post(&admin.at("/gates"), wish(name, deny)).await.expect(201).body));
    }
    let rate = json!({ "per_minute": 1, "burst": 1 });
    let key = json!({ "mesh": "main", "capabilities": ["read"], "topics": "all", "rate": rate });
    let key = admin.issue(key).await.1;
    assert_eq!(word(&at_nginx(&house, &gates[0], &key, ("GET", "/")).await), "ok");
    for (gate, status) in gates.iter().zip([429, 403]) {
        let said = at_nginx(&house, gate, &key, ("GET", "/")).await;
        assert_eq!((said.status, &*word(&said)), (status, "rate_limited"));
        let header = |wanted: &str| said.headers.get(wanted).map(|value| value.to_str().unwrap());
        assert!(header("retry-after").is_some_and(|wait| (1..=60).contains(&wait.parse::<u64>().unwrap())), "{said:?}");
        assert_eq!(header("www-authenticate").is_some(), status == 403, "{said:?}");
        assert_eq!(header("x-meshkey-key"), Some("-"));
    }
    // What is refused for another reason takes nothing, and is told first.
    assert_eq!(word(&at_nginx(&house, &gates[0], &key, ("POST", "/")).await), "method_not_in_gate");
}
