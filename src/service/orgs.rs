//! The caller's org: look at it, give it another name.

use super::{
    Admitted, House, IfMatch, Refusal, authority,
    house::{Mode, record},
    record::changed,
};
use crate::{
    db::{meshes, orgs},
    domain::{Mesh, Org, Title, audit::Action},
};

/// The caller's org.
pub async fn show(house: &House, by: &Admitted) -> Result<Org, Refusal> {
    house.look(by.org(), async |transaction| orgs::show(transaction, by.org()).await?.ok_or(Refusal::NotFound)).await
}

/// Gives the caller's org another name.
pub async fn edit(house: &House, by: &Admitted, name: Option<&Title>, seen: &IfMatch) -> Result<Org, Refusal> {
    house
        .within(by.org(), Mode::Real, async |transaction| {
            let (_, before) = authority::hold_with_org(transaction, by).await?;
            seen.ensure(before.version)?;
            let Some(name) = name.filter(|name| **name != before.name) else { return Ok(before) };
            let after = orgs::edit(transaction, by.org(), name).await?;
            let change = changed(Action::OrgEdited, &before, &after);
            record(transaction, by.org(), by.actor(), by.trail(), change).await?;
            Ok(after)
        })
        .await
}

/// Where the caller is at home: its org, and its mesh if it belongs to one.
pub async fn homes(house: &House, by: &Admitted) -> Result<(Org, Option<Mesh>), Refusal> {
    house
        .look(by.org(), async |transaction| {
            let org = orgs::show(transaction, by.org()).await?.ok_or(Refusal::NotFound)?;
            let mesh = match by.credential()?.terms.grant.owner.mesh() {
                Some(mesh) => meshes::show(transaction, by.org(), mesh).await?,
                None => None,
            };
            Ok((org, mesh))
        })
        .await
}
