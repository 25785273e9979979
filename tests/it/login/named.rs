//! What the terminal is told of what it named: an org and a mesh, and from where they came, and capabilities.

use serde_json::{Value, json};

use super::{terminal::Bare, visitor};
use crate::{cli::shell::finish, house::House, persons::Person};

#[tokio::test]
async fn the_org_and_the_mesh_that_count_are_said_with_where_they_came_from() {
    let house = House::new().await;
    let terminal = Bare::new(&house).0;
    let with = |line: &str, variables: &[(&str, &str)]| {
        let mut command = terminal.command(crate::cli::shell::MESHKEY);
        command.args(line.split(' ')).envs(variables.iter().copied());
        finish(command, "")
    };
    let status = |line: &str, variables: &[(&str, &str)]| {
        let status = with(format!("auth status --json {line}").trim_end(), variables).expect(0).json();
        ["org", "org_from", "mesh", "mesh_from"].map(|member| status[member].clone())
    };
    assert_eq!(status("", &[]), [json!("acme"), json!("the key"), Value::Null, Value::Null]);
    let named = status("--org nope", &[("MESHKEY_MESH", "main")]);
    assert_eq!(named, [json!("nope"), json!("--org"), json!("main"), json!("MESHKEY_MESH")]);
    with("profile set mesh lost", &[]).expect(0);
    assert_eq!(status("", &[])[2..], [json!("lost"), json!("the profile")]);
    let words = with("auth status", &[]).expect(0);
    assert!(words.out.contains("lost  (the profile)") && words.out.contains("acme  (the key)"), "{words:?}");

    // Whoever typed it sees it; all else is named.
    let lost = with("topic list", &[]).expect(5);
    assert!(lost.err.contains("the mesh 'lost' came from the profile default"), "{lost:?}");
    let lost = with("key list", &[("MESHKEY_ORG", "gone")]).expect(5);
    assert!(lost.err.contains("the org 'gone' came from MESHKEY_ORG"), "{lost:?}");
    let lost = with("topic list --mesh gone", &[]).expect(5);
    assert!(!lost.err.contains("came from"), "{lost:?}");
    let lost = with("topic list --json", &[]).expect(5);
    assert!(!lost.err.contains("came from") && lost.err.starts_with('{'), "{lost:?}");
}

#[tokio::test]
async fn what_is_no_capability_is_said_before_anybody_decides() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let mut browser = visitor(&house, &dana).await;
    let bare = Bare::new(&house);
    let wrong = bare.run("login --cap Send").expect(2);
    assert!(wrong.err.contains("unknown capability 'Send' (did you mean 'send'?)"), "{wrong:?}");
    let said = bare.sign_in(&house, &mut browser, "login --cap sned,read").await.expect(0);
    let note = "note: 'sned' is no capability of Meshkey's own (did you mean 'send'?); the org may have declared it";
    assert_eq!(said.err.matches("note: '").count(), 1, "{said:?}");
    assert!(said.err.contains(note), "{said:?}");
}
