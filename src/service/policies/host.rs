//! The same on the host: an operator both tightens and loosens, so that nobody is bound for good by a rule that was a slip.

use time::macros::datetime;
use uuid::Uuid;

use super::{Changed, Edit, Shown, change::apply, shown};
use crate::{
    db::{self, meshes, orgs},
    domain::{
        Owner, Slug,
        audit::{Actor, Trail},
        page::Limit,
    },
    service::{House, IfMatch, Refusal, house::Mode, operator::Operator, people::Author},
};

/// Why no policy is meant.
#[derive(Debug, thiserror::Error)]
pub enum NoPlace {
    /// There is no org of that name.
    #[error("there is no such org")]
    NoOrg,
    /// The org has no mesh of that name; it has these, the newest of them.
    #[error("there is no such mesh in this org")]
    NoMesh(Vec<Slug>),
    /// It could not be looked up.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<db::Error> for NoPlace {
    fn from(error: db::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// Whose policy is meant: the org's, or that of a mesh by its slug or id.
pub async fn place_on_host(house: &House, _: &Operator, org: &Slug, mesh: Option<&str>) -> Result<Owner, NoPlace> {
    let org = orgs::find(&house.store.operator().await?, org).await?.ok_or(NoPlace::NoOrg)?.id;
    let Some(named) = mesh else {
        return Ok(Owner::Org(org));
    };
    let found = house.look(org, async |transaction| Ok(meshes::resolve(transaction, org, named).await?)).await?;
    if let Some(mesh) = found {
        return Ok(Owner::Mesh(org, mesh.id));
    }
    let start = (datetime!(9999-12-31 23:59:59 UTC), Uuid::max());
    let all = async |transaction: &db::Transaction<'_>| {
        Ok(meshes::list(transaction, org, None, None, start, Limit::MOST).await?)
    };
    Err(NoPlace::NoMesh(house.look(org, all).await?.into_iter().map(|mesh| mesh.slug).collect()))
}

/// Shows the policy.
pub async fn show_on_host(house: &House, _: &Operator, owner: Owner) -> Result<Shown, Refusal> {
    house.look(owner.org(), async |transaction| shown(transaction, owner).await).await
}

/// Changes it, whatever it says now.
pub async fn change_on_host(
    house: &House,
    _: &Operator,
    owner: Owner,
    edit: &Edit,
    mode: Mode,
) -> Result<Changed, Refusal> {
    let author = Author { actor: Actor::Local, trail: &Trail::default() };
    let edit = (edit, &IfMatch::Any);
    house
        .within(owner.org(), mode, async |transaction| apply(transaction, owner, &author, edit, |_, _| Ok(())).await)
        .await
}
