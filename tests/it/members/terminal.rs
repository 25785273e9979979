//! The same from a terminal, and invitations with it.

use serde_json::json;

use super::made::{give, member, parts};
use crate::{cli::shell::Shell, house::House};

fn columns(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test]
async fn members_are_listed_changed_and_removed() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let (dana, erin) = (member(&house, "dana", "admin").await, member(&house, "erin", "viewer").await);
    let (own, _) = admin.issue(json!({ "label": "laptop", "capabilities": ["read"], "topics": "all" })).await;
    give(&db, &own, &dana, "user_id").await;
    let shell = Shell::of(&admin);
    let all = shell.run("member list").expect(0);
    let expected = [
        "E-MAIL NAME ROLE AT MESHES ID".to_owned(),
        format!("dana@example.com dana admin {dana}"),
        format!("erin@example.com erin viewer {erin}"),
    ];
    assert_eq!(columns(&all.out), expected);
    assert_eq!(columns(&shell.run("member list --role viewer").expect(0).out).len(), 2);
    let edited = shell.run("member edit erin@example.com --no-role --at main=admin").expect(0);
    assert!(edited.out.contains("main admin") && edited.err.contains("after "), "{edited:?}");
    assert_eq!(parts(&db, &erin).await, "main admin");
    shell.run("member edit erin@example.com --role member --drop-at main").expect(0);
    assert_eq!(parts(&db, &erin).await, "- member");
    assert!(shell.run("member show Dana@Example.com").expect(0).out.contains("1 of its own, 0 that it issued"));
    for (line, code) in [
        ("member show nobody@example.com", 5),
        ("member edit erin@example.com", 2),
        ("member edit erin@example.com --at main", 2),
        ("member edit erin@example.com --role owner", 4),
        ("member remove dana@example.com", 2),
    ] {
        assert_eq!(shell.run(line).code, Some(code), "{line}");
    }
    let tried = shell.run("member remove dana@example.com --dry-run").expect(0);
    assert!(tried.out.contains("would be removed  dana@example.com"), "{tried:?}");
    assert!(tried.out.contains("1 key of its own: revoked  laptop"), "{tried:?}");
    assert_eq!(parts(&db, &dana).await, "- admin");
    let removed = shell.run("member remove dana@example.com --yes --json").expect(0).json();
    assert_eq!((&removed["revoked"], &removed["member"]["user"]["id"]), (&json!(1), &json!(dana)));
    assert_eq!(parts(&db, &dana).await, "");
}

#[tokio::test]
async fn invitations_are_made_listed_and_ended() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    let link = shell.run("invite dana@example.com --role member --mesh main -o value").expect(0);
    assert!(link.line().contains("/invitation#token="), "{link:?}");
    let listed = shell.run("invitation list --status open --json").expect(0).json();
    let id =
        listed[0]["id"].as_str().or(listed["items"][0]["id"].as_str()).unwrap_or_else(|| panic!("{listed}")).to_owned();
    assert!(
        columns(&shell.run("invitation list").expect(0).out)[1].starts_with("dana@example.com member main open off ")
    );
    let again = shell.run(&format!("invitation resend {id} --field link")).expect(0);
    assert_ne!(again.line(), link.line());
    shell.run("invite dana@example.com --role viewer --mesh main").expect(6);
    assert!(shell.run("invitation show Dana@example.com").expect(0).out.contains("the mesh main"));
    shell.run("invitation show nobody@example.com").expect(5);
    let here = [("MESHKEY_MESH", "main")];
    let erins = shell.run_with("invite erin@example.com --role viewer --field mesh.slug", "", &here).expect(0);
    assert_eq!(erins.line(), "main");
    assert_eq!(shell.run(&format!("invitation withdraw {id} --json")).expect(0).json()["status"], "withdrawn");
    shell.run(&format!("invitation withdraw {id}")).expect(6);
}

#[tokio::test]
async fn what_people_did_and_issued_is_found_by_their_address() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let dana = member(&house, "dana", "admin").await;
    let (own, _) = admin.issue(json!({ "label": "laptop", "capabilities": ["read"], "topics": "all" })).await;
    give(&db, &own, &dana, "user_id").await;
    give(&db, &own, &dana, "issued_by_user").await;
    let shell = Shell::of(&admin);
    shell.run("member edit dana@example.com --role viewer").expect(0);
    let by_dana = shell.run("key list --issued-by dana@example.com --json").expect(0).json();
    assert_eq!(by_dana["items"][0]["label"], "laptop");
    assert_eq!(by_dana, shell.run(&format!("key list --issued-by {dana} --json")).expect(0).json());
    let of_dana = shell.run("audit list --subject dana@example.com --json").expect(0).json();
    assert_eq!(of_dana["items"][0]["action"], "member.edited");
    assert_eq!(of_dana, shell.run(&format!("audit list --subject {dana} --json")).expect(0).json());
    let none = shell.run("audit list --actor dana@example.com --json").expect(0).json();
    assert_eq!(none["items"], json!([]));
    shell.run("audit list --actor nobody@example.com").expect(5);
    assert!(shell.run("key show laptop").expect(0).out.contains(&format!("bound to   dana@example.com  {dana}")));
}
