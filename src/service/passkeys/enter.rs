//! Passkeys that are used: to sign in, in place of a second factor, and to show once more who one is. Whoever fails hears the same,
//! whatever was wrong.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tracing::{info, warn};
use webauthn_rs::prelude::{DiscoverableAuthentication, PublicKeyCredential, WebauthnError};

use super::{
    Answered, Begun,
    ceremony::{json as as_json, keep, take},
    own::{kept, verifier},
};
use crate::{
    db::{
        self, Transaction,
        ceremonies::{Asked, Purpose},
        passkeys,
    },
    domain::{SessionHash, SessionId, SessionSecret, UserId, tries::Tried},
    service::{
        House, Refusal,
        meters::SignIn,
        second_factor::within,
        sessions::{self, Browser, HalfSignedIn, SignedIn},
        sign_in::NotIn,
        step_up,
        tries::{self, Taken},
    },
};

/// Asks a browser for any passkey of ours that it has.
pub async fn begin(house: &House, browser: &Browser) -> Result<Begun, NotIn> {
    let source = tries::source(browser);
    ask(house, (Purpose::SignIn, Asked::Anybody(source)), Vec::new()).await
}

/// Asks the browser of who is signed in for a passkey of that person.
pub async fn begin_confirming(house: &House, by: &SignedIn) -> Result<Begun, NotIn> {
    ask_for_own(house, Purpose::Confirm, by).await
}

/// Asks the browser of who has still to show a second factor for a passkey of that person.
pub async fn begin_factor(house: &House, half: &HalfSignedIn) -> Result<Begun, NotIn> {
    ask_for_own(house, Purpose::Factor, half.waiting()).await
}

async fn ask_for_own(house: &House, purpose: Purpose, by: &SignedIn) -> Result<Begun, NotIn> {
    let named = |id: &[u8]| json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(id) });
    let known = kept(house, by).await?.into_iter();
    let known: Result<Vec<_>, Refusal> =
        known.map(|kept| Ok(named(verifier(kept.credential)?.cred_id().as_slice()))).collect();
    ask(house, (purpose, Asked::Session(by.session())), known?).await
}

/// Asks for one of these, or for any where there are none to name. It is told only afterwards which one has answered.
async fn ask(house: &House, asked: (Purpose, Asked), known: Vec<Value>) -> Result<Begun, NotIn> {
    let begun = house.passkeys.webauthn()?.start_discoverable_authentication();
    let (question, state) = begun.map_err(|_| Refusal::Impossible("no passkey can be asked for"))?;
    let mut options = as_json(&question.public_key)?;
    options["allowCredentials"] = Value::Array(known);
    keep(house, asked, &state, options).await
}

/// Lets somebody in whose device has shown that it is there, and that it is the person. It is all that is asked for.
pub async fn sign_in(
    house: &House,
    answered: &Answered<'_>,
    browser: &Browser,
    before: Option<SessionHash>,
) -> Result<SessionSecret, NotIn> {
    let entered = enter(house, answered, browser, before).await;
    told(house, None, browser, &entered);
    entered.map(|(_, secret)| secret)
}

async fn enter(
    house: &House,
    answered: &Answered<'_>,
    browser: &Browser,
    before: Option<SessionHash>,
) -> Result<(UserId, SessionSecret), NotIn> {
    let address = browser.address().map(Tried::Address);
    let tried: Vec<_> = address.into_iter().collect();
    let (taken, shown) = judge(house, answered, (Purpose::SignIn, None), &tried).await?;
    within(house, async |transaction| {
        let user = shown.verify(house, transaction, None).await?;
        taken.were_good(transaction).await?;
        let secret = sessions::begin(house, transaction, (user, false), browser, before).await?;
        Ok((user, secret))
    })
    .await
}

/// Lets somebody in who has shown the password, and now a passkey in place of a code.
pub async fn factor(
    house: &House,
    half: &HalfSignedIn,
    answered: &Answered<'_>,
    browser: &Browser,
) -> Result<SessionSecret, NotIn> {
    let waiting = half.waiting();
    let entered = enter_half(house, waiting, answered, browser).await;
    told(house, Some(waiting.user()), browser, &entered);
    entered.map(|(_, secret)| secret)
}

