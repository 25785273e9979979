//! What is remembered: holders of secrets, meshes by name, gates, and the capabilities that orgs have declared.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    time::Duration,
};

use super::{
    boot,
    changes::{Slot, Ticket},
    limits::Limit,
    memory::{Memory, Named},
};
use crate::domain::{
    Credential, Gate, GateId, MeshId, OrgId,
    capability::DeclaredName,
    rate::{Exceeded, Left},
    usage::{Happening, Tally},
};

/// The holder of a secret, as it was read.
pub struct Known {
    /// All that decides over it.
    pub credential: Credential,
    pub(super) stamp: Ticket,
    pub(super) slots: [Slot; 4],
    /// What is not yet written down. Most keys have nothing of it most of the time.
    noted: Mutex<Option<Box<Tally>>>,
    limit: Option<Limit>,
}

impl Known {
    pub(super) fn new(credential: Credential, stamp: Ticket, limit: Option<Limit>) -> Self {
        let owner = credential.terms.grant.owner;
        let (key, org) = (Slot::of(credential.key.uuid()), Slot::of(owner.org().uuid()));
        let mesh = owner.mesh().map_or(org, |mesh| Slot::of(mesh.uuid()));
        let person = credential.person.as_ref().map_or(org, |person| Slot::of(person.user.uuid()));
        Self { credential, stamp, slots: [key, org, mesh, person], noted: Mutex::new(None), limit }
    }

    /// Takes one use from its rate, if it has one.
    pub(in crate::service) fn take(&self) -> Result<(), Exceeded> {
        self.limit.as_ref().map_or(Ok(()), |limit| limit.take(boot()))
    }

    /// What is left of its rate, if it has one.
    pub(in crate::service) fn left(&self) -> Option<Left> {
        self.limit.as_ref().map(|limit| limit.left(boot()))
    }

    /// Notes a decision. Who finds another at it does not wait.
    pub(in crate::service) fn note(&self, what: &Happening<'_>) -> Noted {
        let mut noted = match self.noted.try_lock() {
            Ok(noted) => noted,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Noted::Busy,
        };
        let is_first = noted.is_none();
        noted.get_or_insert_default().add(what);
        if is_first { Noted::First } else { Noted::Again }
    }

    /// Notes what was noted elsewhere, or could not be written down; tells whether it is the first.
    pub(in crate::service) fn note_all(&self, tally: Box<Tally>) -> Noted {
        let mut noted = self.noted();
        if let Some(known) = &mut *noted {
            known.merge(*tally);
            return Noted::Again;
        }
        *noted = Some(tally);
        Noted::First
    }

    /// What was noted since this was last asked.
    pub(in crate::service) fn take_noted(&self) -> Option<Box<Tally>> {
        self.noted().take()
    }

    /// Whether something was noted, which stays.
    pub(in crate::service) fn has_noted(&self) -> bool {
        self.noted().is_some()
    }

    /// Whether a use was noted, and not only denials.
    pub(in crate::service) fn has_use(&self) -> bool {
        self.noted().as_ref().is_some_and(|tally| tally.last.is_some())
    }

    fn noted(&self) -> MutexGuard<'_, Option<Box<Tally>>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) enum Noted {
    /// It is the first since what was noted was taken.
    First,
    /// It is one more.
    Again,
    /// Somebody else is at it.
    Busy,
}

/// A mesh by its name or id, as it was read: what never changes of it, and whether it is archived.
#[derive(Debug, Clone, Copy)]
pub struct KnownPlace {
    /// Which mesh.
    pub mesh: MeshId,
    /// Whether it is archived.
    pub is_archived: bool,
    pub(super) stamp: Ticket,
    pub(super) slot: Slot,
}

impl KnownPlace {
    pub(super) const fn new((mesh, is_archived): (MeshId, bool), stamp: Ticket) -> Self {
        Self { mesh, is_archived, stamp, slot: Slot::of(mesh.uuid()) }
    }
}

/// A capability that an org has declared.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownDeclared {
    stamp: Ticket,
    slot: Slot,
}

/// A gate of an org.
#[derive(Debug, Clone)]
pub(super) struct KnownGate {
    gate: Arc<Gate>,
    stamp: Ticket,
    slot: Slot,
}

impl Memory {
    /// The gate of that org with that id, if it is remembered and may be trusted.
    pub(in crate::service) fn gate(&self, org: OrgId, id: GateId) -> Option<Arc<Gate>> {
        self.gate_within(Duration::ZERO, org, id)
    }

    /// The same while the database is out of reach, for as long as the grace lasts.
    pub(in crate::service) fn gate_in_grace(&self, org: OrgId, id: GateId) -> Option<Arc<Gate>> {
        self.gate_within(self.bound().grace(), org, id)
    }

    fn gate_within(&self, beyond: Duration, org: OrgId, id: GateId) -> Option<Arc<Gate>> {
        let is_current = |known: &KnownGate| self.changes.none_since(known.stamp, &[known.slot]);
        let read = || self.gates.try_get(&(org, id)).ok().flatten().filter(is_current);
        Some(Arc::clone(&self.recall(beyond, read)?.what.gate))
    }

    /// Remembers it under its org: what is one org's is found by no other.
    pub(super) fn remember_gate(&self, gate: &Arc<Gate>, stamp: Ticket) {
        if self.may_remember() {
            let known = KnownGate { gate: Arc::clone(gate), stamp, slot: Slot::of(gate.org.uuid()) };
            let _ = self.gates.try_insert((gate.org, gate.id), known);
        }
    }

