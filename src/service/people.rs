//! What happens to a person, in the words of the audit, and what the set-up and the host have in common: making one, and letting
//! one in that has no password.

use serde_json::{Value, json};

use super::{Refusal, house::record, meshes::taken};
use crate::{
    db::{Transaction, one_time, passwords, store::act_for, users},
    domain::{
        Email, Membership, OneTimeCode, OrgId, Title, User, UserId,
        audit::{Action, Actor, Change, Subject, Trail},
        password::PasswordHash,
        role::Role,
    },
};

/// Somebody who is not known yet.
pub struct NewPerson {
    /// Which one it will be.
    pub id: UserId,
    /// By which it signs in.
    pub email: Email,
    /// What it is called.
    pub name: Title,
    /// What it knows. Without a password it is given a code to set one.
    pub password: Option<PasswordHash>,
}

/// What somebody is called of whom nothing but the address is known: as that begins.
pub fn name_of(email: &Email) -> Result<Title, Refusal> {
    let local = email.as_str().split('@').next().unwrap_or_default();
    let name: String = local.chars().take(64).collect();
    name.parse().map_err(|_| Refusal::Impossible("the beginning of an address is a legal name"))
}

/// By whom, and through what, a change came.
pub(super) struct Author<'a> {
    pub(super) actor: Actor,
    pub(super) trail: &'a Trail,
}

impl Author<'_> {
    /// Writes one change down.
    pub(super) async fn write(&self, transaction: &Transaction<'_>, org: OrgId, change: Change) -> Result<(), Refusal> {
        record(transaction, org, self.actor, self.trail, change).await
    }
}

/// Makes a person whose address is vouched for by who has a shell on the host, and has said it or given a code on; with the code by
/// which it sets a password, if it has none.
pub(super) async fn make(
    transaction: &Transaction<'_>,
    person: &NewPerson,
) -> Result<(User, Option<OneTimeCode>), Refusal> {
    let user = users::insert(transaction, person.id, (&person.email, true), &person.name).await.map_err(taken)?;
    let code = set_password(transaction, user.id, person.password.as_ref()).await?;
    Ok((user, code))
}

/// Sets a person's password; or, without one, makes a code by which the person does it.
pub(super) async fn set_password(
    transaction: &Transaction<'_>,
    user: UserId,
    password: Option<&PasswordHash>,
) -> Result<Option<OneTimeCode>, Refusal> {
    if let Some(password) = password {
        one_time::forget(transaction, Some(user)).await?;
        passwords::set(transaction, user, password).await?;
        return Ok(None);
    }
    let code = OneTimeCode::generate()?;
    one_time::keep_for(transaction, code.hash(), user).await?;
    Ok(Some(code))
}

/// What a person is in one org: its role there, and those in the meshes of it.
pub(super) struct Part<'a> {
    user: &'a User,
    role: Option<Role>,
    meshes: Vec<(String, Role)>,
}

impl<'a> Part<'a> {
    /// The part of this person in the org with this role, and in none of its meshes.
    pub(super) const fn of_org(user: &'a User, role: Role) -> Self {
        Self { user, role: Some(role), meshes: Vec::new() }
    }

    /// Of all that a person is, what it is in that org.
    pub(super) fn of(user: &'a User, all: &[Membership], org: OrgId) -> Self {
        let here = all.iter().filter(|part| part.at.org() == org);
        let (mut role, mut meshes) = (None, Vec::new());
        for part in here {
            match part.at.mesh() {
                None => role = Some(part.role),
                Some(mesh) => meshes.push((mesh.to_string(), part.role)),
            }
        }
        Self { user, role, meshes }
    }

    /// The role at the org itself.
    pub(super) const fn role(&self) -> Option<Role> {
        self.role
    }

    /// Whether the person is not in the org at all.
    pub(super) const fn is_nothing(&self) -> bool {
        self.role.is_none() && self.meshes.is_empty()
    }

    /// The same with another role at the org itself.
    pub(super) fn with(&self, role: Role) -> Self {
        Self { user: self.user, role: Some(role), meshes: self.meshes.clone() }
    }

    fn facts(&self) -> Value {
        let meshes: Value = self.meshes.iter().map(|(mesh, role)| (mesh.clone(), json!(role.name()))).collect();
        json!({ "email": self.user.email, "role": self.role.map(Role::name), "meshes": meshes })
    }
}

/// That a person has another part in an org than before.
pub(super) fn part_changed(action: Action, before: Option<&Part<'_>>, after: Option<&Part<'_>>) -> Option<Change> {
    let user = after.or(before)?.user.id;
    let facts = |part: Option<&Part<'_>>| part.map(Part::facts);
    Some(Change { action, subject: subject(user), mesh: None, before: facts(before), after: facts(after) })
}

/// Writes down in each org of a person what happened to it, and not to its part there.
pub(super) async fn write_everywhere(
    transaction: &Transaction<'_>,
    author: &Author<'_>,
    user: UserId,
    action: Action,
    after: Option<Value>,
) -> Result<(), Refusal> {
    // In their order, so that nobody waits for who waits.
    for org in users::orgs(transaction, user).await? {
        act_for(transaction, org).await?;
        let change = Change { action, subject: subject(user), mesh: None, before: None, after: after.clone() };
        author.write(transaction, org, change).await?;
    }
    Ok(())
}

fn subject(user: UserId) -> Subject {
    Subject { kind: "member", id: user.to_string() }
}
