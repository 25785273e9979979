//! The program as a process: starting, getting in, walking through, and stopping.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use super::house::House;

const MESHKEY: &str = env!("CARGO_BIN_EXE_meshkey");

/// A directory that the account of the embedded database may pass through.
fn shelter() -> TempDir {
    tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o755)).tempdir().unwrap()
}

/// The program, with nothing of this process's environment that would steer it, and with as few open files as hosts begin with.
fn meshkey(dir: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"ulimit -S -n 256 && exec "$0" "$@""#, MESHKEY])
        .args(arguments)
        .arg("--data-dir")
        .arg(dir.path().join("data"));
    let steering = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("MESHKEY_"));
    steering.chain(["DATABASE_URL".to_owned(), "RUST_LOG".to_owned()]).for_each(|name| {
        command.env_remove(name);
    });
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(dir: &TempDir, arguments: &[&str]) -> Output {
    meshkey(dir, arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// A server, killed if a test leaves it.
struct Served {
    child: Child,
    base: String,
}

impl Served {
    fn start(dir: &TempDir) -> Self {
        Self::logging(dir, Stdio::null())
    }

    fn logging(dir: &TempDir, log: Stdio) -> Self {
        let mut child = meshkey(dir, &["serve", "--listen", "127.0.0.1:0"]).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("meshkey ready on ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { child, base }
    }

    /// Each stream is one: with the few that a process begins with there would be few streams.
    fn ensure_takes_all_files(&self) {
        let Ok(limits) = std::fs::read_to_string(format!("/proc/{}/limits", self.child.id())) else { return };
        let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
        let [soft, hard] = [0, 1].map(|at| files.split_whitespace().nth(at).unwrap().parse().unwrap_or(u64::MAX));
        assert_eq!(soft, hard.min(1 << 20), "{files}");
    }

    fn terminate(&mut self) -> Option<i32> {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn status(base: &str, secret: &str) -> u16 {
    let answer = reqwest::Client::new().get(format!("{base}/v1/whoami")).bearer_auth(secret).send().await;
    answer.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_first_admin_key_comes_from_the_host_while_the_server_runs_and_when_it_does_not() {
    // A-22, A-26, A-29
    let dir = shelter();
    let first = json(&run(&dir, &["init", "--org", "acme", "--mesh", "main", "--topic", "#deploys", "--json"]));
    assert_eq!(first["org"]["slug"], "acme");
    assert_eq!(first["mesh"]["slug"], "main");
    assert_eq!(first["topics"], serde_json::json!(["deploys"]));
    let mut served = Served::start(&dir);
    assert_eq!(status(&served.base, first["key"]["secret"].as_str().unwrap()).await, 200);
    served.ensure_takes_all_files();

    let again = run(&dir, &["init", "--org", "other"]);
    assert_eq!(again.status.code(), Some(6), "{again:?}");
    assert!(again.stdout.is_empty() && String::from_utf8_lossy(&again.stderr).contains("initialised already"));
    assert_eq!(run(&dir, &["init", "--org", "other", "--if-needed"]).status.code(), Some(0));

    let other = json(&run(&dir, &["org", "create", "other", "--json"]));
    assert_eq!(run(&dir, &["org", "create", "other"]).status.code(), Some(6));
    let secret = other["key"]["secret"].as_str().unwrap();
    assert_eq!(status(&served.base, secret).await, 200);
    assert_eq!(run(&dir, &["org", "suspend", "other"]).status.code(), Some(0));
    assert_eq!(status(&served.base, secret).await, 403);
    assert_eq!(run(&dir, &["org", "suspend", "other"]).status.code(), Some(6));
    assert_eq!(run(&dir, &["org", "resume", "other"]).status.code(), Some(0));
    assert_eq!(status(&served.base, secret).await, 200);
    assert_eq!(run(&dir, &["org", "resume", "nobody"]).status.code(), Some(5));
    let list = String::from_utf8(run(&dir, &["org", "list"]).stdout).unwrap();
    assert!(list.contains("acme") && list.contains("other"), "{list}");
    assert_eq!(served.terminate(), Some(0));
}

#[tokio::test]
async fn a_key_made_on_the_host_lives_for_a_day_and_can_revoke_the_lost_one() {
    let dir = shelter();
    let first = json(&run(&dir, &["init", "--org", "acme", "--json"]));
    let (lost, id) = (first["key"]["secret"].as_str().unwrap(), first["key"]["id"].as_str().unwrap());
    let served = Served::start(&dir);
    let rescue = json(&run(&dir, &["org", "key", "acme", "--json"]));
    assert!(!rescue["expires_at"].is_null());
    let url = |verb: &str| format!("{}/v1/orgs/acme/keys/{id}/{verb}", served.base);
    let post =
        |verb: &str| reqwest::Client::new().post(url(verb)).bearer_auth(rescue["secret"].as_str().unwrap()).send();
    // It ends, so it may not hand out a key that never does; but it may end that key.
    assert_eq!(post("rotate").await.unwrap().status().as_u16(), 403);
    assert_eq!(post("revoke").await.unwrap().status().as_u16(), 200);
    assert_eq!(status(&served.base, lost).await, 401);
}

#[test]
fn a_key_made_on_the_host_lives_as_long_as_is_said() {
    let dir = shelter();
    run(&dir, &["init", "--org", "acme"]);
    let made = |life: &str| json(&run(&dir, &["org", "key", "acme", "--life", life, "--json"]))["expires_at"].clone();
    assert!(made("never").is_null());
    assert!(made("90d").is_string());
    assert_eq!(run(&dir, &["org", "key", "acme", "--life", "soon"]).status.code(), Some(2));
}

#[tokio::test]
async fn what_was_issued_before_a_stop_works_after_a_start() {
    let dir = shelter();
    let first = json(&run(&dir, &["init", "--org", "acme", "--json"]));
    let secret = first["key"]["secret"].as_str().unwrap();
    for _ in 0..2 {
        let mut served = Served::start(&dir);
        assert_eq!(status(&served.base, secret).await, 200);
        assert_eq!(served.terminate(), Some(0));
    }
}

#[test]
fn the_quick_start_walks_to_the_refusal_and_can_be_repeated() {
    let dir = shelter();
    let walk = || {
        let output = run(&dir, &["quickstart", "--exit", "--listen", "127.0.0.1:0"]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let first = walk();
    for part in [
        "made org acme",
        "$ curl",
        "403  code: \"insufficient_scope\"",
        "\"revoked\"",
        "401  code: \"invalid_token\"",
        "export ADMIN=mshk_",
    ] {
        assert!(first.contains(part), "{part}\n{first}");
    }
    let second = walk();
    assert!(second.contains("org acme exists already") && second.contains("(it exists already)"), "{second}");
}

#[test]
fn an_unknown_setting_is_fatal_and_names_the_one_that_was_meant() {
    // P-19
    let dir = shelter();
    let output = meshkey(&dir, &["serve"]).env("MESHKEY_LISTN", "127.0.0.1:0").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("MESHKEY_LISTN") && told.contains("MESHKEY_LISTEN"), "{told}");
}

#[test]
fn an_unknown_verb_is_an_error_with_the_one_that_was_meant() {
    let output = Command::new(MESHKEY).arg("serv").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("serve"));
}

#[tokio::test]
async fn a_store_out_of_reach_is_a_503_and_never_a_401() {
    // G-12, P-16
    let house = House::new().await;
    let admin = house.admin();
    admin.get("/v1/whoami").await.expect(200);
    house.set_reachable(false).await;
    let answer = admin.get("/v1/whoami").await;
    answer.problem(503, "store_unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    house.stranger().get("/readyz").await.problem(503, "store_unavailable");
    house.stranger().get("/livez").await.expect(200);
    house.set_reachable(true).await;
    admin.get("/v1/whoami").await.expect(200);
}

#[tokio::test]
async fn the_log_names_the_trace_that_a_request_belongs_to() {
    let dir = shelter();
    let log = dir.path().join("log");
    let mut served = Served::logging(&dir, std::fs::File::create(&log).unwrap().into());
    let (trace, client) = ("4bf92f3577b34da6a3ce929d0e0e4736", reqwest::Client::new());
    let ask = async |parent: String| {
        let answer =
            client.get(format!("{}/v1/whoami", served.base)).header("traceparent", parent).send().await.unwrap();
        answer.headers()["x-request-id"].to_str().unwrap().to_owned()
    };
    let known = ask(format!("00-{trace}-00f067aa0ba902b7-01")).await;
    let garbled = ask(format!("00-{trace}-00f067aa0ba902b7-01\u{e9}")).await;
    assert_eq!(served.terminate(), Some(0));
    let lines = std::fs::read_to_string(log).unwrap();
    let line = |id: &str| {
        let line = lines.lines().find(|line| line.contains(id)).unwrap_or_else(|| panic!("{id}: {lines}"));
        serde_json::from_str::<Value>(line).unwrap()
    };
    assert_eq!((&line(&known)["trace"], &line(&known)["message"]), (&trace.into(), &"refused".into()));
    assert_eq!(line(&garbled).get("trace"), None);
}

// G-26
#[tokio::test]
async fn who_tries_many_keys_does_not_fill_the_log() {
    let dir = shelter();
    let log = dir.path().join("log");
    let mut served = Served::logging(&dir, std::fs::File::create(&log).unwrap().into());
    let mut seen = Vec::new();
    for _ in 0..200 {
        seen.push(status(&served.base, "mshk_short").await);
    }
    assert_eq!(served.terminate(), Some(0));
    let throttled = seen.iter().filter(|status| **status == 429).count();
    // A minute may have passed by, and a failure come back each second.
    assert!(throttled > 0 && seen[..60].iter().all(|status| *status == 401), "{seen:?}");
    let lines = std::fs::read_to_string(log).unwrap();
    let count = |what: &str| lines.lines().filter(|line| line.contains(what)).count();
    assert_eq!(count("\"refused\""), seen.len() - throttled, "{lines}");
    let told = count("too many requests with keys that nobody holds");
    assert!((1..=2).contains(&told) && lines.contains("127.0.0.1"), "{told} in {lines}");
}

#[tokio::test]
async fn a_stop_finishes_the_request_that_is_under_way() {
    let dir = shelter();
    let first = json(&run(&dir, &["init", "--org", "acme", "--json"]));
    let mut served = Served::start(&dir);
    let mut line = std::net::TcpStream::connect(served.base.strip_prefix("http://").unwrap()).unwrap();
    let body = r#"{"key":"x","capability":"send"}"#;
    let head = format!(
        "POST /v1/verify HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        first["key"]["secret"].as_str().unwrap(),
        body.len()
    );
    line.write_all(head.as_bytes()).unwrap();
    // The service has read the head, and waits for the body.
    let mut go_on = [0_u8; 25];
    line.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let pid = nix::unistd::Pid::from_raw(i32::try_from(served.child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    line.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("unknown_key"), "{answer}");
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_mistyped_directory_is_no_new_installation() {
    // T-16
    let dir = shelter();
    let output = run(&dir, &["org", "list", "--json"]);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no installation in"));
    assert!(!dir.path().join("data").exists());
}
