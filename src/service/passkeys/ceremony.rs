//! What a browser is asked, and what it answers.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    db::{
        self,
        ceremonies::{self, Asked, Purpose},
    },
    domain::{OneTimeCode, SessionId},
    service::{House, Refusal, patience::in_time, sign_in::NotIn},
};

/// What a browser is asked.
pub struct Begun {
    /// By which its answer is known.
    pub handle: OneTimeCode,
    /// What it is given: `publicKey` of the browser's call, as JSON.
    pub options: Value,
}

/// What a browser answers, as a form has brought it.
pub struct Answered<'a> {
    /// By which it is known what it was asked.
    pub handle: &'a str,
    /// What it says: a credential of the browser, as JSON.
    pub credential: &'a str,
}

impl Answered<'_> {
    /// What it says, if it is anything of this kind.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, NotIn> {
        serde_json::from_str(self.credential).map_err(|_| NotIn::Wrong)
    }
}

/// Keeps what is needed to judge the answer.
pub(super) async fn keep(
    house: &House,
    (purpose, asked): (Purpose, Asked),
    state: &impl Serialize,
    options: Value,
) -> Result<Begun, NotIn> {
    let (handle, state) = (OneTimeCode::generate().map_err(Refusal::from)?, json(state)?);
    let keep = house.store.ask(async |client| {
        let transaction = client.transaction().await.map_err(db::Error::from)?;
        ceremonies::keep(&transaction, handle.hash(), purpose, asked, &state).await?;
        transaction.commit().await?;
        Ok::<_, db::Error>(())
    });
    in_time(keep).await?;
    Ok(Begun { handle, options })
}

/// Uses up what this is the answer to: whatever comes of it, there is no second answer.
pub(super) async fn take<T: DeserializeOwned>(
    house: &House,
    answered: &Answered<'_>,
    purpose: Purpose,
    session: Option<SessionId>,
) -> Result<T, NotIn> {
    let handle: OneTimeCode = answered.handle.parse().map_err(|_| NotIn::Wrong)?;
    let hash = handle.hash();
    let take = house.store.ask(async |client| ceremonies::take(client, hash, purpose, session).await);
    let state = in_time(take).await?.ok_or(NotIn::Wrong)?;
    // What an older version has kept may be of another form: it is asked anew.
    serde_json::from_value(state).map_err(|_| NotIn::Wrong)
}

/// As JSON, which it always has.
pub(super) fn json(value: &impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(value).map_err(|_| Refusal::Impossible("a part of WebAuthn has no JSON"))
}
