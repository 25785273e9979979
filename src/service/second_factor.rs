//! The second factor: begun, confirmed by a first code, asked for at each sign-in, and ended.

use deadpool_postgres::Object;
use tracing::{info, warn};

use super::{
    House, Refusal,
    meters::SignIn,
    own_record,
    patience::in_time,
    sessions::{self, Browser, HalfSignedIn, SignedIn},
    sign_in::NotIn,
    tries,
};
use crate::{
    db::{self, Transaction, second_factor as factors},
    domain::{
        SessionSecret,
        audit::Action,
        second_factor::{FactorSecret, RECOVERY_CODES, RecoveryCode},
        tries::Tried,
    },
};

/// What a person has.
pub enum Standing {
    /// None.
    Off,
    /// One that was begun, and does not count yet.
    Begun(FactorSecret),
    /// One that counts, with so many recovery codes.
    On(i64),
}

/// What a person has.
pub async fn show(house: &House, by: &SignedIn) -> Result<Standing, Refusal> {
    let show = house.store.ask(async |client| {
        Ok::<_, db::Error>(match factors::show(client, by.user()).await? {
            None => Standing::Off,
            Some(factor) if factor.confirmed_at.is_none() => Standing::Begun(factor.secret),
            Some(_) => Standing::On(factors::count_codes(client, by.user()).await?),
        })
    });
    Ok(in_time(show).await?)
}

/// Begins one. It does not count before a code of it was shown.
pub async fn begin(house: &House, by: &SignedIn) -> Result<(), Refusal> {
    let secret = FactorSecret::generate()?;
    let begin = async |client: &mut Object| factors::begin(client, by.user(), &secret).await;
    in_time(house.store.ask(begin)).await?;
    Ok(())
}

/// Has the one that was begun count from now on, if this is a code of it. Gives the recovery codes, this one time.
pub async fn confirm(house: &House, by: &SignedIn, code: &str, browser: &Browser) -> Result<Vec<RecoveryCode>, NotIn> {
    let codes = new_codes()?;
    let confirmed = within(house, async |transaction| {
        let begun = factors::show(transaction, by.user()).await?.filter(|factor| factor.confirmed_at.is_none());
        let secret = begun.ok_or(NotIn::Wrong)?.secret;
        let step = secret.step(code, by.now().unix_timestamp()).ok_or(NotIn::Wrong)?;
        let is_so = factors::confirm(transaction, by.user(), &secret, step).await?;
        if !is_so {
            return Err(NotIn::Wrong);
        }
        factors::replace_codes(transaction, by.user(), &codes).await?;
        Ok(own_record::write(transaction, by, browser, Action::UserSecondFactorOn, None).await?)
    });
    confirmed.await?;
    info!(user = %by.user(), "a second factor is asked for from now on");
    Ok(codes)
}

/// Gives the person new recovery codes, this one time; the old ones are dead. None where no second factor is asked for.
pub async fn renew_codes(
    house: &House,
    by: &SignedIn,
    browser: &Browser,
) -> Result<Option<Vec<RecoveryCode>>, Refusal> {
    let codes = new_codes()?;
    let renewed = within(house, async |transaction| {
        if !factors::hold(transaction, by.user()).await? {
            return Err(NotIn::Wrong);
        }
        factors::replace_codes(transaction, by.user(), &codes).await?;
        Ok(own_record::write(transaction, by, browser, Action::UserRecoveryCodesRenewed, None).await?)
    });
    match renewed.await {
        Ok(()) => {
            info!(user = %by.user(), "has new recovery codes");
            Ok(Some(codes))
        }
        Err(NotIn::Refused(refusal)) => Err(refusal),
        Err(_) => Ok(None),
    }
}

fn new_codes() -> Result<Vec<RecoveryCode>, Refusal> {
    let codes: Result<Vec<_>, _> = (0..RECOVERY_CODES).map(|_| RecoveryCode::generate()).collect();
    Ok(codes?)
}

/// Ends it. For who has shown a short while ago who it is.
pub async fn end(house: &House, by: &SignedIn, browser: &Browser) -> Result<(), Refusal> {
    let end = within(house, async |transaction| {
        if factors::end(transaction, by.user()).await? {
            own_record::write(transaction, by, browser, Action::UserSecondFactorOff, None).await?;
        }
        Ok(())
    });
    match end.await {
        Ok(()) => info!(user = %by.user(), "no second factor is asked for any more"),
        Err(NotIn::Refused(refusal)) => return Err(refusal),
        Err(_) => {}
    }
    Ok(())
}

/// Lets somebody in who shows the second factor, with a secret that is new once more.
pub async fn enter(house: &House, half: &HalfSignedIn, code: &str, browser: &Browser) -> Result<SessionSecret, NotIn> {
    let waiting = half.waiting();
    let entered = try_enter(house, waiting, code, browser).await;
    let (user, address) = (waiting.user(), browser.address().map(|address| address.to_string()));
    match &entered {
        Ok(_) => {
            house.meters.tried(SignIn::Whole);
            info!(%user, address, "signed in with the second factor");
        }
        Err(NotIn::Wrong) => {
            house.meters.tried(SignIn::Wrong);
            info!(%user, address, "a second factor was wrong");
        }
        Err(NotIn::Later(left)) => {
            house.meters.tried(SignIn::Throttled);
            warn!(%user, address, seconds = left.as_secs(), "too many tries at a second factor");
        }
        Err(NotIn::Refused(_)) => {}
    }
    entered
}

async fn try_enter(house: &House, waiting: &SignedIn, code: &str, browser: &Browser) -> Result<SessionSecret, NotIn> {
    let taken = tries::take(house, &tries::of_person(browser, Tried::Factor(waiting.user()))).await?;
    within(house, async |transaction| {
        // Of two who come at once with the same half, one finds it.
        if !db::sessions::end(transaction, waiting.user(), waiting.session()).await? {
            return Err(NotIn::Wrong);
        }
        ensure_shown(transaction, waiting, code).await?;
        taken.were_good(transaction).await?;
        let secret = sessions::begin(house, transaction, (waiting.user(), false), browser, None).await?;
        // A code alone is no fresh proof: that is as old as what came before it.
        db::sessions::age(transaction, secret.hash(), waiting.confirmed_at()).await?;
        Ok(secret)
    })
    .await
}

/// Uses a code of the app or a recovery code of this person.
pub(super) async fn ensure_shown(transaction: &Transaction<'_>, by: &SignedIn, code: &str) -> Result<(), NotIn> {
    let user = by.user();
    let is_shown = if let Some(code) = RecoveryCode::typed(code) {
        factors::use_code(transaction, user, &code).await?
    } else {
        let factor = factors::show(transaction, user).await?;
        match factor.and_then(|factor| factor.secret.step(code, by.now().unix_timestamp())) {
            Some(step) => factors::take_step(transaction, user, step).await?,
            None => false,
        }
    };
    if is_shown { Ok(()) } else { Err(NotIn::Wrong) }
}

/// Runs `work` in a transaction, which is taken back where it fails.
pub(super) async fn within<T>(
    house: &House,
    work: impl AsyncFnOnce(&Transaction<'_>) -> Result<T, NotIn>,
) -> Result<T, NotIn> {
    let once = house.store.ask(async |client| {
        let transaction = client.transaction().await.map_err(db::Error::from)?;
        let done = work(&transaction).await?;
        transaction.commit().await.map_err(db::Error::from)?;
        Ok::<_, NotIn>(done)
    });
    in_time(once).await
}
