//! What can happen next. Each step is one that nothing else can come between; between two of them anything can, and any
//! time can pass.

mod beat;
mod request;
mod reset;
mod revoker;
mod rows;
mod trouble;

use crate::{
    rules::Rules,
    state::{At, Beat, Set, State},
    trace::What,
};

/// What happened, and to which key where that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) what: What,
    pub(crate) key: usize,
}

/// A state, the rules it lives by, and where to put what can follow.
struct Moment<'a> {
    state: &'a State,
    rules: &'a Rules,
    next: &'a mut Vec<(Step, State)>,
}

impl Moment<'_> {
    /// Something can happen, and changes this.
    fn may(&mut self, what: What, key: usize, change: impl FnOnce(&mut State)) {
        let mut state = *self.state;
        change(&mut state);
        self.next.push((Step { what, key }, state));
    }
}

/// The state in which everything begins.
pub(crate) fn first(rules: &Rules) -> State {
    let mut state = State::default();
    state.replica.bound = rules.bound;
    state
}

/// Every step that can be next, and what it leads to.
pub(crate) fn after(state: &State, rules: &Rules, next: &mut Vec<(Step, State)>) {
    let mut moment = Moment { state, rules, next };
    moment.may(What::Tick, 0, |state| tick(state, rules));
    beat::steps(&mut moment);
    reset::steps(&mut moment);
    request::steps(&mut moment);
    for key in 0..rules.keys {
        revoker::steps(&mut moment, key);
    }
    rows::steps(&mut moment);
    trouble::steps(&mut moment);
}

/// Time passes, for whoever looks at a clock.
fn tick(state: &mut State, rules: &Rules) {
    let replica = &mut state.replica;
    replica.trust = replica.trust.saturating_sub(1);
    replica.announced = replica.announced.saturating_sub(1);
    match &mut replica.beat {
        Beat::Sent { age } | Beat::Read { age, .. } | Beat::Committed { age, .. } | Beat::Applying { age, .. } => {
            *age = (*age + 1).min(replica.bound + rules.grace);
        }
        Beat::Idle => {}
    }
    if let At::Loaded { trust } | At::Hit { trust } = &mut state.request.at {
        *trust = trust.saturating_sub(1);
    }
    state.revokers.iter_mut().for_each(|revoker| revoker::tick(revoker, rules));
    rows::tick(state);
}

/// Nothing that is remembered of a key, or looked up at this moment, counts any more.
fn void(state: &mut State, key: usize) {
    state.replica.remembers[key] = false;
    if state.request.key != key {
        return;
    }
    if let At::Asked { same } | At::Alive { same, .. } | At::Remembering { same } = &mut state.request.at {
        *same = false;
    }
}

/// The transactions that this run can have.
fn transactions(rules: &Rules) -> Set {
    (0..rules.keys).fold(Set::default(), |all, key| all.with(Set::about(key)))
}
