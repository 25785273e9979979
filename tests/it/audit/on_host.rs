//! The chain proved by the operator: on the host, and from files alone.

use std::process::{Command, Output};

use serde_json::{Value, json};

use super::{busy, lines, proof};
use crate::house::House;

fn outcome(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Runs the command without any database.
fn alone(arguments: &[&str]) -> (Option<i32>, String, String) {
    outcome(&Command::new(env!("CARGO_BIN_EXE_meshkey")).args(arguments).env_clear().output().unwrap())
}

async fn alter(house: &House, org: &str) {
    let alter = format!(
        "SET session_replication_role = replica;
         UPDATE audit_events e SET action = 'org.resumed' FROM orgs o WHERE o.id = e.org_id AND o.slug = '{org}' AND e.seq = 2"
    );
    house.sql("superuser").await.batch_execute(&alter).await.unwrap();
}

// L-17, U-7
#[tokio::test]
async fn every_chain_is_proved_on_the_host_while_the_service_runs() {
    let house = busy().await;
    let rival = house.org("rival").admin;
    let verify = |more: &[&str]| outcome(&house.try_meshkey(&[&["audit", "verify", "--on-host"], more].concat()));
    let (code, told, _) = verify(&["--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, told["items"].as_array().map(Vec::len)), (Some(0), Some(2)));
    let mut expected = proof(&house.admin()).await;
    expected["org"] = json!({ "id": house.acme().id, "slug": "acme" });
    expected["as_of"] = told["items"][0]["as_of"].clone();
    assert_eq!(told["items"][0], expected);
    alter(&house, "rival").await;
    assert_eq!(proof(&rival).await["whole"], false);
    let (code, told, _) = verify(&[]);
    assert_eq!(code, Some(10), "{told}");
    let (acme, rival) = told.split_once('\n').unwrap();
    assert!(acme.starts_with("acme ") && acme.contains("whole   events 1 to "), "{told}");
    assert!(rival.starts_with("rival ") && rival.contains("BROKEN  at event 2: altered: "), "{told}");
    assert_eq!(verify(&["--org", "acme"]).0, Some(0));
    assert_eq!(verify(&["--org", "rival"]).0, Some(10));
    assert_eq!(verify(&["--org", "nobody"]).0, Some(5));
}

// L-17, U-7
#[tokio::test]
async fn files_are_proved_with_no_server_and_no_database() {
    let house = busy().await;
    let mut lines = lines(&house.admin(), "").await;
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let [first, second] = [&first, &second].map(|path| path.to_str().unwrap());
    let write = |path: &str, lines: &[String]| std::fs::write(path, lines.join("\n") + "\n").unwrap();
    write(first, &lines[..9]);
    write(second, &lines[9..]);
    let (code, told, said) = alone(&["audit", "verify", "--file", first, second]);
    assert_eq!((code, said.as_str()), (Some(0), ""), "{told}");
    let hash = proof(&house.admin()).await["hash"].as_str().unwrap().to_owned();
    assert_eq!(told, format!("whole   events 1 to {}, hash {hash}\n", lines.len()));
    lines[11] = lines[11].replace("key.issued", "key.edited");
    write(second, &lines[9..]);
    let (code, told, _) = alone(&["audit", "verify", "--file", first, "--file", second]);
    assert!(code == Some(10) && told.starts_with("BROKEN  at event 12: altered: "), "{told}");
    assert!(told.ends_with(&format!("({second}, line 3)\n")), "{told}");
    let (code, told, _) = alone(&["audit", "verify", "--json", "--file", second]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (code, &told["whole"], &told["first_seq"], &told["as_of"]),
        (Some(10), &json!(false), &json!(10), &json!(null))
    );
    assert_eq!(alone(&["audit", "verify", "--file", "/nowhere"]).0, Some(2));
    // Without either it asks the service, with a key.
    assert_eq!(alone(&["audit", "verify"]).0, Some(3));
    assert_eq!(alone(&["audit", "verify", "--file", first, "--on-host"]).0, Some(2));
}
