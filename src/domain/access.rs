//! Access: what a grant may do on one topic, and through what.

use serde::{Serialize, Serializer};

use super::{
    capability::Capability,
    grant::{Grant, Requirement},
    owner::Owner,
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

/// What the grant may do on this topic of this mesh; `None` where that is nothing.
#[must_use]
pub fn access(grant: &Grant, within: Owner, topic: &TopicName) -> Option<Access> {
    let declared = grant.capabilities.iter().filter(|held| !held.is_built_in()).cloned();
    let permits = |capability: &Capability| {
        let (capability, topic) = (capability.clone(), Some(topic.clone()));
        grant.permits(&Requirement { within, capability, topic }).is_ok()
    };
    let may: Vec<_> = Capability::BUILT_IN.into_iter().chain(declared).filter(permits).collect();
    let through = Through {
        owner: if grant.owner.mesh().is_some() { "mesh" } else { "org" },
        capability: grant.capabilities.allows(&Capability::Admin).then_some(Capability::Admin),
        topics: Pattern(grant.topics.pattern_of(topic).cloned()),
    };
    (!may.is_empty()).then_some(Access { may, through })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::{CapabilitySet, MeshId, OrgId, TopicScope};

    fn told(owner: Owner, capabilities: &[&str], topics: Value, within: Owner) -> Value {
        let capabilities = CapabilitySet::new(capabilities.iter().map(|name| name.parse().unwrap())).unwrap();
        let topics: TopicScope = serde_json::from_value(topics).unwrap();
        let grant = Grant { owner, capabilities, topics };
        serde_json::to_value(access(&grant, within, &"ci.web".parse().unwrap())).unwrap()
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
