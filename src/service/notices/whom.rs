//! Whom a key's end concerns: the person that it is bound to; or else who issued it, if that person still manages it; or else the
//! owners of its org.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    db::{
        Error, Transaction,
        ends::{self, Parties, Somebody},
    },
    domain::{OrgId, Owner, Rights, Role, UserId, rights::grants_of},
};

/// The people whom keys may concern, org by org.
pub(super) struct People(BTreeMap<OrgId, Vec<Somebody>>);

impl People {
    /// Those whom these keys may concern.
    pub(super) async fn read(
        transaction: &Transaction<'_>,
        all: impl Iterator<Item = Parties> + Clone,
    ) -> Result<Self, Error> {
        let orgs: BTreeSet<OrgId> = all.clone().map(|one| one.owner.org()).collect();
        let users: BTreeSet<UserId> = all.flat_map(|one| [one.user, one.issuer]).flatten().collect();
        let (orgs, users): (Vec<_>, Vec<_>) = (orgs.into_iter().collect(), users.into_iter().collect());
        let mut people = BTreeMap::<OrgId, Vec<Somebody>>::new();
        for (org, somebody) in ends::people(transaction, &orgs, &users).await? {
            people.entry(org).or_default().push(somebody);
        }
        Ok(Self(people))
    }

    /// Whom this one concerns.
    pub(super) fn whom(&self, of: Parties) -> Vec<UserId> {
        let there = self.0.get(&of.owner.org()).map(Vec::as_slice).unwrap_or_default();
        let find = |wanted: Option<UserId>| there.iter().find(|somebody| Some(somebody.user) == wanted);
        let issuer = || find(of.issuer).filter(|somebody| manages(somebody, of.owner));
        if let Some(one) = find(of.user).or_else(issuer) {
            return vec![one.user];
        }
        there.iter().filter(|somebody| owns(somebody)).map(|somebody| somebody.user).collect()
    }
}

fn owns(somebody: &Somebody) -> bool {
    somebody.memberships.iter().any(|part| part.role == Role::Owner)
}

/// Whether the person manages all keys of this owner: what its roles give is never confined to topics.
fn manages(somebody: &Somebody, owner: Owner) -> bool {
    let grants = grants_of(&somebody.memberships);
    Role::Admin.grant(owner).is_ok_and(|all| Rights::new(&grants, None).manages(&all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Membership, MeshId};

    #[test]
    fn the_holder_comes_first_then_who_issued_it_then_the_owners() {
        let (org, mesh, other) = (OrgId::new(), MeshId::new(), MeshId::new());
        let [dana, gus, mia, gone] = [(); 4].map(|()| UserId::new());
        let is = |user, at, role| Somebody { user, memberships: vec![Membership { at, role }] };
        let (whole, in_mesh) = (Owner::Org(org), Owner::Mesh(org, mesh));
        let there = vec![is(dana, whole, Role::Owner), is(gus, in_mesh, Role::Admin), is(mia, whole, Role::Member)];
        let people = People(BTreeMap::from([(org, there)]));
        for (owner, user, issuer, expected) in [
            (in_mesh, Some(mia), Some(gus), mia),
            (in_mesh, None, Some(gus), gus),
            // Its issuer is not there any more, or manages no such key.
            (in_mesh, None, Some(gone), dana),
            (in_mesh, Some(gone), Some(gus), gus),
            (Owner::Mesh(org, other), None, Some(gus), dana),
            (whole, None, Some(gus), dana),
            (in_mesh, None, Some(mia), dana),
            (whole, None, None, dana),
        ] {
            assert_eq!(people.whom(Parties { owner, user, issuer }), [expected], "{owner:?} {user:?} {issuer:?}");
        }
        assert_eq!(people.whom(Parties { owner: Owner::Org(OrgId::new()), user: None, issuer: Some(dana) }), []);
    }
}
