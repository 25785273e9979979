//! The beat: one statement that publishes what was applied and reads what came since.

use super::{Moment, rows::write, void};
use crate::{
    rules::{
        Mutant::{
            AnnouncedAtSending, Cursor, HoldTooShort, NoAnnouncement, NoFirstSnapshot, NoGuard, NoServer,
            PublishBeforeApply, RowForAcknowledgement, TrustBeforeApply, TrustFromReply,
        },
        Rules, Trouble,
    },
    state::{Beat, KEYS, Replica, Reset, Row, Server, Set, State},
    trace::What,
};

pub(super) fn steps(moment: &mut Moment<'_>) {
    match moment.state.replica.beat {
        Beat::Idle => send(moment),
        Beat::Sent { age } => {
            let snapshot = moment.state.database.committed;
            moment.may(What::BeatReads, 0, |state| state.replica.beat = Beat::Read { age, snapshot });
            give_up(moment);
        }
        Beat::Read { age, snapshot } => {
            commit(moment, age, snapshot);
            give_up(moment);
        }
        Beat::Committed { age, snapshot } => {
            let rules = moment.rules;
            moment.may(What::Acknowledged, 0, |state| acknowledge(state, rules, age, snapshot));
            moment.may(What::BeatFails, 0, |state| state.replica.beat = Beat::Idle);
        }
        Beat::Applying { age, snapshot, rows, trusts } => apply(moment, age, snapshot, rows, trusts),
    }
    zombie(moment);
}

fn send(moment: &mut Moment<'_>) {
    let Replica { reset, is_cut, bound, .. } = moment.state.replica;
    if reset != Reset::Done || is_cut {
        return;
    }
    let announces = moment.rules.is(AnnouncedAtSending);
    moment.may(What::BeatSent, 0, |state| {
        state.replica.beat = Beat::Sent { age: 0 };
        if announces {
            state.replica.announced = bound;
        }
    });
}

fn commit(moment: &mut Moment<'_>, age: u8, snapshot: Set) {
    let rules = moment.rules;
    let row = row(moment.state, rules, snapshot);
    moment.may(What::BeatCommits, 0, |state| {
        write(state, rules, row);
        state.replica.beat = Beat::Committed { age, snapshot };
    });
    if rules.is(RowForAcknowledgement) && moment.state.replica.zombie.is_none() {
        moment.may(What::Acknowledged, 0, |state| {
            abandon(state);
            acknowledge(state, rules, age, snapshot);
        });
    }
}

/// What the beat writes: what was applied when it was sent, and for how long that may be trusted.
fn row(state: &State, rules: &Rules, read: Set) -> Row {
    let replica = &state.replica;
    let mut snapshot = if rules.is(PublishBeforeApply) { read } else { replica.applied };
    if rules.is(NoFirstSnapshot) && !replica.is_durable {
        snapshot = Set::ALL;
    }
    Row {
        snapshot,
        hold: replica.bound + rules.grace - u8::from(rules.is(HoldTooShort)),
        stands: 0,
        is_younger: replica.zombie.is_some(),
        server: if rules.is(NoServer) { Server::Primary } else { replica.server },
    }
}

/// The replica no longer waits for a beat: it failed, or the database goes on with it unseen.
fn give_up(moment: &mut Moment<'_>) {
    moment.may(What::BeatFails, 0, |state| state.replica.beat = Beat::Idle);
    if moment.rules.has(Trouble::Zombie) {
        moment.may(What::BeatGivenUp, 0, abandon);
    }
}

pub(super) fn abandon(state: &mut State) {
    state.replica.beat = Beat::Idle;
    state.replica.zombie = Some(state.replica.applied);
    if let Some(row) = &mut state.database.row {
        row.is_younger = false;
    }
}

fn acknowledge(state: &mut State, rules: &Rules, age: u8, snapshot: Set) {
    let replica = &mut state.replica;
    let trusts = replica.announced > 0 || rules.is(NoAnnouncement);
    let age = if rules.is(TrustFromReply) { 0 } else { age };
    if trusts && rules.is(TrustBeforeApply) {
        replica.trust = replica.bound + rules.grace - age;
    }
    replica.beat = Beat::Applying { age, snapshot, rows: snapshot.without(replica.applied), trusts };
}

/// One row of the feed after the other, and trust when all are done.
fn apply(moment: &mut Moment<'_>, age: u8, snapshot: Set, rows: Set, trusts: bool) {
    for key in (0..KEYS).filter(|key| rows.meets(Set::about(*key))) {
        moment.may(What::Applied, key, |state| {
            void(state, key);
            let rows = rows.without(Set::about(key));
            state.replica.beat = Beat::Applying { age, snapshot, rows, trusts };
        });
    }
    if rows == Set::default() {
        let rules = moment.rules;
        let Replica { trust, remembers, .. } = moment.state.replica;
        let what = match trusts {
            true if trust == 0 && remembers.contains(&true) => What::TrustsAgain,
            true => What::Trusts,
            false => What::Announces,
        };
        moment.may(what, 0, |state| publish(&mut state.replica, rules, age, snapshot, trusts));
    }
}

fn publish(replica: &mut Replica, rules: &Rules, age: u8, snapshot: Set, trusts: bool) {
    replica.applied = applied(rules, snapshot);
    replica.is_durable = true;
    replica.announced = replica.bound.saturating_sub(age);
    if trusts {
        replica.trust = replica.bound + rules.grace - age;
    }
    replica.beat = Beat::Idle;
}

/// What counts as applied. The mutant takes every lower id for applied, too.
pub(super) fn applied(rules: &Rules, snapshot: Set) -> Set {
    if rules.is(Cursor) { Set((snapshot.0 + 1).next_power_of_two() - 1) } else { snapshot }
}

/// A beat that was given up ends some time.
fn zombie(moment: &mut Moment<'_>) {
    let Some(snapshot) = moment.state.replica.zombie else { return };
    let rules = moment.rules;
    moment.may(What::ZombieFails, 0, end_zombie);
    let is_refused = moment.state.database.row.is_some_and(|row| row.is_younger) && !rules.is(NoGuard);
    if !is_refused {
        let row = Row { snapshot, is_younger: false, ..row(moment.state, rules, snapshot) };
        moment.may(What::ZombieCommits, 0, |state| {
            end_zombie(state);
            write(state, rules, row);
        });
    }
}

fn end_zombie(state: &mut State) {
    state.replica.zombie = None;
    if let Some(row) = &mut state.database.row {
        row.is_younger = false;
    }
}
