//! Authority within a transaction: the caller is held and judged anew, so that who is being revoked, demoted or signed out mints
//! and changes nothing.

use time::OffsetDateTime;

use super::{Admitted, Fault, Refusal, admitted::Who as Caller};
use crate::{
    db::{
        Transaction,
        keys::{self, Dated},
        lookup, meshes, orgs,
        signed_in::{self, Found},
    },
    domain::{AddressList, Grant, Key, KeyId, Org, Owner, Rights, Terms, UserId, member::Who},
};

/// What the caller may do, as it was read just now.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    own: Vec<Grant>,
    bound: Option<Vec<Grant>>,
    /// The caller's key; a person holds none.
    pub(super) key: Option<Key>,
    /// When it was read.
    pub(super) now: OffsetDateTime,
    who: Who,
}

impl Holding {
    /// What it may do.
    pub(super) fn rights(&self) -> Rights<'_> {
        Rights::new(&self.own, self.bound.as_deref())
    }

    /// Who it is, where people are managed.
    pub(super) const fn who(&self) -> Who {
        self.who
    }

    /// Refuses a person who has not shown lately who it is: before it hands out or changes what decides over others.
    pub(super) fn ensure_fresh(&self) -> Result<(), Refusal> {
        match self.who {
            Who::Person { is_fresh: false, .. } => Err(Refusal::NotFresh),
            Who::Person { .. } | Who::Key { .. } => Ok(()),
        }
    }

    /// Refuses a key that is bound in time, place or rate before it lets in an admin, who is bound by nothing and could make keys that
    /// outlive it.
    pub(super) fn ensure_unbound(&self) -> Result<(), Refusal> {
        let Some(key) = &self.key else { return Ok(()) };
        let own = &key.terms;
        if own.outlives(None) && own.addresses.covers(&AddressList::Anywhere) && own.affords(None) {
            return Ok(());
        }
        let detail = "your key has an end, a list of addresses or a rate, and an admin would have none of these: \
                      that takes a person, or a key without";
        Err(Refusal::Exceeds(vec![Fault::at("/role", detail)]))
    }

    /// All that it can hand out to a key of this owner: a person is bound by no address, end or rate.
    pub(super) fn terms_for(&self, owner: Owner) -> Result<Terms, Refusal> {
        if let Some(key) = &self.key {
            return Ok(key.terms.clone());
        }
        let grant = self.rights().grant_for(owner).cloned().ok_or(Refusal::Dead)?;
        Ok(Terms { grant, addresses: AddressList::Anywhere, expires_at: None, rate: None })
    }
}

/// What was found of a caller, looked up just now.
struct Again {
    own: Vec<Grant>,
    bound: Option<Vec<Grant>>,
    now: OffsetDateTime,
    who: Who,
}

/// Judges the caller again, by all that the route demanded: who was admitted some time ago, before its body had arrived or
/// while others held a lock, may have been revoked, narrowed, demoted or suspended since.
pub(super) async fn again(transaction: &Transaction<'_>, by: &Admitted) -> Result<(), Refusal> {
    look(transaction, by).await.map(drop)
}

/// The same, with what the caller may do now.
pub(super) async fn again_with_rights(transaction: &Transaction<'_>, by: &Admitted) -> Result<Holding, Refusal> {
    holding(transaction, by, None).await
}

async fn look(transaction: &Transaction<'_>, by: &Admitted) -> Result<Again, Refusal> {
    match &by.who {
        Caller::Key(_, hash) => {
            let mut looked = lookup::lookup(transaction, &[*hash]).await?;
            let found = looked.found.pop().flatten();
            let mesh = match by.mesh_id() {
                Ok(mesh) => meshes::show(transaction, by.org(), mesh).await?,
                Err(_) => None,
            };
            by.ensure_still(found.as_ref(), looked.now, mesh.is_some_and(|mesh| mesh.archived_at.is_some()))?;
            let found = found.ok_or(Refusal::Dead)?;
            let who = Who::Key { user: found.person.as_ref().map(|person| person.user) };
            let bound = found.person.as_ref().map(|person| person.grants().to_vec());
            Ok(Again { own: vec![found.terms.grant], bound, now: looked.now, who })
        }
        Caller::Person(person, shown) => {
            let org = person.org.to_string();
            let found = match signed_in::find(transaction, shown.hash, &org, shown.lifetimes).await? {
                Found::Member(person) => Some(person),
                Found::Nobody | Found::Stranger(_) => None,
            };
            by.ensure_person_still(found.as_deref())?;
            let found = found.ok_or(Refusal::Dead)?;
            let (is_owner, is_fresh) = (found.is_owner(), found.is_fresh());
            let who = Who::Person { user: found.user, is_owner, is_fresh };
            Ok(Again { own: found.rights().own().to_vec(), bound: None, now: found.now, who })
        }
    }
}

/// The person behind the caller, be it signed in or the one that the key is bound to.
fn person_of(by: &Admitted) -> Option<UserId> {
    match &by.who {
        Caller::Key(known, _) => known.credential.person.as_ref().map(|person| person.user),
        Caller::Person(person, _) => Some(person.user),
    }
}

/// Holds the person behind the caller, if there is one: before any key is locked.
async fn hold_person(transaction: &Transaction<'_>, by: &Admitted) -> Result<(), Refusal> {
    let Some(user) = person_of(by) else { return Ok(()) };
    let session = by.person().map(|person| person.session);
    Ok(signed_in::hold(transaction, by.org(), user, session).await?)
}

