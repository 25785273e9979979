//! What is remembered, and until when it may be trusted. No reader waits for a lock.

use std::{
    hash::{Hash as _, Hasher as _},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use quick_cache::{Equivalent, sync::Cache};
use time::OffsetDateTime;

use super::{
    changes::{Changes, Slot, Ticket},
    clock::{DatabaseClock, boot, moment},
    hooks::{Hooks, Point},
    known::{Known, KnownDeclared, KnownGate, KnownPlace},
    limits::Limits,
};
use crate::{
    db::{fresh::beat::Changed, lookup::Standing},
    domain::{
        GateId, MeshId, OrgId, SecretHash,
        fresh::{Applied, Bound, Change, Server, Tick, Trust},
    },
    service::meters::{Meters, Source},
};

/// On what a replica decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// On what it remembers, which it knows to be up to date.
    Memory,
    /// On what the database answers.
    Asking,
    /// On what it remembers, while the database is out of reach: `send` and `read` alone.
    Grace,
}

/// What a decision may be made on.
pub struct Recalled<T> {
    /// What was remembered.
    pub(super) what: T,
    /// The clock of the database.
    pub(super) now: OffsetDateTime,
    /// Every change that was committed before this is in it.
    pub(super) as_of: OffsetDateTime,
}

impl<T> Recalled<T> {
    /// What was remembered.
    pub const fn what(&self) -> &T {
        &self.what
    }
}

/// The name of a place, as it is asked for.
#[derive(Hash)]
pub(super) struct Named<'a>(pub(super) OrgId, pub(super) &'a str);

impl Equivalent<(OrgId, Box<str>)> for Named<'_> {
    fn equivalent(&self, (org, named): &(OrgId, Box<str>)) -> bool {
        self.0 == *org && *self.1 == **named
    }
}

/// The most places that are remembered, the most declared capabilities, and the most gates.
const MOST_PLACES: usize = 10_000;

/// What a process remembers.
pub struct Memory {
    bound: Bound,
    most_keys: usize,
    holders: Cache<SecretHash, Arc<Known>>,
    places: Cache<(OrgId, Box<str>), KnownPlace>,
    pub(super) declared: Cache<(OrgId, Box<str>), KnownDeclared>,
    pub(super) gates: Cache<(OrgId, GateId), KnownGate>,
    pub(super) changes: Changes,
    pub(super) limits: Limits,
    trusted_until: AtomicU64,
    announced_until: AtomicU64,
    /// The timeline on which the beats are; 0 before the first.
    timeline: AtomicU32,
    clock: DatabaseClock,
    /// When the snapshot was taken that was applied last, in nanoseconds since 1970 by the clock of the database.
    as_of: AtomicI64,
    /// Every transaction below this one is in what was applied last; of the server whose name has this fingerprint.
    horizon: AtomicU64,
    server: AtomicU64,
    /// The end of trust of which it was told that it lapsed.
    lapse_told: AtomicU64,
    meters: Arc<Meters>,
    hooks: Hooks,
}

impl Memory {
    pub(super) fn new(bound: Bound, most_keys: usize, meters: Arc<Meters>, hooks: Hooks) -> Self {
        Self {
            bound,
            most_keys,
            holders: Cache::new(most_keys),
            places: Cache::new(MOST_PLACES.min(most_keys)),
            declared: Cache::new(MOST_PLACES.min(most_keys)),
            gates: Cache::new(MOST_PLACES.min(most_keys)),
            changes: Changes::new(),
            limits: Limits::default(),
            trusted_until: AtomicU64::new(Tick::NEVER.nanos()),
            announced_until: AtomicU64::new(Tick::NEVER.nanos()),
            timeline: AtomicU32::new(0),
            clock: DatabaseClock::new(),
            as_of: AtomicI64::new(0),
            horizon: AtomicU64::new(0),
            server: AtomicU64::new(0),
            lapse_told: AtomicU64::new(Tick::NEVER.nanos()),
            meters,
            hooks,
        }
    }

