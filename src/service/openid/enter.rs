//! Letting somebody in whom a provider has named. Who is nobody here, or is suspended, hears the same.

use tracing::info;

use super::Proven;
use crate::{
    db::{self, identities},
    domain::SessionHash,
    service::{
        House, Refusal,
        meters::SignIn,
        second_factor::within,
        sessions::{self, Browser},
        sign_in::{Entry, NotIn},
    },
};

/// Why somebody is not in.
#[derive(Debug)]
pub enum NotEntered {
    /// Nobody here is known by that, or may come in.
    Nobody,
    /// What can happen to every verb.
    Refused(Refusal),
}

/// Lets in who is known by this. What the provider said last of the address is noted.
pub async fn enter(
    house: &House,
    proven: &Proven,
    browser: &Browser,
    before: Option<SessionHash>,
) -> Result<Entry, NotEntered> {
    let claims = proven.claims();
    let entered = within(house, async |transaction| {
        let found = identities::find(transaction, claims).await?.filter(|found| !found.is_suspended);
        let found = found.ok_or(NotIn::Wrong)?;
        identities::used(transaction, found.id, claims).await?;
        let whose = (found.user, found.has_factor);
        let secret = sessions::begin(house, transaction, whose, browser, before).await?;
        // Who was signed in at the provider has shown nothing now: that is not a fresh proof.
        let shown_at = claims.shown_at.unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        db::sessions::age(transaction, secret.hash(), shown_at).await?;
        Ok((found.user, Entry { secret, is_half: found.has_factor }))
    });
    let address = browser.address().map(|address| address.to_string());
    match entered.await {
        Ok((user, entry)) => {
            house.meters.tried(if entry.is_half { SignIn::Half } else { SignIn::Whole });
            info!(%user, address, is_half = entry.is_half, issuer = claims.issuer, "signed in by a provider");
            Ok(entry)
        }
        Err(NotIn::Refused(refusal)) => Err(NotEntered::Refused(refusal)),
        Err(_) => {
            house.meters.tried(SignIn::Wrong);
            info!(address, issuer = claims.issuer, "a sign-in by a provider failed: nobody is known by it");
            Err(NotEntered::Nobody)
        }
    }
}
