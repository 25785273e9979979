//! Apache from Debian with `mod_auth_openidc`, set up as its page says: who passes, what comes to the service behind, and what
//! is kept. It asks by https alone, so that an nginx with a certificate of this run's own stands before Meshkey.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use meshkey::domain::Secret;
use serde_json::json;
use tempfile::TempDir;
use tokio::{net::TcpStream, process::Child};

use super::Scene;
use crate::{
    canary,
    client::Client,
    forward::{
        gateways::backend::{Backend, Seen},
        wire::{self, Line, Said},
    },
    house::House,
    libraries::skipped,
    nemesis::postgres::{free_port, launched},
    tools::{block, eventually, shelter},
};

const PROGRAMS: [&str; 4] =
    ["/usr/sbin/apache2", "/usr/lib/apache2/modules/mod_auth_openidc.so", "/usr/sbin/nginx", "/usr/bin/openssl"];
const MODULES: [&str; 8] =
    ["mpm_event", "authn_core", "authz_core", "authz_user", "headers", "proxy", "proxy_http", "auth_openidc"];

/// Apache between its clients and a service, and nginx between it and Meshkey. Both are stopped when this is dropped.
struct Apache {
    address: String,
    backend: Backend,
    dir: TempDir,
    _children: [Child; 2],
}

fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// A certificate for this host, signed by itself.
fn certify(dir: &Path) {
    let [certificate, key] = ["certificate", "certificate-key"].map(|name| dir.join(name));
    let mut openssl = Command::new("openssl");
    openssl.args("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split(' '));
    openssl.args(["-addext", "subjectAltName=IP:127.0.0.1"]).arg("-keyout").arg(&key).arg("-out").arg(certificate);
    let made = openssl.output().unwrap();
    assert!(made.status.success(), "{made:?}");
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
}

/// Starts a program with its configuration, and waits until it listens.
async fn start(program: &str, arguments: &[&str], dir: &Path, address: &str) -> Child {
    let said = fs::File::create(dir.join("said")).unwrap();
    let mut command = launched(Path::new(program));
    command.args(arguments).env("HOME", dir).kill_on_drop(true).stderr(said);
    let mut child = command.spawn().unwrap();
    eventually(program, async || {
        if let Some(end) = child.try_wait().unwrap() {
            let said = ["said", "log"].map(|file| fs::read_to_string(dir.join(file)).unwrap_or_default());
            panic!("{program} ended with {end}: {}", said.concat());
        }
        TcpStream::connect(address).await.ok()
    })
    .await;
    child
}

async fn before(meshkey: &str, address: &str, dir: &Path) -> Child {
    let at = dir.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .flat_map(|what| [*what, "_temp_path ", "temporary;\n"].map(str::to_owned))
        .collect();
    let conf = format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log {at}/nginx.log;\nevents {{}}\nhttp {{\naccess_log off;\n\
         {temporary}server {{ listen {address} ssl; ssl_certificate {at}/certificate; ssl_certificate_key \
         {at}/certificate-key; location / {{ proxy_pass {meshkey}; }} }} }}\n"
    );
    let conf = write(dir, "nginx.conf", &conf).display().to_string();
    let log = format!("{at}/nginx.log");
    start("/usr/sbin/nginx", &["-p", &at.to_string(), "-e", &log, "-c", &conf], dir, address).await
}

impl Apache {
    /// None where a program is missing, which is said. `without` is a line of the page that is left out.
    async fn before(scene: &Scene, without: &str) -> Option<Self> {
        if let Some(missing) = PROGRAMS.iter().find(|place| !Path::new(place).is_file()) {
            skipped(&format!("Apache, because {missing} is not installed"));
            return None;
        }
        let (dir, backend) = (shelter(), Backend::start().await);
        // It may not run as we do.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        certify(dir.path());
        let [address, secured] = [free_port(), free_port()].map(|port| format!("127.0.0.1:{port}"));
        let nginx = before(scene.admin.base(), &secured, dir.path()).await;
        let conf = Self::configuration(scene, dir.path(), [&address, &secured, &backend.address], without);
        // As one process: no others are left when it is killed.
        let apache = start("/usr/sbin/apache2", &["-f", &conf, "-X"], dir.path(), &address).await;
        Some(Self { address, backend, dir, _children: [nginx, apache] })
    }

