//! Showing once more who one is, by a provider; and the second factor with it, which is never the provider's.

use tracing::info;

use super::Proven;
use crate::{
    db::{self, identities},
    domain::{openid::Purpose, tries::Tried},
    service::{
        House, Refusal,
        second_factor::{ensure_shown, within},
        sessions::{Browser, SignedIn},
        sign_in::NotIn,
        step_up::asks_for_factor,
        tries,
    },
};

/// The second factor, shown before the person is sent to a provider, where it has one.
pub async fn show_factor(house: &House, by: &SignedIn, code: &str, browser: &Browser) -> Result<(), NotIn> {
    if !asks_for_factor(house, by).await? {
        return Ok(());
    }
    let taken = tries::take(house, &tries::of_person(browser, Tried::StepUp(by.user()))).await?;
    within(house, async |transaction| {
        ensure_shown(transaction, by, code).await?;
        Ok(taken.were_good(transaction).await?)
    })
    .await
}

/// The provider has asked the person anew who it is, and it is who is signed in: for a while it need not again. Whether it is.
pub async fn confirm(house: &House, by: &SignedIn, proven: &Proven) -> Result<bool, Refusal> {
    if proven.purpose() != Purpose::Confirm(by.session()) {
        return Ok(false);
    }
    let claims = proven.claims();
    let confirmed = within(house, async |transaction| {
        let found = identities::find(transaction, claims).await?.filter(|found| found.user == by.user());
        let found = found.ok_or(NotIn::Wrong)?;
        identities::used(transaction, found.id, claims).await?;
        if db::sessions::confirm(transaction, by.session()).await? { Ok(()) } else { Err(NotIn::Wrong) }
    });
    match confirmed.await {
        Ok(()) => {
            info!(user = %by.user(), issuer = claims.issuer, "has confirmed by a provider who it is");
            Ok(true)
        }
        Err(NotIn::Refused(refusal)) => Err(refusal),
        Err(_) => Ok(false),
    }
}
