//! By the host's shell: what a key has tightened is loosened, and no rule stands against it.

use std::process::Output;

use serde_json::{Value, json};

use super::{set, set_of_mesh};
use crate::{house::House, tools::texts};

/// What was written down of policies: who did it, and `longest_life` before and after.
async fn changes(house: &House) -> Vec<String> {
    let changes = "SELECT actor_kind, coalesce(before->>'longest_life', '-'), coalesce(after->>'longest_life', '-')
                   FROM audit_events WHERE action = 'policy.changed' ORDER BY seq";
    texts(&house.sql("superuser").await, changes).await
}

fn at(house: &House, arguments: &[&str]) -> Value {
    house.meshkey(&[&["admin", "policy", "acme", "--json"], arguments].concat())
}

fn tried(house: &House, arguments: &[&str]) -> Output {
    house.try_meshkey(&[&["admin", "policy"], arguments].concat())
}

#[tokio::test]
async fn the_host_shows_and_loosens_a_policy() {
    let house = House::new().await;
    let admin = house.admin();
    set(&admin, json!({ "longest_life": "90d", "note_required": true })).await;
    set_of_mesh(&admin, json!({ "longest_life": "30d" })).await;
    let kept = admin.patch(&admin.at("/policy"), json!({ "longest_life": null }), "*").await;
    let kept = kept.problem(403, "exceeds_authority");
    assert!(kept["errors"][0]["detail"].as_str().unwrap().contains("`meshkey admin policy ORG`"), "{kept}");

    let shown = admin.get(&admin.at("/policy")).await.expect(200).body;
    assert_eq!(at(&house, &[]), shown);
    let tried_out = at(&house, &["longest_life=off", "--dry-run"]);
    assert_eq!((&tried_out["dry_run"], &tried_out["longest_life"]), (&json!(true), &json!(null)));
    assert_eq!(at(&house, &[]), shown);

    let loosened = at(&house, &["longest-life=off", "admin_keys_by=owners"]);
    assert_eq!((&loosened["dry_run"], &loosened["version"]), (&json!(false), &json!(2)));
    assert!(loosened["violations"]["count"].as_i64().unwrap() > 0, "the first key has no note: {loosened}");
    let now = admin.get(&admin.at("/policy")).await.expect(200).body;
    let rules = (&now["longest_life"], &now["note_required"], &now["admin_keys_by"]);
    assert_eq!(rules, (&json!(null), &json!(true), &json!("owners")));

    let of_mesh = tried(&house, &["acme", "--mesh", "main", "longest_life=60d"]);
    assert!(of_mesh.status.success(), "{of_mesh:?}");
    assert!(String::from_utf8_lossy(&of_mesh.stdout).contains("not comply"), "{of_mesh:?}");
    assert_eq!(at(&house, &["--mesh", "main"])["in_force"]["longest_life"], "60d");
    assert_eq!(changes(&house).await, ["key\t-\t90d", "key\t-\t30d", "local\t90d\t-", "local\t30d\t60d"]);
}

#[tokio::test]
async fn a_slip_on_the_host_is_told_and_changes_nothing() {
    let house = House::new().await;
    for (line, code, said) in [
        (&["acme", "longest_live=9d"][..], 2, "did you mean 'longest_life'?"),
        (&["acme", "note_required=yes"], 2, "expected on or off"),
        (&["acme", "--dry-run"], 2, "RULE=VALUE"),
        (&["acme", "longest_life=1s"], 7, "longest_life: a life lasts from 1m"),
        (&["nobody", "note_required=on"], 5, "there is no org 'nobody'"),
        (&["acme", "--mesh", "mian", "note_required=on"], 5, "there is no mesh 'mian' in acme (did you mean 'main'?)"),
    ] {
        let refused = tried(&house, line);
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(code) && words.contains(said), "{line:?}: {refused:?}");
    }
    assert_eq!(changes(&house).await, <[&str; 0]>::default());
}
