//! What `serve` says at its start, and `init` on the host: as processes.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use super::{PASSWORD, code, is_password, send};
use crate::{
    house::House,
    tools::{database_url, dump, one, shelter, texts},
};

/// Starts a service with these variables, and stops it when it serves; gives what it said on stderr.
fn serve(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshkey"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).env_clear().envs(variables.iter().copied());
    command.env("MESHKEY_ALLOW_FSYNC_OFF", "true").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
    // It says how to get in before it hears that it is to stop.
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success() && ready.starts_with("meshkey ready on "), "{said}");
    said
}

/// The lines of the log in which something is said so loudly.
fn logged(said: &str, level: &str) -> Vec<String> {
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_level = lines.filter(|line| line["level"] == level);
    of_level
        .map(|line| line["fields"]["message"].as_str().or(line["message"].as_str()).unwrap_or_default().to_owned())
        .collect()
}

/// The link that stands on a line of its own.
#[track_caller]
fn link(said: &str) -> Value {
    let links: Vec<_> =
        said.lines().map(str::trim).filter(|line| line.starts_with("http") && line.contains('#')).collect();
    let [link] = links[..] else { panic!("{said}") };
    Value::from(link)
}

fn meshkey(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshkey"));
    command.args(arguments).arg("--data-dir").arg(dir).env_clear().output().unwrap()
}

#[track_caller]
fn printed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

// A-29, P-18
#[tokio::test]
async fn each_start_of_an_empty_instance_prints_a_link_that_sets_it_up_and_no_start_after_that() {
    let house = House::empty(&[]).await;
    let url = database_url(&house).await;
    let database = ("MESHKEY_DATABASE_URL", url.as_str());
    let first = serve(&[database, ("MESHKEY_PUBLIC_URL", "https://keys.example.org")]);
    let second = serve(&[database]);
    assert!(second.contains("This instance is not set up yet") && second.contains("`meshkey setup-url`"), "{second}");
    let (first, second) = (link(&first), link(&second));
    assert!(first.as_str().unwrap().starts_with("https://keys.example.org/setup#code="), "{first}");
    assert!(second.as_str().unwrap().starts_with("http://127.0.0.1:"), "{second}");
    assert_ne!(code(&first), code(&second));
    let fields = |code| {
        [("code", code), ("name", "Dana"), ("email", "dana@example.com"), ("password", PASSWORD), ("org", "acme")]
    };
    send(&house, "/setup", &fields(&code(&first))).await.expect(200);
    let third = serve(&[database]);
    assert!(!third.contains("not set up") && !third.contains("#code="), "{third}");
}

// K-15
#[tokio::test]
async fn what_was_typed_stands_in_no_log_at_its_loudest_and_in_no_table() {
    let house = House::empty(&[]).await;
    let (url, dir) = (database_url(&house).await, tempfile::tempdir().unwrap());
    let log = dir.path().join("log");
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshkey"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "trace"]).env_clear();
    command.envs([("MESHKEY_DATABASE_URL", url.as_str()), ("MESHKEY_ALLOW_FSYNC_OFF", "true")]);
    let mut child = command.stdout(Stdio::piped()).stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
    let base = ready.trim().strip_prefix("meshkey ready on ").unwrap();
    let setup = code(&house.meshkey(&["setup-url", "--json"])["url"]);
    let send = async |path: &str, code: &str| {
        let form =
            [("code", code), ("name", "Dana"), ("email", "dana@example.com"), ("password", PASSWORD), ("org", "acme")];
        let request = reqwest::Client::new().post(format!("{base}{path}")).header("Sec-Fetch-Site", "same-origin");
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        request.body(serde_urlencoded::to_string(form).unwrap()).send().await.unwrap().status().as_u16()
    };
    assert_eq!(send("/setup", &setup).await, 200);
    let reset = code(&house.meshkey(&["admin", "reset-password", "dana@example.com", "--json"])["reset_url"]);
    assert_eq!(send("/reset", &reset).await, 200);
    child.kill().unwrap();
    child.wait().unwrap();
    let (log, rows) = (std::fs::read_to_string(&log).unwrap(), dump(&house.sql("superuser").await, "true").await);
    assert!(log.contains("/setup") && rows.contains("dana@example.com"), "nothing is proved");
    for secret in [PASSWORD, &setup, &setup.replace('-', ""), &reset, &reset.replace('-', "")] {
        assert!(!log.contains(secret) && !rows.contains(secret), "{secret}");
    }
}

