//! Places: what keys do at a mesh and its topics, and whom it would hit to archive one. Told to who covers the keys, and of those alone.

mod topic;

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

pub use self::topic::{Archived, TopicImpact, archived_of, of_topic};
use super::{Admitted, House, Refusal, bound::People};
use crate::{
    db::{
        Transaction, access as db,
        access::Within,
        keys::Dated,
        meshes::{self, InMesh},
    },
    domain::{Capability, KeyId, MeshId, Owner, Requirement, Status, Topic, TopicName, access::access},
};

/// How many keys of a mesh are looked at, at most.
const MOST_KEYS: usize = 5_000;
const BATCH: i64 = 201;
/// The keys that work.
const WORKING: [Status; 2] = [Status::Rotating, Status::Active];
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
    let (keys, people, complete) = house.look(by.org(), async |transaction| working(transaction, by).await).await?;
    let mut counts: BTreeMap<_, _> = of.iter().map(|topic| (topic.name.clone(), Counts::default())).collect();
    for Dated { key, .. } in &keys {
        let (topics, rights) = (&key.terms.grant.topics, people.rights(key));
        for (topic, count) in &mut counts {
            // A cheap look first: most keys are confined to few topics.
            let Some(access) = topics.reaches(Some(topic)).then(|| access(rights, within, topic)).flatten() else {
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
    let within = Owner::Mesh(by.org(), by.mesh_id()?);
    let (keys, people, complete) = house.look(by.org(), async |transaction| working(transaction, by).await).await?;
    // One whose person may do nothing there is refused already.
    let keys = keys.into_iter().filter(|one| people.rights(&one.key).reach_into(within));
    let (mut refused, orgs): (Vec<_>, Vec<_>) = keys.partition(|one| one.key.terms.grant.owner.mesh().is_some());
    refused.sort_by_key(|one| std::cmp::Reverse(one.key.last_use.map(|used| used.at)));
    let is_late = |one: &&Dated| one.key.last_use.is_some_and(|used| used.at > one.now - LATELY);
    let used_lately = refused.iter().filter(is_late).count();
    Ok(MeshImpact { refused, used_lately, of_the_org: orgs.len(), complete })
}

/// The keys that the caller covers and that work in the mesh of the request, with the people that bind them; and whether these are all.
async fn working(transaction: &Transaction<'_>, by: &Admitted) -> Result<(Vec<Dated>, People, bool), Refusal> {
    let (keys, complete) = keys(transaction, by, &WORKING, None).await?;
    let people = People::of(transaction, by.org(), &keys).await?;
    Ok((keys, people, complete))
}

/// The keys that the caller covers and that can act in the mesh of the request, with one of these statuses, or those of them that
/// reach a topic; and whether these are all of them.
async fn keys(
    transaction: &Transaction<'_>,
    by: &Admitted,
    status: &[Status],
    reaching: Option<&TopicName>,
) -> Result<(Vec<Dated>, bool), Refusal> {
    let with_the_orgs = by.rights().is_whole(by.org());
    let within = Within { place: (by.org(), by.mesh_id()?), with_the_orgs, reaching };
    let (mut found, mut looked_at) = (Vec::new(), 0);
    let mut from = (LAST, KeyId::from(uuid::Uuid::max()));
    while looked_at < MOST_KEYS {
        let batch = db::keys(transaction, &within, status, from, BATCH).await?;
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
