//! Proof that somebody was admitted, be it the holder of a key or a person who is signed in.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Refusal, Why, fresh::Known};
use crate::domain::{
    Capability, Credential, Denial, Mesh, MeshId, OrgId, Owner, Requirement, Rights, SecretHash, SessionHash, Slug,
    TopicName,
    audit::{Actor, Trail},
    credential::Circumstances,
    person::SignedIn,
    rate::Left,
    session::Lifetimes,
};

/// How much of the place a grant must reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The capability is enough, anywhere in the org; the verb judges the rest.
    Within,
    /// The whole org.
    Org,
    /// The whole mesh that is named.
    Mesh,
    /// The topic that is named.
    Topic,
}

/// What was demanded, kept so that it can be judged again.
#[derive(Debug, Clone)]
pub(super) struct Needs {
    pub(super) capability: Option<Capability>,
    pub(super) reach: Reach,
    pub(super) is_own: bool,
    pub(super) acts_in_mesh: bool,
}

/// The mesh that a request names.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// Read just now: for who manages it.
    Read(Mesh),
    /// Perhaps remembered: for who acts in it.
    Known {
        /// Which one.
        mesh: MeshId,
        /// Whether it is archived.
        is_archived: bool,
    },
}

impl Place {
    pub(super) const fn id(&self) -> MeshId {
        match self {
            Self::Read(mesh) => mesh.id,
            Self::Known { mesh, .. } => *mesh,
        }
    }

    pub(super) const fn is_archived(&self) -> bool {
        match self {
            Self::Read(mesh) => mesh.archived_at.is_some(),
            Self::Known { is_archived, .. } => *is_archived,
        }
    }
}

/// Who was admitted.
#[derive(Clone)]
pub(super) enum Who {
    /// The holder of a key.
    Key(Arc<Known>, SecretHash),
    /// A person who is signed in.
    Person(Arc<SignedIn>, Shown),
}

/// The session that was shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// The hash of its secret.
    pub(super) hash: SessionHash,
    /// How long sessions last.
    pub(super) lifetimes: Lifetimes,
}

/// Proof that a caller was admitted: the only ways to one are [`super::admit()`] and [`super::admit_person()`].
#[derive(Clone)]
pub struct Admitted {
    pub(super) who: Who,
    pub(super) needs: Needs,
    pub(super) place: Option<Place>,
    pub(super) topic: Option<TopicName>,
    pub(super) trail: Trail,
}

impl Admitted {
    /// The key that the caller holds. A person holds none: it is for routes that take none.
    pub fn credential(&self) -> Result<&Credential, Refusal> {
        match &self.who {
            Who::Key(known, _) => Ok(&known.credential),
            Who::Person(..) => Err(Refusal::Impossible("a verb for keys on a route for people")),
        }
    }

    /// The hash of the secret that was presented.
    pub(super) fn hash(&self) -> Result<SecretHash, Refusal> {
        match &self.who {
            Who::Key(_, hash) => Ok(*hash),
            Who::Person(..) => Err(Refusal::Impossible("a verb for keys on a route for people")),
        }
    }

    /// The person who is signed in, where it is no key.
    #[must_use]
    pub fn person(&self) -> Option<&SignedIn> {
        match &self.who {
            Who::Key(..) => None,
            Who::Person(person, _) => Some(person),
        }
    }