    /// What the page says, with the addresses of this run, and what Debian has in files of its own.
    fn configuration(scene: &Scene, dir: &Path, [address, secured, backend]: [&str; 3], without: &str) -> String {
        let at = dir.display();
        let key = write(dir, "key.conf", &format!("OIDCOAuthClientSecret {}\n", scene.asker.secret()));
        let known = [
            ("Listen 8000", format!("Listen {address}")),
            ("*:8000", address.to_owned()),
            ("keys.example.org", secured.to_owned()),
            ("127.0.0.1:8080", backend.to_owned()),
            ("key_01m80nf9tres7tnmxdxj8pydcq", scene.asker_id.clone()),
            ("/etc/apache2/meshkey-key.conf", key.display().to_string()),
            ("/etc/ssl/certs/ca-certificates.crt", format!("{at}/certificate")),
            (without, String::new()),
        ];
        let mut own = block("docs/how-to/gateways/apache.md", "apache");
        for (known, real) in known.iter().filter(|(known, _)| !known.is_empty()) {
            assert!(own.contains(known), "{known} is not in {own}");
            own = own.replace(known, real);
        }
        let modules: String = MODULES
            .iter()
            .flat_map(|name| ["LoadModule ", name, "_module /usr/lib/apache2/modules/mod_", name, ".so\n"])
            .collect();
        let head = format!(
            "ServerRoot {at}\nServerName localhost\nPidFile {at}/pid\nDefaultRuntimeDir {at}\nErrorLog {at}/log\n"
        );
        write(dir, "conf", &format!("{head}LogLevel info\n{modules}{own}")).display().to_string()
    }

    async fn ask(&self, target: &str, lines: &[Line]) -> (Said, Option<Seen>) {
        let said = wire::ask(&self.address, "GET", target, lines).await;
        let seen = self.backend.take();
        assert_eq!(seen.is_some(), said.status == 200, "{target}: {said:?} {seen:?}");
        (said, seen)
    }

    async fn passes(&self, target: &str, key: &Client, more: &[Line]) -> Seen {
        let (said, seen) = self.ask(target, &[&[bearer(key.secret())], more].concat()).await;
        let seen = seen.unwrap_or_else(|| panic!("{target} came nowhere: {said:?}"));
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", target));
        canary::ensure_none("what comes to the service", &format!("{seen:?}"));
        assert!(seen.all("authorization").is_empty() && seen.all("x-api-key").is_empty(), "{seen:?}");
        seen
    }

    /// The status and the error of the challenge.
    async fn stops(&self, target: &str, lines: &[Line]) -> (u16, String) {
        let (said, seen) = self.ask(target, lines).await;
        assert!(seen.is_none(), "it came through: {seen:?}");
        let challenge = said.headers.get("www-authenticate").map_or("", |value| value.to_str().unwrap());
        let error = challenge.split("error=\"").nth(1).and_then(|rest| rest.split('"').next());
        (said.status, error.unwrap_or("none").to_owned())
    }
}

fn bearer(secret: &str) -> Line {
    line("Authorization", &format!("Bearer {secret}"))
}

fn line(name: &str, value: &str) -> Line {
    (name.to_owned(), value.to_owned())
}

