//! What an operator does with people, with a shell on the host: see who owns what, let somebody in or out, and help who is
//! locked out. Written down as `local` in the chain of each org concerned.

use serde_json::json;
use zeroize::Zeroizing;

use super::{
    Done, House, Refusal, Settled,
    members::write_down,
    operator::Operator,
    people::{Author, NewPerson, Part, make, name_of, part_changed, set_password, write_everywhere},
};
use crate::{
    db::{
        self, Transaction,
        fresh::feed::{self, Kind},
        orgs,
        people::{self, Admin},
        users,
    },
    domain::{
        Email, OneTimeCode, Org, Slug, User, UserId,
        audit::{Action, Actor, Trail},
        fresh::Change as Told,
        password::{Password, PasswordHash, UnfitPassword},
        role::Role,
    },
};

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// Nobody has that address.
    #[error("nobody has this address")]
    NoPerson,
    /// There is no org of that name.
    #[error("there is no such org")]
    NoOrg,
    /// The person is not in that org.
    #[error("not in that org")]
    NotThere,
    /// It is so already; where it takes something away, that holds everywhere.
    #[error("it is so already")]
    AlreadySo(Option<Settled>),
    /// The org would have no owner.
    #[error("the last owner")]
    LastOwner,
    /// The text may not be a password.
    #[error(transparent)]
    Unfit(#[from] UnfitPassword),
    /// It could not be done.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<db::Error> for NotDone {
    fn from(error: db::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// Somebody was given a part in an org.
pub struct Granted {
    /// Who.
    pub user: User,
    /// The org.
    pub org: Org,
    /// As what.
    pub role: Role,
    /// By which the person sets a password, if there was no such person before.
    pub code: Option<OneTimeCode>,
}

const TRAIL: Trail = Trail { request_id: None, address: None };
const HOST: Author<'static> = Author { actor: Actor::Local, trail: &TRAIL };

/// Who owns or administers which org.
pub async fn list(house: &House, _: &Operator) -> Result<Vec<Admin>, Refusal> {
    Ok(people::admins(&house.store.operator().await?).await?)
}

/// Makes a person owner or admin of an org; the person too, if nobody has that address.
pub async fn grant(
    house: &House,
    _: &Operator,
    (email, slug): (&Email, &Slug),
    role: Role,
) -> Result<Done<Granted>, NotDone> {
    let mut client = house.store.operator().await?;
    let transaction = client.transaction().await.map_err(db::Error::from)?;
    let org = lock_org(&transaction, slug).await?;
    let (user, code) = match users::find(&transaction, email).await? {
        Some(user) => (user, None),
        None => make(&transaction, &newcomer(email)?).await?,
    };
    people::lock(&transaction, user.id).await?;
    let parts = people::parts(&transaction, user.id).await?;
    let before = Part::of(&user, &parts, org.id);
    let old = before.role();
    if old == Some(role) {
        return Err(NotDone::AlreadySo(None));
    }
    if old == Some(Role::Owner) {
        ensure_owned(&transaction, &org, user.id).await?;
    }
    people::grant(&transaction, org.id, user.id, role).await?;
    let after = before.with(role);
    let is_new = before.is_nothing();
    let (action, before) = if is_new { (Action::MemberAdded, None) } else { (Action::MemberEdited, Some(&before)) };
    if let Some(change) = part_changed(action, before, Some(&after)) {
        HOST.write(&transaction, org.id, change).await?;
    }
    let change = commit(transaction).await?;
    let value = Granted { user, org, role, code };
    let takes_away = old.is_some_and(|old| old > role);
    let settled = if takes_away { Some(house.hold(change).await?) } else { house.courteously(Some(change)).await };
    Ok(Done { value, settled })
}

fn newcomer(email: &Email) -> Result<NewPerson, Refusal> {
    Ok(NewPerson { id: UserId::new(), email: email.clone(), name: name_of(email)?, password: None })
}

/// Takes from a person all that it is in an org. Answers when that holds everywhere.
pub async fn revoke(house: &House, _: &Operator, (email, slug): (&Email, &Slug)) -> Result<Done<User>, NotDone> {
    let mut client = house.store.operator().await?;
    let transaction = client.transaction().await.map_err(db::Error::from)?;
    let org = lock_org(&transaction, slug).await?;
    let user = lock_person(&transaction, email).await?;
    let parts = people::parts(&transaction, user.id).await?;
    let before = Part::of(&user, &parts, org.id);
    if before.is_nothing() {
        // Removed by one, perhaps, who could not wait until it held everywhere.
        let change = feed::tell(&transaction, Kind::User, user.id.uuid()).await?;
        transaction.commit().await.map_err(db::Error::from)?;
        house.hold(change).await?;
        return Err(NotDone::NotThere);
    }
    if before.role() == Some(Role::Owner) {
        ensure_owned(&transaction, &org, user.id).await?;
    }
    people::revoke(&transaction, org.id, user.id).await?;
    let personal: Vec<_> =
        db::members::personal(&transaction, org.id, user.id).await?.into_iter().map(|key| key.id).collect();
    let end = part_changed(Action::MemberRemoved, Some(&before), None);
    write_down(&transaction, org.id, (HOST.actor, HOST.trail), (&user.email, &personal), end).await?;
    let change = commit(transaction).await?;
    Ok(Done { value: user, settled: Some(house.hold(change).await?) })
}

/// Lets a person do nothing at all, anywhere, and ends its sessions; or ends that. Answers when it holds everywhere.
pub async fn suspend(house: &House, _: &Operator, email: &Email, suspended: bool) -> Result<Done<User>, NotDone> {
    let mut client = house.store.operator().await?;
    let transaction = client.transaction().await.map_err(db::Error::from)?;
    let user = lock_person(&transaction, email).await?;
    match (user.suspended_at.is_some(), suspended) {
        (true, true) => {
            // By one, perhaps, who could not wait until it held everywhere.
            let change = feed::tell(&transaction, Kind::User, user.id.uuid()).await?;
            transaction.commit().await.map_err(db::Error::from)?;
            return Err(NotDone::AlreadySo(Some(house.hold(change).await?)));
        }
        (false, false) => return Err(NotDone::AlreadySo(None)),
        _ => {}
    }
    people::suspend(&transaction, user.id, suspended).await?;
    let action = if suspended { Action::UserSuspended } else { Action::UserResumed };
    if suspended {
        people::sign_out(&transaction, user.id).await?;
    }
    let facts = json!({ "email": user.email, "suspended": suspended });
    write_everywhere(&transaction, &HOST, &user, action, &facts).await?;
    let change = commit(transaction).await?;
    let settled = if suspended { Some(house.hold(change).await?) } else { house.courteously(Some(change)).await };
    Ok(Done { value: user, settled })
}

/// Sets a person's password to this text; or takes it away, and makes a code by which the person sets another. Ends its sessions.
pub async fn reset(
    house: &House,
    _: &Operator,
    email: &Email,
    text: Option<Zeroizing<String>>,
    without_second_factor: bool,
) -> Result<(User, Option<OneTimeCode>), NotDone> {
    let hash = match text {
        Some(text) => Some(fit(house, email, text).await?),
        None => None,
    };
    let mut client = house.store.operator().await?;
    let transaction = client.transaction().await.map_err(db::Error::from)?;
    let user = lock_person(&transaction, email).await?;
    if hash.is_none() {
        people::forget_password(&transaction, user.id).await?;
    }
    let code = set_password(&transaction, user.id, hash.as_ref()).await?;
    people::sign_out(&transaction, user.id).await?;
    if without_second_factor {
        people::forget_second_factor(&transaction, user.id).await?;
    }
    let by = if code.is_some() { "link" } else { "host" };
    let facts = json!({ "email": user.email, "by": by, "without_second_factor": without_second_factor });
    write_everywhere(&transaction, &HOST, &user, Action::UserPasswordReset, &facts).await?;
    transaction.commit().await.map_err(db::Error::from)?;
    Ok((user, code))
}

async fn fit(house: &House, email: &Email, text: Zeroizing<String>) -> Result<PasswordHash, NotDone> {
    let found = users::find(&house.store.operator().await?, email).await?;
    let user = found.ok_or(NotDone::NoPerson)?;
    Ok(house.passwords.hash(&Password::new(text, &user.email, &user.name)?).await?)
}

/// The org, held: parts in it change one after the other.
async fn lock_org(transaction: &Transaction<'_>, slug: &Slug) -> Result<Org, NotDone> {
    let id = orgs::find(transaction, slug).await?.ok_or(NotDone::NoOrg)?.id;
    orgs::lock(transaction, id).await?.ok_or(NotDone::NoOrg)
}

async fn lock_person(transaction: &Transaction<'_>, email: &Email) -> Result<User, NotDone> {
    let id = users::find(transaction, email).await?.ok_or(NotDone::NoPerson)?.id;
    people::lock(transaction, id).await?;
    users::show(transaction, id).await?.ok_or(NotDone::NoPerson)
}

async fn ensure_owned(transaction: &Transaction<'_>, org: &Org, without: UserId) -> Result<(), NotDone> {
    let is_owned = people::has_other_owner(transaction, org.id, without).await?;
    if is_owned { Ok(()) } else { Err(NotDone::LastOwner) }
}

async fn commit(transaction: Transaction<'_>) -> Result<Told, NotDone> {
    let change = feed::here(&transaction).await?;
    transaction.commit().await.map_err(db::Error::from)?;
    Ok(change)
}