    /// What the caller may do.
    #[must_use]
    pub fn rights(&self) -> Rights<'_> {
        match &self.who {
            Who::Key(known, _) => known.credential.rights(),
            Who::Person(person, _) => person.rights(),
        }
    }

    /// The tenant: every verb acts for this org and no other.
    #[must_use]
    pub fn org(&self) -> OrgId {
        match &self.who {
            Who::Key(known, _) => known.credential.terms.grant.owner.org(),
            Who::Person(person, _) => person.org,
        }
    }

    /// The slug of that org.
    #[must_use]
    pub fn org_slug(&self) -> &Slug {
        match &self.who {
            Who::Key(known, _) => &known.credential.org_slug,
            Who::Person(person, _) => &person.org_slug,
        }
    }

    /// What is left of its rate, if it has one.
    #[must_use]
    pub fn left(&self) -> Option<Left> {
        match &self.who {
            Who::Key(known, _) => known.left(),
            Who::Person(..) => None,
        }
    }

    /// The mesh that the request names, for who manages it.
    pub fn mesh(&self) -> Result<&Mesh, Refusal> {
        match &self.place {
            Some(Place::Read(mesh)) => Ok(mesh),
            _ => Err(Refusal::Impossible("a verb about a mesh on a route that manages none")),
        }
    }

    /// The id of the mesh that the request names.
    pub fn mesh_id(&self) -> Result<MeshId, Refusal> {
        let place = self.place.as_ref().map(Place::id);
        place.ok_or(Refusal::Impossible("a verb about a mesh on a route without one"))
    }

    /// The topic that the request names.
    pub fn topic(&self) -> Result<&TopicName, Refusal> {
        self.topic.as_ref().ok_or(Refusal::Impossible("a verb about a topic on a route without one"))
    }

    /// Who it is, for the audit.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match &self.who {
            Who::Key(known, _) => Actor::Key(known.credential.key),
            Who::Person(person, _) => Actor::User(person.user),
        }
    }

    /// Who it is, for what is kept under a caller: no two ids are the same.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match &self.who {
            Who::Key(known, _) => known.credential.key.uuid(),
            Who::Person(person, _) => person.user.uuid(),
        }
    }

    /// Through what it came in, for the audit.
    #[must_use]
    pub const fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Judges a key again, by what was looked up just now: between admission and a change a body is waited for, and locks.
    pub(super) fn ensure_still(
        &self,
        found: Option<&Credential>,
        now: OffsetDateTime,
        is_archived: bool,
    ) -> Result<(), Refusal> {
        let credential = found.ok_or(Refusal::Dead)?;
        credential.ensure_live(now).map_err(|_| Refusal::Dead)?;
        let is_place_archived = self.needs.acts_in_mesh && is_archived;
        credential.ensure_usable(&Circumstances { now, from: self.trail.address, is_place_archived })?;
        Ok(self.judge_again(credential.rights())?)
    }

    /// The same for a person.
    pub(super) fn ensure_person_still(&self, found: Option<&SignedIn>) -> Result<(), Refusal> {
        let person = found.ok_or(Refusal::Dead)?;
        if person.is_org_suspended {
            return Err(Denial::OrgSuspended.into());
        }
        Ok(self.judge_again(person.rights())?)
    }

    /// The end of every admission: the rights decide, and then whether there could be such a topic at all.
    pub(super) fn judged(self, names_topic: bool) -> Result<Self, Why> {
        self.judge_again(self.rights()).map_err(Why::Denied)?;
        if names_topic && self.topic.is_none() { Err(Why::NotFound) } else { Ok(self) }
    }

    fn judge_again(&self, rights: Rights<'_>) -> Result<(), Denial> {
        let place = self.place.as_ref().map(Place::id);
        judge(rights, self.org(), &self.needs, place, self.topic.as_ref())
    }
}

/// Whether the rights are enough.
fn judge(
    rights: Rights<'_>,
    org: OrgId,
    needs: &Needs,
    mesh: Option<MeshId>,
    topic: Option<&TopicName>,
) -> Result<(), Denial> {
    let Some(capability) = needs.capability.clone().filter(|_| !needs.is_own) else { return Ok(()) };
    let within = Owner::new(org, mesh);
    match needs.reach {
        Reach::Within if rights.allows(&capability) => Ok(()),
        Reach::Within if rights.own().iter().any(|grant| grant.capabilities.allows(&capability)) => {
            Err(Denial::UserNotAllowed)
        }
        Reach::Within => Err(Denial::CapabilityMissing(capability)),
        Reach::Org => rights.permits(&Requirement { within: Owner::Org(org), capability, topic: None }),
        Reach::Mesh => rights.permits(&Requirement { within, capability, topic: None }),
        Reach::Topic => rights.permits(&Requirement { within, capability, topic: topic.cloned() }),
    }
}