/// Holds the org, of which one thing is changed after the other, and then the caller. In this order everywhere: who held a person
/// first and waited for the org would be waited for by who changes that person's part in it.
pub(super) async fn hold_with_org(transaction: &Transaction<'_>, by: &Admitted) -> Result<(Holding, Org), Refusal> {
    let org = orgs::lock(transaction, by.org()).await?.ok_or(Refusal::NotFound)?;
    Ok((hold(transaction, by).await?, org))
}

/// Holds the caller to the end of the transaction, so that it can be neither revoked nor changed meanwhile, and judges it again.
pub(super) async fn hold(transaction: &Transaction<'_>, by: &Admitted) -> Result<Holding, Refusal> {
    hold_person(transaction, by).await?;
    let key = match &by.who {
        Caller::Key(known, _) => {
            let held = keys::lock(transaction, by.org(), known.credential.key).await?.ok_or(Refusal::Dead)?;
            Some(held.key)
        }
        Caller::Person(..) => None,
    };
    holding(transaction, by, key).await
}

/// The same, with other keys: all of them and the caller's own in the order of their ids, so that two who want each other's do not
/// wait in a circle.
pub(super) async fn hold_with_keys(
    transaction: &Transaction<'_>,
    by: &Admitted,
    others: &[KeyId],
) -> Result<Holding, Refusal> {
    hold_person(transaction, by).await?;
    let own = match &by.who {
        Caller::Key(known, _) => Some(known.credential.key),
        Caller::Person(..) => None,
    };
    let all: Vec<KeyId> = others.iter().copied().chain(own).collect();
    keys::lock_all(transaction, by.org(), &all).await?;
    hold(transaction, by).await
}

/// The same, with another person: who removes that one meanwhile waits. People are held in the order of their ids, and before any key.
pub(super) async fn hold_beside(
    transaction: &Transaction<'_>,
    by: &Admitted,
    other: Option<UserId>,
) -> Result<Holding, Refusal> {
    let Some(other) = other else { return hold(transaction, by).await };
    if person_of(by).is_some_and(|own| own < other) {
        hold_person(transaction, by).await?;
    }
    signed_in::hold(transaction, by.org(), other, None).await?;
    hold(transaction, by).await
}

async fn holding(transaction: &Transaction<'_>, by: &Admitted, key: Option<Key>) -> Result<Holding, Refusal> {
    let Again { own, bound, now, who } = look(transaction, by).await?;
    Ok(Holding { own, bound, key, now, who })
}

/// A caller and the key that it manages, both held.
pub(super) struct Managed {
    /// The caller, as it is now.
    pub(super) caller: Holding,
    /// The key in question, as it is now.
    pub(super) subject: Dated,
    /// Whether it is the caller's own: the key itself, or one that is bound to the person.
    pub(super) is_own: bool,
}

impl Managed {
    /// Whether the caller manages by authority, and not only as the holder.
    pub(super) fn is_admin(&self) -> bool {
        self.caller.rights().manages(&self.subject.key.terms.grant)
    }

    /// All that the caller can hand out to a key of the subject's owner.
    pub(super) fn terms(&self) -> Result<Terms, Refusal> {
        self.caller.terms_for(self.subject.key.terms.grant.owner)
    }
}

/// Whether a key is the caller's own: it is the one that it holds, or bound to the person who is signed in. Other keys of the person
/// that a personal key is bound to are not that key's.
pub(super) fn is_own(by: &Admitted, key: &Key) -> bool {
    match &by.who {
        Caller::Key(known, _) => known.credential.key == key.id,
        Caller::Person(person, _) => key.user == Some(person.user),
    }
}

/// Holds the caller and the key in question, keys in the order of their ids, and judges anew. A key that the caller does not cover
/// is not found, but its own is.
pub(super) async fn manage(transaction: &Transaction<'_>, by: &Admitted, id: KeyId) -> Result<Managed, Refusal> {
    hold_person(transaction, by).await?;
    let (key, subject) = match &by.who {
        Caller::Key(known, _) => {
            let (caller, subject) = lock_both(transaction, by, known.credential.key, id).await?;
            (Some(caller.key), subject)
        }
        Caller::Person(..) => (None, keys::lock(transaction, by.org(), id).await?),
    };
    let caller = holding(transaction, by, key).await?;
    let subject = subject.ok_or(Refusal::NotFound)?;
    let is_own = is_own(by, &subject.key);
    if !is_own && !caller.rights().manages(&subject.key.terms.grant) {
        return Err(Refusal::NotFound);
    }
    Ok(Managed { caller, subject, is_own })
}

async fn lock_both(
    transaction: &Transaction<'_>,
    by: &Admitted,
    own: KeyId,
    id: KeyId,
) -> Result<(Dated, Option<Dated>), Refusal> {
    let (org, first, last) = (by.org(), own.min(id), own.max(id));
    let first = keys::lock(transaction, org, first).await?;
    let last = if own == id { first.clone() } else { keys::lock(transaction, org, last).await? };
    let (caller, subject) = if own <= id { (first, last) } else { (last, first) };
    Ok((caller.ok_or(Refusal::Dead)?, subject))
}
