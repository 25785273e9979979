//! What each question is answered, to the letter.

use serde_json::json;

use super::{IDENTITY, PAIRS, at_gate, bearer, decided, key, line, question, wire};
use crate::{
    client::Client,
    house::House,
    metrics::counted,
    tools::{eventually, until_heard, until_waiting},
};

const CHALLENGE: &str = r#"Bearer realm="meshkey", error="insufficient_scope""#;

#[tokio::test]
async fn who_may_pass_is_let_through_and_named_in_every_dialect() {
    let house = House::new().await;
    let acme = house.acme();
    let wish = json!({ "mesh": "main", "capabilities": ["read", "send"], "topics": ["deploys", "ci.*"] });
    let (issued, holder) = acme.admin.issue(wish).await;
    let mesh = issued["owner"]["mesh"].as_str().unwrap();
    for (dialect, ..) in PAIRS {
        for gate in ["mesh/acme/main/send/deploys".to_owned(), format!("mesh/{}/{mesh}/read/ci.web", acme.id)] {
            let (path, mut lines) = question(dialect, &gate, "/a/b?token=x&c=//");
            lines.push(line("X-API-Key", holder.secret()));
            let said = decided(&house, "GET", &path, &lines).await;
            assert_eq!((said.status, said.body.as_str()), (200, ""), "{dialect}: {said:?}");
            let told = IDENTITY.map(|name| said.header(name));
            let whole = [issued["id"].as_str().unwrap(), &acme.id, mesh, "-", "send read", "deploys ci.*"];
            assert_eq!(told, whole, "{dialect}");
            assert_eq!(said.header("x-meshkey-request-id"), said.header("x-request-id"));
            assert_eq!(said.header("x-envoy-auth-headers-to-remove"), "authorization,x-api-key");
            assert_eq!(said.header("cache-control"), "no-store");
            assert!(!said.headers.contains_key("www-authenticate"));
        }
    }
    eventually("the use of the key", async || house.has_used(issued["id"].as_str().unwrap()).await.then_some(())).await;
}

#[tokio::test]
async fn what_is_not_confined_is_told_by_a_sign_that_is_no_topic() {
    let house = House::new().await;
    let admin = house.admin();
    let said = at_gate(&house, "mesh/acme/main/verify", &admin).await;
    assert_eq!((said.header("x-meshkey-topics"), said.header("x-meshkey-capabilities")), ("*", "admin"));
    let topics = admin.at("/meshes/main/topics");
    admin.post(&topics, json!({ "name": "all" })).await.expect(201);
    let (_, confined) = key(&admin, "read", json!(["all"])).await;
    let said = at_gate(&house, "mesh/acme/main/read/all", &confined).await;
    assert_eq!((said.status, said.header("x-meshkey-topics")), (200, "all"));
    assert_eq!(at_gate(&house, "mesh/acme/main/read/deploys", &confined).await.status, 403);
}

