//! What is counted of the service's own work, for who watches over it: `docs/reference/metrics.md` tells of each.
//!
//! What a decision from memory counts is held ready: one addition, no look-up and no lock. No label is made of anything
//! that a tenant has said or is called by.

mod board;
mod split;

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::metrics::{counter::Counter, gauge::Gauge, histogram::Histogram};

use split::Split;

use super::fresh::boot;
pub(super) use crate::domain::usage::Door;
use crate::domain::{
    Denial,
    fresh::{Effect, Lost, Tick},
    rule::Rule,
};

/// Up to how many seconds each bucket of the time to an effect goes.
const EFFECT_BUCKETS: [f64; 15] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];
/// How many reasons for a no there are: a rule that was broken, or no key at all.
const DENIALS: usize = Rule::ALL.len() + 1;

/// A gauge of seconds.
type Seconds = Gauge<f64, AtomicU64>;

/// From where the holder of a secret was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// It was remembered.
    Memory,
    /// The database was asked.
    Database,
    /// It was remembered, and the database was out of reach.
    Grace,
}

/// How a try at signing in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignIn {
    /// The person is in.
    Whole,
    /// The second factor is still to come.
    Half,
    /// Something was wrong.
    Wrong,
    /// There were too many.
    Throttled,
}

/// All that is counted.
#[derive(Debug)]
pub struct Meters {
    lookups: Split<3>,
    decisions: Split<{ 2 * Door::ALL.len() }>,
    denials: [Split<DENIALS>; Door::ALL.len()],
    uses_written: Counter,
    uses_dropped: Counter,
    use_failures: Counter,
    disabled_unused: Counter,
    expiring: Split<2, Gauge>,
    beats: Split<2>,
    resets: Split<{ Lost::ALL.len() }>,
    misconfigured_gates: Counter,
    failed_auth: Counter,
    mails: Split<2>,
    failed_auth_throttled: Counter,
    sign_ins: Split<4>,
    lapses: Counter,
    changes: Counter,
    answers_in_grace: Counter,
    effects: Histogram,
    acknowledgements: Counter,
    lapsed_replicas: Counter,
    unconfirmed: Counter,
    replicas: Gauge,
    reaped: Counter,
    remembered: Gauge,
    trusted: Gauge,
    beat_age: Seconds,
    pool_connections: Split<6, Gauge>,
    pool_waiting: Split<3, Gauge>,
    streams: Gauge,
    stream_messages: Counter,
    streams_behind: Counter,
    /// When the last beat that was acknowledged was sent, or the beats began.
    last_beat: AtomicU64,
}

impl Default for Meters {
    fn default() -> Self {
        let codes = || std::iter::once("unknown_key").chain(Rule::ALL.map(Rule::code));
        let denials = || Split::new(codes().map(|code| vec![("code", code)]));
        let outcomes =
            |door: Door| ["allowed", "denied"].map(|outcome| vec![("door", door.name()), ("outcome", outcome)]);
        let pools = ["requests", "walks", "operator"];
        let states = |pool| ["in_use", "idle"].map(|state| vec![("pool", pool), ("state", state)]);
        Self {
            lookups: Split::of("source", ["memory", "database", "grace"]),
            decisions: Split::new(Door::ALL.into_iter().flat_map(outcomes)),
            denials: Door::ALL.map(|_| denials()),
            uses_written: Counter::default(),
            uses_dropped: Counter::default(),
            use_failures: Counter::default(),
            disabled_unused: Counter::default(),
            expiring: Split::of("within", ["7d", "30d"]),
            beats: Split::of("result", ["acknowledged", "failed"]),
            resets: Split::of("reason", Lost::ALL.map(Lost::name)),
            misconfigured_gates: Counter::default(),
            failed_auth: Counter::default(),
            mails: Split::of("outcome", ["sent", "failed"]),
            failed_auth_throttled: Counter::default(),
            sign_ins: Split::of("outcome", ["signed_in", "half", "wrong", "throttled"]),
            lapses: Counter::default(),
            changes: Counter::default(),
            answers_in_grace: Counter::default(),
            effects: Histogram::new(EFFECT_BUCKETS),
            acknowledgements: Counter::default(),
            lapsed_replicas: Counter::default(),
            unconfirmed: Counter::default(),
            replicas: Gauge::default(),
            reaped: Counter::default(),
            remembered: Gauge::default(),
            trusted: Gauge::default(),
            beat_age: Seconds::default(),
            pool_connections: Split::new(pools.into_iter().flat_map(states)),
            pool_waiting: Split::of("pool", pools),
            streams: Gauge::default(),
            stream_messages: Counter::default(),
            streams_behind: Counter::default(),
            last_beat: AtomicU64::new(Tick::NEVER.nanos()),
        }
    }
}

