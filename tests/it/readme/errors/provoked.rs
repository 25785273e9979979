//! Each error, provoked.

use meshkey::service::fresh::hooks::Point;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    client::{Answer, Client},
    house::House,
    members::made::member,
    persons::Person,
    tools::{Other, eventually, id},
};

/// A key that nobody has: it stands in the docs.
const NOBODYS: &str = "mshk_fdfCavTwmz1nOTpo6I1Ggd5LaT5mVabTvVuGpnCCgLK26SINr";
const MESSAGES: &str = "/v1/meshes/main/topics/deploys/messages";

pub(super) async fn by_the_request(house: &House) -> Vec<Answer> {
    let (admin, stranger) = (house.admin(), house.stranger());
    vec![
        admin.raw("GET", "/v1/whoami").header("X-API-Key", admin.secret()).send().await,
        admin.get(&admin.at("/keys?cursor=eyJvZiI6Im90aGVyIn0")).await,
        stranger.get("/v1/whoami").await,
        stranger.with_key(NOBODYS).get("/v1/whoami").await,
        admin.get("/v1/orgs/acme/meshes/nowhere").await,
        admin.raw("DELETE", "/v1/whoami").send().await,
        admin.get(&format!("/v1/orgs/acme/keys?text={}", "x".repeat(9000))).await,
    ]
}

pub(super) async fn by_the_body(house: &House) -> Vec<Answer> {
    let admin = house.admin();
    let wish = |topic: &str| json!({"label": "ci", "mesh": "main", "capabilities": ["send"], "topics": [topic]});
    let with_key = |wish: &Value| admin.raw("POST", "/v1/orgs/acme/keys").header("Idempotency-Key", "one").json(wish);
    with_key(&wish("deploys")).send().await.expect(201);
    vec![
        admin.raw("POST", "/v1/verify").body("application/json", "{\"key\": \"mshk_").send().await,
        admin.raw("POST", MESSAGES).body("text/plain", "deployed").send().await,
        admin.post(MESSAGES, json!({"body": "x".repeat(70_000)})).await,
        admin.post("/v1/orgs/acme/keys", wish("deplois")).await,
        with_key(&wish("secrets")).send().await,
        admin.raw("PATCH", "/v1/orgs/acme").json(&json!({"name": "Acme"})).send().await,
        admin.patch("/v1/orgs/acme", json!({"name": "Acme"}), "\"v99\"").await,
        admin.post("/v1/orgs/acme/meshes", json!({"slug": "main"})).await,
    ]
}

pub(super) async fn by_the_key(house: &House) -> Vec<Answer> {
    let admin = house.admin();
    let narrow = json!({"mesh": "main", "capabilities": ["send"], "topics": ["deploys"]});
    let (_, sender) = admin.issue(narrow).await;
    let some = json!({"mesh": "main", "capabilities": ["admin"], "topics": ["deploys"]});
    let (_, some_admin) = admin.issue(some).await;
    let far = json!({"capabilities": ["read"], "topics": "all", "addresses": ["192.0.2.0/24"]});
    let (_, elsewhere) = admin.issue(far).await;
    let wish = json!({"label": "ci", "mesh": "main", "capabilities": ["send"], "topics": ["secrets"]});
    let wish_rated = json!({"capabilities": ["read"], "topics": "all", "rate": {"per_minute": 6, "burst": 2}});
    let (_, rated) = admin.issue(wish_rated).await;
    for _ in 0..2 {
        rated.get("/v1/whoami").await.expect(200);
    }
    admin.patch("/v1/orgs/acme/meshes/main/policy", json!({"note_required": true}), "*").await.expect(200);
    let unnoted = json!({"label": "ci", "mesh": "main", "capabilities": ["send"], "topics": ["deploys"]});
    vec![
        admin.post("/v1/orgs/acme/keys", unnoted).await,
        rated.get("/v1/whoami").await,
        sender.post("/v1/meshes/main/topics/secrets/messages", json!({"body": "deployed"})).await,
        some_admin.post("/v1/orgs/acme/keys", wish).await,
        elsewhere.get("/v1/whoami").await,
        sender.form("/v1/revoke", &[("token", some_admin.secret())]).await,
    ]
}

pub(super) async fn by_people(house: &House) -> Vec<Answer> {
    let dana = Person::in_org(house, "Dana", "owner").await;
    let (client, admin) = (dana.signed_in(house).await, house.admin());
    house
        .sql("superuser")
        .await
        .batch_execute("UPDATE sessions SET confirmed_at = now() - interval '1 hour'")
        .await
        .unwrap();
    let root = json!({"label": "root", "capabilities": ["admin"], "topics": "all"});
    vec![
        client.post("/v1/orgs/acme/keys", root).await,
        client.patch(&format!("/v1/orgs/acme/members/{}", dana.id), json!({"role": "admin"}), "*").await,
        client.raw("POST", "/v1/orgs/acme/keys").header("X-Form-Token", "x").json(&json!({})).send().await,
        admin.get("/v1/me/keys").await,
    ]
}

