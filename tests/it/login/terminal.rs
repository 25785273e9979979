//! The program itself: `meshkey login`, `logout`, `auth` and `profile` against a real service.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStderr, Command, Stdio},
};

use serde_json::{Value, json};

use super::{approve_code, decide, keys, rested, typed, visitor};
use crate::{
    cli::shell::{MESHKEY, Said, Shell, finish},
    house::House,
    persons::Person,
    sign_in::visitor::Visitor,
    tools::eventually,
};

/// A terminal of somebody who has no key.
pub struct Bare(pub Shell);

impl Bare {
    pub fn new(house: &House) -> Self {
        Self(Shell::of(&house.admin()))
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = self.0.command(MESHKEY);
        command.args(line.split(' ')).env_remove("MESHKEY_TOKEN_FILE");
        command
    }

    pub fn run(&self, line: &str) -> Said {
        finish(self.command(line), "")
    }

    pub fn kept(&self, name: &str) -> std::path::PathBuf {
        self.0.path("config").join("meshkey").join(name)
    }

    /// Begins a login, and reads the code that it shows.
    pub fn begin(&self, line: &str) -> Login {
        let mut command = self.command(line);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let (mut said, mut code) = (String::new(), None);
        while code.is_none() {
            let mut line = String::new();
            assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "it has ended: {said}");
            code = line.strip_prefix("Type  ").map(|code| code.trim().to_owned());
            said.push_str(&line);
        }
        Login { child, stderr, said, code: code.unwrap() }
    }

    /// Signs in as this person, who gives what is chosen where nothing else is.
    pub async fn sign_in(&self, house: &House, browser: &mut Visitor, line: &str) -> Said {
        let login = self.begin(line);
        approve_code(browser, &login.code, &[]).await.expect(200);
        rested(house).await;
        login.end().await
    }
}

/// A login that waits.
pub struct Login {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    pub code: String,
}

impl Login {
    pub fn interrupt(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    }

    pub async fn end(mut self) -> Said {
        let done = tokio::task::spawn_blocking(move || {
            let (mut err, mut out) = (self.said, String::new());
            self.stderr.read_to_string(&mut err).unwrap();
            self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
            Said { code: self.child.wait().unwrap().code(), out, err }
        });
        done.await.unwrap()
    }
}

#[tokio::test]
async fn a_terminal_signs_in_works_and_signs_out() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let mut browser = visitor(&house, &dana).await;
    let bare = Bare::new(&house);
    let before = bare.run("whoami").expect(3);
    assert!(before.err.contains("meshkey login"), "{before:?}");

    let login = bare.begin("login --cap send,read --topic deploys --mesh main --expires 8h --device-name desk");
    let id = typed(&mut browser, &login.code).await;
    let page = browser.get(&format!("/device/request?id={id}")).await.expect(200);
    let text = page.body.as_str().unwrap();
    for part in ["value=\"desk\"", "value=\"deploys\"", "<option value=\"28800\" selected>8 hours"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let chosen = [("can:read", "yes"), ("topics", "only"), ("names", "deploys"), ("label", "desk"), ("life", "28800")];
    decide(&mut browser, &id, &chosen).await.expect(200);
    let said = login.end().await.expect(0);
    assert!(
        said.out.is_empty() && said.err.contains("Signed in to acme") && said.err.contains("dana@example.com"),
        "{said:?}"
    );
    assert!(!said.err.contains("mshk_"), "{said:?}");

    let own = bare.run("whoami --json").expect(0).json();
    assert_eq!((&own["key"]["label"], &own["key"]["topics"]), (&json!("desk"), &json!(["deploys"])));
    let status = bare.run("auth status --json").expect(0).json();
    let told = |member: &str| status[member].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        (told("profile"), told("profile_from"), told("url_from")),
        ("default".into(), "default".into(), "MESHKEY_URL".into())
    );
    assert!(told("credential").starts_with("the profile default ("), "{status}");
    assert_eq!(status["key"]["id"], own["key"]["id"]);
    let hint = own["key"]["hint"].as_str().unwrap();
    assert!(!status.to_string().replace(hint, "").contains("mshk_"), "{status}");
    let token = bare.run("auth token").expect(0).line().to_owned();
    let holder = house.stranger().with_key(&token);
    holder.get("/v1/whoami").await.expect(200);

    let out = bare.run("logout").expect(0);
    assert!(out.err.contains("revoked") && out.out.is_empty(), "{out:?}");
    holder.get("/v1/whoami").await.problem(401, "invalid_token");
    bare.run("whoami").expect(3);
    bare.run("logout").expect(3);
    assert!(!std::fs::read_to_string(bare.kept("credentials.toml")).unwrap().contains("mshk_"));
}

