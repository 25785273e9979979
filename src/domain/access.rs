//! Access: what a key or a role may do on one topic, and through what; and what is left of a personal key.

use serde::{Serialize, Serializer};

use super::{
    capability::Capability,
    grant::{Grant, Requirement},
    owner::Owner,
    rights::Rights,
    scope::TopicScope,
    topic::{TopicName, TopicPattern},
};

/// What may be done on a topic, and through what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Every single thing.
    pub may: Vec<Capability>,
    /// Why.
    pub through: Through,
}

/// The parts of a grant by which it reaches a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Through {
    /// As a key of the whole org, or of the mesh.
    pub owner: &'static str,
    /// `admin`, where that is what includes the others.
    pub capability: Option<Capability>,
    /// By which pattern.
    pub topics: Pattern,
}

/// The narrowest pattern by which a topic is reached; none where all are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Option<TopicPattern>);

impl Pattern {
    /// It; none where all are reached.
    #[must_use]
    pub const fn get(&self) -> Option<&TopicPattern> {
        self.0.as_ref()
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            None => out.serialize_str("all"),
            Some(pattern) => pattern.serialize(out),
        }
    }
}

/// What these rights allow on this topic of this mesh, those of a role or of a key, which its person may bound; `None` where that is
/// nothing.
#[must_use]
pub fn access(rights: Rights<'_>, within: Owner, topic: &TopicName) -> Option<Access> {
    let grant = rights.grant_for(within)?;
    let may = allowed(rights, grant, within, Some(topic));
    let through = Through {
        owner: if grant.owner.mesh().is_some() { "mesh" } else { "org" },
        capability: may.contains(&Capability::Admin).then_some(Capability::Admin),
        topics: Pattern(grant.topics.pattern_of(topic).cloned()),
    };
    (!may.is_empty()).then_some(Access { may, through })
}

/// What a key with this grant may do within an owner, on topics that it reaches, where its person has these grants: a role is for every
/// topic.
#[must_use]
pub fn left(grant: &Grant, person: &[Grant], within: Owner) -> Vec<Capability> {
    let wide = Grant { topics: TopicScope::Everywhere, ..grant.clone() };
    allowed(Rights::new(std::slice::from_ref(&wide), Some(person)), &wide, within, None)
}

fn allowed(rights: Rights<'_>, grant: &Grant, within: Owner, topic: Option<&TopicName>) -> Vec<Capability> {
    let declared = grant.capabilities.iter().filter(|held| !held.is_built_in()).cloned();
    let permits = |capability: &Capability| {
        let (capability, topic) = (capability.clone(), topic.cloned());
        rights.permits(&Requirement { within, capability, topic }).is_ok()
    };
    Capability::BUILT_IN.into_iter().chain(declared).filter(permits).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::{
        CapabilitySet, MeshId, OrgId,
        laws::{grants, requirements},
    };

    fn told(owner: Owner, capabilities: &[&str], topics: Value, within: Owner) -> Value {
        let capabilities = CapabilitySet::new(capabilities.iter().map(|name| name.parse().unwrap())).unwrap();
        let topics: TopicScope = serde_json::from_value(topics).unwrap();
        let grant = Grant { owner, capabilities, topics };
        let rights = Rights::new(std::slice::from_ref(&grant), None);
        serde_json::to_value(access(rights, within, &"ci.web".parse().unwrap())).unwrap()
    }

    proptest! {
        /// What is said of a personal key is what every door would say.
        #[test]
        fn what_is_left_of_a_key_is_what_it_and_its_person_may(
            own in grants(), person in prop::collection::vec(grants(), 0..=3), wanted in requirements(),
        ) {
            let everywhere = |grant: Grant| Grant { topics: TopicScope::Everywhere, ..grant };
            let person: Vec<_> = person.into_iter().map(everywhere).collect();
            let rights = Rights::new(std::slice::from_ref(&own), Some(&person));
            let is_left = left(&own, &person, wanted.within).contains(&wanted.capability);
            let reaches = own.topics.reaches(wanted.topic.as_ref());
            // A key with `admin` may what is declared too, and is not said to.
            let is_told = wanted.capability.is_built_in() || own.capabilities.iter().any(|one| *one == wanted.capability);
            prop_assert_eq!(rights.permits(&wanted).is_ok() && is_told, is_left && reaches);
            if let Some(topic) = &wanted.topic {
                let told = access(rights, wanted.within, topic).is_some_and(|told| told.may.contains(&wanted.capability));
                prop_assert_eq!(told, is_left && reaches);
            }
        }
    }

    #[test]
    fn it_is_told_what_a_key_may_do_and_through_what() {
        let (org, mesh) = (OrgId::new(), MeshId::new());
        let (whole, main) = (Owner::Org(org), Owner::Mesh(org, mesh));
        let through = |owner, capability, topics| json!({ "owner": owner, "capability": capability, "topics": topics });
        let all = ["send", "read", "state_write", "admin", "verify"];
        assert_eq!(
            told(whole, &["admin"], json!("all"), main),
            json!({ "may": all, "through": through("org", json!("admin"), "all") })
        );
        assert_eq!(
            told(main, &["upload", "verify", "send"], json!(["c*", "ci.*", "deploys"]), main),
            json!({ "may": ["send", "verify", "upload"], "through": through("mesh", Value::Null, "ci.*") })
        );
        assert_eq!(
            told(main, &["read"], json!(["ci.*", "ci.web"]), main)["through"],
            through("mesh", Value::Null, "ci.web")
        );
        assert_eq!(told(main, &["admin"], json!("all"), whole), Value::Null);
        assert_eq!(told(main, &["admin"], json!(["deploys", "ci.web.*"]), main), Value::Null);
    }
}
