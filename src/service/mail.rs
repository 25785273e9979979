//! Mail: sent from an outbox, after what it tells of was committed (P-15), by whichever process comes first.
//!
//! A mail is taken, with a new token of its own, and only then sent: who dies in between leaves it in the outbox, where it is due
//! again after a while. So it may come twice, of which the later opens, and is never lost.

pub(super) mod letter;

use std::{fmt::Write as _, sync::Arc, time::Duration};

use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor, message::Mailbox};
use thiserror::Error;
use tokio::sync::Notify;
use tracing::{info, warn};

use self::letter::Malformed;
use super::{House, notices, patience::in_time};
use crate::{
    db::{
        self, Error,
        outbox::{self, Due, Letter},
    },
    domain::{Email, invitation::InvitationToken},
};

/// How long the outbox is left alone where nobody says that something is in it: another process may have put it there.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long one try may take. It is shorter than the shortest pause between two tries.
const PATIENCE: Duration = Duration::from_secs(20);
/// For how long a mail is tried.
pub(super) const GIVEN_UP: time::Duration = time::Duration::hours(24);

/// The settings of mail mean nothing.
#[derive(Debug, Error)]
#[error("mail cannot be set up: {0}")]
pub struct MalformedMail(String);

/// The way that mail goes, where there is one.
pub struct Mail {
    way: Option<Way>,
    url: String,
    wake: Arc<Notify>,
}

pub(super) struct Way {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mail {
    /// Mail by this server, from this address; none without a server. Links lead to `url`.
    pub fn new(server: Option<&str>, from: Option<&str>, url: String) -> Result<Self, MalformedMail> {
        let way = server.zip(from).map(|(server, from)| {
            let wrong = |error: &dyn std::fmt::Display| MalformedMail(error.to_string());
            let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(server).map_err(|error| wrong(&error))?;
            let from = from.parse().map_err(|error: lettre::address::AddressError| wrong(&error))?;
            Ok(Way { transport: builder.timeout(Some(PATIENCE)).build(), from })
        });
        Ok(Self { way: way.transpose()?, url, wake: Arc::default() })
    }

    /// Whether mail is sent at all.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.way.is_some()
    }

    /// By which URL people reach the service.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Says that something may be in the outbox.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Whether the mail server answers and takes us for who we say we are; nothing is sent. Nothing where there is none.
    pub async fn test(&self) -> Option<Result<(), String>> {
        let way = self.way.as_ref()?;
        Some(match way.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("it answers, and says no".to_owned()),
            Err(error) => Err(in_words(&error)),
        })
    }
}

impl Way {
    /// Hands it to the mail server. A message that cannot be made is one that cannot be sent.
    async fn send(&self, message: Result<Message, Malformed>) -> Result<(), String> {
        let message = message.map_err(|error| in_words(&*error))?;
        self.transport.send(message).await.map(drop).map_err(|error| in_words(&error))
    }

    /// The same for the mail of a person who is told that keys end.
    pub(super) async fn send_text(&self, to: &Email, subject: &str, text: String) -> Result<(), String> {
        self.send(letter::plain(&self.from, to, subject.to_owned(), text)).await
    }
}

/// The error with its causes, in one line.
pub(super) fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    for cause in std::iter::successors(error.source(), |error| error.source()) {
        let _ = write!(words, ": {cause}");
    }
    words.replace(|character: char| character.is_control(), " ")
}

/// Sends what is due, for ever. To be spawned and aborted.
pub async fn keep_sending(house: Arc<House>) {
    let Some(way) = &house.mail.way else { return };
    loop {
        match send_next(&house, way).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => warn!(%error, "the outbox cannot be read; it will be, the next time"),
        }
        let _ = tokio::time::timeout(INTERVAL, house.mail.wake.notified()).await;
    }
}

/// Sends an invitation, or else the mail of a person who has keys that end; whether there was something.
async fn send_next(house: &House, way: &Way) -> Result<bool, Error> {
    Ok(send_invitation(house, way).await? || notices::mail::send_next(house, way).await?)
}

/// Sends the invitation that has been due longest; whether there was one.
async fn send_invitation(house: &House, way: &Way) -> Result<bool, Error> {
    let Ok(token) = InvitationToken::generate() else { return Ok(false) };
    let Some((due, letter)) = in_time(take(house, &token)).await? else { return Ok(false) };
    let Some(letter) = letter else { return Ok(true) };
    let link = token.link(&house.mail.url);
    // A server may say again what it was given.
    let sent = way.send(letter::message(&way.from, &letter, &link)).await;
    let sent = sent.map_err(|why| why.replace(token.reveal().as_str(), "…"));
    let conclude = house.store.operate(async |operator| match &sent {
        Ok(()) => outbox::done(operator, due).await.map(|()| false),
        Err(why) => outbox::failed(operator, due, why, GIVEN_UP).await,
    });
    tell(house, "invitation", &sent, in_time(conclude).await?);
    Ok(true)
}

/// Counts it, and tells in the log how it went.
pub(super) fn tell(house: &House, kind: &'static str, sent: &Result<(), String>, is_given_up: bool) {
    house.meters.mailed(sent.is_ok());
    match sent {
        Ok(()) => info!(kind, "mail was handed to the mail server"),
        Err(reason) => warn!(kind, reason, is_given_up, "mail could not be sent"),
    }
}

/// Takes what is due, and writes down the token that its mail will hold. Without a letter it was of no use any more.
async fn take(house: &House, token: &InvitationToken) -> Result<Option<(Due, Option<Letter>)>, Error> {
    house
        .store
        .operate(async |operator| {
            let transaction = operator.transaction().await?;
            let Some(due) = outbox::take(&transaction).await? else { return Ok(None) };
            let letter = outbox::address(&transaction, due, token.hash()).await?;
            if letter.is_none() {
                outbox::done(&transaction, due).await?;
            }
            transaction.commit().await?;
            Ok::<_, db::Error>(Some((due, letter)))
        })
        .await
}
