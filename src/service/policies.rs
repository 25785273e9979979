//! Policies: look at them, change them, and at the keys that do not comply. What is handed out is held against them in `policies::judge`.

mod change;
mod host;
mod judge;
mod spread;
mod unused;

pub use self::{
    change::{Changed, Edit, change},
    host::{NoPlace, change_on_host, place_on_host, show_on_host},
    judge::{Breach, Origin},
    spread::{Spread, spread},
    unused::Watch,
};
pub(super) use judge::{Handed, InForce};

use uuid::Uuid;

use super::{Admitted, House, Refusal};
use crate::{
    db::{
        Transaction,
        policies::{self, Broken, Versioned},
    },
    domain::{
        KeyId, MeshId, Owner, Policy, Slug,
        page::{Limit, Page, read_cursor},
    },
};

/// How many keys are named of those that do not comply.
const MOST_NAMED: u32 = 100;

/// A policy, and what holds together with its org's.
#[derive(Debug)]
pub struct Shown {
    /// Whose it is: the org's, or a mesh's.
    pub owner: Owner,
    /// What it says itself.
    pub own: Versioned,
    /// What the org's says: of the org's the same.
    pub org: Policy,
    /// What holds there: of each rule the tighter of the org's and the mesh's.
    pub in_force: Policy,
}

/// The live keys that do not comply.
#[derive(Debug)]
pub struct Preview {
    /// How many.
    pub count: i64,
    /// The first of them.
    pub first: Vec<Broken>,
}

/// Whose policy a request is about: that of the mesh that it names, or else the org's.
fn place(by: &Admitted) -> Owner {
    Owner::new(by.org(), by.mesh_id().ok())
}

/// Shows the policy of the org, or of the mesh that is named.
pub async fn show(house: &House, by: &Admitted) -> Result<Shown, Refusal> {
    house.look(by.org(), async |transaction| shown(transaction, place(by)).await).await
}

/// The meshes with a policy that asks for something, as far as the caller reaches into them.
pub async fn of_meshes(house: &House, by: &Admitted) -> Result<Vec<(Slug, Policy)>, Refusal> {
    let org = by.org();
    let all = house.look(org, async |transaction| Ok(policies::of_meshes(transaction, org).await?)).await?;
    let is_told =
        |mesh: MeshId, policy: &Policy| *policy != Policy::default() && by.rights().reach_into(Owner::Mesh(org, mesh));
    let told = all.into_iter().filter(|(mesh, _, policy)| is_told(*mesh, policy));
    Ok(told.map(|(_, slug, policy)| (slug, policy)).collect())
}

async fn shown(transaction: &Transaction<'_>, owner: Owner) -> Result<Shown, Refusal> {
    let own = policies::show(transaction, owner.org(), owner.mesh()).await?;
    let InForce { org, both } = InForce::read(transaction, owner).await?;
    Ok(Shown { owner, own, org, in_force: both })
}

async fn preview(transaction: &Transaction<'_>, owner: Owner) -> Result<Preview, Refusal> {
    let (org, mesh) = (owner.org(), owner.mesh());
    let count = policies::count_broken(transaction, org, mesh).await?;
    let most = Limit::try_from(MOST_NAMED).map_err(|_| Refusal::Impossible("a hundred is a legal limit"))?;
    let mut first = policies::broken(transaction, org, mesh, Uuid::nil(), most).await?;
    first.truncate(most.get());
    Ok(Preview { count, first })
}

/// The live keys of the org, or of the mesh that is named, that do not comply, by id.
pub async fn violations(
    house: &House,
    by: &Admitted,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Broken>, Refusal> {
    let (org, mesh) = (by.org(), place(by).mesh());
    let bound = ("violations", org, mesh);
    let after: Option<KeyId> = cursor.map(|cursor| read_cursor(&bound, cursor)).transpose()?;
    let after = after.map_or(Uuid::nil(), KeyId::uuid);
    let rows =
        house.look(org, async |transaction| Ok(policies::broken(transaction, org, mesh, after, limit).await?)).await?;
    Ok(Page::cut(rows, limit, &bound, |broken| broken.id))
}
