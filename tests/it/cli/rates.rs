//! How often a key may be used, on the command line.

use super::shell::Shell;
use crate::house::House;

#[tokio::test]
async fn a_rate_is_said_shown_changed_and_taken_away() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    let rate = || {
        let shown = shell.run("key show ci").expect(0).out;
        shown.lines().find_map(|line| line.strip_prefix("rate ")).map(|words| words.trim().to_owned())
    };
    shell.run("key issue ci -m main -c send -t deploys --rate 60/m:10").expect(0);
    assert_eq!(rate().as_deref(), Some("60 times a minute, 10 at once"));
    let refused = shell.run("key edit ci --rate 120/m:10").expect(2).err;
    assert!(
        refused.contains("this would give the key more than it has (rate:120/m:10): --widen says yes"),
        "{refused}"
    );
    shell.run("key edit ci --rate 1/m").expect(0);
    assert_eq!(rate().as_deref(), Some("once a minute, 1 at once"));
    shell.run("key edit ci --rate none").expect(2);
    shell.run("key edit ci --rate none --widen").expect(0);
    assert_eq!(rate(), None);
    for wrong in ["60", "60/s", "0/m", "x/m", "60/m:0", "none:1", "never"] {
        let refused = shell.run(&format!("key edit ci --rate {wrong} --widen")).expect(2).err;
        assert!(refused.contains(&format!("'{wrong}' is no rate: a rate is N/m or N/m:BURST")), "{refused}");
    }
}

#[tokio::test]
async fn a_key_that_is_used_too_often_is_told_when_to_try_again() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    let secret = shell.run("key issue ci -m main -c send -t deploys --rate 1/m:2").expect(0);
    shell.write("ci", secret.line());
    assert!(shell.run("key verify --cap send --topic deploys --key-file ci").expect(0).out.starts_with("yes"));
    shell.run("api GET /v1/whoami --token-file ci").expect(0);
    let refused = shell.run("api GET /v1/whoami --token-file ci").expect(9).err;
    assert!(refused.contains("used more often than once a minute, 2 at once (rate_limited)"), "{refused}");
    assert!(refused.contains("  try again in "), "{refused}");
    let verdict = shell.run("key verify --cap send --topic deploys --key-file ci").expect(10).out;
    assert!(verdict.starts_with("no   rate_limited: "), "{verdict}");
}
