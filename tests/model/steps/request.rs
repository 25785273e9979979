//! A request and its look-up: from memory, where trust allows it, else by asking.

use super::Moment;
use crate::{
    rules::{
        Asking,
        Mutant::{JoinInFlight, NoStamp, NoTicket, RememberUntrusted, TrustLoadedLast},
    },
    state::{At, Request, Reset, Server, Set, State},
    trace::What,
};

pub(super) fn steps(moment: &mut Moment<'_>) {
    let key = moment.state.request.key;
    match moment.state.request.at {
        At::Nowhere => (0..moment.rules.keys).for_each(|key| arrive(moment, key)),
        At::Loaded { trust } => {
            let is_hit = moment.state.replica.remembers[key];
            let (what, at) = if is_hit { (What::Finds, At::Hit { trust }) } else { (What::Misses, At::Miss) };
            moment.may(what, key, |state| state.request.at = at);
        }
        At::Hit { trust } => hit(moment, key, trust),
        At::Miss => {
            join(moment, key);
            moment.may(What::Asks, key, |state| state.request.at = At::Asked { same: true });
            fail(moment, key);
        }
        At::Asked { same } => {
            joins_in_flight(moment, key);
            look_up(moment, key, same);
            fail(moment, key);
        }
        At::Alive { same, from } => {
            joins_in_flight(moment, key);
            decide(moment, key, same, from);
        }
        At::Remembering { same } => remember(moment, key, same),
    }
}

fn arrive(moment: &mut Moment<'_>, key: usize) {
    if !moment.rules.has_whole_requests {
        hit_at_once(moment, key);
        let at = At::Asked { same: true };
        moment.may(What::Asks, key, |state| state.request = Request { key, is_late: false, at });
        return;
    }
    let trust = moment.state.replica.trust;
    let is_late = moment.state.revokers[key].has_answered();
    let at = if trust > 0 || moment.rules.is(TrustLoadedLast) { At::Loaded { trust } } else { At::Miss };
    moment.may(What::Arrives, key, |state| state.request = Request { key, is_late, at });
}

/// Where requests are not modelled as a whole: one that is decided from memory while nothing else happens.
fn hit_at_once(moment: &mut Moment<'_>, key: usize) {
    let is_late = moment.state.revokers[key].has_answered();
    if moment.state.replica.remembers[key] && moment.state.replica.trust > 0 {
        moment.may(What::HitsAtOnce, key, |state| state.is_broken = is_late);
    }
}

/// The clock is read last, against the trust that was loaded first.
fn hit(moment: &mut Moment<'_>, key: usize, trust: u8) {
    let trust = if moment.rules.is(TrustLoadedLast) { moment.state.replica.trust } else { trust };
    if trust > 0 {
        moment.may(What::Hits, key, accept);
    } else {
        moment.may(What::Misses, key, |state| state.request.at = At::Miss);
    }
}

/// Another request for the same key waits for the look-up that has not begun.
fn join(moment: &mut Moment<'_>, key: usize) {
    if moment.state.revokers[key].has_answered() && !moment.state.request.is_late {
        moment.may(What::Joins, key, |state| state.request.is_late = true);
    }
}

fn joins_in_flight(moment: &mut Moment<'_>, key: usize) {
    if moment.rules.is(JoinInFlight) {
        join(moment, key);
    }
}

fn fail(moment: &mut Moment<'_>, key: usize) {
    moment.may(What::LookUpFails, key, |state| state.request = Request::default());
}

fn look_up(moment: &mut Moment<'_>, key: usize, same: bool) {
    let from = moment.state.replica.asks;
    let database = &moment.state.database;
    let seen = match from {
        Server::Primary => database.committed,
        Server::Old => database.frozen.unwrap_or_default(),
    };
    if seen.has(Set::of(key, false)) {
        moment.may(What::FindsDead, key, |state| state.request = Request::default());
    } else {
        moment.may(What::FindsAlive, key, |state| state.request.at = At::Alive { same, from });
    }
}

/// The request is decided by what was looked up, and that is remembered while there is trust.
fn decide(moment: &mut Moment<'_>, key: usize, same: bool, from: Server) {
    let rules = moment.rules;
    if !(same || rules.is(NoTicket)) || !is_of_primary(moment, from) {
        return fail(moment, key);
    }
    let remembers = moment.state.replica.trust > 0 || rules.is(RememberUntrusted);
    moment.may(What::Uses, key, |state| {
        accept(state);
        if remembers {
            state.request = Request { key, is_late: false, at: At::Remembering { same } };
        }
    });
}

/// Whether the server that was asked is known to be the primary, as far as these rules ask for it.
fn is_of_primary(moment: &Moment<'_>, from: Server) -> bool {
    let replica = &moment.state.replica;
    let is_same = replica.reset == Reset::Done && replica.server == from;
    match moment.rules.asking {
        Asking::Freely => true,
        Asking::SameServer => is_same,
        Asking::WhileAnnounced => replica.announced > 0,
        Asking::WithBeat => is_same && replica.announced > 0,
    }
}

fn accept(state: &mut State) {
    state.is_broken = state.request.is_late;
    state.request = Request::default();
}

/// Remembered with the ticket as its stamp: it counts while the ticket is the same.
fn remember(moment: &mut Moment<'_>, key: usize, same: bool) {
    let counts = same || moment.rules.is(NoStamp) || moment.rules.is(NoTicket);
    let what = if counts { What::Fills } else { What::FillsVoid };
    moment.may(what, key, |state| {
        state.replica.remembers[key] |= counts;
        state.request = Request::default();
    });
}
