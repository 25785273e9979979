//! Secrets come and go unseen: never in argv, in `-v`, in a printed request, in an error, or in a file that others can read.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::shell::{Shell, finish};
use crate::house::House;

// U-5, K-15
#[tokio::test]
async fn a_key_on_the_command_line_is_refused_and_not_said_again() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    let secret = shell.read("token").trim().to_owned();
    for line in [
        format!("key verify --cap send {secret}"),
        format!("whoami --token-file {secret}"),
        format!("key show {secret}"),
        format!("api GET /v1/whoami -H 'Authorization: Bearer {secret}'"),
        format!("api POST /v1/verify -d key={secret} -d capability=read"),
        secret.clone(),
    ] {
        let said = shell.run(&line).expect(2);
        assert!(said.err.contains("key on the command line") && !said.err.contains(&secret[..20]), "{said:?}");
    }
}

// U-5
#[tokio::test]
async fn what_is_printed_about_requests_holds_no_key() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    let issued = shell.run("key issue ci -m main -c send -t deploys").expect(0);
    let secret = issued.line().to_owned();
    shell.write("ci", &secret);
    let (admin, ci) = (shell.read("token"), secret.as_str());
    for line in [
        "key verify --cap send --topic deploys --key-file ci -v",
        "key verify --cap send --topic deploys --key-file ci --print-curl",
        "key find --key-file ci -v -o json",
        "whoami -v",
        "key list --print-curl",
        "key issue x -m main -c read -t deploys --print-curl",
        "key rotate ci --print-curl",
        "mesh create x --print-curl",
    ] {
        let said = shell.run(line).expect(0);
        for secret in [admin.trim(), ci] {
            assert!(!said.out.contains(&secret[..20]) && !said.err.contains(&secret[..20]), "{line}: {said:?}");
        }
    }
}

/// What is printed as a command does what the verb would have done.
#[tokio::test]
async fn a_printed_request_is_the_request() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    shell.run("key issue ci -m main -c send -t deploys --out-file ci.key").expect(0);
    let printed = |line: &str| {
        let script = shell.run(&format!("{line} --print-curl")).expect(0).out;
        let mut bash = shell.command("bash");
        bash.args(["-ceu", &format!("MESHKEY_TOKEN=$(cat token)\n{script}")]);
        let stdin = if line.starts_with("key verify") { shell.read("ci.key") } else { String::new() };
        finish(bash, &stdin).expect(0).json()
    };
    assert_eq!(printed("key verify --cap send --topic deploys --mesh main")["code"], "ok");
    assert_eq!(printed("key show ci")["label"], "ci");
    assert_eq!(printed("key edit ci --note 'it'")["note"], "it");
    assert_eq!(printed("key list --cap send")["items"][0]["label"], "ci");
    assert_eq!(printed("mesh create next")["slug"], "next");
    assert_eq!(printed("api POST /v1/orgs/acme/meshes -d slug=more")["slug"], "more");
    assert!(printed("key issue curled -m main -c read -t deploys")["secret"].is_string());
    assert_eq!(printed("key revoke curled")["key"]["status"], "revoked");
}

#[tokio::test]
async fn a_secret_goes_into_a_file_that_only_its_owner_reads() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    let said = shell.run("key issue ci -m main -c send -t deploys --out-file ci.key").expect(0);
    let first = shell.read("ci.key");
    assert!(said.out.is_empty() && !said.err.contains(first.trim()));
    assert!(first.trim().parse::<meshkey::domain::Secret>().is_ok() && first.ends_with('\n'));
    assert_eq!(fs::metadata(shell.path("ci.key")).unwrap().permissions().mode() & 0o777, 0o600);

    // What cannot be kept is not made, and what is there is not lost.
    let count = || shell.run("key list --all -o value").expect(0).out.lines().count();
    let before = count();
    let said = shell.run("key issue other -m main -c send -t deploys --out-file ci.key").expect(2);
    assert!(said.err.contains("--force"), "{said:?}");
    shell.run("key issue other -m main -c send -t deploys --out-file nowhere/ci.key").expect(2);
    fs::create_dir(shell.path("open")).unwrap();
    fs::set_permissions(shell.path("open"), fs::Permissions::from_mode(0o777)).unwrap();
    let said = shell.run("key issue other -m main -c send -t deploys --out-file open/ci.key").expect(2);
    assert!(said.err.contains("everyone may write"), "{said:?}");
    assert_eq!(count(), before);
    shell.run("key issue other -m main -c send -t nowhere --out-file ci.key --force").expect(7);
    assert_eq!(shell.read("ci.key"), first);
    assert!(!shell.path("ci.key.new").exists());

    let json = shell.run("key rotate ci --out-file ci.key --force --json").expect(0).json();
    assert_eq!(json["secret"], serde_json::Value::Null);
    assert_ne!(shell.read("ci.key"), first);
}

#[tokio::test]
async fn a_repeated_request_says_that_its_secret_is_gone() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    let line = "key issue once -m main -c send -t deploys --idempotency-key deploy-7";
    assert!(shell.run(line).expect(0).line().starts_with("mshk_"));
    let again = shell.run(&format!("{line} --out-file once.key")).expect(0);
    assert!(again.out.is_empty() && again.err.contains("No secret"), "{again:?}");
    assert!(!shell.path("once.key").exists());
    assert_eq!(shell.run("key list --text once -o value").expect(0).out.lines().count(), 1);
}
