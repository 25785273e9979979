//! The end: the terminal comes for its key. It is made at this moment, so that its secret stands in one answer and nowhere else; and
//! in the name of who has approved it, whose session, roles and freshness are judged again.

use serde_json::value::RawValue;
use tracing::{info, warn};

use super::decide::{demand, wish};
use crate::{
    db::{
        self,
        devices::{self, Approval, Polled, State},
        idempotency::Request,
    },
    domain::{
        DeviceLoginId, Email, Slug,
        audit::Trail,
        device::{DeviceCode, DeviceHash, Granted},
    },
    service::{
        House, Kept, Once, Refusal, Why, admit_person::admit_session, house::Mode, issue::Issued, patience::in_time,
        personal,
    },
};

/// What a terminal takes.
pub struct Taken {
    /// The key, and its secret.
    pub issued: Issued,
    /// What was approved.
    pub granted: Granted,
    /// In which org.
    pub org: Slug,
    /// By whom.
    pub person: Email,
}

/// Why a terminal takes nothing.
#[derive(Debug)]
pub enum NotYet {
    /// There is no such login; or its key was taken before.
    Unknown,
    /// Nobody has decided.
    Waiting,
    /// The terminal has come too early, and stays away for longer from now on.
    TooEarly,
    /// Somebody has said no; or may not any more what was approved.
    Denied,
    /// Its time is over.
    Over,
    /// What can happen to every verb.
    Refused(Refusal),
}

impl From<db::Error> for NotYet {
    fn from(error: db::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// Gives the terminal its key, once.
pub async fn take(house: &House, code: &DeviceCode, trail: Trail) -> Result<Taken, NotYet> {
    let (id, approval) = poll(house, code.hash()).await?;
    match make(house, id, &approval, trail).await {
        Ok(Some(taken)) => {
            info!(login = %id, key = %taken.issued.key.key.id, "a terminal has its key");
            end(house, id, true).await;
            Ok(taken)
        }
        Ok(None) => {
            end(house, id, true).await;
            Err(NotYet::Unknown)
        }
        Err(refusal) if is_ours(&refusal) => Err(NotYet::Refused(refusal)),
        Err(refusal) => {
            info!(login = %id, why = %refusal, "what was approved for a terminal is so no more");
            end(house, id, false).await;
            Err(NotYet::Denied)
        }
    }
}

/// What says nothing about the person: the terminal may come again.
const fn is_ours(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Store(_) | Refusal::Busy | Refusal::TooLong | Refusal::Randomness(_) | Refusal::Impossible(_)
    )
}

async fn poll(house: &House, hash: DeviceHash) -> Result<(DeviceLoginId, Approval), NotYet> {
    let polled = house.store.ask(async |client| {
        let transaction = client.transaction().await.map_err(db::Error::from)?;
        let polled = devices::lock(&transaction, hash).await?;
        if let Some(polled) = &polled {
            devices::note_poll(&transaction, polled.id, polled.is_early).await?;
        }
        transaction.commit().await?;
        Ok::<_, db::Error>(polled)
    });
    let Polled { id, state, is_over, is_early } = in_time(polled).await?.ok_or(NotYet::Unknown)?;
    match state {
        State::Taken => Err(NotYet::Unknown),
        State::Denied => Err(NotYet::Denied),
        _ if is_over => Err(NotYet::Over),
        _ if is_early => Err(NotYet::TooEarly),
        State::Waiting => Err(NotYet::Waiting),
        State::Approved(approval) => Ok((id, *approval)),
    }
}

/// Makes the key, by the verb of every personal key; none if that was done before. The login is its idempotency key: of two that
/// come at once, at whatever replicas, one makes it.
async fn make(house: &House, id: DeviceLoginId, approval: &Approval, trail: Trail) -> Result<Option<Taken>, Refusal> {
    let org = approval.org.to_string();
    let admitted = admit_session(house, approval.session, &demand(&org), trail).await;
    let by = admitted.map_err(|rejection| match rejection.why {
        Why::Undecided(error) => error.into(),
        Why::Denied(denial) => denial.into(),
        Why::Token(_) | Why::NotFound | Why::SignedOut | Why::WhichOrg(_) => Refusal::SignedOut,
    })?;
    let person = by.person().ok_or(Refusal::NoPerson)?;
    let (wish, email) = (wish(&approval.granted, person.now)?, person.email.clone());
    let route = format!("device login {org}");
    let request = Request { caller: by.id(), route, key: id.to_string(), body_hash: [0; 32] };
    match personal::issue_own(house, &by, &wish, Mode::Real, Some(&request), &nothing).await? {
        Once::Done(issued) => {
            let (granted, org) = (approval.granted.clone(), by.org_slug().clone());
            Ok(Some(Taken { issued, granted, org, person: email }))
        }
        Once::Replayed(_) => Ok(None),
    }
}

/// What is kept of the answer: that there was one.
pub(super) fn nothing(_: &Issued) -> Kept {
    Kept { status: 200, location: None, version: None, body: RawValue::NULL.to_owned() }
}

/// That the key is made is known without this: who comes again meanwhile finds it made.
async fn end(house: &House, id: DeviceLoginId, is_taken: bool) {
    let end = house.store.ask(async |client| devices::end(client, id, is_taken).await);
    if let Err(error) = in_time(end).await {
        warn!(login = %id, %error, "that a login has ended could not be written down");
    }
}
