//! Members: what a person is in an org, and who may change that.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::{
    id::{MeshId, UserId},
    name::Slug,
    person::User,
    role::Role,
};

/// At how many meshes of one org a person may have a role.
pub const MOST_MESHES: usize = 100;

/// What a person is in an org: one role at the org or none, and one at each of some meshes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// At the org.
    pub org: Option<Role>,
    /// At meshes of it.
    pub meshes: BTreeMap<MeshId, Role>,
}

impl Part {
    /// Whether it is none.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.org.is_none() && self.meshes.is_empty()
    }

    /// Whether it owns the org.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.org == Some(Role::Owner)
    }

    /// Whether it is an admin's somewhere where the part before was not.
    #[must_use]
    pub fn adds_admin_to(&self, before: &Self) -> bool {
        let is_admin = |role: Option<Role>| role.is_some_and(|role| role >= Role::Admin);
        let is_new =
            |(mesh, role): (&MeshId, &Role)| is_admin(Some(*role)) && !is_admin(before.meshes.get(mesh).copied());
        is_admin(self.org) && !is_admin(before.org) || self.meshes.iter().any(is_new)
    }

    /// A number that is another for every other part: what an `ETag` is made of. It has room in a double, as JSON readers need.
    #[must_use]
    pub fn version(&self) -> i64 {
        let mut hash = Sha256::new();
        hash.update(self.org.map_or("", Role::name));
        for (mesh, role) in &self.meshes {
            hash.update(b"\0");
            hash.update(mesh.uuid().as_bytes());
            hash.update(role.name());
        }
        hash.finalize()[..6].iter().fold(0, |number, byte| number << 8 | i64::from(*byte))
    }
}

/// A person as a member of an org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: User,
    /// As what.
    pub part: Part,
    /// How the meshes of its part are called.
    pub slugs: BTreeMap<MeshId, Slug>,
    /// Since when.
    pub since: OffsetDateTime,
}

/// Who would change a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The holder of a key.
    Key {
        /// The person that it is bound to, if it is.
        user: Option<UserId>,
    },
    /// A person who is signed in.
    Person {
        /// Which one.
        user: UserId,
        /// Whether it owns the org.
        is_owner: bool,
        /// Whether it has just shown again who it is.
        is_fresh: bool,
    },
}

/// Why a part cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// The org would have no owner.
    LastOwner,
    /// Only an owner makes and unmakes owners.
    OwnerOnly,
    /// An owner does, who has to show first who it is.
    Unconfirmed,
    /// Nobody gives itself another role.
    OwnRole,
}

impl Who {
    /// Whether it may make owners, and unmake them.
    pub fn ensure_makes_owners(self) -> Result<(), Forbidden> {
        match self {
            Self::Person { is_owner: true, is_fresh: true, .. } => Ok(()),
            Self::Person { is_owner: true, is_fresh: false, .. } => Err(Forbidden::Unconfirmed),
            Self::Person { .. } | Self::Key { .. } => Err(Forbidden::OwnerOnly),
        }
    }

    fn is(self, member: UserId) -> bool {
        match self {
            Self::Person { user, .. } => user == member,
            Self::Key { user } => user == Some(member),
        }
    }

    /// Whether it may make of the member's part another one, in an org with so many owners.
    pub fn ensure_edits(self, member: UserId, before: &Part, after: &Part, owners: usize) -> Result<(), Forbidden> {
        if self.is(member) {
            return Err(Forbidden::OwnRole);
        }
        if before.is_owner() == after.is_owner() {
            return Ok(());
        }
        ensure_an_owner_is_left(before, owners)?;
        self.ensure_makes_owners()
    }

    /// Whether it may take the member's whole part, in an org with so many owners. Who leaves needs nobody's leave.
    pub fn ensure_removes(self, member: UserId, before: &Part, owners: usize) -> Result<(), Forbidden> {
        if !before.is_owner() {
            return Ok(());
        }
        ensure_an_owner_is_left(before, owners)?;
        // A key that is bound to an owner may be in somebody else's hands.
        if matches!(self, Self::Person { user, .. } if user == member) { Ok(()) } else { self.ensure_makes_owners() }
    }
}

