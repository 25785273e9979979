//! A person's own passkeys: seen, added and removed. For who has shown a short while ago who it is.

use serde_json::{Value, json};
use tracing::{info, warn};
use webauthn_rs::prelude::{
    Credential, CredentialID, Passkey as Verifier, PasskeyRegistration, RegisterPublicKeyCredential,
};

use super::{
    Answered, Begun,
    ceremony::{json as as_json, keep, take},
};
use crate::{
    db::{
        self,
        ceremonies::{Asked, Purpose},
        passkeys::{self, Kept},
        ways,
    },
    domain::{
        PasskeyId, Title,
        audit::Action,
        passkey::{MOST, Passkey},
    },
    service::{
        House, Refusal, own_record,
        patience::in_time,
        second_factor::within,
        sessions::{Browser, SignedIn},
        sign_in::NotIn,
        ways::is_left,
    },
};

/// Why a passkey was not added, or not removed.
#[derive(Debug)]
pub enum NotChanged {
    /// The browser has not answered what it was asked, or too late.
    Wrong,
    /// The person has as many as one may have.
    TooMany,
    /// It is somebody's already.
    Known,
    /// The person could not sign in any more.
    LastWay,
    /// What can happen to every verb.
    Refused(Refusal),
}

impl From<NotIn> for NotChanged {
    fn from(why: NotIn) -> Self {
        match why {
            NotIn::Refused(refusal) => Self::Refused(refusal),
            NotIn::Wrong | NotIn::Later(_) => Self::Wrong,
        }
    }
}

/// Those of the person, the oldest first.
pub async fn list(house: &House, by: &SignedIn) -> Result<Vec<Passkey>, Refusal> {
    kept(house, by).await?.into_iter().map(shown).collect()
}

/// How many the person has.
pub async fn count(house: &House, by: &SignedIn) -> Result<usize, Refusal> {
    Ok(kept(house, by).await?.len())
}

/// As they are kept.
pub(super) async fn kept(house: &House, by: &SignedIn) -> Result<Vec<Kept>, Refusal> {
    Ok(in_time(house.store.ask(async |client| passkeys::list(client, by.user()).await)).await?)
}

fn shown(kept: Kept) -> Result<Passkey, Refusal> {
    let Kept { id, name, credential, created_at, used_at } = kept;
    let is_synced = Credential::from(verifier(credential)?).backup_eligible;
    Ok(Passkey { id, name, created_at, used_at, is_synced })
}

/// What verifies it, as it was kept.
pub(super) fn verifier(credential: Value) -> Result<Verifier, Refusal> {
    serde_json::from_value(credential).map_err(|_| Refusal::Impossible("a passkey in the database cannot be read"))
}

/// Has the browser make one. No device makes a second one for the same person.
pub async fn begin(house: &House, by: &SignedIn) -> Result<Begun, NotIn> {
    let webauthn = house.passkeys.webauthn()?;
    let known: Result<Vec<CredentialID>, _> = kept(house, by)
        .await?
        .into_iter()
        .map(|kept| verifier(kept.credential).map(|verifier| verifier.cred_id().clone()))
        .collect();
    let (user, email, name) = (by.user().uuid(), by.email().as_str(), by.name().as_str());
    let (asked, state) = webauthn
        .start_passkey_registration(user, email, name, Some(known?))
        .map_err(|_| Refusal::Impossible("no passkey can be asked for"))?;
    let mut options = as_json(&asked.public_key)?;
    // It has to be found without a name, or it would not sign anybody in.
    options["authenticatorSelection"]["residentKey"] = json!("required");
    options["authenticatorSelection"]["requireResidentKey"] = json!(true);
    keep(house, (Purpose::Add, Asked::Session(by.session())), &state, options).await
}

/// Adds the one that the browser has made.
pub async fn add(
    house: &House,
    by: &SignedIn,
    answered: &Answered<'_>,
    name: &Title,
    browser: &Browser,
) -> Result<(), NotChanged> {
    let webauthn = house.passkeys.webauthn()?;
    let made: RegisterPublicKeyCredential = answered.read()?;
    let state: PasskeyRegistration = take(house, answered, Purpose::Add, Some(by.session())).await?;
    let verifier = webauthn.finish_passkey_registration(&made, &state).map_err(|why| {
        info!(user = %by.user(), %why, "a passkey was not added");
        NotChanged::Wrong
    })?;
    let (id, credential) = (PasskeyId::new(), as_json(&verifier).map_err(NotChanged::Refused)?);
    let added = within(house, async |transaction| {
        // Whoever resets the account removes what was added before, and signs out who would add more.
        if !ways::hold(transaction, by.user(), by.session()).await? {
            return Ok(Err(NotChanged::Wrong));
        }
        if passkeys::list(transaction, by.user()).await?.len() >= MOST {
            return Ok(Err(NotChanged::TooMany));
        }
        match passkeys::insert(transaction, (id, by.user()), (verifier.cred_id(), &credential), name).await {
            Err(db::Error::Taken(_)) => return Ok(Err(NotChanged::Known)),
            done => done?,
        }
        let after = Some(json!({ "passkey": id, "name": name }));
        own_record::write(transaction, by, browser, Action::UserPasskeyAdded, after).await?;
        Ok(Ok(()))
    });
    added.await??;
    info!(user = %by.user(), passkey = %id, "a passkey was added");
    Ok(())
}

/// Removes one, unless the person could not sign in any more. There need not be one.
pub async fn remove(house: &House, by: &SignedIn, id: PasskeyId, browser: &Browser) -> Result<(), NotChanged> {
    let removed = within(house, async |transaction| {
        ways::hold(transaction, by.user(), by.session()).await?;
        let Some(name) = passkeys::remove(transaction, by.user(), id).await? else { return Ok(false) };
        if !is_left(house, transaction, by.user()).await? {
            return Err(NotIn::Wrong);
        }
        let after = Some(json!({ "passkey": id, "name": name }));
        own_record::write(transaction, by, browser, Action::UserPasskeyRemoved, after).await?;
        Ok(true)
    });
    match removed.await {
        Ok(is_removed) => {
            if is_removed {
                info!(user = %by.user(), passkey = %id, "a passkey was removed");
            }
            Ok(())
        }
        Err(NotIn::Wrong) => {
            warn!(user = %by.user(), "the last way of signing in was not removed");
            Err(NotChanged::LastWay)
        }
        Err(why) => Err(why.into()),
    }
}
