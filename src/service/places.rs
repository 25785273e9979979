//! Places: what keys do at a mesh and its topics, and whom it would hit to archive one. Told to who covers the keys, and of those alone.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use super::{Admitted, House, Refusal};
use crate::{
    db::{
        Transaction, access as db,
        keys::Dated,
        meshes::{self, InMesh},
        topics,
    },
    domain::{Capability, KeyId, MeshId, Owner, Requirement, Status, Topic, TopicName, access::access},
};

/// How many keys of a mesh are looked at, at most.
const MOST_KEYS: usize = 5_000;
const BATCH: i64 = 201;
/// How many topics of an org are looked at, at most.
const MOST_TOPICS: usize = 10_000;
/// The keys that work.
const WORKING: [Status; 2] = [Status::Rotating, Status::Active];
/// Those that could be used, now or once they are enabled.
const ALIVE: [Status; 3] = [Status::Disabled, Status::Rotating, Status::Active];
/// Since when a use is a late one.
pub const LATELY: Duration = Duration::DAY;

/// How many keys may do what on a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Send to it.
    pub send: usize,
    /// Read it.
    pub read: usize,
    /// Change its state.
    pub state_write: usize,
}

/// The same for several topics.
#[derive(Debug, Default)]
pub struct ByTopic {
    /// By the name of the topic.
    pub counts: BTreeMap<TopicName, Counts>,
    /// Whether every key was looked at.
    pub complete: bool,
}

/// How many of the keys that work, and that the caller covers, may do what on each of these topics of the mesh.
pub async fn counts(house: &House, by: &Admitted, of: &[Topic]) -> Result<ByTopic, Refusal> {
    let within = Owner::Mesh(by.org(), by.mesh_id()?);
    let (keys, complete) = house.look(by.org(), async |transaction| keys(transaction, by, &WORKING).await).await?;
    let mut counts: BTreeMap<_, _> = of.iter().map(|topic| (topic.name.clone(), Counts::default())).collect();
    for Dated { key, .. } in &keys {
        let grant = &key.terms.grant;
        for (topic, count) in &mut counts {
            // A cheap look first: most keys are confined to few topics.
            let Some(access) = grant.topics.reaches(Some(topic)).then(|| access(grant, within, topic)).flatten() else {
                continue;
            };
            count.send += usize::from(access.may.contains(&Capability::Send));
            count.read += usize::from(access.may.contains(&Capability::Read));
            count.state_write += usize::from(access.may.contains(&Capability::StateWrite));
        }
    }
    Ok(ByTopic { counts, complete })
}

/// What is in each of these meshes of which the caller is an admin: of others nothing is told.
pub async fn of_meshes(house: &House, by: &Admitted, of: &[MeshId]) -> Result<BTreeMap<MeshId, InMesh>, Refusal> {
    let org = by.org();
    let own: Vec<_> = of.iter().copied().filter(|mesh| is_admin_of(by, *mesh)).collect();
    house.look(org, async |transaction| Ok(meshes::counts(transaction, org, &own).await?)).await
}

/// Whether the caller is an admin of the whole mesh.
#[must_use]
pub fn is_admin_of(by: &Admitted, mesh: MeshId) -> bool {
    let wanted = Requirement { within: Owner::Mesh(by.org(), mesh), capability: Capability::Admin, topic: None };
    by.rights().permits(&wanted).is_ok()
}

/// Whom it would hit to archive a mesh.
#[derive(Debug)]
pub struct MeshImpact {
    /// The mesh's own keys that work, the latest used first: they would be refused.
    pub refused: Vec<Dated>,
    /// How many of them were used lately.
    pub used_lately: usize,
    /// How many keys of the whole org work there, and would work in its other meshes alone.
    pub of_the_org: usize,
    /// Whether every key was looked at.
    pub complete: bool,
}

/// Whom it would hit to archive the mesh.
pub async fn of_mesh(house: &House, by: &Admitted) -> Result<MeshImpact, Refusal> {
    by.mesh_id()?;
    let (keys, complete) = house.look(by.org(), async |transaction| keys(transaction, by, &WORKING).await).await?;
    let (mut refused, orgs): (Vec<_>, Vec<_>) =
        keys.into_iter().partition(|one| one.key.terms.grant.owner.mesh().is_some());
    refused.sort_by_key(|one| std::cmp::Reverse(one.key.last_use.map(|used| used.at)));
    let is_late = |one: &&Dated| one.key.last_use.is_some_and(|used| used.at > one.now - LATELY);
    let used_lately = refused.iter().filter(is_late).count();
    Ok(MeshImpact { refused, used_lately, of_the_org: orgs.len(), complete })
}

/// Whom it would hit to archive a topic.
#[derive(Debug)]
pub struct TopicImpact {
    /// How many keys reach it.
    pub reaching: usize,
    /// Those of them that would be left without any live topic: useless, and not wider.
    pub stranded: Vec<Dated>,
    /// Whether every key and every topic was looked at.
    pub complete: bool,
}

/// Whom it would hit to archive the topic of the request.
pub async fn of_topic(house: &House, by: &Admitted) -> Result<TopicImpact, Refusal> {
    let (org, mesh, topic) = (by.org(), by.mesh_id()?, by.topic()?);
    house
        .look(org, async |transaction| {
            let (keys, mut complete) = keys(transaction, by, &ALIVE).await?;
            let of = if by.rights().is_whole(org) { None } else { Some(mesh) };
            let live = topics::live(transaction, org, of, MOST_TOPICS).await?;
            complete &= live.len() < MOST_TOPICS;
            let reaching: Vec<_> =
                keys.into_iter().filter(|one| one.key.terms.grant.topics.reaches(Some(topic))).collect();
            let count = reaching.len();
            let is_stranded = |one: &Dated| {
                let grant = &one.key.terms.grant;
                let is_left = |(at, name): &(MeshId, TopicName)| {
                    (*at, name) != (mesh, topic)
                        && grant.owner.covers(Owner::Mesh(org, *at))
                        && grant.topics.reaches(Some(name))
                };
                grant.topics.patterns().is_some() && !live.iter().any(is_left)
            };
            let stranded = reaching.into_iter().filter(is_stranded).collect();
            Ok(TopicImpact { reaching: count, stranded, complete })
        })
        .await
}

/// The keys that the caller covers and that can act in the mesh of the request, with one of these statuses; and whether these are
/// all of them.
async fn keys(transaction: &Transaction<'_>, by: &Admitted, status: &[Status]) -> Result<(Vec<Dated>, bool), Refusal> {
    let (place, with_the_orgs) = ((by.org(), by.mesh_id()?), by.rights().is_whole(by.org()));
    let (mut found, mut looked_at) = (Vec::new(), 0);
    let mut from = (LAST, KeyId::from(uuid::Uuid::max()));
    while looked_at < MOST_KEYS {
        let batch = db::keys(transaction, place, with_the_orgs, status, from, BATCH).await?;
        let is_last = i64::try_from(batch.len()).unwrap_or(BATCH) < BATCH;
        looked_at += batch.len();
        from = batch.last().map_or(from, |last| (last.key.created_at, last.key.id));
        found.extend(batch.into_iter().filter(|one| by.rights().manages(&one.key.terms.grant)));
        if is_last {
            return Ok((found, true));
        }
    }
    Ok((found, false))
}

/// After every key that there is.
const LAST: OffsetDateTime = time::macros::datetime!(9999-12-31 23:59:59.999_999 UTC);