/// That the org would be left without one is said before all else: nobody may do that.
fn ensure_an_owner_is_left(before: &Part, owners: usize) -> Result<(), Forbidden> {
    if before.is_owner() && owners <= 1 { Err(Forbidden::LastOwner) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(org: Option<Role>) -> Part {
        Part { org, meshes: BTreeMap::new() }
    }

    fn person(user: UserId, is_owner: bool, is_fresh: bool) -> Who {
        Who::Person { user, is_owner, is_fresh }
    }

    #[test]
    fn only_owners_make_owners_and_unmake_them() {
        let (dana, erin) = (UserId::new(), UserId::new());
        let (owner, admin) = (part(Some(Role::Owner)), part(Some(Role::Admin)));
        for (who, expected) in [
            (Who::Key { user: None }, Err(Forbidden::OwnerOnly)),
            (person(dana, false, true), Err(Forbidden::OwnerOnly)),
            (person(dana, true, false), Err(Forbidden::Unconfirmed)),
            (person(dana, true, true), Ok(())),
        ] {
            assert_eq!(who.ensure_edits(erin, &admin, &owner, 2), expected, "{who:?}");
            assert_eq!(who.ensure_edits(erin, &owner, &admin, 2), expected, "{who:?}");
            assert_eq!(who.ensure_removes(erin, &owner, 2), expected, "{who:?}");
            for (before, after) in [(&admin, &part(None)), (&part(Some(Role::Viewer)), &admin), (&owner, &owner)] {
                assert_eq!(who.ensure_edits(erin, before, after, 1), Ok(()), "{who:?}");
            }
            assert_eq!(who.ensure_removes(erin, &admin, 1), Ok(()), "{who:?}");
        }
    }

    #[test]
    fn an_org_keeps_an_owner_whoever_asks() {
        let (dana, erin) = (UserId::new(), UserId::new());
        let (owner, admin) = (part(Some(Role::Owner)), part(Some(Role::Admin)));
        for who in [Who::Key { user: None }, person(dana, true, true), person(dana, false, false)] {
            assert_eq!(who.ensure_edits(erin, &owner, &admin, 1), Err(Forbidden::LastOwner), "{who:?}");
            assert_eq!(who.ensure_removes(erin, &owner, 1), Err(Forbidden::LastOwner), "{who:?}");
        }
        assert_eq!(person(erin, true, true).ensure_removes(erin, &owner, 1), Err(Forbidden::LastOwner));
    }

    #[test]
    fn nobody_changes_its_own_role_and_anybody_leaves() {
        let dana = UserId::new();
        let (owner, admin) = (part(Some(Role::Owner)), part(Some(Role::Admin)));
        for (who, before) in [(person(dana, true, false), &owner), (person(dana, false, false), &admin)] {
            for after in [&owner, &admin, &part(Some(Role::Viewer))] {
                assert_eq!(who.ensure_edits(dana, before, after, 2), Err(Forbidden::OwnRole));
            }
            assert_eq!(who.ensure_removes(dana, before, 2), Ok(()));
        }
    }

    #[test]
    fn another_part_has_another_version() {
        let (one, other) = (MeshId::new(), MeshId::new());
        let at = |roles: &[(MeshId, Role)]| Part { org: None, meshes: roles.iter().copied().collect() };
        let mut versions = vec![
            part(None).version(),
            part(Some(Role::Viewer)).version(),
            part(Some(Role::Owner)).version(),
            at(&[(one, Role::Viewer)]).version(),
            at(&[(other, Role::Viewer)]).version(),
            at(&[(one, Role::Admin)]).version(),
            at(&[(one, Role::Viewer), (other, Role::Viewer)]).version(),
        ];
        assert!(versions.iter().all(|version| (0..1 << 53).contains(version)));
        versions.sort_unstable();
        versions.dedup();
        assert_eq!(versions.len(), 7);
        assert_eq!(at(&[(one, Role::Admin)]).version(), at(&[(one, Role::Admin)]).version());
    }
}
