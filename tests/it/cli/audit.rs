//! The audit from a terminal: who did what, taken along, and proved with the service and without it.

use super::shell::Shell;
use crate::house::House;

#[tokio::test]
async fn what_happened_to_a_key_is_listed_exported_and_proved() {
    let house = House::new().await;
    let mut shell = Shell::of(&house.admin());
    shell.run("key issue ci -m main -c send -t deploys").expect(0);
    shell.run("key edit ci --label deployer").expect(0);
    shell.run("key revoke deployer --yes --reason leaked").expect(0);
    shell.type_in("audit list --subject deployer");
    shell.type_in("audit list --action key.revoked --actor 'first admin key' --since 1h");
    shell.type_in("audit list --action key.revokd");
    shell.type_in("audit list --actor local --limit 1");
    shell.type_in("audit export --out-file audit.jsonl");
    shell.type_in("audit export --out-file audit.jsonl");
    insta::assert_snapshot!(shell.transcript());

    let whole = shell.run("audit verify --json").expect(0).json();
    let of_file = shell.run("audit verify --file audit.jsonl --json").expect(0).json();
    assert_eq!((&whole["whole"], &of_file["whole"]), (&true.into(), &true.into()));
    assert_eq!(whole["first_seq"], of_file["first_seq"]);
    // The second time it was asked for too, and so that is written down, whatever became of it.
    assert_eq!(whole["last_seq"].as_u64().unwrap(), of_file["last_seq"].as_u64().unwrap() + 1);
    assert!(shell.run("audit verify").expect(0).out.starts_with("whole   events 1 to "));
    let lines = shell.read("audit.jsonl");
    // That it was taken along is an event too, and stands at the end of the next export.
    assert!(shell.run("audit export").expect(0).out.starts_with(&lines));
    assert_eq!(u64::try_from(lines.lines().count()).unwrap(), of_file["events"].as_u64().unwrap());

    // A word altered, a line gone: told, with its place, and never as a success.
    let last = of_file["last_seq"].as_u64().unwrap() - 1;
    shell.write("altered.jsonl", &lines.replace("leaked", "bored"));
    let said = shell.run("audit verify --file altered.jsonl").expect(10);
    assert!(said.out.starts_with(&format!("BROKEN  at event {last}: altered")), "{said:?}");
    let gone: Vec<&str> = lines.lines().enumerate().filter(|(number, _)| *number != 1).map(|(_, line)| line).collect();
    shell.write("gone.jsonl", &gone.join("\n"));
    assert!(shell.run("audit verify --file gone.jsonl").expect(10).out.starts_with("BROKEN  at event 2: removed"));
    shell.run("audit verify --file nowhere.jsonl").expect(2);
}

#[tokio::test]
async fn a_table_for_spreadsheets_and_the_host_s_own_proof() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    shell.run("key issue '=HYPERLINK(1)' -m main -c send -t deploys").expect(0);
    let csv = shell.run("audit export --format csv --action key.issued --actor 'first admin key'").expect(0).out;
    assert!(csv.starts_with("seq,id,org,at,") && csv.lines().count() == 2, "{csv}");
    assert!(house.try_meshkey(&["audit", "verify", "--on-host"]).status.success());
    let told = house.meshkey(&["audit", "verify", "--on-host", "--org", "acme", "--json"]);
    assert_eq!((&told["items"][0]["org"]["slug"], &told["items"][0]["whole"]), (&"acme".into(), &true.into()));
    assert_eq!(house.try_meshkey(&["audit", "verify", "--on-host", "--org", "nobody"]).status.code(), Some(5));
    assert_eq!(house.try_meshkey(&["audit", "verify", "--on-host", "--org", "No body"]).status.code(), Some(2));

    // Who may not manage everything may not walk the chain.
    let lead = shell.run("key issue lead -m main -c admin --all-topics").expect(0);
    shell.write("lead", lead.line());
    shell.run("audit verify --token-file lead").expect(4);
    assert!(shell.run("audit list --token-file lead -o value").expect(0).out.starts_with("evt_"));
}