#[tokio::test]
async fn what_counts_is_said_and_a_key_goes_to_no_other_service() {
    let (house, other) = (House::new().await, House::new().await);
    let dana = Person::in_org(&house, "Dana", "member").await;
    let mut browser = visitor(&house, &dana).await;
    let bare = Bare::new(&house);
    bare.sign_in(&house, &mut browser, "login --profile work").await.expect(0);
    // The flag, then the variable, then the file.
    bare.run("whoami").expect(3);
    let own = bare.run("whoami --profile work --field key.id").expect(0).line().to_owned();
    let with = |line: &str, variables: &[(&str, &str)]| {
        let mut command = bare.command(line);
        command.envs(variables.iter().copied());
        finish(command, "")
    };
    let by_variable = with("whoami --field key.id", &[("MESHKEY_PROFILE", "work")]).expect(0);
    assert_eq!(by_variable.line(), own);
    bare.run("profile use work").expect(0);
    assert_eq!(bare.run("whoami --field key.id").expect(0).line(), own);
    let from = |said: &Said| said.json()["profile_from"].clone();
    assert_eq!(from(&bare.run("auth status --json").expect(0)), "config.toml");
    let over = with("auth status --json --profile work", &[("MESHKEY_PROFILE", "nonsense")]).expect(0);
    assert_eq!(from(&over), "--profile");
    // A key that the environment has counts before the profile's.
    let admin = house.admin().secret().to_owned();
    let status = with("auth status --json", &[("MESHKEY_TOKEN", &admin)]).expect(0).json();
    assert_eq!((&status["credential"], &status["key"]["label"]), (&json!("MESHKEY_TOKEN"), &json!("first admin key")));
    let file = with("auth status --json --token-file token", &[("MESHKEY_TOKEN", "x")]).expect(0).json();
    assert_eq!(file["credential"], "--token-file token");
    // The profile's URL, where nobody names another.
    let unnamed = with("auth status --json", &[("MESHKEY_URL", "")]).expect(0).json();
    assert_eq!((&unnamed["url_from"], &unnamed["key"]["id"]), (&json!("the profile"), &json!(own)));
    let elsewhere = other.stranger().base().to_owned();
    for said in [bare.run(&format!("whoami --url {elsewhere}")), with("whoami", &[("MESHKEY_URL", &elsewhere)])] {
        let said = said.expect(3);
        assert!(said.err.contains("its key is not sent to") && said.err.contains(&elsewhere), "{said:?}");
    }
    let refused = bare.run(&format!("login --url {elsewhere}")).expect(6);
    assert!(refused.err.contains("meshkey logout --profile work"), "{refused:?}");
    let unknown = bare.run("whoami --profile wrk").expect(2);
    assert!(unknown.err.contains("did you mean 'work'?"), "{unknown:?}");
    let plain = bare.run("login --profile far --url http://keys.example.com").expect(2);
    assert!(plain.err.contains("--insecure-http"), "{plain:?}");
    bare.run("profile delete work").expect(6);
    for line in ["logout --profile work --print-curl", "login --profile work --print-curl"] {
        let refused = bare.run(line).expect(2);
        assert!(refused.err.contains("--print-curl") && refused.out.is_empty(), "{refused:?}");
    }
    bare.run("whoami --profile work").expect(0);
    bare.run("logout --profile work").expect(0);
    bare.run("profile delete work").expect(0);
    assert_eq!(bare.run("profile list --json").expect(0).json(), json!({ "items": [] }));
}

#[tokio::test]
async fn profiles_say_where_and_are_listed() {
    let house = House::new().await;
    let bare = Bare::new(&house);
    bare.run("profile set url https://keys.example.com --profile work").expect(0);
    bare.run("profile set org acme --profile work").expect(0);
    let wrong = bare.run("profile set ogr acme --profile work").expect(2);
    assert!(wrong.err.contains("did you mean 'org'?"), "{wrong:?}");
    for (line, said) in [
        ("url notaurl", "url: expected a URL"),
        ("url ftp://keys.example.com", "https:// or http://"),
        ("url http://keys.example.com", "--insecure-http"),
        ("org Acme!", "neither an id nor a slug"),
        ("mesh *", "neither an id nor a slug"),
    ] {
        let refused = bare.run(&format!("profile set {line} --profile work")).expect(2);
        assert!(refused.err.contains(said), "{line}: {refused:?}");
    }
    let shown = bare.run("profile show work --json").expect(0).json();
    assert_eq!(
        (&shown["url"], &shown["org"], &shown["key"]),
        (&json!("https://keys.example.com"), &json!("acme"), &json!(null))
    );
    let listed = bare.run("profile list").expect(0);
    assert!(listed.out.contains("work") && listed.out.contains("https://keys.example.com"), "{listed:?}");
    bare.run("profile set org --profile work").expect(2);
    let mut empty = bare.command("profile set org");
    empty.args(["", "--profile", "work"]);
    finish(empty, "").expect(0);
    assert_eq!(bare.run("profile show work --json").expect(0).json()["org"], Value::Null);
    bare.run("profile use wrok").expect(2);
    bare.run("profile show wrok").expect(2);
    bare.run("profile set url x --profile ../x").expect(2);
}

