//! Whoever revokes: commits, waits until nobody can remember, and answers.

use super::Moment;
use crate::{
    rules::{
        Mutant::{OwnBound, PollBeforeCommit, RepetitionAtOnce, WaitFromBeforeCommit},
        Rules, Trouble,
    },
    state::{Revoker, Row, Server, Set, Stage, State},
    trace::What,
};

/// What stands for the hold where a poll found nothing open.
const NOTHING_OPEN: u8 = u8::MAX;

pub(super) fn steps(moment: &mut Moment<'_>, key: usize) {
    let revoker = moment.state.revokers[key];
    match revoker.stage {
        Stage::Idle if begins(moment.rules) => {
            moment.may(What::Begins, key, |state| state.revokers[key].stage = Stage::Begun);
        }
        Stage::Idle => commit(moment, key, false),
        Stage::Begun => {
            commit(moment, key, false);
            poll_early(moment, key);
        }
        Stage::Committed => {
            let waited = if moment.rules.is(WaitFromBeforeCommit) { revoker.waited } else { 0 };
            moment.may(What::CommitAcknowledged, key, |state| {
                state.revokers[key] = Revoker { stage: Stage::Waiting, waited, ..revoker };
            });
            crash(moment, key);
        }
        Stage::Waiting => {
            poll(moment, key);
            crash(moment, key);
        }
        Stage::Crashed if moment.rules.is(RepetitionAtOnce) => answer(moment, key, What::AnswersAlreadySo),
        Stage::Crashed => commit(moment, key, true),
        Stage::Answered => {}
    }
}

pub(super) fn tick(revoker: &mut Revoker, rules: &Rules) {
    let is_early = rules.is(WaitFromBeforeCommit) && matches!(revoker.stage, Stage::Begun | Stage::Committed);
    if revoker.stage == Stage::Waiting || is_early {
        revoker.waited = (revoker.waited + 1).min(rules.longest_hold());
    }
}

fn begins(rules: &Rules) -> bool {
    rules.is(PollBeforeCommit) || rules.is(WaitFromBeforeCommit)
}

/// The transaction that revokes, or that a repetition appends in order to wait for it.
fn commit(moment: &mut Moment<'_>, key: usize, repeats: bool) {
    let what = if repeats { What::CommitsRepetition } else { What::Commits };
    moment.may(what, key, |state| {
        let revoker = &mut state.revokers[key];
        *revoker = Revoker { stage: Stage::Committed, repeats, ..*revoker };
        state.database.committed = state.database.committed.with(Set::of(key, repeats));
    });
}

fn poll_early(moment: &mut Moment<'_>, key: usize) {
    if moment.rules.is(PollBeforeCommit) {
        let hold = open(moment.state, Set::of(key, false)).map_or(NOTHING_OPEN, |row| row.hold);
        moment.may(What::Polls, key, |state| state.revokers[key].hold = hold);
    }
}

/// The row in which the transaction is not known to be visible.
fn open(state: &State, transaction: Set) -> Option<Row> {
    state.database.row.filter(|row| row.server == Server::Old || !row.snapshot.has(transaction))
}

fn poll(moment: &mut Moment<'_>, key: usize) {
    let revoker = moment.state.revokers[key];
    if revoker.hold == NOTHING_OPEN {
        return answer(moment, key, What::AnswersUnawaited);
    }
    if revoker.hold > 0 && revoker.waited >= revoker.hold {
        answer(moment, key, What::AnswersByClock);
    }
    let Some(row) = open(moment.state, revoker.transaction(key)) else {
        let is_there = moment.state.database.row.is_some();
        return answer(moment, key, if is_there { What::AnswersEarly } else { What::AnswersUnawaited });
    };
    let hold = if moment.rules.is(OwnBound) { moment.rules.bound } else { row.hold };
    moment.may(What::Polls, key, |state| {
        state.revokers[key].hold = hold;
    });
}

fn answer(moment: &mut Moment<'_>, key: usize, what: What) {
    moment.may(what, key, |state| {
        state.revokers[key] = Revoker { stage: Stage::Answered, ..Revoker::default() };
    });
}

/// Once: a repetition that crashes, too, leaves nothing behind but one more row of the feed.
fn crash(moment: &mut Moment<'_>, key: usize) {
    if moment.rules.has(Trouble::RevokerCrash) && !moment.state.revokers[key].repeats {
        moment.may(What::RevokerCrashes, key, |state| {
            state.revokers[key] = Revoker { stage: Stage::Crashed, ..Revoker::default() };
        });
    }
}