async fn enter_half(
    house: &House,
    waiting: &SignedIn,
    answered: &Answered<'_>,
    browser: &Browser,
) -> Result<(UserId, SessionSecret), NotIn> {
    let user = waiting.user();
    let tried = tries::of_person(browser, Tried::Factor(user));
    let (taken, shown) = judge(house, answered, (Purpose::Factor, Some(waiting.session())), &tried).await?;
    within(house, async |transaction| {
        shown.verify(house, transaction, Some(user)).await?;
        // Of two who come at once with the same half, one finds it.
        if !db::sessions::end(transaction, user, waiting.session()).await? {
            return Err(NotIn::Wrong);
        }
        taken.were_good(transaction).await?;
        Ok((user, sessions::begin(house, transaction, (user, false), browser, None).await?))
    })
    .await
}

/// The person shows a passkey: for a while it need not show again who it is.
pub async fn confirm(house: &House, by: &SignedIn, answered: &Answered<'_>, browser: &Browser) -> Result<(), NotIn> {
    let confirmed = try_confirm(house, by, answered, browser).await;
    step_up::told(by, browser, &confirmed);
    confirmed
}

async fn try_confirm(house: &House, by: &SignedIn, answered: &Answered<'_>, browser: &Browser) -> Result<(), NotIn> {
    let tried = tries::of_person(browser, Tried::StepUp(by.user()));
    let (taken, shown) = judge(house, answered, (Purpose::Confirm, Some(by.session())), &tried).await?;
    within(house, async |transaction| {
        shown.verify(house, transaction, Some(by.user())).await?;
        taken.were_good(transaction).await?;
        let is_there = db::sessions::confirm(transaction, by.session()).await?;
        if is_there { Ok(()) } else { Err(NotIn::Wrong) }
    })
    .await
}

/// What a device has shown, with what it was asked.
struct Shown {
    answer: PublicKeyCredential,
    state: DiscoverableAuthentication,
}

/// Counts a try, and finds what was asked: that is used up.
async fn judge(
    house: &House,
    answered: &Answered<'_>,
    (purpose, session): (Purpose, Option<SessionId>),
    tried: &[Tried<'_>],
) -> Result<(Taken, Shown), NotIn> {
    let taken = tries::take(house, tried).await?;
    let asked = async {
        let answer = answered.read()?;
        Ok(Shown { answer, state: take(house, answered, purpose, session).await? })
    };
    match asked.await {
        Ok(shown) => Ok((taken, shown)),
        Err(why) => {
            if matches!(why, NotIn::Refused(_)) {
                taken.were_not_judged(house).await;
            }
            Err(why)
        }
    }
}

impl Shown {
    /// Whose passkey it is; of `owner` alone, where somebody is known already. Its counter is noted.
    async fn verify(
        &self,
        house: &House,
        transaction: &Transaction<'_>,
        owner: Option<UserId>,
    ) -> Result<UserId, NotIn> {
        let held = passkeys::hold(transaction, self.answer.get_credential_id()).await?.ok_or(NotIn::Wrong)?;
        // A device that was not told for whom says so itself.
        let said = self.answer.get_user_unique_id();
        let is_theirs = said.map_or(owner.is_some(), |said| said == held.user.uuid().as_bytes());
        if !is_theirs || owner.is_some_and(|owner| owner != held.user) {
            return Err(NotIn::Wrong);
        }
        let mut passkey = verifier(held.credential)?;
        let webauthn = house.passkeys.webauthn()?;
        let result = webauthn.finish_discoverable_authentication_v2(&self.answer, self.state.clone(), &passkey);
        let result = result.map_err(|why| {
            if matches!(why, WebauthnError::CredentialPossibleCompromise) {
                warn!(user = %held.user, passkey = %held.id, "a passkey counts backwards: there may be a copy of it");
            }
            NotIn::Wrong
        })?;
        passkey.update_credential(&result);
        passkeys::used(transaction, held.id, &as_json(&passkey)?).await?;
        Ok(held.user)
    }
}

fn told(house: &House, user: Option<UserId>, browser: &Browser, entered: &Result<(UserId, SessionSecret), NotIn>) {
    let address = browser.address().map(|address| address.to_string());
    let user = user.map(|user| user.to_string());
    match entered {
        Ok((user, _)) => {
            house.meters.tried(SignIn::Whole);
            info!(%user, address, "signed in with a passkey");
        }
        Err(NotIn::Wrong) => {
            house.meters.tried(SignIn::Wrong);
            info!(user, address, "a sign-in with a passkey failed");
        }
        Err(NotIn::Later(left)) => {
            house.meters.tried(SignIn::Throttled);
            warn!(user, address, seconds = left.as_secs(), "too many tries at signing in");
        }
        Err(NotIn::Refused(_)) => {}
    }
}
