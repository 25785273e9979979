//! Start and reset: first a snapshot, then everything from before it is void.

use super::{Moment, beat::applied, transactions, void};
use crate::{
    rules::{
        Mutant::{KeepAcrossCrash, NoServer, ResetKeepsTickets, VoidBeforeSnapshot},
        Rules, Trouble,
    },
    state::{Beat, KEYS, Reset, Server, Set, State},
    trace::What,
};

pub(super) fn steps(moment: &mut Moment<'_>) {
    let rules = moment.rules;
    match moment.state.replica.reset {
        Reset::Asking => ask(moment),
        Reset::Holding { snapshot, server } => {
            moment.may(What::Adopts, 0, |state| adopt(state, rules, snapshot, server));
        }
        Reset::Done if moment.state.replica.beat == Beat::Idle => {
            if rules.has(Trouble::Reset) {
                moment.may(What::Resets, 0, |state| reset(state, rules));
            }
            if moment.state.replica.is_cut {
                moment.may(What::Reconnects, 0, |state| reconnect(state, rules));
            }
        }
        Reset::Done => {}
    }
}

fn ask(moment: &mut Moment<'_>) {
    let snapshot = moment.state.database.committed;
    moment.may(What::ReadsFirst, 0, |state| {
        state.replica.is_cut = false;
        state.replica.reset = Reset::Holding { snapshot, server: Server::Primary };
    });
    let Some(frozen) = moment.state.database.frozen else { return };
    if moment.state.replica.is_cut && moment.rules.has(Trouble::OldPrimaryReads) {
        let snapshot = reissued(moment.state, moment.rules, frozen);
        moment.may(What::ReadsFirstOfOld, 0, |state| {
            state.replica.reset = Reset::Holding { snapshot, server: Server::Old };
        });
    }
}

fn adopt(state: &mut State, rules: &Rules, snapshot: Set, server: Server) {
    let replica = &mut state.replica;
    replica.applied = applied(rules, snapshot);
    replica.server = server;
    replica.is_durable = !rules.tells_durable();
    replica.reset = Reset::Done;
    if rules.is(ResetKeepsTickets) {
        replica.remembers = [false; KEYS];
    } else if !rules.is(VoidBeforeSnapshot) {
        void_all(state);
    }
}

pub(super) fn reset(state: &mut State, rules: &Rules) {
    state.replica.trust = 0;
    state.replica.announced = 0;
    state.replica.reset = Reset::Asking;
    if rules.is(VoidBeforeSnapshot) {
        void_all(state);
    }
}

/// A new connection for the beats: what no beat made durable is read again, and so is what another server said.
fn reconnect(state: &mut State, rules: &Rules) {
    state.replica.is_cut = false;
    let replica = state.replica;
    let is_lost = !replica.is_durable && !rules.is(KeepAcrossCrash);
    if is_lost || replica.server == Server::Old && !rules.is(NoServer) {
        reset(state, rules);
    }
}

fn void_all(state: &mut State) {
    (0..KEYS).for_each(|key| void(state, key));
}

/// What a snapshot says after the ids that were given out since the last durable write are given out again: it takes every
/// transaction to come for one that is over.
pub(super) fn reissued(state: &State, rules: &Rules, snapshot: Set) -> Set {
    snapshot.with(transactions(rules).without(state.database.committed))
}
