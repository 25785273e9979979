//! Where people are signed in. A session is read from the database at every request and remembered nowhere: one that has ended is
//! dead everywhere at once.

use std::{net::IpAddr, time::Duration};

use time::OffsetDateTime;
use tracing::info;

use super::{House, Refusal, patience::in_time};
use crate::{
    db::{
        self, Transaction,
        sessions::{self, Found, NewSession},
    },
    domain::{
        Email, SessionHash, SessionId, SessionSecret, Title, UserId,
        audit::Trail,
        session::{AGENT, HALF, Left, Lifetimes, Session, is_fresh},
    },
};

/// Since when it is noted that a session is heard of: no more often than that.
pub(super) const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// Whence somebody comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser {
    /// By which request, and from where.
    pub trail: Trail,
    /// What it calls itself.
    pub agent: String,
}

impl Browser {
    /// From where.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        self.trail.address
    }
}

/// Proof that a person is signed in: only [`look`] makes one.
pub struct SignedIn {
    found: Found,
    secret: SessionSecret,
    lifetimes: Lifetimes,
}

/// Proof that a person knows its password, and has not shown its second factor. It is good for nothing else.
pub struct HalfSignedIn(SignedIn);

/// Who has sent a request.
pub enum Visitor {
    /// Nobody whom we know.
    Nobody,
    /// Somebody who has still to show the second factor.
    Half(HalfSignedIn),
    /// A person.
    Whole(SignedIn),
}

impl SignedIn {
    /// Who.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.found.user
    }

    /// By which the person signs in.
    #[must_use]
    pub const fn email(&self) -> &Email {
        &self.found.email
    }

    /// What the person is called.
    #[must_use]
    pub const fn name(&self) -> &Title {
        &self.found.name
    }

    /// In which session.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.found.id
    }

    /// What the browser has of it.
    #[must_use]
    pub const fn secret(&self) -> &SessionSecret {
        &self.secret
    }

    /// The time of the database, when this was found.
    #[must_use]
    pub const fn now(&self) -> OffsetDateTime {
        self.found.now
    }

    /// When the person last showed who it is.
    #[must_use]
    pub const fn confirmed_at(&self) -> OffsetDateTime {
        self.found.confirmed_at
    }

    /// For how long the session lasts.
    #[must_use]
    pub fn left(&self) -> Left {
        self.lifetimes.left(self.found.seen_at, self.found.ends_at, self.found.now)
    }

    /// Whether it will still be a short while ago after so long.
    #[must_use]
    pub fn stays_fresh_for(&self, span: Duration) -> bool {
        is_fresh(self.found.confirmed_at, self.found.now + span)
    }

    /// Whether the person has shown a short while ago who it is.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        is_fresh(self.found.confirmed_at, self.found.now)
    }
}

impl HalfSignedIn {
    /// Who, and in which session. Only for the second factor itself.
    #[must_use]
    pub const fn waiting(&self) -> &SignedIn {
        &self.0
    }
}

/// Who has this secret.
pub async fn look(house: &House, secret: SessionSecret) -> Result<Visitor, Refusal> {
    let hash = secret.hash();
    let look = house.store.ask(async |client| {
        let mut found = sessions::find(client, hash).await?.filter(|found| found.is_live(house.lifetimes));
        if let Some(found) = found.as_mut().filter(|found| found.now >= found.seen_at + TOUCH_EVERY) {
            sessions::touch(client, found.id).await?;
            found.seen_at = found.now;
        }
        Ok::<_, db::Error>(found)
    });
    let lifetimes = house.lifetimes;
    Ok(match in_time(look).await? {
        None => Visitor::Nobody,
        Some(found) if found.is_half => Visitor::Half(HalfSignedIn(SignedIn { found, secret, lifetimes })),
        Some(found) => Visitor::Whole(SignedIn { found, secret, lifetimes }),
    })
}

/// Somebody wants to stay signed in: the session is heard of now, however lately it was before. For how long it then lasts.
pub async fn stay(house: &House, by: &SignedIn) -> Result<Left, Refusal> {
    let touch = async |client: &mut deadpool_postgres::Object| sessions::touch(client, by.session()).await;
    in_time(house.store.ask(touch)).await?;
    Ok(house.lifetimes.left(by.now(), by.found.ends_at, by.now()))
}

/// Begins one, with a secret that nobody had before. What the browser came with is no longer honoured.
pub(super) async fn begin(
    house: &House,
    transaction: &Transaction<'_>,
    (user, is_half): (UserId, bool),
    browser: &Browser,
    before: Option<SessionHash>,
) -> Result<SessionSecret, Refusal> {
    if let Some(before) = before {
        sessions::forget(transaction, before).await?;
    }
    let secret = SessionSecret::generate()?;
    let life = if is_half { HALF } else { house.lifetimes.life };
    let agent: String = browser.agent.chars().filter(|one| !one.is_control()).take(AGENT).collect();
    let (id, hash, address) = (SessionId::new(), secret.hash(), browser.address());
    sessions::insert(transaction, &NewSession { id, user, hash, is_half, life, address, agent: &agent }).await?;
    Ok(secret)
}

/// Ends the one that the browser has.
pub async fn sign_out(house: &House, by: &SignedIn) -> Result<(), Refusal> {
    end(house, by, by.session()).await?;
    info!(user = %by.user(), "signed out");
    Ok(())
}

/// Where the person is signed in.
pub async fn list(house: &House, by: &SignedIn) -> Result<Vec<Session>, Refusal> {
    let lifetimes = house.lifetimes;
    let list = async |client: &mut deadpool_postgres::Object| sessions::list(client, by.user(), lifetimes).await;
    Ok(in_time(house.store.ask(list)).await?)
}

/// Ends one of the person's own. There need not be one.
pub async fn end(house: &House, by: &SignedIn, session: SessionId) -> Result<(), Refusal> {
    let end = async |client: &mut deadpool_postgres::Object| sessions::end(client, by.user(), session).await;
    in_time(house.store.ask(end)).await?;
    Ok(())
}

/// Ends all but this one.
pub async fn end_others(house: &House, by: &SignedIn) -> Result<(), Refusal> {
    let end =
        async |client: &mut deadpool_postgres::Object| sessions::end_others(client, by.user(), by.session()).await;
    let ended = in_time(house.store.ask(end)).await?;
    info!(user = %by.user(), ended, "signed out everywhere else");
    Ok(())
}
