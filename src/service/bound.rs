//! What personal keys may do at this moment: no more than the person that each is bound to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Admitted, House, Refusal, authority::is_own};
use crate::{
    db::{Transaction, keys::Dated, members, signed_in},
    domain::{
        Capability, CapabilitySet, Key, Member, Membership, OrgId, Owner, Rights, Slug, Title, UserId, access::left,
        rights::Bound, role::Role,
    },
};

/// The people that some keys are bound to, as they are now.
pub(super) struct People(BTreeMap<UserId, Bound>);

impl People {
    /// Looks for those of these keys.
    pub(super) async fn of(transaction: &Transaction<'_>, org: OrgId, keys: &[Dated]) -> Result<Self, Refusal> {
        let users: BTreeSet<UserId> = keys.iter().filter_map(|one| one.key.user).collect();
        if users.is_empty() {
            return Ok(Self(BTreeMap::new()));
        }
        let users: Vec<UserId> = users.into_iter().collect();
        let members = signed_in::members(transaction, org, &users).await?.into_iter();
        let bound = |(user, member): (UserId, signed_in::Member)| {
            (user, Bound::new(user, member.is_suspended, &member.memberships))
        };
        Ok(Self(members.map(bound).collect()))
    }

    /// What the key may do now, as every door would have it. One whose person is not there may nothing.
    pub(super) fn rights<'a>(&'a self, key: &'a Key) -> Rights<'a> {
        let now = |user| self.0.get(&user).map_or(&[][..], Bound::now);
        Rights::new(std::slice::from_ref(&key.terms.grant), key.user.map(now))
    }
}

/// That a personal key may do less now than it was issued for, since its person may.
#[derive(Debug)]
pub struct Cut {
    /// What the person is called; none where it is in the org no more.
    pub name: Option<Title>,
    /// Whether the person may do nothing at all for the time being.
    pub is_suspended: bool,
    /// As what it is where the key acts, at the org or at a mesh; to who may know.
    pub roles: Vec<(Role, Option<Slug>)>,
    /// What is left of the key wherever it acts.
    pub left: Option<CapabilitySet>,
    /// At which meshes more is left of a key of the whole org.
    pub more: Vec<(Slug, CapabilitySet)>,
}

/// What its person takes from a key; none where that is nothing.
pub async fn cut(house: &House, by: &Admitted, key: &Key) -> Result<Option<Cut>, Refusal> {
    let Some(user) = key.user else { return Ok(None) };
    let org = by.org();
    let member = house.look(org, async |transaction| Ok(members::show(transaction, org, user).await?)).await?;
    let grant = &key.terms.grant;
    let Some(member) = member else {
        return Ok(Some(Cut { name: None, is_suspended: false, roles: Vec::new(), left: None, more: Vec::new() }));
    };
    let bound = Bound::new(user, member.user.suspended_at.is_some(), &memberships(org, &member));
    if Rights::new(bound.now(), None).covers(grant) {
        return Ok(None);
    }
    let left_in = |within| set(left(grant, bound.now(), within));
    let everywhere = left_in(grant.owner);
    let at_meshes = member.slugs.iter().filter(|_| grant.owner.mesh().is_none());
    let more = at_meshes.filter_map(|(mesh, slug)| Some((slug.clone(), left_in(Owner::Mesh(org, *mesh))?)));
    let more = more.filter(|(_, set)| Some(set) != everywhere.as_ref()).collect();
    let is_told = by.rights().is_whole(org) || is_own(by, key);
    let roles = if is_told { roles(&member, grant.owner) } else { Vec::new() };
    let (name, is_suspended) = (Some(member.user.name), is_told && member.user.suspended_at.is_some());
    Ok(Some(Cut { name, is_suspended, roles, left: everywhere, more }))
}

/// A set that says `admin` alone where that is in it, since it includes the others.
fn set(all: Vec<Capability>) -> Option<CapabilitySet> {
    let is_admin = all.contains(&Capability::Admin);
    CapabilitySet::new(all.into_iter().filter(|one| !is_admin || *one == Capability::Admin)).ok()
}

fn memberships(org: OrgId, Member { part, .. }: &Member) -> Vec<Membership> {
    let at_meshes = part.meshes.iter().map(|(mesh, role)| Membership { at: Owner::Mesh(org, *mesh), role: *role });
    part.org.map(|role| Membership { at: Owner::Org(org), role }).into_iter().chain(at_meshes).collect()
}

/// Its roles within this owner, and at the org.
fn roles(Member { part, slugs, .. }: &Member, owner: Owner) -> Vec<(Role, Option<Slug>)> {
    let is_there = |mesh| owner.covers(Owner::Mesh(owner.org(), mesh));
    let at_meshes = part.meshes.iter().filter(|(mesh, _)| is_there(**mesh));
    let at_meshes = at_meshes.filter_map(|(mesh, role)| Some((*role, Some(slugs.get(mesh)?.clone()))));
    part.org.map(|role| (role, None)).into_iter().chain(at_meshes).collect()
}
