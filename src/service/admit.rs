//! Admission: from a presented secret and what the route demands to a proof, or to the reason for a no.

use std::sync::Arc;

use time::OffsetDateTime;

use super::{
    House, Refusal,
    conclude::Case,
    fresh::{Held, Known},
    meters::Door,
};
use crate::{
    db::{self, meshes},
    domain::{
        Capability, Credential, Denial, Grant, KeyId, Mesh, MeshId, OrgId, Owner, Requirement, Secret, SecretHash,
        TopicName,
        audit::{Actor, Trail},
        credential::Circumstances,
    },
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

/// What a route demands, and the place that the request names.
#[derive(Debug, Clone)]
pub struct Demand<'a> {
    /// The capability; none where any live key will do.
    pub capability: Option<Capability>,
    /// How much of the place.
    pub reach: Reach,
    /// The org, by id or slug; the caller's where none is named.
    pub org: Option<&'a str>,
    /// The mesh, by id or slug.
    pub mesh: Option<&'a str>,
    /// The topic, by name.
    pub topic: Option<&'a str>,
    /// The key that is named, where its holder may do this to it.
    pub own_key: Option<&'a str>,
    /// The key that the caller says it is, where it says so.
    pub claims: Option<&'a str>,
    /// Whether one acts in the mesh here, which an archived one does not allow, or manages it.
    pub acts_in_mesh: bool,
    /// Whether it counts as a use of the key: a dry run and an explanation do not.
    pub counts: bool,
}

/// What was demanded, kept so that it can be judged again.
#[derive(Debug, Clone)]
struct Needs {
    capability: Option<Capability>,
    reach: Reach,
    is_own: bool,
    acts_in_mesh: bool,
}

/// The mesh that a request names.
#[derive(Debug, Clone)]
enum Place {
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
    const fn id(&self) -> MeshId {
        match self {
            Self::Read(mesh) => mesh.id,
            Self::Known { mesh, .. } => *mesh,
        }
    }

    const fn is_archived(&self) -> bool {
        match self {
            Self::Read(mesh) => mesh.archived_at.is_some(),
            Self::Known { is_archived, .. } => *is_archived,
        }
    }
}

/// Proof that a caller was admitted: the only way to one is [`admit`].
#[derive(Clone)]
pub struct Admitted {
    known: Arc<Known>,
    hash: SecretHash,
    needs: Needs,
    place: Option<Place>,
    topic: Option<TopicName>,
    trail: Trail,
}

impl Admitted {
    /// Who it is.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.known.credential
    }

    /// The tenant: every verb acts for this org and no other.
    #[must_use]
    pub fn org(&self) -> OrgId {
        self.credential().terms.grant.owner.org()
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
        Actor::Key(self.credential().key)
    }

    /// Through what it came in, for the audit.
    #[must_use]
    pub const fn trail(&self) -> &Trail {
        &self.trail
    }

    /// The hash of the secret that was presented.
    #[must_use]
    pub(super) const fn hash(&self) -> SecretHash {
        self.hash
    }

    /// Judges again, by what was looked up just now: between admission and a change a body is waited for, and locks.
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
        let mesh = self.place.as_ref().map(Place::id);
        Ok(judge(&credential.terms.grant, &self.needs, mesh, self.topic.as_ref())?)
    }
}

/// Why a caller was not admitted, and who it was, as far as that is known: for the log.
#[derive(Debug)]
pub struct Rejection {
    /// The key that was presented, and its org.
    pub who: Option<(KeyId, OrgId)>,
    /// Why.
    pub why: Why,
}

/// Why a caller was not admitted.
#[derive(Debug)]
pub enum Why {
    /// The secret is not accepted; which reason it is, is for the log alone (G-13).
    Token(Denial),
    /// The key is live, and may not do this.
    Denied(Denial),
    /// The place does not exist for this caller.
    NotFound,
    /// It could not be decided.
    Undecided(db::Error),
}

/// Judges whether the holder of `secret` may do what the route demands, in the order in which [`Denial`] lists the
/// reasons.
pub async fn admit(house: &House, secret: &Secret, demand: &Demand<'_>, trail: Trail) -> Result<Admitted, Rejection> {
    let (hash, from) = (secret.hash(), trail.address);
    let topic: Option<TopicName> = demand.topic.and_then(|named| named.parse().ok());
    let (capability, topic) = (demand.capability.as_ref(), topic.as_ref());
    let case = Case { door: Door::Guard, held: None, capability, topic, from, counts: demand.counts };
    let rejection = |case: Case<'_>, why: Why| {
        if let Why::Token(denial) | Why::Denied(denial) = &why {
            house.refuse(case, denial);
        }
        Rejection { who: case.who(), why }
    };
    let held = find(house, hash, demand).await.map_err(|why| rejection(case, why))?;
    let judged = judge_found(house, hash, &held, demand, topic, trail).await;
    let allowed = |admitted| house.allow(case.about(&held)).map(|()| admitted).map_err(Why::Denied);
    judged.and_then(allowed).map_err(|why| rejection(case.about(&held), why))
}

