//! Tries at signing in, for an account and from an address: counted in the database, before they are judged.

use super::{House, patience::in_time, sessions::Browser, sign_in::NotIn};
use crate::{
    db::{self, Transaction, tries},
    domain::{
        User,
        tries::{Bucket, Tried},
    },
};

/// Tries that were counted and are still to be judged.
pub(super) struct Taken(Vec<(Bucket, bool)>);

/// Whence somebody unknown comes, as tries are counted; all of whom nobody knows that are one.
pub(super) fn source(browser: &Browser) -> [u8; 32] {
    browser.address().map_or([0; 32], |address| Tried::Address(address).bucket().hash)
}

/// What a try at an account is counted for: the address that it comes from, the account from there, and the account from everywhere.
/// A proxy that is trusted is not who tries.
pub(super) fn at_account<'a>(house: &House, browser: &Browser, email: &'a str) -> Vec<Tried<'a>> {
    let address = browser.address().filter(|address| !house.trusted_proxies.trusts(*address));
    let account = [Tried::Account(email, address), Tried::AccountEverywhere(email)];
    address.map(Tried::Address).into_iter().chain(account).collect()
}

/// What a try by a person who is known is counted for: the address that it comes from, and this.
pub(super) fn of_person<'a>(browser: &Browser, tried: Tried<'a>) -> Vec<Tried<'a>> {
    browser.address().map(Tried::Address).into_iter().chain([tried]).collect()
}

/// Forgets all that failed for a person, from wherever it came.
pub(super) async fn forget(transaction: &Transaction<'_>, user: &User) -> Result<(), db::Error> {
    tries::clear_account(transaction, Tried::AccountEverywhere(user.email.as_str()).bucket()).await?;
    for tried in [Tried::Factor(user.id), Tried::StepUp(user.id), Tried::UserCode(user.id)] {
        tries::clear(transaction, tried.bucket()).await?;
    }
    Ok(())
}

/// Counts one for each of these, unless one of them pauses: then for none. A proxy that is trusted is not who tries.
pub(super) async fn take(house: &House, tried: &[Tried<'_>]) -> Result<Taken, NotIn> {
    let is_proxy =
        |tried: &&Tried<'_>| matches!(tried, Tried::Address(address) if house.trusted_proxies.trusts(*address));
    let shared = |tried: &Tried<'_>| (tried.bucket(), tried.keeps_counting());
    let buckets: Vec<_> = tried.iter().filter(|tried| !is_proxy(tried)).map(shared).collect();
    let taken = house.store.ask(async |client| {
        let transaction = client.transaction().await.map_err(db::Error::from)?;
        for (bucket, _) in &buckets {
            if let Err(left) = tries::take(&transaction, *bucket).await? {
                return Ok(Some(left));
            }
        }
        transaction.commit().await?;
        Ok::<_, db::Error>(None)
    });
    match in_time(taken).await? {
        None => Ok(Taken(buckets)),
        Some(left) => Err(NotIn::Later(left)),
    }
}

impl Taken {
    /// They were good: all that failed for the person is forgotten, and what goes on to count is not.
    pub(super) async fn were_good(&self, transaction: &Transaction<'_>) -> Result<(), db::Error> {
        for (bucket, is_shared) in &self.0 {
            if *is_shared {
                tries::give_back(transaction, *bucket).await?;
            } else {
                tries::clear(transaction, *bucket).await?;
            }
        }
        Ok(())
    }

    /// They could not be judged, and so count for nothing.
    pub(super) async fn were_not_judged(&self, house: &House) {
        let give_back = house.store.ask(async |client| {
            for (bucket, _) in &self.0 {
                tries::give_back(client, *bucket).await?;
            }
            Ok::<_, db::Error>(())
        });
        // Who comes again meanwhile waits a little for nothing, and that is all.
        drop(in_time(give_back).await);
    }
}
