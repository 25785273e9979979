//! Who passes, in headers that gateways can hand on: always all of them, each a line of visible ASCII without comma, brace or
//! quote. Of one that is missing, gateways hand on what their client has sent, or the name of a variable.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    domain::{Grant, KeyId, MeshId, TopicScope, UserId},
    service::forward::Passage,
};

/// Where there is nothing to tell.
const NONE: &str = "-";
/// Every topic. It is no pattern, so that no list of topics looks like it: a topic may be called `all`.
const EVERY_TOPIC: &str = "*";
const REQUEST_ID: &str = "x-meshkey-request-id";
/// The key is not for the service behind: what makes Envoy take it away.
const TAKEN_AWAY: (&str, &str) = ("x-envoy-auth-headers-to-remove", "authorization,x-api-key");

/// What is told of who passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity([(&'static str, String); 6]);

impl Identity {
    /// Who may pass.
    #[must_use]
    pub fn of(Passage { known, mesh }: &Passage) -> Self {
        let credential = &known.credential;
        let user = credential.person.as_ref().map(|person| person.user);
        Self::told(credential.key, user, &credential.terms.grant, *mesh)
    }

    /// Nobody.
    #[must_use]
    pub fn nobody() -> Self {
        Self(Self::NAMES.map(|name| (name, NONE.to_owned())))
    }

    const NAMES: [&'static str; 6] = [
        "x-meshkey-key",
        "x-meshkey-org",
        "x-meshkey-mesh",
        "x-meshkey-user",
        "x-meshkey-capabilities",
        "x-meshkey-topics",
    ];

    fn told(id: KeyId, bound_to: Option<UserId>, grant: &Grant, within: MeshId) -> Self {
        let [key, org, mesh, user, capabilities, topics] = Self::NAMES;
        let held: Vec<_> = grant.capabilities.iter().map(ToString::to_string).collect();
        Self([
            (key, id.to_string()),
            (org, grant.owner.org().to_string()),
            (mesh, within.to_string()),
            (user, bound_to.map_or_else(|| NONE.to_owned(), |user| user.to_string())),
            (capabilities, held.join(" ")),
            (topics, reached(&grant.topics)),
        ])
    }

    /// Puts all of it on an answer.
    pub fn set(&self, headers: &mut HeaderMap, request_id: Option<&str>) {
        let rest = [(REQUEST_ID, request_id.unwrap_or(NONE)), TAKEN_AWAY];
        for (name, value) in self.0.iter().map(|(name, value)| (*name, value.as_str())).chain(rest) {
            let value = HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(NONE));
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

fn reached(topics: &TopicScope) -> String {
    match topics.patterns() {
        None => EVERY_TOPIC.to_owned(),
        Some(patterns) => patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;
    use crate::domain::{Capability, CapabilitySet, OrgId, Owner};

    fn grants() -> impl Strategy<Value = Grant> {
        let capabilities = vec("[a-z][a-z0-9_.-]{1,47}", 1..=64).prop_map(|names| {
            let names: Vec<Capability> = names.iter().map(|name| name.parse().unwrap()).collect();
            CapabilitySet::new(names).unwrap()
        });
        let topics = option::of(vec("[a-z0-9][a-z0-9._-]{0,62}[*]?", 1..=100)).prop_map(|patterns| match patterns {
            None => TopicScope::Everywhere,
            Some(patterns) => TopicScope::only(patterns.iter().map(|text| text.parse().unwrap())).unwrap(),
        });
        let owner = any::<bool>().prop_map(|is_mesh| Owner::new(OrgId::new(), is_mesh.then(MeshId::new)));
        (owner, capabilities, topics).prop_map(|(owner, capabilities, topics)| Grant { owner, capabilities, topics })
    }

    proptest! {
        #[test]
        fn whatever_a_key_holds_is_told_in_lines_that_every_gateway_hands_on(grant in grants()) {
            let (told, nobody) = (Identity::told(KeyId::new(), None, &grant, MeshId::new()), Identity::nobody());
            for (name, value) in told.0.iter().chain(&nobody.0) {
                prop_assert!(!value.is_empty() && !value.starts_with(' ') && !value.ends_with(' '), "{name}: {value}");
                let is_plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !",{}\"'\\\\".contains(c);
                prop_assert!(value.chars().all(is_plain), "{name}: {value}");
            }
            let mut headers = HeaderMap::new();
            told.set(&mut headers, Some("req_1"));
            for (name, value) in &told.0 {
                prop_assert_eq!(headers.get(*name).unwrap(), value.as_str());
            }
            prop_assert_eq!(headers.get(REQUEST_ID).unwrap(), "req_1");
            let topics = told.0[5].1.as_str();
            prop_assert_eq!(topics == EVERY_TOPIC, grant.topics == TopicScope::Everywhere);
        }
    }
}
