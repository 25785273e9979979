//! What stands around every page of an org: where else the person may go, and what wants attention.

use super::{Admitted, House, Refusal, keys, meshes, patience::in_time};
use crate::{
    db::{
        list::{Filter, Sort},
        members, signed_in,
    },
    domain::{Mesh, Slug, Title, key::Status, page::Limit, standing::SOON},
};

/// Where else the person may go, and what wants attention.
#[derive(Debug)]
pub struct Surroundings {
    /// The orgs in which the person is, by slug; twenty at most.
    pub orgs: Vec<Slug>,
    /// The meshes of this org that it reaches and that are not archived, by slug.
    pub meshes: Vec<Mesh>,
    /// How many of the keys that it may see end soon; as many as a page has, at most.
    pub expiring: usize,
}

/// What stands around a page of the org for which somebody was admitted.
pub async fn look(house: &House, by: &Admitted) -> Result<Surroundings, Refusal> {
    let person = by.person().ok_or(Refusal::NoPerson)?;
    let orgs = in_time(house.store.ask(async |client| Ok::<_, Refusal>(signed_in::orgs(client, person.user).await?)));
    let orgs = orgs.await?;
    let mut meshes = meshes::list(house, by, Some(false), Limit::MOST, None).await?.items;
    meshes.sort_by(|one, other| one.slug.cmp(&other.slug));
    let expiring = keys::list(house, by, &soon(person.now)).await?.items.len();
    Ok(Surroundings { orgs, meshes, expiring })
}

/// The keys that work and end soon.
fn soon(now: time::OffsetDateTime) -> keys::Wanted {
    let filter = Filter {
        status: Some(vec![Status::Active, Status::Rotating]),
        expires_before: Some(now + SOON),
        ..Filter::default()
    };
    keys::Wanted { filter, sort: Sort::End, limit: Limit::MOST, ..keys::Wanted::default() }
}

/// Who can do what the person may not: owners and admins of the whole org, owners first; nobody asks himself. For members alone.
pub async fn who_to_ask(house: &House, by: &Admitted) -> Result<Vec<Title>, Refusal> {
    let user = by.person().ok_or(Refusal::NoPerson)?.user;
    house.look(by.org(), async |transaction| Ok(members::in_charge(transaction, by.org(), user).await?)).await
}