    /// Whether it is remembered that the org has declared this, and may be trusted.
    pub(in crate::service) fn declares(&self, org: OrgId, name: &DeclaredName) -> bool {
        self.declares_within(Duration::ZERO, org, name)
    }

    /// The same while the database is out of reach, for as long as the grace lasts.
    pub(in crate::service) fn declares_in_grace(&self, org: OrgId, name: &DeclaredName) -> bool {
        self.declares_within(self.bound().grace(), org, name)
    }

    fn declares_within(&self, beyond: Duration, org: OrgId, name: &DeclaredName) -> bool {
        let is_current = |known: &KnownDeclared| self.changes.none_since(known.stamp, &[known.slot]);
        let named = Named(org, name.as_str());
        self.recall(beyond, || self.declared.try_get(&named).ok().flatten().filter(is_current)).is_some()
    }

    pub(super) fn remember_declared(&self, org: OrgId, name: &DeclaredName, stamp: Ticket) {
        if self.may_remember() {
            let known = KnownDeclared { stamp, slot: Slot::of(org.uuid()) };
            let _ = self.declared.try_insert((org, name.as_str().into()), known);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use prometheus_client::registry::Registry;
    use time::OffsetDateTime;

    use super::*;
    use crate::{
        domain::{
            AddressList, Capability, CapabilitySet, Grant, KeyId, Owner, Terms, TopicScope, key::Use, usage::Door,
        },
        service::{fresh::changes::Changes, meters::Meters, uses::Uses},
    };

    fn credential() -> Credential {
        let capabilities = CapabilitySet::new([Capability::Send]).unwrap();
        let grant = Grant { owner: Owner::Org(OrgId::new()), capabilities, topics: TopicScope::Everywhere };
        Credential {
            key: KeyId::new(),
            label: "ci".parse().unwrap(),
            terms: Terms { grant, addresses: AddressList::Anywhere, expires_at: None, rate: None },
            secret: 1,
            newest_secret: 1,
            secret_dies_at: None,
            is_revoked: false,
            is_disabled: false,
            org_slug: "acme".parse().unwrap(),
            is_org_suspended: false,
            mesh_slug: None,
            is_mesh_archived: false,
            person: None,
        }
    }

    #[test]
    fn to_note_what_was_noted_before_allocates_nothing() {
        let (known, uses) =
            (Arc::new(Known::new(credential(), Changes::new().ticket(), None)), Uses::new(Arc::default()));
        let topic = "deploys".parse().unwrap();
        let note = |denial| {
            let last = Use { at: OffsetDateTime::UNIX_EPOCH, from: Some(std::net::IpAddr::from([192, 0, 2, 1])) };
            let (door, capability) = (Door::Guard, Some(&Capability::Send));
            uses.note(&known, &Happening { door, capability, topic: Some(&topic), used: last, denial, counts: true });
        };
        let both = || [None, Some("revoked")].into_iter().for_each(note);
        both();
        assert_eq!(allocation_counter::measure(both).count_total, 0);
        assert_eq!(uses.take()[0].1.count(), 4);
    }

    #[test]
    fn what_there_is_no_room_for_is_told_of() {
        let meters = Arc::<Meters>::default();
        let (uses, credential, changes) = (Uses::new(Arc::clone(&meters)), credential(), Changes::new());
        let last = Use { at: OffsetDateTime::UNIX_EPOCH, from: None };
        let (door, topic, denial) = (Door::Guard, None, None);
        let what = Happening { door, capability: None, topic, used: last, denial, counts: true };
        let mut first = None;
        for _ in 0..100_003 {
            let known = Arc::new(Known::new(credential.clone(), changes.ticket(), None));
            uses.note(&known, &what);
            first.get_or_insert(known);
        }
        // Of whom something waits already, the next counts.
        uses.note(&first.unwrap(), &what);
        let mut registry = Registry::default();
        meters.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        assert!(text.contains("\nuses_dropped_total 3\n"), "{text}");
        assert_eq!(uses.take().iter().map(|(_, tally)| tally.count()).sum::<u64>(), 100_001);
    }

    /// However many note uses of one secret at once, and while what was noted is taken: each counts once.
    #[test]
    fn nobody_who_notes_a_use_waits_and_none_is_lost() {
        const EACH: u64 = 20_000;
        let known = Arc::new(Known::new(credential(), Changes::new().ticket(), None));
        let uses = Uses::new(Arc::default());
        let taken = || uses.take().iter().map(|(_, tally)| tally.count()).sum::<u64>();
        let note = || {
            let last = Use { at: OffsetDateTime::UNIX_EPOCH, from: None };
            let (door, capability) = (Door::Verify, Some(&Capability::Send));
            let what = Happening { door, capability, topic: None, used: last, denial: None, counts: true };
            (0..EACH).for_each(|_| uses.note(&known, &what));
        };
        let seen = std::thread::scope(|scope| {
            let notes = [(); 4].map(|()| scope.spawn(note));
            let mut seen = 0;
            while notes.iter().any(|one| !one.is_finished()) {
                seen += taken();
            }
            seen
        });
        assert_eq!(seen + taken(), 4 * EACH);
    }
}
