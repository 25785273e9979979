//! Gateways from Debian, set up as their pages in `docs/how-to/gateways` say: who passes, what the service behind them sees,
//! and that nothing comes to it unjudged.

pub mod backend;
mod program;
mod stored;

use serde_json::json;

use self::{
    backend::{Backend, Seen},
    program::Program,
};
use super::{
    IDENTITY, bearer, key, line,
    wire::{self, Line, Said},
};
use crate::{client::Client, house::House, tools::eventually};

/// A gateway between its clients and a service.
struct Gateway {
    program: Program,
    backend: Backend,
    house: House,
    /// The identity headers that its recipe hands on.
    hands_on: &'static [&'static str],
}

/// Who comes to the gate, which demands `read` on `deploys`.
struct Keys {
    holder: Client,
    id: String,
    other: Client,
    dead: Client,
}

const ALL: [&str; 7] = {
    let [key, org, mesh, user, capabilities, topics] = IDENTITY;
    [key, org, mesh, user, capabilities, topics, "x-meshkey-request-id"]
};
/// What every spelling of an identity begins with, as CGI and its like make names of variables from it.
const FORGED: [&str; 9] = [
    "X-Meshkey-Key",
    "x-meshkey-org",
    "X-Meshkey-User",
    "X-Meshkey-Topics",
    "X-Meshkey-Request-Id",
    "X_Meshkey_Key",
    "X.Meshkey.Key",
    "x_meshkey-topics",
    "X.meshkey_capabilities",
];

impl Keys {
    async fn of(house: &House) -> Self {
        let admin = house.admin();
        let (id, holder) = key(&admin, "read", json!(["deploys", "ci.*"])).await;
        let (_, other) = key(&admin, "read", json!(["secrets"])).await;
        let (gone, dead) = key(&admin, "read", json!("all")).await;
        dead.get("/v1/whoami").await.expect(200);
        admin.act(&admin.at(&format!("/keys/{gone}/revoke"))).await.expect(200);
        Self { holder, id, other, dead }
    }
}

impl Gateway {
    /// Sends a request; gives the answer, and what came to the service. What could not be decided is asked again.
    async fn send(&self, method: &str, target: &str, lines: &[Line], body: &str) -> (Said, Option<Seen>) {
        let address = &self.program.address;
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{length}");
        let request = format!("{head}{}\r\n{body}", wire::written(lines));
        eventually("a decision", async || {
            let said = wire::raw(address, &request).await;
            let seen = self.backend.take();
            assert!(said.status == 200 || seen.is_none(), "{method} {target} came through: {said:?} {seen:?}");
            (said.status != 503).then_some((said, seen))
        })
        .await
    }

    /// Sends a request that passes; gives what came to the service.
    async fn passes(&self, method: &str, target: &str, lines: &[Line], body: &str) -> Seen {
        let (said, seen) = self.send(method, target, lines, body).await;
        assert_eq!(said.status, 200, "{method} {target}: {said:?}");
        let seen = seen.unwrap_or_else(|| panic!("{method} {target} came nowhere: {said:?}"));
        assert_eq!((seen.method.as_str(), seen.target.as_str(), seen.body.as_str()), (method, target, body));
        assert_eq!(said.body.is_empty(), method == "HEAD", "{said:?}");
        for name in ["authorization", "x-api-key"] {
            assert_eq!(seen.all(name), Vec::<&str>::new(), "the key is handed on");
        }
        for name in ALL {
            assert_eq!(seen.all(name).len(), usize::from(self.hands_on.contains(&name)), "{name}: {seen:?}");
        }
        seen
    }

    /// Sends a request that does not pass.
    async fn stops(&self, statuses: &[u16], target: &str, lines: &[Line]) -> Said {
        let (said, _) = self.send("GET", target, lines, "").await;
        assert!(statuses.contains(&said.status), "{target}: {said:?}");
        said
    }
}

async fn let_through_what_may_pass(gateway: &Gateway, keys: &Keys) {
    let target = "/a/b%20c/%c3%a9?d=e%20f&token=x&token=//..";
    let shown = [vec![bearer(&keys.holder)], vec![line("X-API-Key", keys.holder.secret())]];
    for key in &shown {
        for (method, body) in [("GET", ""), ("HEAD", ""), ("POST", "some body"), ("DELETE", ""), ("OPTIONS", "")] {
            let seen = gateway.passes(method, target, key, body).await;
            assert_eq!(seen.all("x-meshkey-key"), [keys.id.as_str()]);
            assert_eq!(seen.all("x-meshkey-topics"), ["deploys ci.*"]);
            assert_eq!(seen.all("x-meshkey-capabilities"), ["read"]);
        }
    }
    let forged: Vec<_> = FORGED.iter().map(|name| line(name, "forged")).collect();
    let seen = gateway.passes("GET", target, &[shown[0].clone(), forged].concat(), "").await;
    assert!(!format!("{seen:?}").contains("forged"), "{seen:?}");
    let told = ["X-Original-Method", "X-Original-URI", "X-Forwarded-Method", "X-Forwarded-Uri"];
    let told: Vec<_> = told.iter().flat_map(|name| [line(name, "/%2f"), line(name, "//")]).collect();
    gateway.passes("GET", target, &[shown[0].clone(), told].concat(), "").await;
}

