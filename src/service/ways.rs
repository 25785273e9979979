//! That a person can sign in: who takes one of its ways away leaves another.

use super::House;
use crate::{
    db::{self, Transaction, ways},
    domain::UserId,
};

/// Whether the person could still sign in, by what this service offers. Asked when a way was taken away.
pub(super) async fn is_left(house: &House, transaction: &Transaction<'_>, user: UserId) -> Result<bool, db::Error> {
    let issuers: Vec<_> = house.providers.all().map(super::openid::Provider::issuer).collect();
    ways::is_left(transaction, user, house.passkeys.origin().is_ok(), &issuers).await
}