#[tokio::test]
async fn a_stranger_is_asked_for_a_key_and_a_dead_key_gets_the_one_answer() {
    let house = House::new().await;
    let admin = house.admin();
    let gate = "mesh/acme/main/send/deploys";
    for (dialect, ..) in PAIRS {
        let (path, lines) = question(dialect, gate, "/");
        let said = decided(&house, "GET", &path, &lines).await;
        said.problem(401, "unauthenticated");
        assert_eq!(said.header("www-authenticate"), r#"Bearer realm="meshkey""#);
    }
    let (unknown, (revoked, dead), (disabled, asleep)) =
        (house.org("rival").admin, key(&admin, "send", json!("all")).await, key(&admin, "send", json!("all")).await);
    assert_eq!(at_gate(&house, gate, &dead).await.status, 200);
    admin.act(&admin.at(&format!("/keys/{revoked}/revoke"))).await.expect(200);
    admin.act(&admin.at(&format!("/keys/{disabled}/disable"))).await.expect(200);
    let (id, late) = key(&admin, "send", json!("all")).await;
    let db = house.sql("superuser").await;
    let uuid = id.parse::<meshkey::domain::KeyId>().unwrap().uuid();
    db.execute("UPDATE api_keys SET expires_at = clock_timestamp() WHERE id = $1", &[&uuid]).await.unwrap();
    db.execute("DELETE FROM key_secrets WHERE key_id IN (SELECT k.id FROM api_keys k JOIN orgs o ON o.id = k.org_id WHERE o.slug = 'rival')", &[]).await.unwrap();
    until_heard(&db).await;
    let malformed = admin.with_key("mshk_short");
    for (what, client) in [
        ("revoked", &dead),
        ("disabled", &asleep),
        ("expired", &late),
        ("unknown", &unknown),
        ("malformed", &malformed),
    ] {
        let said = at_gate(&house, gate, client).await;
        let problem = said.problem(401, "invalid_token");
        assert_eq!(problem["detail"], "this key is not accepted", "{what}");
        assert!(problem.get("denial").is_none(), "{what}");
        assert_eq!(said.header("www-authenticate"), r#"Bearer realm="meshkey", error="invalid_token""#);
    }
    for code in ["revoked", "disabled", "expired", "unknown_key"] {
        assert_eq!(counted(&house, &format!("meshkey_forward_auth_denials_total{{code=\"{code}\"}}")), 1, "{code}");
    }
}

#[tokio::test]
async fn a_live_key_that_may_not_pass_is_told_what_was_missing_and_no_more() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    let (_, holder) = key(&admin, "send", json!(["deploys"])).await;
    let rival = house.org("rival").admin;
    let refused = async |gate: &str, key: &Client, denial: &str, scope: &str| {
        let said = at_gate(&house, gate, key).await;
        let problem = said.problem(403, "insufficient_scope");
        assert_eq!(problem["denial"], denial, "{gate}");
        assert_eq!(said.header("www-authenticate"), format!("{CHALLENGE}{scope}"), "{gate}");
        for internal in ["acme", "main", "other", "org_", "mesh_", "key_"] {
            let body = said.body.replace(problem["instance"].as_str().unwrap(), "");
            assert!(!body.contains(internal), "{internal} in {body}");
        }
    };
    refused("mesh/acme/main/read/deploys", &holder, "capability_missing", r#", scope="read""#).await;
    refused("mesh/acme/main/send/secrets", &holder, "topic_out_of_scope", r#", scope="topic:secrets""#).await;
    refused("mesh/acme/main/send", &holder, "topic_out_of_scope", "").await;
    refused("mesh/acme/other/send/deploys", &holder, "wrong_mesh", "").await;
    refused("mesh/acme/nowhere/send/deploys", &holder, "wrong_mesh", "").await;
    // Whether another org or a sibling mesh is there, archived or not, is not told.
    admin.act(&admin.at("/meshes/other/archive")).await.expect(200);
    refused("mesh/acme/other/send/deploys", &holder, "wrong_mesh", "").await;
    refused("mesh/acme/main/send/deploys", &rival, "wrong_mesh", "").await;
    refused("mesh/rival/main/send/deploys", &holder, "wrong_mesh", "").await;
    refused("mesh/nobody/nowhere/send/deploys", &holder, "wrong_mesh", "").await;
}

// G-27
#[tokio::test]
async fn a_gateway_that_is_trusted_says_whom_it_serves() {
    let house = House::with(&[("MESHKEY_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let gate = "mesh/acme/main/send/deploys";
    let bound = json!({ "mesh": "main", "capabilities": ["send"], "topics": "all", "addresses": ["192.0.2.0/24", "127.0.0.0/8"] });
    let (_, bound) = house.admin().issue(bound).await;
    let (path, lines) = question("nginx", gate, "/");
    let from = async |client: &str| {
        let mut lines = lines.clone();
        lines.extend([bearer(&bound), line("X-Forwarded-For", client)]);
        decided(&house, "GET", &path, &lines).await
    };
    assert_eq!(from("192.0.2.7").await.status, 200);
    from("192.0.2.7, 198.51.100.1").await.problem(403, "ip_not_allowed");
    // The gateway itself is not its client.
    from("nobody").await.problem(403, "ip_not_allowed");
    let (path, mut lines) = question("nginx", gate, "/");
    lines.push(bearer(&bound));
    decided(&house, "GET", &path, &lines).await.problem(403, "ip_not_allowed");
}

#[tokio::test]
async fn a_key_that_is_used_too_often_does_not_pass_and_no_gateway_meets_a_429() {
    let house = House::new().await;
    let rate = json!({ "per_minute": 1, "burst": 2 });
    let wish = json!({ "mesh": "main", "capabilities": ["send"], "topics": "all", "rate": rate });
    let (_, holder) = house.admin().issue(wish).await;
    let gate = "mesh/acme/main/send/deploys";
    for _ in 0..2 {
        let said = at_gate(&house, gate, &holder).await;
        assert!(said.status == 200 && !said.headers.contains_key("ratelimit"), "{said:?}");
    }
    let said = at_gate(&house, gate, &holder).await;
    let problem = said.problem(403, "rate_limited");
    assert_eq!(problem["detail"], "this key is used more often than once a minute, 2 at once");
    assert!((1..=60).contains(&said.header("retry-after").parse::<u32>().unwrap()), "{said:?}");
    assert_eq!(said.header("www-authenticate"), CHALLENGE);
    assert_eq!(IDENTITY.map(|name| said.header(name)), ["-"; 6]);
    // Another reason is told first, and takes nothing.
    at_gate(&house, "mesh/acme/main/read/deploys", &holder).await.problem(403, "insufficient_scope");
    holder.get("/v1/whoami").await.problem(429, "rate_limited");
    assert_eq!(counted(&house, "meshkey_forward_auth_denials_total{code=\"rate_limited\"}"), 1);
}

#[tokio::test]
async fn what_is_switched_off_or_bound_to_addresses_does_not_pass() {
    let house = House::new().await;
    let admin = house.admin();
    let gate = "mesh/acme/main/send/deploys";
    let bound = json!({ "mesh": "main", "capabilities": ["send"], "topics": "all", "addresses": ["127.0.0.0/8"] });
    let (_, bound) = admin.issue(bound).await;
    let refused = async |key: &Client, code: &str| {
        let said = at_gate(&house, gate, key).await;
        said.problem(403, code);
        assert_eq!(said.header("www-authenticate"), CHALLENGE);
    };
    // The peer is the gateway, whatever a header says of its client.
    refused(&bound, "ip_not_allowed").await;
    let (path, mut lines) = question("nginx", gate, "/");
    lines.extend([bearer(&bound), line("X-Forwarded-For", "127.0.0.1")]);
    decided(&house, "GET", &path, &lines).await.problem(403, "ip_not_allowed");
    admin.act(&admin.at("/meshes/main/archive")).await.expect(200);
    refused(&admin, "mesh_archived").await;
    admin.act(&admin.at("/meshes/main/unarchive")).await.expect(200);
    house.meshkey(&["org", "suspend", "acme"]);
    refused(&admin, "org_suspended").await;
}

#[tokio::test]
async fn every_method_is_answered_alike() {
    let house = House::new().await;
    let holder = house.admin();
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "get"] {
        let (path, mut lines) = question("nginx", "mesh/acme/main/send/deploys", "/");
        let said = decided(&house, method, &path, &lines).await;
        assert_eq!((said.status, said.header("x-meshkey-key")), (401, "-"), "{method}");
        lines.push(bearer(&holder));
        let said = decided(&house, method, &path, &lines).await;
        assert_eq!((said.status, said.body.as_str()), (200, ""), "{method}");
        assert!(said.header("x-meshkey-key").starts_with("key_"), "{method}");
    }
}

#[tokio::test]
async fn a_gate_that_makes_no_sense_lets_nobody_pass_and_says_why_in_the_log_alone() {
    let house = House::new().await;
    let admin = house.admin();
    let wrong = [
        "/nginx/mesh/acme/nowhere/send",
        "/nginx/mesh/acme/main/upload",
        "/nginx/mesh/acme/main/Send",
        "/nginx/mesh/acme/main/send/Deploys",
        "/nginx/mesh/acme/main/send/deploys/",
        "/nginx/mesh/acme/main/send/deploys/more",
        "/nginx/mesh/acme/ma%69n/send",
        "/nginx/mesh//main/send",
        "/apache/mesh/acme/main/send",
        "/envoy/mesh/acme/main/send/deploys",
        "/nginx/gate_01kzzzzzzze00800000000000",
        "/nginx/gate_01kzzzzzzze00800000000000z/",
        "/envoy/gate_01kzzzzzzze00800000000000z",
        "//nginx/mesh/acme/main/send",
        "/",
        "",
    ];
    for (number, path) in (1..).zip(wrong) {
        for method in ["GET", "DELETE"] {
            let (_, mut lines) = question("nginx", "", "/");
            lines.push(bearer(&admin));
            let said = decided(&house, method, &format!("/v1/forward-auth{path}"), &lines).await;
            let problem = said.problem(403, "gateway_misconfigured");
            assert!(!problem["detail"].as_str().unwrap().contains("nowhere") && problem.get("errors").is_none());
            assert!(!said.headers.contains_key("www-authenticate"), "{path}");
        }
        assert_eq!(counted(&house, "meshkey_forward_auth_misconfigured_total"), 2 * number, "{path}");
    }
}

#[tokio::test]
async fn nothing_is_decided_without_the_database_and_that_is_said() {
    let house = House::new().await;
    let (_, cold) = key(&house.admin(), "send", json!("all")).await;
    house.set_reachable(false).await;
    let (path, mut lines) = question("nginx", "mesh/acme/main/send/deploys", "/");
    lines.push(bearer(&cold));
    let address = house.stranger().base().strip_prefix("http://").unwrap().to_owned();
    let said = wire::ask(&address, "GET", &path, &lines).await;
    said.hold("GET", &path);
    said.problem(503, "store_unavailable");
    assert_eq!(said.header("retry-after"), "1");
    house.set_reachable(true).await;
    assert_eq!(decided(&house, "GET", &path, &lines).await.status, 200);
}

#[tokio::test]
async fn a_gateway_is_answered_while_others_still_wait_for_a_database_that_stands_still() {
    let house = House::new().await;
    let (_, cold) = key(&house.admin(), "send", json!("all")).await;
    let mut db = house.sql("superuser").await;
    let lock = db.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let (path, mut lines) = question("nginx", "mesh/acme/main/send/deploys", "/");
    lines.push(bearer(&cold));
    let address = house.stranger().base().strip_prefix("http://").unwrap().to_owned();
    let other = tokio::spawn(async move { cold.get("/v1/whoami").await });
    until_waiting(&house.sql("superuser").await, 1).await;
    let said = wire::ask(&address, "GET", &path, &lines).await;
    let still_waits = !other.is_finished();
    lock.rollback().await.unwrap();
    said.problem(503, "store_unavailable");
    assert!(still_waits, "it waited for as long as everybody");
    other.await.unwrap().expect(200);
}
