//! The ground on which a key is made or handed out anew: where it can be, on what, and what the policy asks for. It is only looked at:
//! who then issues is judged by what is there at that time.

use std::collections::BTreeSet;

use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{Admitted, House, Refusal, keys::seen, policies::InForce};
use crate::{
    db::{
        capabilities,
        keys::{self, Dated},
        meshes, topics,
    },
    domain::{Capability, DeclaredCapability, KeyId, Mesh, OrgId, Owner, Policy, TopicName, page::Limit},
};

/// The place that is no mesh: the whole org.
pub const WHOLE: &str = "*";

/// What a key can be like.
#[derive(Debug)]
pub struct Ground {
    /// The clock of the database.
    pub now: OffsetDateTime,
    /// The meshes that it can be for, by slug.
    pub meshes: Vec<Mesh>,
    /// Whether it can be for the whole org.
    pub is_whole: bool,
    /// Whom it is to act for; none while that is not chosen.
    pub owner: Option<Owner>,
    /// The mesh, where it is one.
    pub mesh: Option<Mesh>,
    /// The topics that there are and that are not archived.
    pub topics: Vec<TopicName>,
    /// Those that are: a key may name them, and does nothing there until they are no more.
    pub archived: Vec<TopicName>,
    /// What the org has declared.
    pub declared: Vec<DeclaredCapability>,
    /// What the caller may hand out there.
    pub may: Vec<Capability>,
    /// What the policies ask for there.
    pub policy: Policy,
}

/// Looks at it: for a mesh by id or slug, for the [`WHOLE`] org, or for the only place that there is. `is_own` where the key is to be
/// bound to the caller.
pub async fn look(house: &House, by: &Admitted, named: Option<&str>, is_own: bool) -> Result<Ground, Refusal> {
    let org = by.org();
    let is_place = |owner: Owner| {
        let is_enough = |one: &Capability| is_own || *one == Capability::Admin;
        let grants = by.rights().own().iter();
        grants.filter(|grant| grant.owner.covers(owner)).any(|grant| grant.capabilities.iter().any(is_enough))
    };
    house
        .look(org, async |transaction| {
            let (only, start) = (by.rights().meshes(), (datetime!(9999-12-31 23:59:59 UTC), Uuid::max()));
            let mut meshes = meshes::list(transaction, org, only.as_deref(), Some(false), start, Limit::MOST).await?;
            meshes.retain(|mesh| is_place(Owner::Mesh(org, mesh.id)));
            meshes.sort_by(|one, other| one.slug.cmp(&other.slug));
            let is_whole = is_place(Owner::Org(org));
            let (owner, mesh) = chosen(org, &meshes, is_whole, named);
            let (mut known, mut archived) = (Vec::new(), Vec::new());
            if let Some(owner) = owner {
                known = topics::names(transaction, org, owner.mesh()).await?;
                archived = topics::archived(transaction, org, owner.mesh()).await?;
            }
            let mut declared = capabilities::list(transaction, org, "", Limit::MOST).await?;
            declared.truncate(Limit::MOST.get());
            let may = may(by, owner, &declared);
            let policy = InForce::read(transaction, owner.unwrap_or(Owner::Org(org))).await?.both;
            let gone: BTreeSet<_> = archived.iter().collect();
            let is_live = |name: &TopicName| !gone.contains(name);
            let topics = known.iter().filter_map(|name| name.parse().ok()).filter(is_live).collect();
            let now = keys::clock(transaction).await?;
            Ok(Ground { now, meshes, is_whole, owner, mesh, topics, archived, declared, may, policy })
        })
        .await
}

fn chosen(org: OrgId, meshes: &[Mesh], is_whole: bool, named: Option<&str>) -> (Option<Owner>, Option<Mesh>) {
    let is_named =
        |mesh: &&Mesh| named.is_some_and(|named| mesh.slug.as_str() == named || mesh.id.to_string() == named);
    let mesh = match (named, meshes) {
        (Some(WHOLE), _) if is_whole => return (Some(Owner::Org(org)), None),
        (None, [only]) => Some(only),
        _ => meshes.iter().find(is_named),
    };
    (mesh.map(|mesh| Owner::Mesh(org, mesh.id)), mesh.cloned())
}

/// What the caller holds there, or anywhere while that is not chosen.
fn may(by: &Admitted, owner: Option<Owner>, declared: &[DeclaredCapability]) -> Vec<Capability> {
    let declared = declared.iter().map(|one| Capability::Declared(one.name.clone()));
    let grants = || by.rights().own().iter().filter(|grant| owner.is_none_or(|owner| grant.owner.covers(owner)));
    let is_held = |one: &Capability| grants().any(|grant| grant.capabilities.allows(one));
    Capability::BUILT_IN.into_iter().chain(declared).filter(is_held).collect()
}

/// The topics that there are at a place, as far as the caller reaches into it.
pub async fn topics_at(house: &House, by: &Admitted, owner: Owner) -> Result<Vec<TopicName>, Refusal> {
    if !by.rights().reach_into(owner) {
        return Ok(Vec::new());
    }
    let names = house.look(by.org(), async |transaction| Ok(topics::names(transaction, by.org(), owner.mesh()).await?));
    Ok(names.await?.iter().filter_map(|name| name.parse().ok()).collect())
}

/// A key that the caller covers or that is its own, and what the policies ask for where it is.
pub async fn of_key(house: &House, by: &Admitted, id: KeyId) -> Result<(Dated, Policy, Option<Mesh>), Refusal> {
    house
        .look(by.org(), async |transaction| {
            let dated = seen(transaction, by, id).await?;
            let owner = dated.key.terms.grant.owner;
            let policy = InForce::read(transaction, owner).await?.both;
            let mesh = match owner.mesh() {
                Some(mesh) => meshes::show(transaction, by.org(), mesh).await?,
                None => None,
            };
            Ok((dated, policy, mesh))
        })
        .await
}
