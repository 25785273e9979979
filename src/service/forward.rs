//! Forward-auth: a gateway shows a key and asks whether it may pass. Where, and for what, is said by the gate, which stands in
//! the gateway's own configuration or is stored and named there: nothing that its client sends chooses it. There is no caller
//! to admit here but the key.

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
        self, Capability, Credential, Denial, GateId, KeyId, MeshId, OrgId, Owner, Requirement, Secret, SecretHash,
        TopicName, credential::Circumstances, gate::Unruled, name::Slug, path::CanonicalPath,
    },
};

/// How long it may take. Envoy waits for 200 ms, and may be told to let pass then.
const DEADLINE: Duration = Duration::from_millis(150);

/// What is demanded of whoever passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// This, whatever the request is.
    Inline(Inline),
    /// What the stored gate demands for this request.
    Stored(GateId),
}

/// A gate that stands in the gateway's configuration as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inline {
    /// In which org, by id or slug.
    pub org: String,
    /// In which mesh of it, by id or slug.
    pub mesh: String,
    /// What.
    pub capability: Capability,
    /// On which topic.
    pub topic: Option<TopicName>,
}

/// A request that came to a gateway, as far as that tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its path.
    pub path: CanonicalPath<'a>,
}

/// What a gateway asks.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The gate.
    pub gate: &'a Gate,
    /// The request; none, where the gateway does not tell of it.
    pub told: Option<Told<'a>>,
    /// Whence it came, if that is known.
    pub from: Option<IpAddr>,
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
    /// Whether the gateway can pass on that too much was asked for.
    pub deny_429: bool,
}

/// Why a key may not pass.
#[derive(Debug)]
pub enum Why {
    /// The secret is not accepted; which reason it is, is for the log alone.
    Token(Denial),
    /// The key is live, and may not do this.
    Denied(Denial),
    /// The same, since the org of the key has no such gate: that this is why is for the log alone.
    NoSuchGate(Denial),
    /// What the gate demands does not exist, or the gateway does not tell enough for it.
    Misconfigured(&'static str),
    /// The gate has no rule for the request.
    Unruled(Unruled),
    /// It could not be decided.
    Undecided(db::Error),
}

/// Judges whether the holder of `secret` may pass.
pub async fn pass(house: &House, secret: &Secret, question: Question<'_>) -> Result<Passage, Stop> {
    let late = || Why::Undecided(db::Error::Unavailable("it could not be decided in time".to_owned()));
    let judged = tokio::time::timeout(DEADLINE, decide(house, secret.hash(), question)).await;
    judged.unwrap_or_else(|_| Err(Stop { who: None, why: late(), deny_429: false }))
}

async fn decide(house: &House, hash: SecretHash, question: Question<'_>) -> Result<Passage, Stop> {
    let stop = |case: Case<'_>, why: Why, deny_429| {
        if let Why::Token(denial) | Why::Denied(denial) | Why::NoSuchGate(denial) = &why {
            house.refuse(case, denial);
        }
        Stop { who: case.who(), why, deny_429 }
    };
    let from = question.from;
    let case = Case { door: Door::ForwardAuth, held: None, capability: None, topic: None, from, counts: true };
    let (held, doubt) = find(house, hash).await.map_err(|why| stop(case, why, false))?;
    let (case, credential) = (case.about(&held), &held.known.credential);
    // Whose key is not accepted learns nothing of any gate.
    credential.ensure_live(held.now).map_err(|denial| stop(case, Why::Token(denial), false))?;
    let gate = named(house, credential.terms.grant.owner.org(), question.gate).await;
    let gate = gate.map_err(|why| stop(case, why, false))?;
    let deny_429 = matches!(&gate, Named::Stored(gate) if gate.deny_429);
    let mut demanded = None;
    let judged = judge(house, &held, &gate, question, doubt, &mut demanded).await;
    let wanted = demanded.as_ref().map(|(capability, topic)| (capability, topic.as_ref()));
    let case = Case { capability: wanted.map(|(one, _)| one), topic: wanted.and_then(|(_, topic)| topic), ..case };
    let allowed = |mesh| house.allow(case).map(|()| mesh).map_err(Why::Denied);
    let mesh = judged.and_then(allowed).map_err(|why| stop(case, why, deny_429))?;
    Ok(Passage { known: Arc::clone(&held.known), mesh })
}

/// That the database could not be asked, and that what is said is what is remembered.
type Doubt = Option<db::Error>;

/// Who holds it.
async fn find(house: &House, hash: SecretHash) -> Result<(Held, Doubt), Why> {
    match house.fresh.holder(house.store.asker(), hash).await {
        Ok(found) => found.map(|held| (held, None)).map_err(|_| Why::Token(Denial::UnknownKey)),
        Err(error) => match house.fresh.holder_in_grace(&hash) {
            Some(held) => Ok((held, Some(error))),
            None => Err(Why::Undecided(error)),
        },
    }
}

/// While the database is out of reach, and for as long as the grace lasts, `send` and `read` go on with what is remembered, as
/// they do for who asks.
fn ensure_graced(house: &House, doubt: Doubt, wanted: &Capability) -> Result<(), Why> {
    match doubt {
        None => Ok(()),
        Some(_) if matches!(wanted, Capability::Send | Capability::Read) => {
            house.meters.answered_in_grace(1);
            Ok(())
        }
        Some(error) => Err(Why::Undecided(error)),
    }
}

