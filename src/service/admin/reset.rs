//! An account that is given anew to the one whom the operator means: all by which somebody gets in is taken away.

use serde_json::json;
use zeroize::Zeroizing;

use super::{HOST, NotDone, lock_person, work};
use crate::{
    db::{Transaction, identities, members, passkeys, people, users},
    domain::{
        Email, KeyId, OneTimeCode, User,
        audit::Action,
        password::{Password, PasswordHash},
    },
    service::{
        House, Refusal, Settled,
        members::revoke_all,
        operator::Operator,
        people::{set_password, write_everywhere},
        tries,
    },
};

/// Somebody's password was set anew, or taken away.
pub struct Reset {
    /// Whose.
    pub user: User,
    /// By which the person sets another.
    pub code: Option<OneTimeCode>,
    /// How many passkeys were removed.
    pub passkeys: u64,
    /// How many identities were disconnected.
    pub identities: u64,
    /// How many personal keys it had that were not revoked.
    pub keys: usize,
    /// How far their end has come, where they were revoked.
    pub settled: Option<Settled>,
}

/// What else is taken away with the password.
#[derive(Debug, Clone, Copy, Default)]
pub struct Also {
    /// The second factor, with its recovery codes.
    pub second_factor: bool,
    /// Personal keys, in every org.
    pub keys: bool,
}

/// Why keys of an account that is given anew are revoked.
const REASON: &str = "the account was reset on the host";

/// Sets a person's password to this text; or takes it away, and makes a code by which the person sets another. Ends its sessions, and
/// removes its passkeys and identities: the account may have been in other hands, and those may have added one.
pub async fn reset(
    house: &House,
    _: &Operator,
    email: &Email,
    text: Option<Zeroizing<String>>,
    also: Also,
) -> Result<Reset, NotDone> {
    let hash = match text {
        Some(text) => Some(fit(house, email, text).await?),
        None => None,
    };
    let how = How { hash, also };
    let (mut reset, change) = work(house, async |transaction| {
        let user = lock_person(transaction, email).await?;
        Ok(within(transaction, user, &how).await?)
    })
    .await?;
    if also.keys {
        reset.settled = Some(house.hold(change).await?);
    }
    Ok(reset)
}

/// Takes from an account all by which somebody gets in or acts, and makes a code by which its person gets in. Holds when that is waited for.
pub(super) async fn give_anew(transaction: &Transaction<'_>, user: &User) -> Result<Option<OneTimeCode>, Refusal> {
    let also = Also { second_factor: true, keys: true };
    Ok(within(transaction, user.clone(), &How { hash: None, also }).await?.code)
}

struct How {
    hash: Option<PasswordHash>,
    also: Also,
}

async fn within(transaction: &Transaction<'_>, user: User, how: &How) -> Result<Reset, Refusal> {
    match how.hash {
        // Who is given it by the operator is who has the address.
        Some(_) => users::verified(transaction, user.id).await?,
        None => people::forget_password(transaction, user.id).await?,
    }
    let code = set_password(transaction, user.id, how.hash.as_ref()).await?;
    // In this order: who signs in by one at this moment is waited for, and signed out.
    let passkeys = passkeys::remove_all(transaction, user.id).await?;
    let identities = identities::forget(transaction, user.id).await?;
    people::sign_out(transaction, user.id).await?;
    tries::forget(transaction, &user).await?;
    if how.also.second_factor {
        people::forget_second_factor(transaction, user.id).await?;
    }
    let keys = keys(transaction, &user, how.also.keys).await?;
    let by = if code.is_some() { "link" } else { "host" };
    let facts = json!({
        "email": user.email, "by": by, "without_second_factor": how.also.second_factor, "passkeys_removed": passkeys,
        "identities_removed": identities, "keys_revoked": if how.also.keys { keys } else { 0 },
    });
    write_everywhere(transaction, &HOST, user.id, Action::UserPasswordReset, Some(facts)).await?;
    Ok(Reset { user, code, passkeys, identities, keys, settled: None })
}

/// How many personal keys there are in all orgs; or were, where they are revoked.
async fn keys(transaction: &Transaction<'_>, user: &User, revokes: bool) -> Result<usize, Refusal> {
    let mut count = 0;
    for org in users::orgs(transaction, user.id).await? {
        let personal = members::personal(transaction, org, user.id).await?;
        let ids: Vec<KeyId> = personal.iter().map(|key| key.id).collect();
        count += ids.len();
        if revokes {
            revoke_all(transaction, org, (HOST.actor, HOST.trail), &ids, REASON).await?;
        }
    }
    Ok(count)
}

async fn fit(house: &House, email: &Email, text: Zeroizing<String>) -> Result<PasswordHash, NotDone> {
    let found = users::find(&house.store.operator().await?, email).await?;
    let user = found.ok_or(NotDone::NoPerson)?;
    Ok(house.passwords.hash(&Password::new(text, &user.email, &user.name)?).await?)
}