// P-18
#[tokio::test]
async fn bootstrap_settings_that_come_too_late_are_told_once_and_change_nothing() {
    let house = House::empty(&[]).await;
    let (url, dir) = (database_url(&house).await, tempfile::tempdir().unwrap());
    let file = dir.path().join("password");
    std::fs::write(&file, PASSWORD).unwrap();
    let settings = [("MESHKEY_DATABASE_URL", url.as_str()), ("MESHKEY_BOOTSTRAP_ADMIN_EMAIL", "dana@example.com")];
    let with_file = [settings[0], settings[1], ("MESHKEY_BOOTSTRAP_ADMIN_PASSWORD_FILE", file.to_str().unwrap())];

    let first = serve(&settings);
    assert!(first.contains("dana@example.com owns it") && logged(&first, "WARN").is_empty(), "{first}");
    send(&house, "/reset", &[("code", &code(&link(&first))), ("password", "another long password")]).await.expect(200);

    let second = serve(&with_file);
    let ignored = "bootstrap settings found but this instance is already initialised; ignored";
    assert_eq!(logged(&second, "WARN"), [ignored], "{second}");
    assert!(!second.contains("#code="), "{second}");
    assert!(is_password(&house.sql("superuser").await, "dana@example.com", "another long password").await);
}

//
#[tokio::test]
async fn the_host_makes_the_first_person_with_the_first_org() {
    let house = House::empty(&[]).await;
    let init = ["init", "--org", "acme", "--mesh", "main", "--email", "Dana@example.com", "--name", "Dana", "--json"];
    let founded = house.meshkey(&init);
    let id = founded["owner"]["id"].as_str().unwrap();
    assert_eq!(founded["owner"], json!({ "id": id, "email": "dana@example.com", "name": "Dana" }));
    assert!(founded["key"]["secret"].is_string(), "{founded}");
    send(&house, "/reset", &[("code", &code(&founded["reset_url"])), ("password", PASSWORD)]).await.expect(200);
    let db = house.sql("superuser").await;
    assert!(is_password(&db, "dana@example.com", PASSWORD).await);
    let events = "SELECT action, actor_kind FROM audit_events ORDER BY seq LIMIT 4";
    let expected = ["org.created", "member.added", "mesh.created", "key.issued"];
    assert_eq!(texts(&db, events).await, expected.map(|action| format!("{action}\tlocal")));
    let again = house.meshkey(&["init", "--org", "other", "--email", "eve@example.com", "--if-needed", "--json"]);
    assert_eq!(again, json!({ "already_initialised": true }));
    assert_eq!(one(&db, "SELECT count(*) FROM users").await, "1");
    assert_eq!(house.try_meshkey(&["setup-url"]).status.code(), Some(6));
}

#[tokio::test]
async fn a_first_person_with_a_password_needs_no_link_and_one_that_will_not_do_is_refused() {
    let house = House::empty(&[]).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    std::fs::write(&file, "dana@example.com").unwrap();
    let path = file.to_str().unwrap();
    let init = ["init", "--org", "acme", "--email", "dana@example.com", "--password-file", path, "--json"];
    assert_eq!(house.try_meshkey(&init).status.code(), Some(7));
    assert_eq!(house.try_meshkey(&["init", "--org", "acme", "--password-file", path]).status.code(), Some(2));
    assert_eq!(house.try_meshkey(&["init", "--org", "acme", "--email", "dana"]).status.code(), Some(2));
    let db = house.sql("superuser").await;
    assert_eq!(one(&db, "SELECT count(*) FROM orgs").await, "0");
    std::fs::write(&file, PASSWORD).unwrap();
    let founded = house.meshkey(&init);
    assert_eq!((&founded["owner"]["name"], &founded["reset_url"]), (&json!("dana"), &Value::Null), "{founded}");
    assert!(is_password(&db, "dana@example.com", PASSWORD).await);
}

//
#[test]
fn the_way_in_and_the_way_back_in_need_no_service() {
    let dir = shelter();
    let data = dir.path().join("data");
    let url = printed(&meshkey(&data, &["setup-url", "--json"]))["url"].clone();
    assert!(url.as_str().unwrap().contains("/setup#code="), "{url}");
    let init = ["init", "--org", "acme", "--email", "dana@example.com", "--json"];
    assert!(printed(&meshkey(&data, &init))["reset_url"].is_string());
    let reset = printed(&meshkey(&data, &["admin", "reset-password", "dana@example.com", "--json"]));
    assert!(reset["reset_url"].as_str().unwrap().contains("/reset#code="), "{reset}");
    let granted = printed(&meshkey(&data, &["admin", "grant", "kim@example.com", "--org", "acme", "--json"]));
    assert_eq!(granted["role"], "owner");
    let gone = printed(&meshkey(&data, &["admin", "revoke", "dana@example.com", "--org", "acme", "--json"]));
    assert_eq!(gone["effective"], "everywhere", "{gone}");
    let suspended = meshkey(&data, &["admin", "suspend", "kim@example.com"]);
    assert_eq!(suspended.status.code(), Some(0), "{suspended:?}");
    assert_eq!(meshkey(&dir.path().join("nowhere"), &["admin", "list"]).status.code(), Some(5));
}