    /// The bound by which it trusts.
    #[must_use]
    pub const fn bound(&self) -> Bound {
        self.bound
    }

    /// Where tests can stop it.
    #[must_use]
    pub const fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    /// Where it counts.
    #[must_use]
    pub const fn meters(&self) -> &Arc<Meters> {
        &self.meters
    }

    /// Counts, once, that trust is over and no beat has given it again.
    pub(in crate::service) fn tell_of_lapse(&self) {
        let until = self.trusted_until();
        let is_over = until != Tick::NEVER && boot() >= until;
        if is_over && self.lapse_told.swap(until.nanos(), Ordering::Relaxed) != until.nanos() {
            self.meters.lapsed();
        }
    }

    /// How many keys it remembers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.holders.len()
    }

    /// Whether it remembers none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.holders.is_empty()
    }

    /// On what decisions are made now.
    #[must_use]
    pub fn basis(&self) -> Basis {
        let (until, now) = (self.trusted_until(), boot());
        match until {
            _ if self.most_keys == 0 => Basis::Asking,
            Tick::NEVER => Basis::Asking,
            until if now < until => Basis::Memory,
            until if now < until.after(self.bound.grace()) => Basis::Grace,
            _ => Basis::Asking,
        }
    }

    fn trusted_until(&self) -> Tick {
        Tick::from_nanos(self.trusted_until.load(Ordering::Acquire))
    }

    /// The holder of a secret, if it is remembered and may be trusted; at least as fresh as that change, if one is named.
    #[must_use]
    pub fn holder(&self, hash: &SecretHash, at_least: Option<&Change>) -> Option<Recalled<Arc<Known>>> {
        if at_least.is_some_and(|change| !self.is_past(change)) {
            return None;
        }
        self.holder_within(Duration::ZERO, hash).inspect(|_| self.meters.looked_up(Source::Memory, 1))
    }

    /// The same while the database is out of reach, for as long as the grace lasts.
    pub(super) fn holder_in_grace(&self, hash: &SecretHash) -> Option<Recalled<Arc<Known>>> {
        self.holder_within(self.bound.grace(), hash).inspect(|_| self.meters.looked_up(Source::Grace, 1))
    }

    fn holder_within(&self, beyond: Duration, hash: &SecretHash) -> Option<Recalled<Arc<Known>>> {
        self.recall(beyond, || self.holders.try_get(hash).ok().flatten().filter(|known| self.is_current(known)))
    }

    /// The mesh of that name, if it is remembered and may be trusted.
    pub(super) fn place(&self, org: OrgId, named: &str) -> Option<KnownPlace> {
        self.place_within(Duration::ZERO, org, named)
    }

    /// The same while the database is out of reach, for as long as the grace lasts.
    pub(super) fn place_in_grace(&self, org: OrgId, named: &str) -> Option<KnownPlace> {
        self.place_within(self.bound.grace(), org, named)
    }

    fn place_within(&self, beyond: Duration, org: OrgId, named: &str) -> Option<KnownPlace> {
        let read = |place: &KnownPlace| self.changes.none_since(place.stamp, &[place.slot]);
        let name = Named(org, named);
        self.recall(beyond, || self.places.try_get(&name).ok().flatten().filter(read)).map(|found| found.what)
    }

    /// Trust is read first, then what is remembered, then the clock: a beat that is taken up in between can neither make
    /// this entry trusted again nor let it outlive the trust under which it was read.
    pub(super) fn recall<T>(&self, beyond: Duration, read: impl FnOnce() -> Option<T>) -> Option<Recalled<T>> {
        let until = self.trusted_until();
        if until == Tick::NEVER {
            return None;
        }
        let as_of = self.as_of.load(Ordering::Acquire);
        self.hooks.pass(Point::TrustRead);
        let what = read()?;
        self.hooks.pass(Point::EntryRead);
        let now = boot();
        if now >= until.after(beyond) {
            return None;
        }
        let as_of = moment(as_of)?;
        Some(Recalled { what, now: self.clock.read(now)?, as_of })
    }

    /// Whether what was applied last has this change in it, as far as that can be told without its list of transactions.
    fn is_past(&self, change: &Change) -> bool {
        let is_here = || self.server.load(Ordering::Acquire) == fingerprint(&change.server.0);
        is_here() && change.transaction.0 < self.horizon.load(Ordering::Acquire) && is_here()
    }

    /// The clock by which ends are judged: what was read, or later if a later time has been shown already.
    pub(super) fn no_earlier(&self, read: OffsetDateTime) -> OffsetDateTime {
        self.clock.read(boot()).map_or(read, |shown| shown.max(read))
    }

    pub(super) fn ticket(&self) -> Ticket {
        self.changes.ticket()
    }

    /// Whether what was read there may be relied on. That a read is answered does not show that the server is still the
    /// primary: one that was replaced and cut off answers like the other. With standbys, an acknowledged beat shows that it
    /// was when the beat was sent; and it is on the standby too, so that a change on the server that replaces it waits for
    /// this replica.
    pub(super) fn relies_on(&self, standing: &Standing) -> bool {
        let timeline = self.timeline.load(Ordering::Acquire);
        let is_same = timeline == 0 || timeline == standing.timeline;
        let is_announced = || boot().nanos() < self.announced_until.load(Ordering::Acquire);
        is_same && (!standing.has_standbys || is_announced())
    }

    /// Whether what was looked up may be used: it was not overtaken by a change, and is not older than the bound.
    pub(super) fn is_current(&self, known: &Known) -> bool {
        self.changes.none_since(known.stamp, &known.slots)
    }

    /// Remembers a holder. Whether it has changed since it was read is seen when it is recalled, by its stamp.
    pub(super) fn remember(&self, hash: SecretHash, known: &Arc<Known>) {
        if self.may_remember() {
            let _ = self.holders.try_insert(hash, Arc::clone(known));
        }
    }

    pub(super) fn remember_place(&self, org: OrgId, named: &str, place: (MeshId, bool), ticket: Ticket) {
        if self.may_remember() {
            let _ = self.places.try_insert((org, named.into()), KnownPlace::new(place, ticket));
        }
    }

    pub(super) fn may_remember(&self) -> bool {
        boot() < self.trusted_until() && self.most_keys > 0
    }

    /// Trusts nothing any more.
    pub(super) fn distrust(&self) {
        self.trusted_until.store(Tick::NEVER.nanos(), Ordering::Release);
        self.announced_until.store(Tick::NEVER.nanos(), Ordering::Release);
    }

    /// Voids everything, and every look-up under way; from here on on this server.
    pub(super) fn forget(&self, server: &Server) {
        self.timeline.store(server.timeline().unwrap_or(0), Ordering::Release);
        self.changes.tell_everything();
        self.holders.clear();
        self.places.clear();
        self.declared.clear();
        self.gates.clear();
    }

    /// Applies what has changed.
    pub(super) fn apply(&self, changes: &[Changed]) {
        for change in changes {
            match change {
                Changed::Subject(id) => self.changes.tell(Slot::of(*id)),
                Changed::Everything => self.changes.tell_everything(),
            }
        }
    }

    /// Says what was applied, and by which clock; and, last of all, until when it may be trusted.
    pub(super) fn publish(&self, applied: &Applied, sent: Tick, clock: OffsetDateTime, trust: Trust) {
        self.clock.set(sent, clock);
        self.as_of.store(i64::try_from(clock.unix_timestamp_nanos()).unwrap_or(0), Ordering::Release);
        self.horizon.store(0, Ordering::Release);
        self.server.store(fingerprint(&applied.server.0), Ordering::Release);
        self.horizon.store(applied.snapshot.horizon().0, Ordering::Release);
        self.announced_until.store(trust.announced.nanos(), Ordering::Release);
        if let Some(until) = trust.until {
            self.trusted_until.store(until.nanos(), Ordering::Release);
        }
    }
}

fn fingerprint(text: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
