//! Which key is this? Somebody has found the text of one.

use time::OffsetDateTime;

use super::{Admitted, House, Listing, Page, Refusal, told};
use crate::{
    domain::Secret,
    service::{fresh::Held, keys::seen},
};

/// A key, and which of its secrets was found.
#[derive(Debug)]
pub struct Found {
    /// The one key.
    pub listing: Listing,
    /// Which of its secrets.
    pub number: i32,
    /// Whether it was replaced by a newer one.
    pub is_old: bool,
    /// When it dies, or died, where it was replaced.
    pub dies_at: Option<OffsetDateTime>,
}

/// Finds the key that a secret is of, if the person may see that key. Of one of another org, of one that the person does not cover, and
/// of one that nobody holds, the same is said: nothing.
pub async fn find(house: &House, by: &Admitted, secret: &Secret) -> Result<Found, Refusal> {
    by.person().ok_or(Refusal::NoPerson)?;
    let Ok(Held { known, .. }) = house.fresh.holder(house.store.asker(), secret.hash()).await? else {
        return Err(Refusal::NotFound);
    };
    let credential = &known.credential;
    if credential.terms.grant.owner.org() != by.org() {
        return Err(Refusal::NotFound);
    }
    house
        .look(by.org(), async |transaction| {
            let key = seen(transaction, by, credential.key).await?;
            let number = credential.secret;
            let is_old = number != key.key.newest_secret();
            let lives = key.key.secrets.iter().find(|secret| secret.number == number);
            let dies_at = lives.map_or(credential.secret_dies_at, |secret| secret.dies_at);
            let listing = told(transaction, by, Page { items: vec![key], next: None }).await?;
            Ok(Found { listing, number, is_old, dies_at })
        })
        .await
}
