//! The protocol is right: nothing that can happen leads to a wrong accept. `./run nightly` searches the runs that are too
//! long for every change.

use crate::{
    rules::{
        Asking, Rules,
        Trouble::{self, DatabaseCrash, Failover, MixedBounds, OldPrimaryReads, Reset, Restart, RevokerCrash, Zombie},
    },
    search::{Findings, search},
    trace::What,
};

/// As many states as fit in 8 GB with room to spare.
const MOST: usize = 100_000_000;

/// Everything that can go wrong with one primary.
const EVERYTHING: &[Trouble] = &[Reset, Restart, RevokerCrash, Zombie, MixedBounds, DatabaseCrash];

/// What has to happen in a run, or it shows nothing.
const LIFE: [What; 5] = [What::AnswersEarly, What::AnswersByClock, What::TrustsAgain, What::Fills, What::Reaps];

/// What a kind of trouble brings with it.
const TROUBLE: [(Trouble, What); 8] = [
    (Restart, What::Leaves),
    (Reset, What::Resets),
    (Restart, What::Restarts),
    (RevokerCrash, What::CommitsRepetition),
    (Zombie, What::ZombieCommits),
    (DatabaseCrash, What::DatabaseCrashes),
    (Failover, What::FailsOver),
    (OldPrimaryReads, What::PoolMoves),
];

/// Searches to the end, and shows that the run was about something.
fn assert_safe(name: &str, rules: Rules) {
    let findings = assert_no_violation(name, rules);
    assert!(findings.is_exhausted, "{name} is larger than was thought: {findings}");
}

/// Searches as far as is allowed, and shows that the run was about something.
fn assert_no_violation(name: &str, rules: Rules) -> Findings {
    let findings = search(&rules, MOST);
    println!("{name}: {findings}");
    if let Some(story) = &findings.violation {
        panic!("{name}: a wrong accept\n{story}");
    }
    let hit = if rules.has_whole_requests { What::Hits } else { What::HitsAtOnce };
    let troubles = TROUBLE.iter().filter(|(trouble, _)| rules.has(*trouble)).map(|(_, what)| *what);
    for what in LIFE.into_iter().chain([hit]).chain(troubles) {
        assert!(findings.happened(what) > 0, "{name}: {what:?} never happens");
    }
    findings
}

#[test]
fn one_key_whatever_goes_wrong() {
    assert_safe("one key, everything", Rules::new(1, EVERYTHING));
}

#[test]
fn whole_requests() {
    assert_safe("one key, whole requests", Rules::new(1, &[Reset, Restart, RevokerCrash, Zombie]).whole_requests());
}

#[test]
fn two_keys() {
    assert_safe("two keys, bound 2", Rules::new(2, &[Reset, Restart]).bound(2));
}

#[test]
fn a_longer_bound_changes_nothing() {
    assert_safe("one key, bound 4", Rules::new(1, &[Reset, Restart, RevokerCrash]).bound(4));
}

#[test]
fn a_replica_with_grace() {
    assert_safe("one key, grace", Rules::new(1, &[Reset, Restart, RevokerCrash]).grace(1));
}

#[test]
fn a_failover_to_a_standby_that_has_every_commit() {
    let rules = Rules::new(1, &[Reset, Restart, RevokerCrash, DatabaseCrash, Failover]);
    assert_safe("one key, failover", rules);
}

/// An old primary that is cut off from its standbys can still be read. Then look-ups are only as good as the proof that
/// it is the primary: that a beat was written there a short time ago.
#[test]
fn an_old_primary_that_can_be_read_deceives_whoever_asks_without_a_beat() {
    let rules = Rules::new(1, &[Reset, Restart, Failover, OldPrimaryReads]).whole_requests();
    for asking in [Asking::Freely, Asking::SameServer, Asking::WhileAnnounced] {
        let findings = search(&rules.asking(asking), MOST);
        println!("an old primary can be read, {asking:?}: {findings}");
        assert!(findings.violation.is_some(), "{asking:?} would do");
    }
    assert_safe("an old primary can be read, WithBeat", rules.asking(Asking::WithBeat));
}

#[test]
#[ignore = "long: ./run nightly"]
fn everything_with_whole_requests() {
    assert_safe("one key, everything, whole requests", Rules::new(1, EVERYTHING).whole_requests());
    assert_safe("the same, bound 4, grace", Rules::new(1, EVERYTHING).whole_requests().bound(4).grace(1));
    let rules = Rules::new(1, &[Reset, Restart, RevokerCrash, Zombie, DatabaseCrash, Failover]);
    assert_safe("one key, everything and a failover", rules.whole_requests());
}

#[test]
#[ignore = "long: ./run nightly"]
fn two_keys_at_length() {
    assert_safe("two keys, beats that were given up", Rules::new(2, &[Reset, Restart, Zombie]));
    assert_safe("two keys, whole requests", Rules::new(2, &[Reset, Restart]).whole_requests());
    assert_safe("two keys, whoever revokes crashes", Rules::new(2, &[Reset, Restart, RevokerCrash]));
}