async fn stop_what_may_not(gateway: &Gateway, keys: &Keys) {
    let said = gateway.stops(&[401], "/", &[]).await;
    assert_eq!(said.header("www-authenticate"), r#"Bearer realm="meshkey""#);
    let said = gateway.stops(&[401], "/", &[bearer(&keys.dead)]).await;
    assert_eq!(said.header("www-authenticate"), r#"Bearer realm="meshkey", error="invalid_token""#);
    gateway.stops(&[403], "/", &[bearer(&keys.other)]).await;
    let key = bearer(&keys.holder);
    gateway.stops(&[400, 401], "/", &[key.clone(), key.clone()]).await;
    gateway.stops(&[401], "/", &[key.clone(), line("X-API-Key", keys.holder.secret())]).await;
    for target in
        ["/a%2fb", "//a", "/a//b", "/a/../b", "/a/./b", "/a;b", "/%2e%2e/a", "/a%5cb", "/a%00", "/%252e", "/%zz"]
    {
        gateway.stops(&[400, 403], target, std::slice::from_ref(&key)).await;
    }
    let forged = [line("X-Meshkey-Key", &keys.id), line("X-Original-URI", "/"), line("X-Forwarded-Uri", "/")];
    gateway.stops(&[401], "/", &forged).await;
}

async fn upgrade_what_may_pass_alone(gateway: &Gateway, keys: &Keys) {
    let lines = backend::upgrade();
    gateway.stops(&[401], "/live", &lines).await;
    gateway.stops(&[403], "/live", &[lines.clone(), vec![bearer(&keys.other)]].concat()).await;
    let lines = wire::written(&[lines, vec![bearer(&keys.holder)]].concat());
    let address = &gateway.program.address;
    let request = format!("GET /live HTTP/1.1\r\nHost: {address}\r\n{lines}\r\n");
    let said = eventually("an upgrade", async || {
        let said = wire::talk(address, &request, "ping").await;
        (!said.starts_with("HTTP/1.1 503")).then_some(said)
    })
    .await;
    assert!(said.starts_with("HTTP/1.1 101") && said.ends_with("ping"), "{said}");
    let seen = gateway.backend.take().unwrap();
    assert_eq!((seen.all("x-meshkey-key"), seen.all("authorization").len()), (vec![keys.id.as_str()], 0));
}

/// A key that is told of in as many characters as any.
async fn hand_on_the_longest_identity(gateway: &Gateway) {
    let mut topics: Vec<_> = (0..99).map(|number| format!("{}{number:02}*", "x".repeat(61))).collect();
    topics.push("deploys".to_owned());
    let (_, long) = key(&gateway.house.admin(), "read", json!(topics)).await;
    let seen = gateway.passes("GET", "/", &[bearer(&long)], "").await;
    assert_eq!(seen.all("x-meshkey-topics"), [topics.join(" ")]);
}

async fn let_nobody_through_when_nobody_decides(mut gateway: Gateway, keys: &Keys) {
    let lines = [bearer(&keys.holder)];
    gateway.house.set_reachable(false).await;
    let said = wire::ask(&gateway.program.address, "GET", "/", &lines).await;
    assert_eq!((said.status, said.header("retry-after")), (503, "1"), "{said:?}");
    gateway.house.set_reachable(true).await;
    gateway.house.stop().await;
    let said = wire::ask(&gateway.program.address, "GET", "/", &lines).await;
    assert!([502, 503].contains(&said.status), "{said:?}");
    assert!(gateway.backend.take().is_none(), "it came through");
}

/// Tries all of it. `many_pass` is whether a request with more lines than Meshkey reads passes.
async fn try_all(name: &str, hands_on: &'static [&'static str], many_pass: bool) {
    let (house, backend) = (House::new().await, Backend::start().await);
    let Some(program) = Program::start(name, house.stranger().base(), &backend.address).await else { return };
    let keys = Keys::of(&house).await;
    let gateway = Gateway { program, backend, house, hands_on };
    let_through_what_may_pass(&gateway, &keys).await;
    stop_what_may_not(&gateway, &keys).await;
    upgrade_what_may_pass_alone(&gateway, &keys).await;
    hand_on_the_longest_identity(&gateway).await;
    let mut many: Vec<_> = (0..90).map(|number| line(&format!("X-Filler-{number}"), "x")).collect();
    many.extend([bearer(&keys.holder), line("Accept", "*/*"), line("Accept-Language", "en"), line("X-More", "x")]);
    many.push(line("User-Agent", "test"));
    if many_pass {
        gateway.passes("GET", "/", &many, "").await;
    } else {
        gateway.stops(&[431], "/", &many).await;
    }
    let_nobody_through_when_nobody_decides(gateway, &keys).await;
}

#[tokio::test]
async fn nginx_lets_pass_as_its_page_says() {
    let hands_on = &["x-meshkey-key", "x-meshkey-mesh", "x-meshkey-capabilities", "x-meshkey-topics"];
    try_all("nginx", hands_on, true).await;
}

#[tokio::test]
async fn caddy_lets_pass_as_its_page_says() {
    try_all("caddy", &ALL, false).await;
}

#[tokio::test]
async fn haproxy_lets_pass_as_its_page_says() {
    try_all("haproxy", &ALL, true).await;
}
