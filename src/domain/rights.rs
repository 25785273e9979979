//! Rights: what somebody may do, be it a key or a person. A key has one grant; a person has one for each of its memberships; a
//! personal key may do what both its own grant and its person may.

use super::{
    capability::Capability,
    grant::{Grant, Requirement},
    id::{MeshId, OrgId, UserId},
    owner::Owner,
    person::Membership,
    scope::TopicScope,
    topic::TopicName,
    verdict::Denial,
};

/// What somebody may do. Each of several grants stands for itself; of two bounds, both hold.
#[derive(Debug, Clone, Copy)]
pub struct Rights<'a> {
    own: &'a [Grant],
    bound: Option<&'a [Grant]>,
}

impl<'a> Rights<'a> {
    /// What one of `own` permits and, where there is a bound, one of these too.
    #[must_use]
    pub const fn new(own: &'a [Grant], bound: Option<&'a [Grant]>) -> Self {
        Self { own, bound }
    }

    /// Whether they are enough for what is wanted; if not, what the nearest grant lacks.
    pub fn permits(self, wanted: &Requirement) -> Result<(), Denial> {
        permits(self.own, wanted)?;
        match self.bound {
            Some(bound) if permits(bound, wanted).is_err() => Err(Denial::UserNotAllowed),
            _ => Ok(()),
        }
    }

    /// Whether they hold all of `other`: what decides over managing and handing out.
    #[must_use]
    pub fn covers(self, other: &Grant) -> bool {
        self.all(|grants| grants.iter().any(|grant| grant.covers(other)))
    }

    /// Whether they hold this capability anywhere.
    #[must_use]
    pub fn allows(self, capability: &Capability) -> bool {
        self.all(|grants| grants.iter().any(|grant| grant.capabilities.allows(capability)))
    }

    /// Whether they manage a key with this grant: with `admin`, exactly the keys that they cover.
    #[must_use]
    pub fn manages(self, other: &Grant) -> bool {
        let manages = |grant: &Grant| grant.capabilities.allows(&Capability::Admin) && grant.covers(other);
        self.all(|grants| grants.iter().any(manages))
    }

    /// Whether they reach anything within this owner, so that its holder may know that it exists.
    #[must_use]
    pub fn reach_into(self, owner: Owner) -> bool {
        self.all(|grants| grants.iter().any(|grant| grant.owner.covers(owner)))
    }

    /// Whether they are those of an admin everywhere in the whole org.
    #[must_use]
    pub fn is_whole(self, org: OrgId) -> bool {
        let is_whole = |grant: &Grant| {
            grant.owner == Owner::Org(org)
                && grant.topics == TopicScope::Everywhere
                && grant.capabilities.allows(&Capability::Admin)
        };
        self.all(|grants| grants.iter().any(is_whole))
    }

    /// Whether they are everywhere in this owner.
    #[must_use]
    pub fn is_everywhere_in(self, owner: Owner) -> bool {
        let is_everywhere = |grant: &Grant| grant.owner.covers(owner) && grant.topics.reaches(None);
        self.all(|grants| grants.iter().any(is_everywhere))
    }

    /// Whether they reach this topic of a mesh.
    #[must_use]
    pub fn reach(self, within: Owner, topic: &TopicName) -> bool {
        let reaches = |grant: &Grant| grant.owner.covers(within) && grant.topics.reaches(Some(topic));
        self.all(|grants| grants.iter().any(reaches))
    }

    /// The meshes that they are confined to; none if they are for the whole org.
    #[must_use]
    pub fn meshes(self) -> Option<Vec<MeshId>> {
        let meshes = |grants: &[Grant]| grants.iter().map(|grant| grant.owner.mesh()).collect::<Option<Vec<_>>>();
        meshes(self.own).or_else(|| meshes(self.bound?))
    }

    /// The meshes in which alone they may manage keys; none if they may manage those of the whole org.
    #[must_use]
    pub fn manage_in(self) -> Option<Vec<MeshId>> {
        let meshes = |grants: &[Grant]| {
            let admin = grants.iter().filter(|grant| grant.capabilities.allows(&Capability::Admin));
            admin.map(|grant| grant.owner.mesh()).collect::<Option<Vec<_>>>()
        };
        match (meshes(self.own), self.bound.and_then(meshes)) {
            (Some(own), Some(bound)) => Some(own.into_iter().filter(|mesh| bound.contains(mesh)).collect()),
            (own, bound) => own.or(bound),
        }
    }

    /// The one mesh that they are confined to, if they are.
    #[must_use]
    pub fn mesh(self) -> Option<MeshId> {
        only_mesh(self.own).or_else(|| only_mesh(self.bound?))
    }

    /// The grant of their own by which something within this owner is done: of those that cover it the strongest, and where none
    /// does, the first.
    #[must_use]
    pub fn grant_for(self, owner: Owner) -> Option<&'a Grant> {
        let covering = self.own.iter().filter(|grant| grant.owner.covers(owner));
        let stronger = |one: &'a Grant, other: &'a Grant| {
            if other.capabilities.covers(&one.capabilities) { other } else { one }
        };
        covering.reduce(stronger).or_else(|| self.own.first())
    }

    /// The grants of the person that bounds a key, where one does.
    #[must_use]
    pub const fn bound(self) -> Option<&'a [Grant]> {
        self.bound
    }

    /// Grants of their own.
    #[must_use]
    pub const fn own(self) -> &'a [Grant] {
        self.own
    }

    fn all(self, holds: impl Fn(&[Grant]) -> bool) -> bool {
        holds(self.own) && self.bound.is_none_or(holds)
    }
}

