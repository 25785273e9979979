//! The first password of a person who signs in without one. For who has shown a short while ago who it is.

use serde_json::json;
use tracing::info;

use super::{
    House, Refusal, own_record,
    patience::in_time,
    second_factor::within,
    sessions::{Browser, SignedIn},
    sign_in::NotIn,
};
use crate::{
    db::{self, passwords, ways},
    domain::{Password, audit::Action},
};

/// Whether the person has a password.
pub async fn has_one(house: &House, by: &SignedIn) -> Result<bool, Refusal> {
    let hash = in_time(house.store.ask(async |client| passwords::show(client, by.user()).await)).await?;
    Ok(hash.is_some())
}

/// Gives the person its first password, and ends every session but this. Who has one meanwhile shows that.
pub async fn set(house: &House, by: &SignedIn, new: &Password, browser: &Browser) -> Result<(), NotIn> {
    if !by.is_fresh() {
        return Err(Refusal::NotFresh.into());
    }
    let fresh = house.passwords.hash(new).await?;
    within(house, async |transaction| {
        let is_signed_in = ways::hold(transaction, by.user(), by.session()).await?;
        if !is_signed_in || passwords::show(transaction, by.user()).await?.is_some() {
            return Err(NotIn::Wrong);
        }
        passwords::set(transaction, by.user(), &fresh).await?;
        let ended = db::sessions::end_others(transaction, by.user(), by.session()).await?;
        let after = Some(json!({ "sessions_ended": ended }));
        Ok(own_record::write(transaction, by, browser, Action::UserPasswordChanged, after).await?)
    })
    .await?;
    info!(user = %by.user(), "has a first password");
    Ok(())
}
