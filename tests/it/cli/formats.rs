//! What goes to stdout: the API's objects unchanged, one value, or a table; never another form because of a terminal.

use serde_json::{Value, json};

use super::shell::{MESHKEY, Shell, finish};
use crate::house::House;

#[tokio::test]
async fn json_is_the_object_of_the_api_unchanged() {
    let house = House::new().await;
    let admin = house.admin();
    let shell = Shell::of(&admin);
    shell.run("key issue ci -m main -c send -t deploys").expect(0);
    let id = shell.run("key show ci -o value").expect(0).line().to_owned();
    let api = admin.get(&admin.at(&format!("/keys/{id}"))).await.expect(200).body;
    assert_eq!(shell.run("key show ci --json").expect(0).json(), api);
    assert_eq!(shell.run("key show ci -o jsonl").expect(0).json(), api);
    assert_eq!(shell.run_with("key show ci", "", &[("MESHKEY_OUTPUT", "json")]).expect(0).json(), api);
    assert_eq!(shell.run("key show ci --field owner.mesh").expect(0).line(), api["owner"]["mesh"]);
    assert_eq!(shell.run("key show ci --field topics").expect(0).line(), r#"["deploys"]"#);
    assert_eq!(shell.run("key show ci --field note").expect(0).line(), "");
    let whoami = admin.get("/v1/whoami").await.expect(200).body;
    assert_eq!(shell.run("whoami --json").expect(0).json()["org"], whoami["org"]);
    assert_eq!(shell.run(&format!("api GET /v1/orgs/acme/keys/{id}")).expect(0).json(), api);
    assert_eq!(shell.run(&format!("api get /v1/orgs/acme/keys/{id} --field id")).expect(0).line(), id);
}

#[tokio::test]
async fn an_error_in_json_is_the_problem_of_the_api() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    let said = shell.run("mesh show nowhere --json").expect(5);
    let problem: Value = serde_json::from_str(&said.err).unwrap();
    assert_eq!((&problem["code"], &problem["status"]), (&json!("not_found"), &json!(404)));
    assert_eq!(said.out, "");
}

#[tokio::test]
async fn lists_are_walked_to_the_end_when_that_is_wanted() {
    // L-12
    let house = House::new().await;
    let admin = house.admin();
    let shell = Shell::of(&admin);
    for number in 0..55 {
        admin.issue(json!({ "label": format!("k{number:02}"), "mesh": "main", "capabilities": ["read"], "topics": ["deploys"] })).await;
    }
    let page = shell.run("key list --text k -o value --field label --sort label").expect(0);
    assert_eq!(page.out.lines().count(), 50);
    let all = shell.run("key list --text k --all -o value --field label --sort label").expect(0);
    let wanted: Vec<String> =
        (0..55).map(|number| format!("k{number:02}")).chain(["first admin key".to_owned()]).collect();
    let mut got: Vec<&str> = all.out.lines().collect();
    got.sort_unstable();
    let mut wanted: Vec<&str> = wanted.iter().map(String::as_str).filter(|label| label.contains('k')).collect();
    wanted.sort_unstable();
    assert_eq!(got, wanted);
    let few = shell.run("key list --limit 3 --json").expect(0).json();
    assert_eq!(few["items"].as_array().unwrap().len(), 3);
    let lines = shell.run("key list --limit 7 -o jsonl").expect(0).out;
    assert!(lines.lines().count() == 7 && lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert!(shell.run("key list --limit 3").expect(0).err.contains("--all"));
    assert_eq!(shell.run("key list --limit 3 -q").expect(0).err, "");
}

/// U-6: the same bytes on a terminal and in a pipe. `script` makes the terminal.
#[tokio::test]
async fn the_form_does_not_depend_on_a_terminal() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    shell.run("key issue ci -m main -c send -t deploys --expires never").expect(0);
    for line in ["key list -q", "key show ci --json"] {
        let piped = shell.run(line).expect(0).out;
        let mut script = shell.command("script");
        script.args(["-qec", &format!("{MESHKEY} {line}"), "/dev/null"]);
        let on_terminal = finish(script, "").expect(0).out.replace("\r\n", "\n");
        assert_eq!(on_terminal, piped, "{line}");
    }
}

/// U-4: what is final is asked about once, and a slip of the hand is no yes.
#[tokio::test]
async fn on_a_terminal_a_revocation_is_confirmed_by_the_name() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    shell.run("key issue ci -m main -c send -t deploys").expect(0);
    let typed = |answer: &str| {
        let mut script = shell.command("script");
        script.args(["-qec", &format!("{MESHKEY} key revoke ci"), "/dev/null"]);
        finish(script, answer)
    };
    let said = typed("yes\n").expect(1);
    assert!(said.out.contains("Type ci to go on") && said.out.contains("not done"), "{said:?}");
    assert_eq!(shell.run("key show ci --field status").expect(0).line(), "active");
    typed("ci\n").expect(0);
    assert_eq!(shell.run("key show ci --field status").expect(0).line(), "revoked");
}
