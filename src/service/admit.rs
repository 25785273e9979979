//! Admission: from a presented secret and what the route demands to a proof, or to the reason for a no.

use super::{House, Refusal, house::in_time};
use crate::{
    db::{self, lookup::Found, meshes},
    domain::{
        Capability, Credential, Denial, Grant, KeyId, Mesh, MeshId, OrgId, Owner, Requirement, Secret, SecretHash,
        TopicName,
        audit::{Actor, Trail},
        credential::Circumstances,
        key::Use,
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
    /// Whether one acts in the mesh here, which an archived one does not allow, or manages it.
    pub acts_in_mesh: bool,
}

/// What was demanded, kept so that it can be judged again.
#[derive(Debug, Clone)]
struct Needs {
    capability: Option<Capability>,
    reach: Reach,
    is_own: bool,
    acts_in_mesh: bool,
}

/// Proof that a caller was admitted: the only way to one is [`admit`].
#[derive(Clone)]
pub struct Admitted {
    credential: Credential,
    hash: SecretHash,
    needs: Needs,
    mesh: Option<Mesh>,
    topic: Option<TopicName>,
    trail: Trail,
}

impl Admitted {
    /// Who it is.
    #[must_use]
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The tenant: every verb acts for this org and no other.
    #[must_use]
    pub const fn org(&self) -> OrgId {
        self.credential.terms.grant.owner.org()
    }

    /// The mesh that the request names.
    pub fn mesh(&self) -> Result<&Mesh, Refusal> {
        self.mesh.as_ref().ok_or(Refusal::Impossible("a verb about a mesh on a route without one"))
    }

    /// The id of the mesh that the request names.
    pub fn mesh_id(&self) -> Result<MeshId, Refusal> {
        self.mesh().map(|mesh| mesh.id)
    }

    /// The topic that the request names.
    pub fn topic(&self) -> Result<&TopicName, Refusal> {
        self.topic.as_ref().ok_or(Refusal::Impossible("a verb about a topic on a route without one"))
    }

    /// Who it is, for the audit.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        Actor::Key(self.credential.key)
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
    pub(super) fn ensure_still(&self, found: Option<&Found>, mesh: Option<&Mesh>) -> Result<(), Refusal> {
        let Found { credential, now } = found.ok_or(Refusal::Dead)?;
        credential.ensure_live(*now).map_err(|_| Refusal::Dead)?;
        let is_place_archived = self.needs.acts_in_mesh && mesh.is_some_and(|mesh| mesh.archived_at.is_some());
        credential.ensure_usable(&Circumstances { now: *now, from: self.trail.address, is_place_archived })?;
        let mesh = self.mesh.as_ref().map(|mesh| mesh.id);
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
    let found = find(house, secret).await.map_err(|why| Rejection { who: None, why })?;
    let who = Some((found.credential.key, found.credential.terms.grant.owner.org()));
    judge_found(house, secret, found, demand, trail).await.map_err(|why| Rejection { who, why })
}

async fn judge_found(
    house: &House,
    secret: &Secret,
    found: Found,
    demand: &Demand<'_>,
    trail: Trail,
) -> Result<Admitted, Why> {
    let Found { credential, now } = found;
    credential.ensure_live(now).map_err(Why::Token)?;
    let at = Circumstances { now, from: trail.address, is_place_archived: false };
    credential.ensure_usable(&at).map_err(Why::Denied)?;
    ensure_org(&credential, demand.org)?;
    let mesh = match demand.mesh {
        Some(mesh) => Some(place(house, &credential, mesh).await?),
        None => None,
    };
    let needs = Needs {
        capability: demand.capability.clone(),
        reach: demand.reach,
        is_own: demand.own_key.is_some_and(|named| named.parse() == Ok(credential.key)),
        acts_in_mesh: demand.acts_in_mesh,
    };
    if needs.acts_in_mesh && mesh.as_ref().is_some_and(|mesh| mesh.archived_at.is_some()) {
        return Err(Why::Denied(Denial::MeshArchived));
    }
    let topic = demand.topic.map(str::parse::<TopicName>).transpose();
    let named = topic.as_ref().ok().and_then(Option::as_ref);
    let grant = &credential.terms.grant;
    judge(grant, &needs, mesh.as_ref().map(|mesh| mesh.id), named).map_err(Why::Denied)?;
    let topic = topic.map_err(|_| Why::NotFound)?;
    house.uses.note(&credential, Use { at: now, from: trail.address });
    Ok(Admitted { credential, hash: secret.hash(), needs, mesh, topic, trail })
}

async fn find(house: &House, secret: &Secret) -> Result<Found, Why> {
    let look_up = house.store.ask(async |client| db::lookup::lookup(client, &[secret.hash()]).await);
    let found = in_time(look_up).await.map_err(Why::Undecided)?.pop().flatten();
    found.ok_or(Why::Token(Denial::UnknownKey))
}

/// Another tenant's org is as unknown as one that does not exist.
fn ensure_org(credential: &Credential, named: Option<&str>) -> Result<(), Why> {
    let own = credential.terms.grant.owner.org();
    match named {
        Some(text) if text != credential.org_slug.as_str() && text.parse() != Ok(own) => Err(Why::NotFound),
        _ => Ok(()),
    }
}

/// The mesh that is named: the caller's own, or any of its org. Of a sibling mesh a caller learns nothing.
async fn place(house: &House, credential: &Credential, named: &str) -> Result<Mesh, Why> {
    let org = credential.terms.grant.owner.org();
    let own = credential.terms.grant.owner.mesh();
    let is_own = own.is_some() && credential.mesh_slug.as_ref().is_some_and(|slug| slug.as_str() == named)
        || named.parse::<MeshId>().ok().is_some_and(|id| own == Some(id));
    if own.is_some() && !is_own {
        return Err(Why::NotFound);
    }
    let found = house.look(org, async |transaction| Ok(meshes::resolve(transaction, org, named).await?)).await;
    match found {
        Ok(mesh) => mesh.ok_or(Why::NotFound),
        Err(Refusal::Store(error)) => Err(Why::Undecided(error)),
        Err(_) => Err(Why::NotFound),
    }
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
