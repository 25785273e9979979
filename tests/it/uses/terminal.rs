//! The same from a terminal.

use serde_json::json;

use super::{ask_about, asker, key};
use crate::{cli::shell::Shell, house::House};

#[tokio::test]
async fn uses_and_denials_are_shown_in_tables_with_totals() {
    let house = House::new().await;
    let admin = house.admin();
    let asker = asker(&admin).await;
    let (_, holder) =
        key(&admin, json!({ "label": "ci", "mesh": "main", "capabilities": ["send"], "topics": ["t1*"] })).await;
    ask_about(&asker, &holder, 10..12, json!({ "ip": "192.0.2.7" })).await;
    ask_about(&asker, &holder, 20..22, json!({ "ip": "192.0.2.7" })).await;
    ask_about(&asker, &holder, 10..11, json!({ "ip": "192.0.2.7" })).await;
    house.flush_uses().await;
    let shell = Shell::of(&admin);
    let columns =
        |text: &str| text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
    let said = shell.run("usage ci --by topic --since 7d").expect(0);
    assert_eq!(columns(&said.out), ["TOPIC ALLOWED DENIED", "t10 2 0", "t11 1 0", "t20 0 1", "t21 0 1", "total 3 2"]);
    assert!(said.err.contains("complete to "), "{said:?}");
    let said = shell.run("usage ci --by reason --quiet").expect(0);
    assert_eq!(columns(&said.out), ["OUTCOME ALLOWED DENIED", "ok 3 0", "topic_out_of_scope 0 2", "total 3 2"]);
    assert_eq!(said.err, "");
    let said = shell.run("usage ci --by topic --limit 1").expect(0);
    assert_eq!(columns(&said.out)[2..], ["(all others) 1 2", "total 3 2"]);
    let all = shell.run("usage").expect(0);
    assert!(columns(&all.out).contains(&"ci 3 2".to_owned()), "{all:?}");
    assert_eq!(shell.run("usage ci --json").expect(0).json()["total"], json!({ "allowed": 3, "denied": 2 }));
    assert_eq!(shell.run("usage ci -o value").expect(0).line(), "3");
    let denials = shell.run("key denials ci").expect(0);
    let lines = columns(&denials.out);
    assert_eq!((lines.len(), lines[0].as_str()), (3, "WHEN TIMES WANTED ON WHY DOOR FROM"));
    assert!(lines[1].contains("this key does not reach the topic 't2"), "{lines:?}");
    assert!(
        lines[1].ends_with("verify 192.0.2.7") && denials.err.starts_with("2 denials, complete to "),
        "{denials:?}"
    );
    shell.run("usage --since 90d").expect(7);
    shell.run("usage --by colour").expect(2);
    // With its own key somebody sees its own uses.
    let own = Shell::of(&holder).run("usage ci").expect(0);
    assert!(own.out.contains("topic_out_of_scope"), "{own:?}");
}
