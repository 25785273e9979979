//! Showing once more who one is, before what matters most; and another password.

use serde_json::json;
use tracing::{info, warn};

use super::{
    House, Refusal, own_record,
    patience::in_time,
    second_factor::{ensure_shown, within},
    sessions::{Browser, SignedIn},
    sign_in::NotIn,
    tries::{self, Taken},
};
use crate::{
    db::{self, passwords},
    domain::{Password, PasswordHash, Typed, audit::Action, tries::Tried},
};

/// Whether a second factor is asked for too.
pub async fn asks_for_factor(house: &House, by: &SignedIn) -> Result<bool, Refusal> {
    let look = house.store.ask(async |client| db::second_factor::show(client, by.user()).await);
    Ok(in_time(look).await?.is_some_and(|factor| factor.confirmed_at.is_some()))
}

/// The person shows its password, and its second factor where it has one: for a while it need not again.
pub async fn confirm(
    house: &House,
    by: &SignedIn,
    password: Typed,
    code: &str,
    browser: &Browser,
) -> Result<(), NotIn> {
    let confirmed = try_confirm(house, by, password, code, browser).await;
    told(by, browser, &confirmed);
    confirmed
}

async fn try_confirm(
    house: &House,
    by: &SignedIn,
    password: Typed,
    code: &str,
    browser: &Browser,
) -> Result<(), NotIn> {
    let (taken, hash) = shown(house, by, password, browser).await?;
    within(house, async |transaction| {
        if passwords::hold(transaction, by.user(), &hash).await?.ok_or(NotIn::Wrong)? {
            ensure_shown(transaction, by, code).await?;
        }
        taken.were_good(transaction).await?;
        let is_there = db::sessions::confirm(transaction, by.session()).await?;
        if is_there { Ok(()) } else { Err(NotIn::Wrong) }
    })
    .await
}

/// Gives the person another password, and ends every session but this.
pub async fn change_password(
    house: &House,
    by: &SignedIn,
    old: Typed,
    new: &Password,
    browser: &Browser,
) -> Result<(), NotIn> {
    let changed = try_change(house, by, old, new, browser).await;
    told(by, browser, &changed);
    if changed.is_ok() {
        info!(user = %by.user(), "has another password");
    }
    changed
}

async fn try_change(house: &House, by: &SignedIn, old: Typed, new: &Password, browser: &Browser) -> Result<(), NotIn> {
    let (taken, hash) = shown(house, by, old, browser).await?;
    let fresh = match house.passwords.hash(new).await {
        Ok(fresh) => fresh,
        Err(refusal) => {
            taken.were_not_judged(house).await;
            return Err(refusal.into());
        }
    };
    within(house, async |transaction| {
        passwords::hold(transaction, by.user(), &hash).await?.ok_or(NotIn::Wrong)?;
        passwords::set(transaction, by.user(), &fresh).await?;
        taken.were_good(transaction).await?;
        let ended = db::sessions::end_others(transaction, by.user(), by.session()).await?;
        let after = Some(json!({ "sessions_ended": ended }));
        Ok(own_record::write(transaction, by, browser, Action::UserPasswordChanged, after).await?)
    })
    .await
}

/// Verifies the password of who is signed in: a try at the account as any other.
async fn shown(
    house: &House,
    by: &SignedIn,
    password: Typed,
    browser: &Browser,
) -> Result<(Taken, PasswordHash), NotIn> {
    // Counted apart from tries to sign in: strangers can make those, and only who is signed in makes these.
    let taken = tries::take(house, &tries::of_person(browser, Tried::StepUp(by.user()))).await?;
    let judged = async {
        let hash = in_time(house.store.ask(async |client| passwords::show(client, by.user()).await)).await?;
        let is_theirs = house.passwords.verify(password, hash.clone()).await?;
        Ok::<_, Refusal>(hash.filter(|_| is_theirs))
    };
    match judged.await {
        Ok(Some(hash)) => Ok((taken, hash)),
        Ok(None) => Err(NotIn::Wrong),
        Err(refusal) => {
            taken.were_not_judged(house).await;
            Err(refusal.into())
        }
    }
}

/// Writes into the log how that went.
pub(super) fn told(by: &SignedIn, browser: &Browser, done: &Result<(), NotIn>) {
    let (user, address) = (by.user(), browser.address().map(|address| address.to_string()));
    match done {
        Ok(()) => info!(%user, address, "has shown once more who it is"),
        Err(NotIn::Wrong) => info!(%user, address, "has not shown once more who it is"),
        Err(NotIn::Later(left)) => warn!(%user, address, seconds = left.as_secs(), "too many tries at a confirmation"),
        Err(NotIn::Refused(_)) => {}
    }
}
