//! A password that is set anew by who shows a one-time code for it. Every session of that person ends.

use serde_json::json;
use zeroize::Zeroizing;

use super::{
    House, Refusal,
    patience::in_time,
    people::{Author, set_password, write_everywhere},
    tries,
};
use crate::{
    db::{
        self,
        one_time::{self, Purpose},
        people, users,
    },
    domain::{
        OneTimeCode, User,
        audit::{Action, Actor, Trail},
        password::{Password, UnfitPassword},
    },
};

/// Why a password was not set.
#[derive(Debug, thiserror::Error)]
pub enum NotReset {
    /// There is no such code, or no more.
    #[error("this link does not work any more")]
    WrongCode,
    /// The text may not be a password.
    #[error(transparent)]
    Unfit(#[from] UnfitPassword),
    /// It could not be done.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Whose password this code sets.
pub async fn check(house: &House, code: &OneTimeCode) -> Result<User, NotReset> {
    let hash = code.hash();
    let found = in_time(house.store.ask(async |client| {
        let Some(Some(user)) = one_time::find(&*client, hash, Purpose::Reset).await? else { return Ok(None) };
        Ok::<_, Refusal>(users::show(&*client, user).await?)
    }));
    found.await?.ok_or(NotReset::WrongCode)
}

/// Sets the password of the person that the code is of, and uses the code up.
pub async fn finish(
    house: &House,
    code: &OneTimeCode,
    text: Zeroizing<String>,
    trail: &Trail,
) -> Result<User, NotReset> {
    let user = check(house, code).await?;
    let password = Password::new(text, &user.email, &user.name)?;
    let hash = house.passwords.hash(&password).await?;
    let author = Author { actor: Actor::User(user.id), trail };
    let operate = house.store.operate(async |client| {
        let transaction = client.transaction().await.map_err(db::Error::from)?;
        people::lock(&transaction, user.id).await?;
        if one_time::take(&transaction, code.hash(), Purpose::Reset).await?.is_none() {
            return Ok(false);
        }
        set_password(&transaction, user.id, Some(&hash)).await?;
        people::sign_out(&transaction, user.id).await?;
        users::verified(&transaction, user.id).await?;
        tries::forget(&transaction, &user).await?;
        let facts = json!({ "email": user.email, "by": "link" });
        write_everywhere(&transaction, &author, user.id, Action::UserPasswordReset, Some(facts)).await?;
        transaction.commit().await.map_err(db::Error::from)?;
        Ok::<_, Refusal>(true)
    });
    if in_time(operate).await? { Ok(user) } else { Err(NotReset::WrongCode) }
}
