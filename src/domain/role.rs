//! Roles: what a membership gives a person, at an org or at one mesh of it.

use std::str::FromStr;

use thiserror::Error;

use super::{
    capability::{Capability, CapabilitySet, MalformedSet},
    grant::Grant,
    owner::Owner,
    scope::TopicScope,
    suggest,
};

/// The text names no role.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown role '{0}'{hint}: a role is viewer, member, admin or owner", hint = suggest::hint(.0, Role::ALL.iter().map(|role| role.name())))]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|role| role.name() == name);
        known.ok_or_else(|| UnknownRole(name.chars().take(64).collect()))
    }
}

/// A person's part in an org or a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Sends, reads, changes state.
    Member,
    /// Does everything, and manages keys, topics and members.
    Admin,
    /// As an admin; and an org always has one.
    Owner,
}

impl Role {
    /// All of them, the weakest first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Admin, Self::Owner];

    /// The one spelling used on the wire, in the database and in the docs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The table: what each role may do.
    #[must_use]
    pub const fn capabilities(self) -> &'static [Capability] {
        match self {
            Self::Viewer => &[Capability::Read],
            Self::Member => &[Capability::Send, Capability::Read, Capability::StateWrite],
            Self::Admin | Self::Owner => &[Capability::Admin],
        }
    }

    /// What a membership at `owner` gives.
    pub fn grant(self, owner: Owner) -> Result<Grant, MalformedSet> {
        Ok(Grant {
            owner,
            capabilities: CapabilitySet::new(self.capabilities().iter().cloned())?,
            topics: TopicScope::Everywhere,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OrgId;

    #[test]
    fn a_stronger_role_covers_every_weaker_one() {
        let org = Owner::Org(OrgId::new());
        for pair in Role::ALL.windows(2) {
            let (weaker, stronger) = (pair[0].grant(org).unwrap(), pair[1].grant(org).unwrap());
            assert!(stronger.covers(&weaker), "{pair:?}");
        }
    }

    #[test]
    fn members_and_viewers_manage_nothing() {
        //
        let org = Owner::Org(OrgId::new());
        for role in [Role::Viewer, Role::Member] {
            assert!(!role.grant(org).unwrap().capabilities.allows(&Capability::Admin));
            assert!(!role.grant(org).unwrap().capabilities.allows(&Capability::Verify));
        }
    }
}