/// The gate that is named.
enum Named<'a> {
    /// As it stands in the gateway's configuration.
    Inline(&'a Inline),
    /// As the org of the key has it.
    Stored(Arc<domain::Gate>),
    /// The org of the key has none of that id.
    Nowhere,
}

async fn named<'a>(house: &House, org: OrgId, gate: &'a Gate) -> Result<Named<'a>, Why> {
    match gate {
        Gate::Inline(inline) => Ok(Named::Inline(inline)),
        Gate::Stored(id) => match house.gate(org, *id).await {
            Ok(found) => Ok(found.map_or(Named::Nowhere, Named::Stored)),
            Err(Refusal::Store(error)) => Err(Why::Undecided(error)),
            Err(_) => Err(Why::Misconfigured("the gate cannot be read")),
        },
    }
}

/// The judgement of every door; gives the mesh of the gate. What was demanded is put down as soon as it is known: of a gate that
/// is not where the key acts, it never is.
async fn judge(
    house: &House,
    held: &Held,
    gate: &Named<'_>,
    question: Question<'_>,
    doubt: Doubt,
    wanted: &mut Option<(Capability, Option<TopicName>)>,
) -> Result<MeshId, Why> {
    let credential = &held.known.credential;
    let at = |is_place_archived| Circumstances { now: held.now, from: question.from, is_place_archived };
    let Some((mesh, is_archived)) = place(house, credential, gate).await? else {
        let denial = elsewhere(credential, &at(false));
        return Err(if matches!(gate, Named::Nowhere) { Why::NoSuchGate(denial) } else { Why::Denied(denial) });
    };
    let org = credential.terms.grant.owner.org();
    let (capability, topic) = wanted.insert(demanded(credential, gate, question.told, &at(is_archived))?).clone();
    ensure_graced(house, doubt, &capability)?;
    ensure_declared(house, org, &capability).await?;
    let wanted = Requirement { within: Owner::Mesh(org, mesh), capability, topic };
    credential.decide(&wanted, &at(is_archived)).map_err(Why::Denied)?;
    Ok(mesh)
}

/// What a key is told at a gate that is not where it acts: the same, whatever else the gate is, and whether it is there or not.
fn elsewhere(credential: &Credential, at: &Circumstances) -> Denial {
    let within = Owner::Mesh(OrgId::new(), MeshId::new());
    let wanted = Requirement { within, capability: Capability::Read, topic: None };
    credential.decide(&wanted, at).err().unwrap_or(Denial::WrongMesh)
}

/// What the gate demands for the request. Who may not be here at all is told so before it is looked at.
fn demanded(
    credential: &Credential,
    gate: &Named<'_>,
    told: Option<Told<'_>>,
    at: &Circumstances,
) -> Result<(Capability, Option<TopicName>), Why> {
    match gate {
        Named::Inline(gate) => Ok((gate.capability.clone(), gate.topic.clone())),
        Named::Stored(gate) => {
            credential.ensure_usable(at).map_err(Why::Denied)?;
            let told =
                told.ok_or(Why::Misconfigured("the dialect does not tell of the request, and a stored gate needs it"))?;
            gate.demands(told.method, told.path).map_err(Why::Unruled)
        }
        Named::Nowhere => Err(Why::Denied(Denial::WrongMesh)),
    }
}

async fn ensure_declared(house: &House, org: OrgId, capability: &Capability) -> Result<(), Why> {
    match house.ensure_known(org, capability, String::new).await {
        Err(Refusal::Store(error)) => Err(Why::Undecided(error)),
        known => known.map_err(|_| Why::Misconfigured("the org has not declared the capability")),
    }
}

/// The mesh of the gate, and whether it is archived; none where the key does not act. What the key's owner cannot know of is
/// not looked up: another org, a sibling mesh, and what does not exist are all the same to it.
async fn place(house: &House, credential: &Credential, gate: &Named<'_>) -> Result<Option<(MeshId, bool)>, Why> {
    let owner = credential.terms.grant.owner;
    let is_of = |slug: Option<&Slug>, named: &str| slug.is_some_and(|slug| slug.as_str() == named);
    let (is_own_org, named) = match gate {
        Named::Inline(Inline { org, mesh, .. }) => {
            (is_of(Some(&credential.org_slug), org) || org.parse() == Ok(owner.org()), mesh.clone())
        }
        Named::Stored(gate) => (gate.org == owner.org(), gate.mesh.to_string()),
        Named::Nowhere => return Ok(None),
    };
    let is_own_mesh = |own| is_of(credential.mesh_slug.as_ref(), &named) || named.parse() == Ok(own);
    match owner.mesh() {
        Some(mesh) if is_own_org && is_own_mesh(mesh) => Ok(Some((mesh, credential.is_mesh_archived))),
        None if is_own_org => place_of_org(house, owner.org(), &named).await.map(Some),
        _ => Ok(None),
    }
}

async fn place_of_org(house: &House, org: OrgId, named: &str) -> Result<(MeshId, bool), Why> {
    match house.place(org, named).await {
        Ok(Some(place)) => Ok(place),
        Err(Refusal::Store(error)) => Err(Why::Undecided(error)),
        Ok(None) | Err(_) => Err(Why::Misconfigured("there is no such mesh in the org")),
    }
}
