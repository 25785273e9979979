//! Admission: from a presented secret and what the route demands to a proof, or to the reason for a no.

use std::sync::Arc;

use super::{
    Admitted, House, Reach, Refusal,
    admitted::{Needs, Place, Who},
    conclude::Case,
    fresh::Held,
    meters::Door,
};
use crate::{
    db::{self, meshes},
    domain::{
        Capability, Credential, Denial, MeshId, OrgId, Secret, SecretHash, Slug, TopicName,
        audit::{ActorId, Trail},
        credential::Circumstances,
    },
};

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
    /// The person that is named, where that person may do this to itself.
    pub own_user: Option<&'a str>,
    /// The key that the caller says it is, where it says so.
    pub claims: Option<&'a str>,
    /// Whether one acts in the mesh here, which an archived one does not allow, or manages it.
    pub acts_in_mesh: bool,
    /// Whether it counts as a use of the key: a dry run and an explanation do not.
    pub counts: bool,
}

/// Why a caller was not admitted, and who it was, as far as that is known: for the log.
#[derive(Debug)]
pub struct Rejection {
    /// The key that was presented or the person who is signed in, and the org.
    pub who: Option<(ActorId, OrgId)>,
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
    /// The session has ended, or there never was one.
    SignedOut,
    /// The person is in several orgs, or in none, and has not said for which it acts.
    WhichOrg(Vec<Slug>),
    /// It could not be decided.
    Undecided(db::Error),
}

/// Judges whether the holder of `secret` may do what the route demands, in the order in which [`Denial`] lists the
/// reasons.
pub async fn admit(house: &House, secret: &Secret, demand: &Demand<'_>, trail: Trail) -> Result<Admitted, Rejection> {
    admit_holder(house, secret.hash(), demand, trail).await
}

/// The same by the hash of a secret that was shown before: on a socket, where each request is judged like any other.
pub async fn admit_holder(
    house: &House,
    hash: SecretHash,
    demand: &Demand<'_>,
    trail: Trail,
) -> Result<Admitted, Rejection> {
    let from = trail.address;
    let topic: Option<TopicName> = demand.topic.and_then(|named| named.parse().ok());
    let (capability, counts) = (demand.capability.as_ref(), demand.counts);
    let case = Case { door: Door::Guard, held: None, capability, topic: topic.as_ref(), from, counts };
    let rejection = |case: Case<'_>, why: Why| {
        if let Why::Token(denial) | Why::Denied(denial) = &why {
            house.refuse(case, denial);
        }
        Rejection { who: case.who().map(|(key, org)| (ActorId::Key(key), org)), why }
    };
    let held = find(house, hash, demand).await.map_err(|why| rejection(case, why))?;
    let judged = judge_found(house, hash, &held, demand, topic.as_ref(), trail).await;
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
    let who = Who::Key(Arc::clone(known), hash);
    Admitted { who, needs, place, topic: topic.cloned(), trail }.judged(demand.topic.is_some())
}

/// Who holds it. While the database is out of reach, and for as long as the grace lasts, who may ask about others is admitted
/// by what is remembered: it is asked about `send` and `read` alone then.
async fn find(house: &House, hash: SecretHash, demand: &Demand<'_>) -> Result<Held, Why> {
    match house.fresh.holder(house.store.asker(), hash).await {
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
    let org = owner.org();
    let found = if acts { known_place(house, org, named).await } else { read_place(house, org, named).await };
    match found {
        Ok(place) => place.ok_or(Why::NotFound),
        Err(Refusal::Store(error)) => Err(Why::Undecided(error)),
        Err(_) => Err(Why::NotFound),
    }
}

pub(super) async fn read_place(house: &House, org: OrgId, named: &str) -> Result<Option<Place>, Refusal> {
    let mesh = house.look(org, async |transaction| Ok(meshes::resolve(transaction, org, named).await?)).await?;
    Ok(mesh.map(Place::Read))
}

async fn known_place(house: &House, org: OrgId, named: &str) -> Result<Option<Place>, Refusal> {
    let place = house.place(org, named).await?;
    Ok(place.map(|(mesh, is_archived)| Place::Known { mesh, is_archived }))
}
