//! The row of the replica. Rows of the dead are reaped, so that nobody has to wait for them twice.

use super::Moment;
use crate::{
    rules::{
        Mutant::{ReapAnyBeat, ReapAtOnce},
        Rules,
    },
    state::{Row, State},
    trace::What,
};

/// A row is reaped that shows the same beat for a whole hold.
pub(super) fn steps(moment: &mut Moment<'_>) {
    let Some(row) = moment.state.database.row else { return };
    if row.stands >= row.hold || moment.rules.is(ReapAtOnce) {
        moment.may(What::Reaps, 0, erase);
    }
}

pub(super) fn tick(state: &mut State) {
    if let Some(row) = &mut state.database.row {
        row.stands = (row.stands + 1).min(row.hold);
    }
}

/// The row shows another beat.
pub(super) fn write(state: &mut State, rules: &Rules, row: Row) {
    let before = state.database.row.filter(|_| rules.is(ReapAnyBeat));
    let stands = before.map_or(0, |before| before.stands);
    state.database.row = Some(Row { stands, ..row });
}

/// The row is gone, or is no longer the row of this process.
pub(super) fn erase(state: &mut State) {
    state.database.row = None;
}
