//! An account that is given anew to the one whom the operator means: all by which somebody gets in is taken away.

use serde_json::json;
use zeroize::Zeroizing;

use super::{HOST, NotDone, lock_person, work};
use crate::{
    db::{Transaction, identities, passkeys, people, tries, users},
    domain::{
        Email, OneTimeCode, User,
        audit::Action,
        password::{Password, PasswordHash},
        tries::Tried,
    },
    service::{
        House, Refusal,
        operator::Operator,
        people::{set_password, write_everywhere},
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
}

/// Sets a person's password to this text; or takes it away, and makes a code by which the person sets another. Ends its sessions, and
/// removes its passkeys and identities: the account may have been in other hands, and those may have added one.
pub async fn reset(
    house: &House,
    _: &Operator,
    email: &Email,
    text: Option<Zeroizing<String>>,
    without_second_factor: bool,
) -> Result<Reset, NotDone> {
    let hash = match text {
        Some(text) => Some(fit(house, email, text).await?),
        None => None,
    };
    let how = How { hash, without_second_factor };
    let (reset, _) = work(house, async |transaction| {
        let user = lock_person(transaction, email).await?;
        Ok(within(transaction, user, &how).await?)
    })
    .await?;
    Ok(reset)
}

/// Takes from an account all by which somebody gets in, and makes a code by which its person does.
pub(super) async fn give_anew(transaction: &Transaction<'_>, user: &User) -> Result<Option<OneTimeCode>, Refusal> {
    Ok(within(transaction, user.clone(), &How { hash: None, without_second_factor: true }).await?.code)
}

struct How {
    hash: Option<PasswordHash>,
    without_second_factor: bool,
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
    tries::clear_account(transaction, Tried::AccountEverywhere(user.email.as_str()).bucket()).await?;
    if how.without_second_factor {
        people::forget_second_factor(transaction, user.id).await?;
    }
    let by = if code.is_some() { "link" } else { "host" };
    let facts = json!({
        "email": user.email, "by": by, "without_second_factor": how.without_second_factor, "passkeys_removed": passkeys,
        "identities_removed": identities,
    });
    write_everywhere(transaction, &HOST, user.id, Action::UserPasswordReset, Some(facts)).await?;
    Ok(Reset { user, code, passkeys, identities })
}

async fn fit(house: &House, email: &Email, text: Zeroizing<String>) -> Result<PasswordHash, NotDone> {
    let found = users::find(&house.store.operator().await?, email).await?;
    let user = found.ok_or(NotDone::NoPerson)?;
    Ok(house.passwords.hash(&Password::new(text, &user.email, &user.name)?).await?)
}
