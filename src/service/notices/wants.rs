//! Whether a person wants to hear of keys that end.

use crate::{
    db::users,
    service::{House, Refusal, patience::in_time, sessions::SignedIn},
};

/// Whether it does.
pub async fn hears_of_ends(house: &House, by: &SignedIn) -> Result<bool, Refusal> {
    let user = by.user();
    Ok(in_time(house.store.ask(async |client| users::hears_of_ends(client, user).await)).await?)
}

/// Says whether it does. What was not sent yet is not sent to who does not.
pub async fn set_hears_of_ends(house: &House, by: &SignedIn, wants: bool) -> Result<(), Refusal> {
    let user = by.user();
    Ok(in_time(house.store.ask(async |client| users::set_hears_of_ends(client, user, wants).await)).await?)
}