pub(super) async fn by_a_login(house: &House) -> Vec<Answer> {
    const BEGIN: &str = "/v1/device-authorization";
    let (stranger, client) = (house.stranger(), ("client_id", "meshkey-cli"));
    let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    let ask = async || stranger.form(BEGIN, &[client]).await;
    let poll = async |code: &str| stranger.form("/v1/token", &[grant, client, ("device_code", code)]).await;
    let begun = ask().await.expect(200).body;
    let code = begun["device_code"].as_str().unwrap();
    let mut answers = vec![poll(code).await, poll(code).await];
    for change in ["ends_at = clock_timestamp() - interval '1 second'", "state = 'denied'"] {
        let change = format!("UPDATE device_logins SET polled_at = NULL, {change}");
        house.sql("superuser").await.batch_execute(&change).await.unwrap();
        answers.push(poll(code).await);
    }
    answers.extend([
        poll("0000000000000000000000000000000000000000000").await,
        stranger.form(BEGIN, &[("client_id", "gh")]).await,
        stranger.form(BEGIN, &[client, ("scope", "Send")]).await,
        stranger.form("/v1/token", &[("grant_type", "password"), client]).await,
    ]);
    for _ in 0..20 {
        ask().await.expect(200);
    }
    answers.push(ask().await);
    answers
}

pub(super) async fn by_too_many_keys(house: &House) -> Vec<Answer> {
    let strict = Other::on(house, ("MESHKEY_FAILED_AUTH_PER_MINUTE", "1")).await;
    let there = Client::new(&strict.address, "acme").with_key("mshk_short");
    there.get("/v1/whoami").await.problem(401, "invalid_token");
    vec![there.get("/v1/whoami").await]
}

/// What a gateway asks wrongly, and what its client does.
pub(super) async fn by_the_gateway(house: &House) -> Vec<Answer> {
    let admin = house.admin();
    let ask = async |mesh: &str, target: &str| {
        let path = format!("/v1/forward-auth/nginx/mesh/acme/{mesh}/read");
        // It may take longer than a gateway waits.
        eventually("a decision", async || {
            let request = admin.raw("GET", &path).header("X-Original-Method", "GET").header("X-Original-URI", target);
            Some(request.send().await).filter(|answer| answer.status != 503)
        })
        .await
    };
    let wish = json!({"mesh": "main", "name": "reports", "methods": {"GET": "read"}, "topic": {"segment": 2}});
    let gate = id(&admin.post("/v1/orgs/acme/gates", wish).await.expect(201).body);
    let stored = async |method: &str, target: &str| {
        let path = format!("/v1/forward-auth/nginx/{gate}");
        eventually("a decision", async || {
            let request = admin.raw("GET", &path).header("X-Original-Method", method).header("X-Original-URI", target);
            Some(request.send().await).filter(|answer| answer.status != 503)
        })
        .await
    };
    vec![
        ask("nowhere", "/").await,
        ask("main", "/public/..%2fadmin").await,
        stored("DELETE", "/reports/deploys").await,
        stored("GET", "/reports").await,
    ]
}

pub(super) async fn by_the_life_of_a_key(house: &House) -> Vec<Answer> {
    let admin = house.admin();
    let (key, _) = admin.issue(json!({"label": "turning", "capabilities": ["read"], "topics": "all"})).await;
    let verb = |verb: &str| format!("/v1/orgs/acme/keys/{}/{verb}", id(&key));
    let mut answers = vec![admin.act(&verb("enable")).await, admin.act(&verb("rotate/finish")).await];
    admin.act(&verb("rotate")).await.expect(200);
    answers.push(admin.act(&verb("rotate")).await);
    admin.act(&verb("disable")).await.expect(200);
    answers.push(admin.act(&verb("disable")).await);
    let db = house.sql("superuser").await;
    crate::tools::by_hand(&db, "UPDATE api_keys SET expires_at = clock_timestamp() WHERE label = 'turning'").await;
    answers.push(admin.act(&verb("rotate")).await);
    admin.act(&verb("revoke")).await.expect(200);
    answers.push(admin.act(&verb("revoke")).await);
    let small = Other::on(house, ("MESHKEY_MAX_LIVE_KEYS", "1")).await;
    let there = Client::new(&small.address, "acme").with_key(admin.secret());
    let wish = json!({"label": "one more", "capabilities": ["read"], "topics": "all"});
    answers.push(there.post("/v1/orgs/acme/keys", wish).await);
    answers
}