/// Where several grants say no, the one that comes furthest tells why.
fn permits(grants: &[Grant], wanted: &Requirement) -> Result<(), Denial> {
    let mut nearest = Denial::WrongMesh;
    for grant in grants {
        match grant.permits(wanted) {
            Ok(()) => return Ok(()),
            Err(denial) if denial.rule() > nearest.rule() => nearest = denial,
            Err(_) => {}
        }
    }
    Err(nearest)
}

fn only_mesh(grants: &[Grant]) -> Option<MeshId> {
    let first = grants.first()?.owner.mesh()?;
    grants.iter().all(|grant| grant.owner.mesh() == Some(first)).then_some(first)
}

/// The person that a key is bound to, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// Which person.
    pub user: UserId,
    is_suspended: bool,
    grants: Vec<Grant>,
}

impl Bound {
    /// A person with these memberships in the org of the key.
    #[must_use]
    pub fn new(user: UserId, is_suspended: bool, memberships: &[Membership]) -> Self {
        Self { user, is_suspended, grants: grants_of(memberships) }
    }

    /// Whether the person is still there at all.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        !self.is_suspended && !self.grants.is_empty()
    }

    /// What the person may do at this moment: nothing while it is suspended.
    #[must_use]
    pub fn now(&self) -> &[Grant] {
        if self.is_suspended { &[] } else { &self.grants }
    }

    /// What the person may do in the org of the key.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// The same as rights.
    #[must_use]
    pub fn rights(&self) -> Rights<'_> {
        Rights::new(&self.grants, None)
    }
}

/// What these memberships give.
#[must_use]
pub fn grants_of(memberships: &[Membership]) -> Vec<Grant> {
    memberships.iter().filter_map(|Membership { at, role }| role.grant(*at).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        OrgId, Role,
        laws::{grants, requirements},
    };

    fn some(most: usize) -> impl Strategy<Value = Vec<Grant>> {
        prop::collection::vec(grants(), 0..=most)
    }

    proptest! {
        #[test]
        fn rights_permit_what_a_grant_of_each_bound_permits(
            own in some(3), bound in prop::option::of(some(3)), wanted in requirements(),
        ) {
            let any = |grants: &[Grant]| grants.iter().any(|grant| grant.permits(&wanted).is_ok());
            let rights = Rights::new(&own, bound.as_deref());
            let may = any(&own) && bound.as_deref().is_none_or(any);
            prop_assert_eq!(rights.permits(&wanted).is_ok(), may);
            if may {
                prop_assert!(rights.allows(&wanted.capability) && rights.reach_into(wanted.within));
            }
            if any(&own) && !may {
                prop_assert_eq!(rights.permits(&wanted), Err(Denial::UserNotAllowed));
            }
        }

        /// The law of grants, of rights too: nobody hands out more than they hold.
        #[test]
        fn what_is_covered_may_do_no_more(
            own in some(3), bound in prop::option::of(some(3)), given in grants(), wanted in requirements(),
        ) {
            let rights = Rights::new(&own, bound.as_deref());
            if rights.covers(&given) && given.permits(&wanted).is_ok() {
                prop_assert_eq!(rights.permits(&wanted), Ok(()));
            }
            if rights.manages(&given) {
                prop_assert!(rights.covers(&given) && rights.allows(&Capability::Admin));
            }
        }

        #[test]
        fn who_is_confined_to_meshes_is_nowhere_else(
            own in some(3), bound in prop::option::of(some(2)), given in grants(),
        ) {
            let rights = Rights::new(&own, bound.as_deref());
            if let Some(meshes) = rights.meshes().filter(|_| rights.covers(&given)) {
                prop_assert!(given.owner.mesh().is_some_and(|mesh| meshes.contains(&mesh)));
            }
            if let Some(mesh) = rights.mesh().filter(|_| rights.covers(&given)) {
                prop_assert_eq!(given.owner.mesh(), Some(mesh));
            }
            if let Some(meshes) = rights.manage_in().filter(|_| rights.manages(&given)) {
                prop_assert!(given.owner.mesh().is_some_and(|mesh| meshes.contains(&mesh)));
            }
        }
    }

    #[test]
    fn of_several_refusals_the_nearest_is_told() {
        let org = OrgId::new();
        let (whole, mesh) = (Owner::Org(org), Owner::Mesh(org, MeshId::new()));
        let parts = [Membership { at: mesh, role: Role::Admin }, Membership { at: whole, role: Role::Viewer }];
        let grants = grants_of(&parts);
        let wanted = Requirement { within: whole, capability: Capability::Send, topic: None };
        assert_eq!(Rights::new(&grants, None).permits(&wanted), Err(Denial::CapabilityMissing(Capability::Send)));
        assert_eq!(Rights::new(&grants, None).grant_for(mesh).map(|grant| grant.owner), Some(mesh));
        assert_eq!(Rights::new(&[], None).permits(&wanted), Err(Denial::WrongMesh));
    }
}
