//! Members of an org: look at them, change what they may do, remove them.

mod edit;
mod remove;

use std::collections::BTreeMap;

pub use self::{
    edit::{Edit, edit},
    remove::{Concerned, Removal, Removed, remove},
};
use super::{Admitted, Conflict, House, Refusal};
use crate::{
    db::{
        Transaction,
        members::{self, Filter},
        meshes,
        presence::{self, Presence},
    },
    domain::{
        Member, MeshId, OrgId, UserId,
        member::Forbidden,
        page::{Limit, Page, read_cursor},
        role::Role,
    },
};
pub(super) use remove::{revoke_all, write_down};

impl From<Forbidden> for Refusal {
    fn from(why: Forbidden) -> Self {
        match why {
            Forbidden::LastOwner => Conflict::LastOwner.into(),
            Forbidden::OwnRole => Conflict::OwnRole.into(),
            Forbidden::OwnerOnly => Self::OwnerOnly("only an owner, signed in, may make or change owners"),
            Forbidden::Unconfirmed => Self::NotFresh,
        }
    }
}

/// Which members are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// With this role somewhere, or at the mesh.
    pub role: Option<Role>,
    /// With a role at this mesh, by id or slug.
    pub mesh: Option<String>,
    /// With this in the address or the name.
    pub text: Option<String>,
    /// How many.
    pub limit: Limit,
    /// From where on.
    pub cursor: Option<String>,
}

/// The members of the org that are wanted, by address.
pub async fn list(house: &House, by: &Admitted, wanted: &Wanted) -> Result<Page<Member>, Refusal> {
    let org = by.org();
    house
        .look(org, async |transaction| {
            let mesh = match &wanted.mesh {
                Some(named) => Some(place(transaction, org, named, "mesh").await?.0),
                None => None,
            };
            let filter = Filter { role: wanted.role.map(Role::name), mesh, text: wanted.text.clone() };
            let bound = ("members", org, &filter);
            let after: Option<String> =
                wanted.cursor.as_deref().map(|cursor| read_cursor(&bound, cursor)).transpose()?;
            let rows =
                members::list(transaction, org, &filter, after.as_deref().unwrap_or_default(), wanted.limit).await?;
            Ok(Page::cut(rows, wanted.limit, &bound, |member| member.user.email.to_string()))
        })
        .await
}

/// The mesh of this org that is meant, and whether it is archived.
pub(super) async fn place(
    transaction: &Transaction<'_>,
    org: OrgId,
    named: &str,
    pointer: &str,
) -> Result<(MeshId, bool), Refusal> {
    let mesh = meshes::resolve(transaction, org, named).await?;
    let mesh = mesh.ok_or_else(|| Refusal::invalid(pointer, "there is no such mesh in this org"))?;
    Ok((mesh.id, mesh.archived_at.is_some()))
}

/// What there is to know at a glance of these members, for who may see them.
pub async fn presence(house: &House, by: &Admitted, of: &[UserId]) -> Result<BTreeMap<UserId, Presence>, Refusal> {
    let found = house.look(by.org(), async |transaction| Ok(presence::of(transaction, by.org(), of).await?)).await?;
    Ok(found.into_iter().collect())
}

/// A member, and how many keys are its own, and how many others it issued.
pub async fn show(house: &House, by: &Admitted, user: UserId) -> Result<(Member, usize, usize), Refusal> {
    let org = by.org();
    house
        .look(org, async |transaction| {
            let member = members::show(transaction, org, user).await?.ok_or(Refusal::NotFound)?;
            let personal = members::personal(transaction, org, user).await?.len();
            Ok((member, personal, members::issued(transaction, org, user).await?.len()))
        })
        .await
}
