//! Forward-auth: a gateway shows a key and asks whether it may pass. Where, and for what, is said by the gate, which stands in
//! the gateway's own configuration: nothing that its client sends chooses it. There is no caller to admit here but the key.

use std::{net::IpAddr, sync::Arc, time::Duration};

use super::{
    House, Refusal,
    conclude::Case,
    fresh::{Held, Known},
    meters::Door,
};
use crate::{
    db,
    domain::{
        Capability, Credential, Denial, KeyId, MeshId, OrgId, Owner, Requirement, Secret, SecretHash, TopicName,
        credential::Circumstances, name::Slug,
    },
};

/// How long it may take. Envoy waits for 200 ms, and may be told to let pass then.
const DEADLINE: Duration = Duration::from_millis(150);

/// What is demanded of whoever passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// In which org, by id or slug.
    pub org: String,
    /// In which mesh of it, by id or slug.
    pub mesh: String,
    /// What.
    pub capability: Capability,
    /// On which topic.
    pub topic: Option<TopicName>,
}

/// A key that may pass.
pub struct Passage {
    /// The key.
    pub known: Arc<Known>,
    /// The mesh of the gate.
    pub mesh: MeshId,
}

/// A key that may not pass.
#[derive(Debug)]
pub struct Stop {
    /// The key and its org, as far as they are known: for the log.
    pub who: Option<(KeyId, OrgId)>,
    /// Why.
    pub why: Why,
}

/// Why a key may not pass.
#[derive(Debug)]
pub enum Why {
    /// The secret is not accepted; which reason it is, is for the log alone.
    Token(Denial),
    /// The key is live, and may not do this.
    Denied(Denial),
    /// What the gate demands does not exist.
    NoSuchGate(&'static str),
    /// It could not be decided.
    Undecided(db::Error),
}

/// Judges whether the holder of `secret`, who comes from there, may pass the gate.
pub async fn pass(house: &House, secret: &Secret, from: Option<IpAddr>, gate: &Gate) -> Result<Passage, Stop> {
    let late = || db::Error::Unavailable("it could not be decided in time".to_owned());
    let undecided = |error| Stop { who: None, why: Why::Undecided(error) };
    let judged = tokio::time::timeout(DEADLINE, decide(house, secret.hash(), from, gate)).await;
    judged.unwrap_or_else(|_| Err(undecided(late())))
}

async fn decide(house: &House, hash: SecretHash, from: Option<IpAddr>, gate: &Gate) -> Result<Passage, Stop> {
    let (capability, topic) = (Some(&gate.capability), gate.topic.as_ref());
    let case = Case { door: Door::ForwardAuth, held: None, capability, topic, from, counts: true };
    let stop = |case: Case<'_>, why: Why| {
        if let Why::Token(denial) | Why::Denied(denial) = &why {
            house.refuse(case, denial);
        }
        Stop { who: case.who(), why }
    };
    let held = find(house, hash, &gate.capability).await.map_err(|why| stop(case, why))?;
    let case = if is_home(&held.known.credential, gate) { case } else { case.elsewhere() }.about(&held);
    let judged = judge(house, &held, from, gate).await;
    let allowed = |mesh| house.allow(case).map(|()| mesh).map_err(Why::Denied);
    let mesh = judged.and_then(allowed).map_err(|why| stop(case, why))?;
    Ok(Passage { known: held.known, mesh })
}

/// Who holds it. While the database is out of reach, and for as long as the grace lasts, `send` and `read` go on with what is
/// remembered, as they do for who asks.
async fn find(house: &House, hash: SecretHash, wanted: &Capability) -> Result<Held, Why> {
    match house.fresh.holder(&house.store, hash).await {
        Ok(found) => found.map_err(|_| Why::Token(Denial::UnknownKey)),
        Err(error) => {
            let may_be_graced = matches!(wanted, Capability::Send | Capability::Read);
            let held = house.fresh.holder_in_grace(&hash).filter(|_| may_be_graced).ok_or(Why::Undecided(error))?;
            house.meters.answered_in_grace(1);
            Ok(held)
        }
    }
}

/// The judgement of every door; gives the mesh of the gate.
async fn judge(house: &House, held: &Held, from: Option<IpAddr>, gate: &Gate) -> Result<MeshId, Why> {
    let (credential, now) = (&held.known.credential, held.now);
    credential.ensure_live(now).map_err(Why::Token)?;
    let (mesh, within, is_place_archived) = place(house, credential, gate).await?;
    if within.org() == credential.terms.grant.owner.org() {
        ensure_declared(house, within.org(), &gate.capability).await?;
    }
    let wanted = Requirement { within, capability: gate.capability.clone(), topic: gate.topic.clone() };
    let at = Circumstances { now, from, is_place_archived };
    credential.decide(&wanted, &at).map_err(Why::Denied)?;
    Ok(mesh)
}

async fn ensure_declared(house: &House, org: OrgId, capability: &Capability) -> Result<(), Why> {
    match house.ensure_known(org, capability, String::new).await {
        Err(Refusal::Store(error)) => Err(Why::Undecided(error)),
        known => known.map_err(|_| Why::NoSuchGate("the org has not declared the capability")),
    }
}

/// Whether the gate is of the key's org and, where the key has one, of its mesh.
fn is_home(credential: &Credential, gate: &Gate) -> bool {
    let owner = credential.terms.grant.owner;
    let is_of = |slug: Option<&Slug>, named: &str| slug.is_some_and(|slug| slug.as_str() == named);
    let is_own_org = is_of(Some(&credential.org_slug), &gate.org) || gate.org.parse() == Ok(owner.org());
    let is_own_mesh = |own| is_of(credential.mesh_slug.as_ref(), &gate.mesh) || gate.mesh.parse() == Ok(own);
    is_own_org && owner.mesh().is_none_or(is_own_mesh)
}

/// Where it would happen, and whether that mesh is archived. What the key's owner cannot know of is not looked up: another org,
/// a sibling mesh, and what does not exist are all the same to it.
async fn place(house: &House, credential: &Credential, gate: &Gate) -> Result<(MeshId, Owner, bool), Why> {
    let owner = credential.terms.grant.owner;
    match owner.mesh() {
        Some(mesh) if is_home(credential, gate) => Ok((mesh, owner, credential.is_mesh_archived)),
        None if is_home(credential, gate) => place_of_org(house, owner.org(), &gate.mesh).await,
        _ => {
            let nowhere = MeshId::new();
            Ok((nowhere, Owner::Mesh(OrgId::new(), nowhere), false))
        }
    }
}

async fn place_of_org(house: &House, org: OrgId, named: &str) -> Result<(MeshId, Owner, bool), Why> {
    match house.place(org, named).await {
        Ok(Some((mesh, is_archived))) => Ok((mesh, Owner::Mesh(org, mesh), is_archived)),
        Err(Refusal::Store(error)) => Err(Why::Undecided(error)),
        Ok(None) | Err(_) => Err(Why::NoSuchGate("there is no such mesh in the org")),
    }
}
