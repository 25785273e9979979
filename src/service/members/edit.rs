//! Change what a member may do, at the org and at its meshes.

use std::collections::{BTreeMap, BTreeSet};

use super::place;
use crate::{
    db::{Transaction, members},
    domain::{
        Member, MeshId, OrgId, UserId,
        audit::Action,
        member::{MOST_MESHES, Part},
        role::Role,
    },
    service::{
        Admitted, Done, House, IfMatch, Refusal,
        authority::{self, Holding},
        edit::Patch,
        effect::Takes,
        house::{Mode, record},
        record::rearranged,
    },
};

/// What is to become of a member's part. What is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// The role at the org.
    pub role: Patch<Role>,
    /// Roles at meshes, by id or slug; `None` takes the role there.
    pub meshes: BTreeMap<String, Option<Role>>,
}

/// Changes a member's part, and waits until every replica judges by what it is now.
pub async fn edit(
    house: &House,
    by: &Admitted,
    user: UserId,
    edit: &Edit,
    seen: &IfMatch,
) -> Result<Done<Member>, Refusal> {
    let org = by.org();
    house
        .change(org, user, Mode::Real, async |transaction| {
            let (caller, before, owners) = hold(transaction, by, user).await?;
            seen.ensure(before.part.version())?;
            let part = edited(transaction, org, &before.part, edit).await?;
            if part == before.part {
                return Ok((before, Takes::AlreadySo));
            }
            if part.adds_admin_to(&before.part) {
                caller.ensure_fresh()?;
                caller.ensure_unbound()?;
            }
            caller.who().ensure_edits(user, &before.part, &part, owners)?;
            members::edit(transaction, org, user, &before.part, &part).await?;
            let after = members::show(transaction, org, user).await?.ok_or(Refusal::NotFound)?;
            let change = rearranged(Action::MemberEdited, &before, &after);
            record(transaction, org, by.actor(), by.trail(), change).await?;
            // Another part may be less in one place and more in another.
            Ok((after, Takes::Away))
        })
        .await
}

/// Judges the caller anew and holds the member's part, one change of an org's members at a time; also says who owns the org.
pub(super) async fn hold(
    transaction: &Transaction<'_>,
    by: &Admitted,
    user: UserId,
) -> Result<(Holding, Member, usize), Refusal> {
    let org = by.org();
    let (caller, _) = authority::hold_with_org(transaction, by).await?;
    // The host's shell may remove an owner too, so that the rows are held as well.
    let owners = members::lock(transaction, org, user).await?;
    let member = members::show(transaction, org, user).await?.ok_or(Refusal::NotFound)?;
    // With this one, if it is one.
    let owners = owners.iter().filter(|owner| **owner != user).count() + 1;
    Ok((caller, member, owners))
}

async fn edited(transaction: &Transaction<'_>, org: OrgId, before: &Part, edit: &Edit) -> Result<Part, Refusal> {
    let mut part = before.clone();
    part.org = edit.role.of(part.org);
    let mut named_twice = BTreeSet::new();
    for (named, role) in &edit.meshes {
        let pointer = format!("/meshes/{}", named.replace('~', "~0").replace('/', "~1"));
        let (mesh, is_archived) = place(transaction, org, named, &pointer).await?;
        if !named_twice.insert(mesh) {
            return Err(Refusal::invalid(pointer, "this mesh is named twice"));
        }
        change(&mut part, mesh, *role, is_archived).map_err(|why| Refusal::invalid(pointer, why))?;
    }
    if part.is_nothing() {
        return Err(Refusal::invalid("", "this would leave the member nothing: send a DELETE to remove it"));
    }
    if part.meshes.len() > MOST_MESHES {
        return Err(Refusal::invalid("/meshes", format!("a member has a role at {MOST_MESHES} meshes at most")));
    }
    Ok(part)
}

fn change(part: &mut Part, mesh: MeshId, role: Option<Role>, is_archived: bool) -> Result<(), &'static str> {
    match role {
        None => drop(part.meshes.remove(&mesh)),
        Some(Role::Owner) => return Err("a mesh has no owners: a role there is viewer, member or admin"),
        Some(role) if is_archived && part.meshes.get(&mesh) != Some(&role) => {
            return Err("the mesh is archived: nobody would do anything there");
        }
        Some(role) => drop(part.meshes.insert(mesh, role)),
    }
    Ok(())
}
