//! The exit codes: each of them, and above all that "no" is never "could not ask" (U-7).

use std::net::TcpListener;

use super::shell::Shell;
use crate::house::House;

#[tokio::test]
async fn every_exit_code_means_one_thing() {
    // U-7, L-4
    let house = House::new().await;
    let admin = house.admin();
    let shell = Shell::of(&admin);
    let secret = shell.run("key issue ci -m main -c send -t deploys").expect(0);
    shell.write("ci", secret.line());
    for (line, code) in [
        ("whoami", 0),
        ("key can ci send deploys", 0),
        ("key can ci read deploys", 10),
        ("key explain ci read deploys", 10),
        ("key verify --cap send --topic deploys --key-file ci", 0),
        ("key verify --cap read --topic deploys --key-file ci", 10),
        ("key list --expiring 14d --exit-code", 0),
        ("key list --expiring 91d --exit-code", 10),
        // Usage, by the parser and by us.
        ("key isue", 2),
        ("key issue ci -m main -t deploys", 2),
        ("key issue ci -m main -c send", 2),
        ("key issue ci -c send -t deploys", 2),
        ("key issue ci -m main --org-wide -c send -t deploys", 2),
        ("key issue ci -m main -c send -t deploys --all-topics", 2),
        ("key issue ci -m main -c send -t deploys --expires soon", 2),
        ("key edit ci", 2),
        ("key revoke ci", 2),
        ("key show key_0", 2),
        ("key list --url ftp://keys.example", 2),
        ("key list --url http://keys.example", 2),
        ("key list --url https://user:password@keys.example", 2),
        ("key show ci --field owners", 2),
        ("topic list", 2),
        ("api FETCH /v1/whoami", 2),
        ("api GET v1/whoami", 2),
        ("api GET /v1/whoami -H 'Authorization: Bearer x'", 2),
        // Who asks.
        ("whoami --token-file ci", 0),
        ("key list --token-file ci", 4),
        ("key find --key-file nowhere", 2),
        ("whoami --token-file nowhere", 2),
        // What is asked for.
        ("key show nobody", 5),
        ("key show key_00000000000000000000000000", 5),
        ("mesh show nowhere", 5),
        ("mesh list --org elsewhere", 5),
        ("api GET /v1/nothing", 5),
        ("mesh create main", 6),
        ("key enable ci", 6),
        ("key issue ci -m main -c snd -t deploys", 7),
        ("key issue ci -m main -c send -t nowhere", 7),
        ("key issue ci -m main -c send -t deploys --expires 2001-01-01", 7),
        ("mesh create Main", 7),
        ("key list --sort size", 7),
        ("api POST /v1/verify -d key=x", 7),
        ("mesh show ..", 2),
    ] {
        let said = shell.run(line);
        assert_eq!(said.code, Some(code), "{line}: {said:?}");
        assert_eq!(said.err.contains("error"), ![0, 10].contains(&code), "{line}: {said:?}");
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_revoked_keeps_no_other_alive() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    for label in ["one", "two", "three"] {
        shell.run(&format!("key issue {label} -m main -c send -t deploys")).expect(0);
    }
    let dead = shell.run("key show two -o value").expect(0).line().to_owned();
    shell.run("key revoke two --yes").expect(0);
    let said = shell.run(&format!("key revoke one {dead} three --yes")).expect(6);
    assert!(said.out.contains("one") && said.out.contains("three") && said.err.contains("already_revoked"), "{said:?}");
    assert_eq!(shell.run("key list --status active -o value --field label").expect(0).out, "first admin key\n");
    // A name that means nothing ends nothing.
    shell.run("key issue four -m main -c send -t deploys").expect(0);
    shell.run("key revoke four nobody --yes").expect(5);
    assert_eq!(shell.run("key show four --field status").expect(0).line(), "active");
}

#[tokio::test]
async fn who_has_no_key_or_a_dead_one_is_told_so() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    let none = shell.run_with("whoami", "", &[("MESHKEY_TOKEN_FILE", "")]).expect(3);
    assert!(none.err.contains("MESHKEY_TOKEN_FILE") && none.out.is_empty(), "{none:?}");
    let both = shell.run_with("whoami", "", &[("MESHKEY_TOKEN", "x")]).expect(2);
    assert!(both.err.contains("both set"), "{both:?}");
    let dead = shell.run("key issue dead -m main -c read -t deploys").expect(0);
    shell.run("key revoke dead --yes").expect(0);
    let said = shell.run_with("whoami", "", &[("MESHKEY_TOKEN_FILE", ""), ("MESHKEY_TOKEN", dead.line())]).expect(3);
    assert!(said.err.contains("the key came from MESHKEY_TOKEN"), "{said:?}");
    let piped = shell.run_with("whoami --token-file - --field key.label", &shell.read("token"), &[]).expect(0);
    assert_eq!(piped.line(), "first admin key");
    for wrong in ["", "\n", "two words", "mshk_\u{e9}"] {
        shell.write("wrong", wrong);
        let said = shell.run("whoami --token-file wrong").expect(3);
        assert!(!said.err.contains("two words"), "{said:?}");
    }
}

#[tokio::test]
async fn a_service_that_cannot_be_asked_is_never_a_no() {
    // T-16, U-7
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    shell.write("some.key", shell.read("token").trim());
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for line in ["key list", "key can ci send deploys", "key verify --cap send --key-file some.key", "whoami"] {
        let said = shell.run_with(line, "", &[("MESHKEY_URL", &format!("http://{free}"))]).expect(8);
        assert!(said.out.is_empty() && said.err.contains("cannot be reached"), "{said:?}");
    }
    house.set_reachable(false).await;
    let said = shell.run("key list").expect(8);
    assert!(said.out.is_empty() && said.err.contains("store_unavailable"), "{said:?}");
    house.set_reachable(true).await;
}
