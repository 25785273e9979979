//! What an operator does with people, with a shell on the host: see who owns what, let somebody in or out, and help who is
//! locked out. Written down as `local` in the chain of each org concerned.

mod reset;

use serde_json::json;

pub use self::reset::{Also, Reset, reset};

use super::{
    Done, House, Refusal, Settled,
    again::{WasInTheWay, undisturbed},
    members::write_down,
    operator::Operator,
    patience::in_time,
    people::{Author, NewPerson, Part, make, name_of, part_changed, write_everywhere},
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
        password::UnfitPassword,
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
    /// By which the person sets a password, if there was no such person before, or nobody had shown that the address is its own.
    pub code: Option<OneTimeCode>,
    /// Whether the account was there, and was taken from who had it.
    pub is_given_anew: bool,
}

impl db::store::CastsDoubt for NotDone {
    fn casts_doubt(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.casts_doubt())
    }
}

impl WasInTheWay for NotDone {
    fn was_in_the_way(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.was_in_the_way())
    }
}

const TRAIL: Trail = Trail { request_id: None, address: None };
const HOST: Author<'static> = Author { actor: Actor::Local, trail: &TRAIL };

/// Who owns or administers which org.
pub async fn list(house: &House, _: &Operator) -> Result<Vec<Admin>, Refusal> {
    Ok(people::admins(&house.store.operator().await?).await?)
}

/// The orgs that people are in and of which no owner may do anything.
pub async fn ownerless(house: &House, _: &Operator) -> Result<Vec<Slug>, Refusal> {
    Ok(people::ownerless(&house.store.operator().await?, None).await?)
}

/// Makes a person owner or admin of an org; the person too, if nobody has that address. Whoever has an account with an address that
/// nobody has shown to be its own is perhaps not the one who is meant: that account is taken from it, and given by the code.
pub async fn grant(
    house: &House,
    _: &Operator,
    (email, slug): (&Email, &Slug),
    role: Role,
) -> Result<Done<Granted>, NotDone> {
    let ((value, old), change) = work(house, async |transaction| {
        let org = lock_org(transaction, slug).await?;
        let found = users::find(transaction, email).await?;
        let is_given_anew = found.as_ref().is_some_and(|user| user.email_verified_at.is_none());
        let (user, code) = match found {
            None => make(transaction, &newcomer(email)?).await?,
            Some(user) => {
                people::lock(transaction, user.id).await?;
                let code = if is_given_anew { reset::give_anew(transaction, &user).await? } else { None };
                (user, code)
            }
        };
        let parts = people::parts(transaction, user.id).await?;
        let before = Part::of(&user, &parts, org.id);
        let old = before.role();
        if old == Some(role) {
            // Of an account that was given anew that stays.
            let value = Granted { user, org, role, code, is_given_anew };
            return if is_given_anew { Ok((value, old)) } else { Err(NotDone::AlreadySo(None)) };
        }
        if old == Some(Role::Owner) {
            ensure_owned(transaction, &org, user.id).await?;
        }
        people::grant(transaction, org.id, user.id, role).await?;
        let after = before.with(role);
        let is_new = before.is_nothing();
        let (action, before) = if is_new { (Action::MemberAdded, None) } else { (Action::MemberEdited, Some(&before)) };
        if let Some(change) = part_changed(action, before, Some(&after)) {
            HOST.write(transaction, org.id, change).await?;
        }
        Ok((Granted { user, org, role, code, is_given_anew }, old))
    })
    .await?;
    let takes_away = value.is_given_anew || old.is_some_and(|old| old > role);
    let settled = if takes_away { Some(house.hold(change).await?) } else { house.courteously(Some(change)).await };
    Ok(Done { value, settled })
}

fn newcomer(email: &Email) -> Result<NewPerson, Refusal> {
    Ok(NewPerson { id: UserId::new(), email: email.clone(), name: name_of(email)?, password: None })
}

/// Takes from a person all that it is in an org. Answers when that holds everywhere.
pub async fn revoke(house: &House, _: &Operator, (email, slug): (&Email, &Slug)) -> Result<Done<User>, NotDone> {
    let (removed, change) = work(house, async |transaction| {
        let org = lock_org(transaction, slug).await?;
        let user = lock_person(transaction, email).await?;
        let parts = people::parts(transaction, user.id).await?;
        let before = Part::of(&user, &parts, org.id);
        if before.is_nothing() {
            // Removed by one, perhaps, who could not wait until it held everywhere.
            feed::tell(transaction, Kind::User, user.id.uuid()).await?;
            return Ok(None);
        }
        if before.role() == Some(Role::Owner) {
            ensure_owned(transaction, &org, user.id).await?;
        }
        people::revoke(transaction, org.id, user.id).await?;
        let personal = db::members::personal(transaction, org.id, user.id).await?;
        let personal: Vec<_> = personal.into_iter().map(|key| key.id).collect();
        let end = part_changed(Action::MemberRemoved, Some(&before), None);
        write_down(transaction, org.id, (HOST.actor, HOST.trail), (&user.email, &personal), end).await?;
        Ok(Some(user))
    })
    .await?;
    let settled = house.hold(change).await?;
    removed.map(|value| Done { value, settled: Some(settled) }).ok_or(NotDone::NotThere)
}

/// Lets a person do nothing at all, anywhere, and ends its sessions; or ends that. Answers when it holds everywhere. Also says which
/// orgs have no owner now who can do something.
pub async fn suspend(
    house: &House,
    _: &Operator,
    email: &Email,
    suspended: bool,
) -> Result<Done<(User, Vec<Slug>)>, NotDone> {
    let ((user, ownerless, is_new), change) = work(house, async |transaction| {
        let user = lock_person(transaction, email).await?;
        if user.suspended_at.is_some() == suspended {
            // By one, perhaps, who could not wait until it held everywhere.
            feed::tell(transaction, Kind::User, user.id.uuid()).await?;
            return Ok((user, Vec::new(), false));
        }
        people::suspend(transaction, user.id, suspended).await?;
        let action = if suspended { Action::UserSuspended } else { Action::UserResumed };
        if suspended {
            people::sign_out(transaction, user.id).await?;
        }
        let facts = json!({ "email": user.email, "suspended": suspended });
        write_everywhere(transaction, &HOST, user.id, action, Some(facts)).await?;
        let ownerless = people::ownerless(transaction, Some(user.id)).await?;
        Ok((user, ownerless, true))
    })
    .await?;
    let settled = if suspended { Some(house.hold(change).await?) } else { house.courteously(Some(change)).await };
    if !is_new {
        return Err(NotDone::AlreadySo(settled.filter(|_| suspended)));
    }
    Ok(Done { value: (user, ownerless), settled })
}

/// Runs it in a transaction of the operator's role; also says which change of what decides it was.
async fn work<T>(
    house: &House,
    work: impl AsyncFn(&Transaction<'_>) -> Result<T, NotDone>,
) -> Result<(T, Told), NotDone> {
    undisturbed(async || {
        let operate = house.store.operate(async |client| {
            let transaction = client.transaction().await.map_err(db::Error::from)?;
            let done = work(&transaction).await?;
            let change = feed::here(&transaction).await?;
            transaction.commit().await.map_err(db::Error::from)?;
            Ok::<_, NotDone>((done, change))
        });
        in_time(operate).await
    })
    .await
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