async fn judge_found(
    house: &House,
    hash: SecretHash,
    Held { known, now, .. }: &Held,
    demand: &Demand<'_>,
    topic: Option<&TopicName>,
    trail: Trail,
) -> Result<Admitted, Why> {
    let credential = &known.credential;
    ensure_claim(credential, demand.claims)?;
    credential.ensure_live(*now).map_err(Why::Token)?;
    let at = Circumstances { now: *now, from: trail.address, is_place_archived: false };
    credential.ensure_usable(&at).map_err(Why::Denied)?;
    ensure_org(credential, demand.org)?;
    let place = match demand.mesh {
        Some(mesh) => Some(place(house, credential, mesh, demand.acts_in_mesh).await?),
        None => None,
    };
    let needs = Needs {
        capability: demand.capability.clone(),
        reach: demand.reach,
        is_own: demand.own_key.is_some_and(|named| named.parse() == Ok(credential.key)),
        acts_in_mesh: demand.acts_in_mesh,
    };
    if needs.acts_in_mesh && place.as_ref().is_some_and(Place::is_archived) {
        return Err(Why::Denied(Denial::MeshArchived));
    }
    judge(&credential.terms.grant, &needs, place.as_ref().map(Place::id), topic).map_err(Why::Denied)?;
    let topic = topic.cloned();
    if topic.is_none() && demand.topic.is_some() {
        return Err(Why::NotFound);
    }
    Ok(Admitted { known: Arc::clone(known), hash, needs, place, topic, trail })
}

/// Who holds it. While the database is out of reach, and for as long as the grace lasts, who may ask about others is admitted
/// by what is remembered: it is asked about `send` and `read` alone then.
async fn find(house: &House, hash: SecretHash, demand: &Demand<'_>) -> Result<Held, Why> {
    match house.fresh.holder(&house.store, hash).await {
        Ok(found) => found.map_err(|_| Why::Token(Denial::UnknownKey)),
        Err(error) => {
            let may_be_graced = demand.capability == Some(Capability::Verify);
            let held = house.fresh.holder_in_grace(&hash).filter(|_| may_be_graced);
            held.ok_or(Why::Undecided(error))
        }
    }
}

/// Who says that it is another key than the one it shows is as unknown as one that nobody holds.
fn ensure_claim(credential: &Credential, claimed: Option<&str>) -> Result<(), Why> {
    let is_true = claimed.is_none_or(|claimed| claimed.parse() == Ok(credential.key));
    if is_true { Ok(()) } else { Err(Why::Token(Denial::UnknownKey)) }
}

/// Another tenant's org is as unknown as one that does not exist.
fn ensure_org(credential: &Credential, named: Option<&str>) -> Result<(), Why> {
    let own = credential.terms.grant.owner.org();
    match named {
        Some(text) if text != credential.org_slug.as_str() && text.parse() != Ok(own) => Err(Why::NotFound),
        _ => Ok(()),
    }
}

/// The mesh that is named: the caller's own, or any of its org. Of a sibling mesh a caller learns nothing. Who only acts in it
/// needs nothing of it that a remembered one lacks.
async fn place(house: &House, credential: &Credential, named: &str, acts: bool) -> Result<Place, Why> {
    let owner = credential.terms.grant.owner;
    if let Some(own) = owner.mesh() {
        let is_own = credential.mesh_slug.as_ref().is_some_and(|slug| slug.as_str() == named)
            || named.parse::<MeshId>() == Ok(own);
        if !is_own {
            return Err(Why::NotFound);
        }
        if acts {
            return Ok(Place::Known { mesh: own, is_archived: credential.is_mesh_archived });
        }
    }
    let found =
        if acts { known_place(house, owner.org(), named).await } else { read_place(house, owner.org(), named).await };
    match found {
        Ok(place) => place.ok_or(Why::NotFound),
        Err(Refusal::Store(error)) => Err(Why::Undecided(error)),
        Err(_) => Err(Why::NotFound),
    }
}

async fn read_place(house: &House, org: OrgId, named: &str) -> Result<Option<Place>, Refusal> {
    let mesh = house.look(org, async |transaction| Ok(meshes::resolve(transaction, org, named).await?)).await?;
    Ok(mesh.map(Place::Read))
}

async fn known_place(house: &House, org: OrgId, named: &str) -> Result<Option<Place>, Refusal> {
    let place = house.place(org, named).await?;
    Ok(place.map(|(mesh, is_archived)| Place::Known { mesh, is_archived }))
}

/// Whether the grant is enough.
fn judge(grant: &Grant, needs: &Needs, mesh: Option<MeshId>, topic: Option<&TopicName>) -> Result<(), Denial> {
    let Some(capability) = needs.capability.clone().filter(|_| !needs.is_own) else { return Ok(()) };
    let org = grant.owner.org();
    let within = Owner::new(org, mesh);
    match needs.reach {
        Reach::Within if grant.capabilities.allows(&capability) => Ok(()),
        Reach::Within => Err(Denial::CapabilityMissing(capability)),
        Reach::Org => grant.permits(&Requirement { within: Owner::Org(org), capability, topic: None }),
        Reach::Mesh => grant.permits(&Requirement { within, capability, topic: None }),
        Reach::Topic => grant.permits(&Requirement { within, capability, topic: topic.cloned() }),
    }
}