pub(super) async fn by_the_tenant(house: &House) -> Vec<Answer> {
    let admin = house.admin();
    let (_, of_mesh) = admin.issue(json!({"mesh": "main", "capabilities": ["send"], "topics": "all"})).await;
    let mesh = |verb: &str| format!("/v1/orgs/acme/meshes/main/{verb}");
    let mut answers = vec![admin.act(&mesh("unarchive")).await];
    answers.extend(by_capabilities(&admin).await);
    answers.push(by_gates(&admin).await);
    answers.extend(by_members(house).await);
    answers.extend(by_invitations(&admin).await);
    admin.act(&mesh("topics/deploys/archive")).await.expect(200);
    answers.push(admin.post(MESSAGES, json!({"body": "deployed"})).await);
    admin.act(&mesh("archive")).await.expect(200);
    answers.push(admin.act(&mesh("archive")).await);
    answers.push(of_mesh.get("/v1/whoami").await);
    house.meshkey(&["org", "suspend", "acme", "--json"]);
    answers.push(admin.get("/v1/whoami").await);
    house.meshkey(&["org", "resume", "acme", "--json"]);
    answers
}

async fn by_capabilities(admin: &Client) -> [Answer; 2] {
    let all = "/v1/orgs/acme/capabilities";
    for number in 0..64 {
        admin.post(all, json!({ "name": format!("right-{number}") })).await.expect(201);
    }
    admin.issue(json!({ "capabilities": ["right-0"], "topics": "all" })).await;
    [admin.act(&format!("{all}/right-0/retire")).await, admin.post(all, json!({ "name": "one-more" })).await]
}

async fn by_gates(admin: &Client) -> Answer {
    let wish = |name: String| json!({ "mesh": "main", "name": name, "methods": { "GET": "read" } });
    for number in 0..100 {
        admin.post("/v1/orgs/acme/gates", wish(format!("gate-{number}"))).await.expect(201);
    }
    admin.post("/v1/orgs/acme/gates", wish("one-more".to_owned())).await
}

async fn by_members(house: &House) -> [Answer; 2] {
    let admin = house.admin();
    let (owner, other) = (member(house, "dana", "owner").await, member(house, "erin", "viewer").await);
    let place = |user: &str| admin.at(&format!("/members/{user}"));
    [admin.patch(&place(&other), json!({ "role": "owner" }), "*").await, admin.delete(&place(&owner)).await]
}

/// After [`by_members`], who are there.
async fn by_invitations(admin: &Client) -> Vec<Answer> {
    let all = admin.at("/invitations");
    let invite =
        async |name: &str| admin.post(&all, json!({ "email": format!("{name}@example.com"), "role": "viewer" })).await;
    let open = id(&invite("finn").await.expect(201).body);
    let mut answers = vec![invite("erin").await, invite("finn").await];
    admin.delete(&format!("{all}/{open}")).await.expect(200);
    answers.push(admin.delete(&format!("{all}/{open}")).await);
    for number in 0..500 {
        invite(&format!("number-{number}")).await.expect(201);
    }
    answers.push(invite("one-more").await);
    answers
}

/// Last: it breaks the house.
pub(super) async fn by_the_store(house: &House) -> Vec<Answer> {
    let admin = house.admin();
    house.set_reachable(false).await;
    let unavailable = admin.get("/v1/whoami").await;
    house.set_reachable(true).await;
    house.sql("superuser").await.batch_execute("ALTER TABLE audit_events RENAME TO elsewhere").await.unwrap();
    vec![unavailable, admin.get("/v1/orgs/acme/audit").await]
}

/// The database goes out of reach when the revocation was committed, and nobody waits for it yet.
pub(super) async fn by_the_wait(house: &House) -> Vec<Answer> {
    let (key, _) = house.admin().issue(json!({"label": "x", "capabilities": ["read"], "topics": "all"})).await;
    let admin = house.admin();
    let committed = house.fresh().memory.hooks().stop_at(Point::Committed);
    let path = admin.at(&format!("/keys/{}/revoke", key["id"].as_str().unwrap()));
    let cut = async {
        committed.reached().await;
        house.set_reachable(false).await;
        drop(committed);
    };
    let (answer, ()) = tokio::join!(admin.post(&path, json!({})), cut);
    house.set_reachable(true).await;
    vec![answer]
}

pub(super) async fn by_a_body_that_does_not_come(house: &House) -> Value {
    let admin = house.admin();
    let mut line = TcpStream::connect(admin.base().strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST /v1/verify HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: 100\r\n\r\n{{",
        admin.secret()
    );
    line.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}