fn no(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

async fn let_through_what_may(apache: &Apache, reader: &(String, Client)) {
    let (id, key) = reader;
    let forged = ["MeshkeyKey", "meshkeykey", "X-API-Key", "OIDC_CLAIM_sub", "OIDC_access_token", "X-Remote-User"];
    let forged: Vec<_> = forged.iter().map(|name| line(name, "forged")).collect();
    for more in [vec![], forged] {
        let seen = apache.passes("/a/b%20c?d=e%20f", key, &more).await;
        assert_eq!(seen.all("meshkeykey"), [id.as_str()]);
        let told = seen.lines.iter().find(|(name, value)| value == "forged" && name != "x-remote-user");
        assert_eq!(told, None, "{seen:?}");
        assert!(!seen.lines.iter().any(|(name, _)| name.starts_with("oidc")), "{seen:?}");
    }
}

async fn stop_what_may_not(apache: &Apache, scene: &Scene, reader: &Client) {
    let (wrong, nothing) = (no(401, "invalid_token"), no(401, "invalid_request"));
    assert_eq!(apache.stops("/", &[]).await, nothing);
    assert_eq!(apache.stops("/", &[line("X-API-Key", reader.secret())]).await, nothing);
    assert_eq!(apache.stops(&format!("/?access_token={}", reader.secret()), &[]).await, nothing);
    assert_eq!(apache.stops("/", &[line("Cookie", &format!("access_token={}", reader.secret()))]).await, nothing);
    let unknown = Secret::generate(&"mshk".parse().unwrap()).ok().unwrap();
    assert_eq!(apache.stops("/", &[bearer(unknown.reveal())]).await, wrong);
    assert_eq!(apache.stops("/", &[bearer("x")]).await, wrong);
    let key = bearer(reader.secret());
    assert_eq!(apache.stops("/", &[key.clone(), key.clone()]).await, wrong);
    assert_eq!(apache.stops("/", &[bearer("x"), key.clone()]).await, wrong);
    for terms in [
        json!({ "capabilities": ["send"] }),
        json!({ "capabilities": ["read"], "topics": ["secrets"] }),
        json!({ "capabilities": ["read"], "mesh": "other", "topics": "all" }),
        json!({ "capabilities": ["read"], "addresses": ["127.0.0.0/8"] }),
    ] {
        let (_, other) = scene.sender(terms.clone()).await;
        assert_eq!(apache.stops("/", &[bearer(other.secret())]).await, wrong, "{terms}");
    }
    // What a path demands beside: an element of the list, as Apache reads the path.
    for target in ["/write", "/write/x", "//write", "/x/../write", "/%77rite"] {
        assert_eq!(apache.stops(target, std::slice::from_ref(&key)).await, no(403, "none"), "{target}");
    }
    apache.passes("/write;x", reader, &[]).await;
    let (_, writer) = scene.sender(json!({ "capabilities": ["read", "state_write"] })).await;
    apache.passes("/write", &writer, &[]).await;
    let (_, admin) = scene.sender(json!({ "capabilities": ["admin"], "topics": "all" })).await;
    apache.passes("/", &admin, &[]).await;
    assert_eq!(apache.stops("/write", &[bearer(admin.secret())]).await, no(403, "none"));
}

#[tokio::test]
async fn apache_lets_pass_as_its_page_says() {
    let scene = Scene::on(House::new().await).await;
    let Some(apache) = Apache::before(&scene, "").await else { return };
    let reader = scene.sender(json!({ "capabilities": ["read"] })).await;
    let_through_what_may(&apache, &reader).await;
    stop_what_may_not(&apache, &scene, &reader.1).await;

    // Nothing is kept.
    apache.passes("/", &reader.1, &[]).await;
    scene.act(&reader.0, "revoke").await;
    assert_eq!(apache.stops("/", &[bearer(reader.1.secret())]).await, no(401, "invalid_token"));

    let (_, reader) = scene.sender(json!({ "capabilities": ["read"] })).await;
    apache.passes("/", &reader, &[]).await;
    let mut house = scene.house;
    house.set_reachable(false).await;
    assert_eq!(apache.stops("/", &[bearer(reader.secret())]).await, no(401, "invalid_token"));
    house.set_reachable(true).await;
    house.stop().await;
    assert_eq!(apache.stops("/", &[bearer(reader.secret())]).await, no(401, "invalid_token"));
    let log = fs::read_to_string(apache.dir.path().join("log")).unwrap();
    assert!(log.contains("authorization failure"), "{log}");
    canary::ensure_none("the log of Apache", &log);
}

/// What the page warns of: without that line a yes is kept.
#[tokio::test]
async fn apache_keeps_a_yes_where_it_is_not_told_to_ask_again() {
    let scene = Scene::on(House::new().await).await;
    let Some(apache) = Apache::before(&scene, "OIDCOAuthTokenIntrospectionInterval -1").await else { return };
    let (id, reader) = scene.sender(json!({ "capabilities": ["read"] })).await;
    apache.passes("/", &reader, &[]).await;
    scene.act(&id, "revoke").await;
    apache.passes("/", &reader, &[]).await;
}
