//! Signing in by an address for e-mail and a password. Whoever fails hears the same after the same work: whether there is such an
//! account, whether it has a password, and whether it is suspended, is told to nobody.

use std::time::Duration;

use tracing::{info, warn};

use super::{
    House, Refusal,
    meters::SignIn,
    patience::in_time,
    sessions::{self, Browser},
    tries::{self, Taken},
};
use crate::{
    db::{
        self, Transaction,
        passwords::{self, Account},
    },
    domain::{Email, PasswordHash, SessionHash, SessionSecret, Typed, UserId},
};

/// Why somebody is not in.
#[derive(Debug)]
pub enum NotIn {
    /// Something of what was said is wrong.
    Wrong,
    /// There were too many such tries: not before so long.
    Later(Duration),
    /// What can happen to every verb.
    Refused(Refusal),
}

impl From<Refusal> for NotIn {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<db::Error> for NotIn {
    fn from(error: db::Error) -> Self {
        Self::Refused(error.into())
    }
}

impl db::store::CastsDoubt for NotIn {
    fn casts_doubt(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.casts_doubt())
    }
}

/// Who is in.
pub struct Entry {
    /// What the browser is known by from now on.
    pub secret: SessionSecret,
    /// Whether the second factor is still to come.
    pub is_half: bool,
}

/// What somebody says to be let in.
pub struct Claim<'a> {
    /// The address, as it was typed.
    pub email: &'a str,
    /// The password, as it was typed.
    pub password: Typed,
    /// Whence.
    pub browser: &'a Browser,
    /// The session that the browser has already: it ends.
    pub before: Option<SessionHash>,
}

/// Lets somebody in who says this.
pub async fn sign_in(house: &House, claim: Claim<'_>) -> Result<Entry, NotIn> {
    let browser = claim.browser;
    let entered = enter(house, claim).await;
    let address = browser.address().map(|address| address.to_string());
    match &entered {
        Ok((user, Entry { is_half, .. })) => {
            house.meters.tried(if *is_half { SignIn::Half } else { SignIn::Whole });
            info!(%user, address, is_half, "signed in");
        }
        Err((user, NotIn::Wrong)) => {
            house.meters.tried(SignIn::Wrong);
            info!(user = user.map(|user| user.to_string()), address, "a sign-in failed");
        }
        Err((_, NotIn::Later(left))) => {
            house.meters.tried(SignIn::Throttled);
            warn!(address, seconds = left.as_secs(), "too many tries at signing in");
        }
        Err((_, NotIn::Refused(_))) => {}
    }
    entered.map(|(_, entry)| entry).map_err(|(_, why)| why)
}

/// The same; tells also whose account it is about, where there is one.
async fn enter(house: &House, claim: Claim<'_>) -> Result<(UserId, Entry), (Option<UserId>, NotIn)> {
    let nobody = |why: NotIn| (None, why);
    let tried = tries::at_account(house, claim.browser, claim.email);
    let taken = tries::take(house, &tried).await.map_err(nobody)?;
    let verified = verified(house, claim.email.parse().ok(), claim.password).await;
    let (account, hash) = match verified {
        Ok(Ok(whose)) => whose,
        Ok(Err(user)) => return Err((user, NotIn::Wrong)),
        Err(refusal) => {
            taken.were_not_judged(house).await;
            return Err(nobody(refusal.into()));
        }
    };
    let user = account.user;
    let begun = house.store.ask(async |client| {
        let transaction = client.transaction().await.map_err(db::Error::from)?;
        let begun = begin(house, &transaction, (user, &hash), (claim.browser, claim.before), &taken).await?;
        transaction.commit().await.map_err(db::Error::from)?;
        Ok::<_, NotIn>(begun)
    });
    in_time(begun).await.map(|entry| (user, entry)).map_err(|why| (Some(user), why))
}

/// Whose password this is, with its hash; or whose it is not. As much work in any case.
async fn verified(
    house: &House,
    email: Option<Email>,
    password: Typed,
) -> Result<Result<(Account, PasswordHash), Option<UserId>>, Refusal> {
    // What is no address is nobody's, and looked up all the same.
    let email = email.as_ref().map_or("", Email::as_str);
    let account = in_time(house.store.ask(async |client| passwords::of_email(client, email).await)).await?;
    let hash = account.as_ref().and_then(|account| account.hash.clone());
    let is_theirs = house.passwords.verify(password, hash.clone()).await?;
    let user = account.as_ref().map(|account| account.user);
    let whose = account.zip(hash).filter(|(account, _)| is_theirs && !account.is_suspended);
    Ok(whose.ok_or(user))
}

async fn begin(
    house: &House,
    transaction: &Transaction<'_>,
    (user, hash): (UserId, &PasswordHash),
    (browser, before): (&Browser, Option<SessionHash>),
    taken: &Taken,
) -> Result<Entry, NotIn> {
    let is_half = passwords::hold(transaction, user, hash).await?.ok_or(NotIn::Wrong)?;
    taken.were_good(transaction).await?;
    let secret = sessions::begin(house, transaction, (user, is_half), browser, before).await?;
    Ok(Entry { secret, is_half })
}
