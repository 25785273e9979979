//! What takes something away says when that holds everywhere, and what gives something does not speak of it.

use meshkey::service::fresh::hooks::Point;

use super::shell::Shell;
use crate::{house::House, metrics::counted};

const HOLDS: &str = "effective everywhere after ";

#[tokio::test]
async fn what_takes_something_away_says_when_that_holds_everywhere() {
    let house = House::new().await;
    let shell = Shell::of(&house.admin());
    shell.run("mesh create other").expect(0);
    for name in ["ci", "web"] {
        shell.run(&format!("key issue {name} -m main -c send,read -t deploys")).expect(0);
    }
    for (line, code, holds) in [
        ("key edit ci --drop-cap read", 0, true),
        ("key edit ci --add-cap read --widen", 0, false),
        ("key disable ci", 0, true),
        ("key disable ci", 6, true),
        ("key enable ci", 0, false),
        ("key rotate ci --overlap 1h", 0, false),
        ("key rotate ci --finish", 0, true),
        ("key rotate ci --finish", 6, true),
        ("key rotate ci --overlap 0s", 0, true),
        ("mesh archive other", 0, true),
        ("mesh archive other", 6, true),
        ("mesh unarchive other", 0, false),
        ("key revoke ci --yes --dry-run", 0, false),
        ("key revoke ci --yes", 0, true),
        ("key revoke web --yes -o value", 0, true),
    ] {
        let said = shell.run(line).expect(code);
        assert_eq!(said.err.contains(HOLDS), holds, "{line}: {said:?}");
        assert!(!said.out.contains(HOLDS), "{line}: {said:?}");
    }
    let quiet = shell.run("key issue x -m main -c send -t deploys --quiet").expect(0);
    assert_eq!(quiet.err, "");
    assert_eq!(shell.run("key revoke x --yes --quiet").expect(0).err, "");
}

/// The change is made, and that it holds could not be told: neither done nor refused (U-7).
#[tokio::test]
async fn what_could_not_be_confirmed_is_said_and_is_no_success() {
    let house = House::with(&[("MESHKEY_BOUND", "500ms")]).await;
    let shell = Shell::of(&house.admin());
    shell.run("key issue ci -m main -c send -t deploys").expect(0);
    let committed = house.fresh().memory.hooks().stop_at(Point::Committed);
    let (shell, said) = {
        let revoke = tokio::task::spawn_blocking(move || (shell.run("key revoke ci --yes"), shell));
        committed.reached().await;
        house.set_reachable(false).await;
        drop(committed);
        let (said, shell) = revoke.await.unwrap();
        (shell, said)
    };
    house.set_reachable(true).await;
    let said = said.expect(8);
    assert_eq!(counted(&house, "meshkey_revocations_unconfirmed_total"), 1);
    assert!(said.err.contains("revocation_unconfirmed") && said.err.contains("Send the same again"), "{said:?}");
    assert!(said.out.is_empty(), "{said:?}");
    // By its id: a name means a live key.
    let id = shell.run("key list --status revoked -o value").expect(0).line().to_owned();
    let again = shell.run(&format!("key revoke {id} --yes"));
    assert!(again.err.contains("already_revoked"), "{again:?}");
}