impl Meters {
    /// A message was handed to somebody who listens.
    #[cfg(feature = "server")]
    pub(super) fn streamed(&self) {
        self.stream_messages.inc();
    }

    /// Somebody who listens was too slow.
    #[cfg(feature = "server")]
    pub(super) fn fell_behind(&self) {
        self.streams_behind.inc();
    }

    /// A mail was handed to the mail server, or could not be.
    #[cfg(feature = "server")]
    pub(super) fn mailed(&self, is_sent: bool) {
        self.mails.at(usize::from(!is_sent)).inc();
    }

    /// Keys were disabled that were not used for long.
    #[cfg(feature = "server")]
    pub(super) fn disabled_unused(&self, how_many: usize) {
        self.disabled_unused.inc_by(how_many as u64);
    }

    /// Holders were found.
    pub(super) fn looked_up(&self, source: Source, how_many: usize) {
        self.lookups.at(source as usize).inc_by(how_many as u64);
    }

    /// Somebody was told yes.
    pub(super) fn allowed(&self, door: Door) {
        self.decisions.at(2 * door as usize).inc();
    }

    /// Somebody was told no.
    pub(super) fn denied(&self, door: Door, denial: &Denial) {
        self.decisions.at(2 * door as usize + 1).inc();
        let reason = denial.rule().map_or(0, |rule| rule as usize + 1);
        self.denials[door as usize].at(reason).inc();
    }

    /// Decisions were written down, each as one of its key's uses.
    pub(super) fn uses_written(&self, how_many: u64) {
        self.uses_written.inc_by(how_many);
    }

    /// There was no room for a use.
    pub(super) fn uses_dropped(&self, how_many: u64) {
        self.uses_dropped.inc_by(how_many);
    }

    /// Uses could not be written down.
    pub(super) fn uses_failed(&self) {
        self.use_failures.inc();
    }

    /// So many keys end within a week, and so many within 30 days.
    pub(super) fn will_end(&self, how_many: [i64; 2]) {
        for (place, number) in how_many.into_iter().enumerate() {
            self.expiring.at(place).set(number);
        }
    }

    /// A gateway asked what makes no sense.
    pub fn misconfigured_gate(&self) {
        self.misconfigured_gates.inc();
    }

    /// Somebody showed a key that nobody holds.
    pub(super) fn failed_authentication(&self) {
        self.failed_auth.inc();
    }

    /// Too many such came from one address.
    pub(super) fn throttled(&self) {
        self.failed_auth_throttled.inc();
    }

    /// Somebody tried to sign in.
    pub(super) fn tried(&self, outcome: SignIn) {
        self.sign_ins.at(outcome as usize).inc();
    }

    /// Questions were answered by what is remembered, while the database was out of reach.
    pub(super) fn answered_in_grace(&self, how_many: usize) {
        self.answers_in_grace.inc_by(how_many as u64);
    }

    /// The beats begin.
    pub(super) fn beats_begin(&self) {
        self.last_beat.store(boot().nanos(), Ordering::Relaxed);
    }

    /// A beat that was sent at `sent` was acknowledged, and what it has read was applied.
    pub(super) fn acknowledged(&self, sent: Tick, changes: usize) {
        self.last_beat.store(sent.nanos(), Ordering::Relaxed);
        self.beats.at(0).inc();
        self.changes.inc_by(changes as u64);
    }

    /// A beat could not be sent, or was not acknowledged in time.
    pub(super) fn beat_failed(&self) {
        self.beats.at(1).inc();
    }

    /// All that was remembered was forgotten.
    pub(super) fn reset(&self, lost: Lost) {
        self.resets.at(lost as usize).inc();
    }

    /// Trust was over before the next beat gave it again.
    pub(super) fn lapsed(&self) {
        self.lapses.inc();
    }

    /// A change that takes something away holds everywhere.
    pub(super) fn took_effect(&self, effect: Effect) {
        self.effects.observe(effect.after.as_secs_f64());
        self.acknowledgements.inc_by(effect.acknowledged as u64);
        self.lapsed_replicas.inc_by(effect.lapsed as u64);
    }

    /// It could not be told whether such a change holds everywhere.
    pub(super) fn left_unconfirmed(&self) {
        self.unconfirmed.inc();
    }

    /// The replicas were looked at.
    pub(super) fn saw_replicas(&self, how_many: usize) {
        self.replicas.set(i64::try_from(how_many).unwrap_or(i64::MAX));
    }

    /// Rows of the dead were taken away.
    pub(super) fn reaped(&self, how_many: u64) {
        self.reaped.inc_by(how_many);
    }
}
