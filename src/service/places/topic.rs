//! Whom it would hit to archive a topic, and what archived ones there are among those of a key.

use std::collections::BTreeMap;

use super::keys;
use crate::{
    db::{keys::Dated, topics},
    domain::{Grant, Key, MeshId, Owner, Rights, Status, TopicName, TopicPattern},
    service::{Admitted, House, Refusal, bound::People},
};

/// How many topics of an org are looked at, at most.
const MOST_TOPICS: usize = 10_000;
/// The keys that could be used, now or once they are enabled.
const ALIVE: [Status; 3] = [Status::Disabled, Status::Rotating, Status::Active];

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

/// Whom it would hit to archive the topic of the request. Only keys that reach it are read, and of what is left to each no more than one
/// topic is looked for.
pub async fn of_topic(house: &House, by: &Admitted) -> Result<TopicImpact, Refusal> {
    let (org, gone) = (by.org(), (by.mesh_id()?, by.topic()?));
    let within = Owner::Mesh(org, gone.0);
    house
        .look(org, async |transaction| {
            let (keys, mut complete) = keys(transaction, by, &ALIVE, Some(gone.1)).await?;
            let people = People::of(transaction, org, &keys).await?;
            let reaching: Vec<_> =
                keys.into_iter().filter(|one| people.rights(&one.key).reach(within, gone.1)).collect();
            let is_confined = |one: &Dated| one.key.terms.grant.topics.patterns().is_some();
            if !reaching.iter().any(is_confined) {
                return Ok(TopicImpact { reaching: reaching.len(), stranded: Vec::new(), complete });
            }
            let of = if by.rights().is_whole(org) { None } else { Some(gone.0) };
            let all = topics::live(transaction, org, of, MOST_TOPICS).await?;
            complete &= all.len() < MOST_TOPICS;
            let (count, live) = (reaching.len(), Live::of(all, gone));
            let is_stranded =
                |one: &Dated| is_confined(one) && !live.has(&one.key.terms.grant, people.rights(&one.key));
            let stranded = reaching.into_iter().filter(is_stranded).collect();
            Ok(TopicImpact { reaching: count, stranded, complete })
        })
        .await
}

/// Live topics by name, of each mesh, and under no mesh all of them.
struct Live(BTreeMap<Option<MeshId>, Vec<(TopicName, MeshId)>>);

impl Live {
    /// These without the one that is to go.
    fn of(all: Vec<(MeshId, TopicName)>, gone: (MeshId, &TopicName)) -> Self {
        let mut by_mesh: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (mesh, name) in all.into_iter().filter(|(mesh, name)| (*mesh, name) != gone) {
            by_mesh.entry(Some(mesh)).or_default().push((name.clone(), mesh));
            by_mesh.entry(None).or_default().push((name, mesh));
        }
        for names in by_mesh.values_mut() {
            names.sort_unstable();
        }
        Self(by_mesh)
    }

    /// Whether a confined key has one of them.
    fn has(&self, grant: &Grant, rights: Rights<'_>) -> bool {
        let Some(names) = self.0.get(&grant.owner.mesh()) else { return false };
        let is_reached = |(name, mesh): &(TopicName, MeshId)| rights.reach(Owner::Mesh(grant.owner.org(), *mesh), name);
        grant.topics.patterns().unwrap_or_default().iter().any(|pattern| meant(names, pattern).any(is_reached))
    }
}

/// Those that a pattern means, and one that is called as it begins: no other is looked at.
fn meant<'a>(
    names: &'a [(TopicName, MeshId)],
    pattern: &'a TopicPattern,
) -> impl Iterator<Item = &'a (TopicName, MeshId)> {
    let begin = names.partition_point(|(name, _)| name.as_str() < pattern.stem());
    names[begin..].iter().take_while(|(name, _)| pattern.matches(name) || name.as_str() == pattern.stem())
}

/// The archived topics among those that a key is confined to.
#[derive(Debug, Default)]
pub struct Archived {
    /// Those that it names or that its patterns mean, by name.
    pub topics: Vec<TopicName>,
    /// Whether it has no other: it is of no use until one is unarchived.
    pub is_all: bool,
}

/// Looks for them among what is told of the place of a key; `known` are the topics that there are.
pub async fn archived_of(house: &House, by: &Admitted, key: &Key, known: &[TopicName]) -> Result<Archived, Refusal> {
    let grant = &key.terms.grant;
    if grant.topics.patterns().is_none() || known.is_empty() {
        return Ok(Archived::default());
    }
    let (org, mesh) = (by.org(), grant.owner.mesh());
    let all = house.look(org, async |transaction| Ok(topics::archived(transaction, org, mesh).await?)).await?;
    let topics: Vec<_> = all.into_iter().filter(|name| grant.topics.reaches(Some(name))).collect();
    let mut reached = known.iter().filter(|name| grant.topics.reaches(Some(name)));
    let is_all = !topics.is_empty() && known.len() < topics::MOST_NAMES && reached.all(|name| topics.contains(name));
    Ok(Archived { topics, is_all })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::laws::{grants, requirements};

    proptest! {
        #[test]
        fn what_is_looked_up_is_what_a_look_at_each_topic_would_find(
            grant in grants(), others in prop::collection::vec(requirements(), 0..8),
        ) {
            let org = grant.owner.org();
            let of = |one: &crate::domain::Requirement| {
                let mesh = one.within.mesh().filter(|_| one.within.org() == org)?;
                Some((mesh, one.topic.clone()?))
            };
            let mut live: Vec<_> = others.iter().filter_map(of).collect();
            let gone = live.first().cloned();
            let none = (MeshId::new(), "none".parse().unwrap());
            let (mesh, name) = gone.as_ref().unwrap_or(&none);
            let rights = Rights::new(std::slice::from_ref(&grant), None);
            let found = Live::of(live.clone(), (*mesh, name)).has(&grant, rights);
            live.retain(|(at, one)| (at, one) != (mesh, name));
            let is_reached = |(at, one): &(MeshId, TopicName)| rights.reach(Owner::Mesh(org, *at), one);
            prop_assert_eq!(found, grant.topics.patterns().is_some() && live.iter().any(is_reached));
        }
    }
}
