//! The same from a terminal.

use serde_json::json;

use super::good;
use crate::{cli::shell::Shell, house::House};

#[tokio::test]
async fn a_policy_is_shown_tried_set_and_kept_from_a_terminal() {
    let house = House::new().await;
    let admin = house.admin();
    let shell = Shell::of(&admin);
    let off = shell.run("policy show").expect(0);
    assert!(off.out.lines().any(|line| line.starts_with("longest_life") && line.ends_with(" off")), "{off:?}");
    let own = shell.run("key issue endless -m main -c send -t deploys --expires never --json").expect(0).json();
    let tried = shell.run("policy set longest-life=90d note_required=on -m main --dry-run").expect(0);
    assert!(tried.err.contains("nothing was changed") && tried.out.contains("1 live key does not comply"), "{tried:?}");
    assert!(tried.out.contains("endless") && tried.out.contains("longest_life, note_required"), "{tried:?}");
    assert_eq!(shell.run("policy show -m main --field version").expect(0).line(), "0");
    let set = shell.run("policy set longest_life=90d --mesh main").expect(0);
    assert!(set.out.contains("1 live key does not comply"), "{set:?}");
    let of_mesh = shell.run("policy show --mesh main --json").expect(0).json();
    assert_eq!((&of_mesh["longest_life"], &of_mesh["version"]), (&json!("90d"), &json!(1)));
    shell.run("policy set longest_life=60d").expect(0);
    let both = shell.run("policy show --mesh main").expect(0);
    assert!(both.out.contains("90d  (in force: 60d)"), "{both:?}");
    let refused = shell.run("key issue late -m main -c send -t deploys --expires 61d").expect(4);
    assert!(refused.err.contains("at most 60 days"), "{refused:?}");
    let listed = shell.run("policy violations -m main -o value").expect(0);
    assert_eq!(listed.line(), own["id"].as_str().unwrap());
    let ends = shell.run("policy spread -m main --dry-run").expect(0);
    assert!(ends.out.contains("1 key would be given an end, 0 left"), "{ends:?}");
    let ends = shell.run("policy spread -m main --over-days 20").expect(0);
    assert!(ends.out.contains("1 key given an end, 0 left") && ends.err.contains("after "), "{ends:?}");
    assert_eq!(shell.run("policy violations -m main -o value").expect(0).out, "");
    admin.issue(good()).await;
    for (line, said) in [
        ("policy set longest_live=9d", "did you mean 'longest_life'?"),
        ("policy set longest_life", "expected a rule and what it is to say"),
        ("policy set note_required=on note-required=off", "note_required is there twice"),
        ("policy set longest_life=soon", "expected a number and s, m, h or d"),
        ("policy set note_required=yes", "'note_required=yes': expected on or off"),
    ] {
        assert!(shell.run(line).err.contains(said), "{line}");
    }
    let kept = shell.run("policy set longest_life=off").expect(4);
    assert!(kept.err.contains("or the host's `meshkey admin policy ORG`"), "{kept:?}");
}
