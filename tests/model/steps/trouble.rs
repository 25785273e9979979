//! What goes wrong around the protocol: processes end, the database crashes, another server becomes the primary.

use super::{
    Moment,
    beat::abandon,
    reset::{reissued, reset},
    rows::erase,
};
use crate::{
    rules::{
        Mutant::{BeatNotDurable, NoServer},
        Rules, Trouble,
    },
    state::{Beat, Replica, Request, Reset, Server, State},
    trace::What,
};

pub(super) fn steps(moment: &mut Moment<'_>) {
    let rules = moment.rules;
    if rules.has(Trouble::Restart) {
        for bound in rules.bound..=rules.longest_bound() {
            moment.may(What::Restarts, 0, |state| restart(state, bound));
        }
        moment.may(What::Leaves, 0, |state| leave(state, rules));
    }
    if rules.has(Trouble::DatabaseCrash) {
        moment.may(What::DatabaseCrashes, 0, |state| crash(state, rules));
    }
    if rules.has(Trouble::Failover) && moment.state.database.frozen.is_none() {
        moment.may(What::FailsOver, 0, |state| fail_over(state, rules));
    }
    if moment.state.replica.asks == Server::Old {
        moment.may(What::PoolMoves, 0, |state| state.replica.asks = Server::Primary);
    }
}

/// Another process, with an id of its own, knows nothing and may have another bound.
fn restart(state: &mut State, bound: u8) {
    let Replica { is_cut, asks, .. } = state.replica;
    state.replica = Replica { bound, is_cut, asks, ..Replica::default() };
    state.request = Request::default();
    erase(state);
}

/// The process stops, and takes its row away; its requests may go on. (That it may begin anew only adds runs.)
fn leave(state: &mut State, rules: &Rules) {
    if state.replica.beat != Beat::Idle && rules.has(Trouble::Zombie) {
        abandon(state);
    }
    state.replica.beat = Beat::Idle;
    reset(state, rules);
    erase(state);
}

/// What was acknowledged is there afterwards. Ids that no durable transaction had are given out again, so that a snapshot
/// which no beat has made durable says of transactions to come that they are over.
fn crash(state: &mut State, rules: &Rules) {
    lose_statements(state);
    let before = *state;
    let replica = &mut state.replica;
    match &mut replica.reset {
        Reset::Holding { snapshot, .. } => {
            *snapshot = reissued(&before, rules, *snapshot);
            replica.is_cut = true;
        }
        Reset::Done if !replica.is_durable && replica.beat == Beat::Idle => {
            replica.applied = reissued(&before, rules, replica.applied);
            replica.is_cut = true;
        }
        Reset::Done | Reset::Asking => {}
    }
    if rules.is(BeatNotDurable) {
        erase(state);
    }
}

/// What is under way ends undone. An acknowledgement that was sent may still arrive.
fn lose_statements(state: &mut State) {
    if let Beat::Sent { .. } | Beat::Read { .. } = state.replica.beat {
        state.replica.beat = Beat::Idle;
    }
    state.replica.zombie = None;
    if let Some(row) = &mut state.database.row {
        row.is_younger = false;
    }
}

/// A standby that has every commit becomes the primary; it may give out any id again that the old one had reached, so that
/// no snapshot of the old one says anything about it.
fn fail_over(state: &mut State, rules: &Rules) {
    lose_statements(state);
    let before = *state;
    let replica = &mut state.replica;
    replica.applied = reissued(&before, rules, replica.applied);
    replica.server = Server::Old;
    replica.is_cut = true;
    if rules.has(Trouble::OldPrimaryReads) {
        replica.asks = Server::Old;
    }
    if let Reset::Holding { snapshot, server } = &mut replica.reset {
        *snapshot = reissued(&before, rules, *snapshot);
        *server = Server::Old;
    }
    if let Beat::Committed { snapshot, .. } | Beat::Applying { snapshot, .. } = &mut replica.beat {
        *snapshot = reissued(&before, rules, *snapshot);
    }
    if let Some(row) = state.database.row.as_mut().filter(|_| !rules.is(NoServer)) {
        row.server = Server::Old;
    }
    if rules.is(BeatNotDurable) {
        erase(state);
    }
    state.database.frozen = Some(state.database.committed);
}
