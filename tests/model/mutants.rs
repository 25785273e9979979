//! The search finds what it looks for: each rule that is left out lets a dead key in. `MESHKEY_MODEL_TRACE=1` and
//! `--nocapture` tell how.

use crate::{
    rules::{
        Mutant::{
            self, AnnouncedAtSending, BeatNotDurable, Cursor, HoldTooShort, JoinInFlight, KeepAcrossCrash,
            NoAnnouncement, NoFirstSnapshot, NoGuard, NoServer, NoStamp, NoTicket, OwnBound, PollBeforeCommit,
            PublishBeforeApply, ReapAnyBeat, ReapAtOnce, RememberUntrusted, RepetitionAtOnce, ResetKeepsTickets,
            RowForAcknowledgement, TrustBeforeApply, TrustFromReply, TrustLoadedLast, VoidBeforeSnapshot,
            WaitFromBeforeCommit,
        },
        Rules,
        Trouble::{DatabaseCrash, Failover, MixedBounds, Reset, Restart, RevokerCrash, Zombie},
    },
    search::{Findings, search},
};

/// More than any of these needs.
const MOST: usize = 10_000_000;

fn run(rules: Rules, mutant: Mutant) -> Findings {
    let findings = search(&rules.mutant(mutant), MOST);
    println!("{mutant:?}: {findings}");
    findings
}

/// The run without the mutant is among those of `safe`, or a part of one.
fn assert_found(rules: Rules, mutants: &[Mutant]) {
    for mutant in mutants {
        let story = run(rules, *mutant).violation.unwrap_or_else(|| panic!("{mutant:?} lives"));
        if std::env::var_os("MESHKEY_MODEL_TRACE").is_some() {
            println!("{story}");
        }
    }
}

#[test]
fn of_the_beat() {
    assert_found(
        Rules::new(1, &[]),
        &[NoAnnouncement, TrustFromReply, AnnouncedAtSending, TrustBeforeApply, PublishBeforeApply, NoFirstSnapshot],
    );
    assert_found(Rules::new(1, &[]).grace(1), &[HoldTooShort]);
    assert_found(Rules::new(1, &[Zombie]), &[RowForAcknowledgement]);
    assert_found(Rules::new(2, &[]).bound(2), &[Cursor]);
}

#[test]
fn of_what_is_remembered() {
    assert_found(Rules::new(1, &[]), &[NoTicket, NoStamp]);
    assert_found(Rules::new(1, &[Reset]), &[VoidBeforeSnapshot, ResetKeepsTickets]);
    assert_found(Rules::new(1, &[]).whole_requests(), &[TrustLoadedLast, JoinInFlight]);
}

#[test]
fn of_who_revokes() {
    assert_found(Rules::new(1, &[]), &[PollBeforeCommit, WaitFromBeforeCommit, ReapAtOnce, ReapAnyBeat]);
    assert_found(Rules::new(1, &[RevokerCrash]), &[RepetitionAtOnce]);
    assert_found(Rules::new(1, &[Restart, MixedBounds]), &[OwnBound]);
}

#[test]
fn of_crashes_and_failovers() {
    assert_found(Rules::new(1, &[DatabaseCrash]), &[BeatNotDurable, KeepAcrossCrash]);
    assert_found(Rules::new(1, &[Failover]), &[NoServer]);
}

/// A failover to a standby that lacks an acknowledged beat, as replication that is not synchronous may bring.
#[test]
fn of_replication_that_is_not_synchronous() {
    assert_found(Rules::new(1, &[Failover]), &[BeatNotDurable]);
}

/// Two rules of the protocol are not needed for this claim, given the others: the beat number in the upsert serves to
/// notice a second process with the same id, and what is looked up without trust is voided in time by its stamp.
#[test]
fn what_is_only_caution() {
    for mutant in [NoGuard, RememberUntrusted] {
        let findings = run(Rules::new(1, &[Reset, Restart, RevokerCrash, Zombie]), mutant);
        assert!(findings.is_exhausted && findings.violation.is_none(), "{mutant:?} is needed after all");
    }
}