#[tokio::test]
async fn a_terminal_that_is_denied_or_interrupted_keeps_nothing() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let mut browser = visitor(&house, &dana).await;
    let bare = Bare::new(&house);
    let login = bare.begin("login");
    approve_code(&mut browser, &login.code, &[("do", "deny")]).await.expect(200);
    let denied = login.end().await.expect(4);
    assert!(denied.err.contains("denied"), "{denied:?}");
    let login = bare.begin("login");
    login.interrupt();
    login.end().await.expect(130);
    assert!(!bare.kept("credentials.toml").exists());
    assert_eq!(keys(&house, &dana).await, "0");
}

#[tokio::test]
async fn a_key_that_cannot_be_revoked_is_kept_unless_one_wants_to_forget_it() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let mut browser = visitor(&house, &dana).await;
    let bare = Bare::new(&house);
    bare.sign_in(&house, &mut browser, "login").await.expect(0);
    let token = bare.run("auth token").expect(0).line().to_owned();
    house.set_reachable(false).await;
    let kept = bare.run("logout").expect(8);
    assert!(kept.err.contains("is kept") && kept.err.contains("--forget"), "{kept:?}");
    assert_eq!(bare.run("auth token").expect(0).line(), token);
    let gone = bare.run("logout --forget").expect(0);
    assert!(gone.err.contains("lives on"), "{gone:?}");
    bare.run("auth token").expect(3);
    house.set_reachable(true).await;
    house.stranger().with_key(&token).get("/v1/whoami").await.expect(200);
}

#[tokio::test]
async fn a_key_of_ones_own_is_kept_and_never_revoked_by_signing_out() {
    let house = House::new().await;
    let bare = Bare::new(&house);
    let secret = house.admin().secret().to_owned();
    let login = finish(bare.command("login --token-stdin --json"), &format!("{secret}\n")).expect(0);
    assert_eq!((&login.json()["org"], &login.json()["user"]), (&json!("acme"), &json!(null)));
    bare.run("key list").expect(0);
    for line in ["login --token-stdin --org nope", "login --token-stdin --print-curl"] {
        let code = if line.ends_with("nope") { 6 } else { 2 };
        let refused = finish(bare.command(&format!("{line} --profile other")), &format!("{secret}\n")).expect(code);
        assert!(!refused.err.contains("Signed in") && !refused.err.contains(&secret), "{refused:?}");
        bare.run("whoami --profile other").expect(2);
    }
    finish(bare.command("login --token-stdin --org acme"), &format!("{secret}\n")).expect(0);
    let out = bare.run("logout --all").expect(0);
    assert!(out.err.contains("lives on"), "{out:?}");
    house.admin().get("/v1/whoami").await.expect(200);
    finish(bare.command("login --token-stdin"), "mshk_nobodys\n").expect(3);
    assert!(bare.run("auth token").expect(3).out.is_empty());
}

#[tokio::test]
async fn two_logins_at_once_are_both_kept_and_a_second_one_revokes_the_first() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let mut browser = visitor(&house, &dana).await;
    let bare = Bare::new(&house);
    let (one, other) = (bare.begin("login --profile one"), bare.begin("login --profile other"));
    for login in [&one, &other] {
        approve_code(&mut browser, &login.code, &[]).await.expect(200);
    }
    rested(&house).await;
    let (one, other) = tokio::join!(one.end(), other.end());
    one.expect(0);
    other.expect(0);
    for profile in ["one", "other"] {
        bare.run(&format!("whoami --profile {profile}")).expect(0);
    }
    let first = bare.run("auth token --profile one").expect(0).line().to_owned();
    let again = bare.sign_in(&house, &mut browser, "login --profile one").await.expect(0);
    assert!(again.err.contains("that the profile one had before, key_"), "{again:?}");
    let dead = eventually("the key of before is dead", async || {
        let answer = house.stranger().with_key(&first).get("/v1/whoami").await;
        (answer.status == 401).then_some(())
    });
    dead.await;
    let out = bare.run("logout --all").expect(0);
    assert_eq!(out.err.matches("revoked").count(), 2, "{out:?}");
}
