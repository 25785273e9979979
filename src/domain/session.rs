//! Sessions: the secret by which a browser is known, and the token that each of its forms carries.
//!
//! A session's secret has 256 bits of the system's generator, so that one SHA-256 of it is all that has to be stored (as for the
//! secrets of keys). The token of its forms is made of the secret and stored nowhere: who has read neither the cookie nor a page
//! of the session cannot know it (OWASP, cross-site request forgery: the token is bound to the session).

use std::{net::IpAddr, str::FromStr, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{SessionId, secret::NoRandomness};

const BYTES: usize = 32;

/// The secret of a session. It is in the browser's cookie and nowhere else, so it can be neither printed nor compared.
pub struct SessionSecret(Zeroizing<[u8; BYTES]>);

/// The SHA-256 of a session's secret: what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionHash(pub [u8; 32]);

/// The text is no secret of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected 43 characters of a-z A-Z 0-9 - _")]
pub struct MalformedSession;

impl SessionSecret {
    /// A new one.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        SysRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
        Ok(Self(bytes))
    }

    /// What the cookie holds.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> SessionHash {
        SessionHash(Sha256::digest(self.0.as_slice()).into())
    }

    /// The token that every form of this session carries.
    #[must_use]
    pub fn form_token(&self) -> String {
        let token = Sha256::new().chain_update(self.0.as_slice()).chain_update(b"/form").finalize();
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Whether this is the token of this session's forms. Hashes are compared: how long it takes tells nothing of the token.
    #[must_use]
    pub fn is_form_token(&self, token: &str) -> bool {
        Sha256::digest(token.as_bytes()) == Sha256::digest(self.form_token().as_bytes())
    }
}

impl FromStr for SessionSecret {
    type Err = MalformedSession;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        let length = URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()).map_err(|_| MalformedSession)?;
        if length == BYTES { Ok(Self(bytes)) } else { Err(MalformedSession) }
    }
}

/// For how long who has shown who it is may do what takes a fresh proof.
pub const FRESH: Duration = Duration::from_mins(15);
/// How long a second factor is waited for.
pub const HALF: Duration = Duration::from_mins(10);
/// How many sessions a person has at most: the oldest goes.
pub const MOST: i64 = 100;
/// How many characters are kept of what a browser calls itself.
pub const AGENT: usize = 200;

/// Whether the person has shown who it is so shortly before that it need not again.
#[must_use]
pub fn is_fresh(confirmed_at: OffsetDateTime, now: OffsetDateTime) -> bool {
    now < confirmed_at + FRESH
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Without a request.
    pub idle: Duration,
    /// At most.
    pub life: Duration,
}

impl Lifetimes {
    /// Whether a session that was last seen then, and ends then, lives.
    #[must_use]
    pub fn is_live(&self, seen_at: OffsetDateTime, ends_at: OffsetDateTime, now: OffsetDateTime) -> bool {
        now < ends_at && now < seen_at + self.idle
    }

    /// For how long such a session lasts from now on.
    #[must_use]
    pub fn left(&self, seen_at: OffsetDateTime, ends_at: OffsetDateTime, now: OffsetDateTime) -> Left {
        let until = |end: OffsetDateTime| Duration::try_from(end - now).unwrap_or_default();
        Left { idle: until(seen_at + self.idle), life: until(ends_at) }
    }
}

/// For how long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Where nobody comes any more.
    pub idle: Duration,
    /// At most.
    pub life: Duration,
}

/// Where a person is signed in, as it is shown to that person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Which one.
    pub id: SessionId,
    /// When the person signed in.
    pub created_at: OffsetDateTime,
    /// When it was last heard of, to a minute.
    pub seen_at: OffsetDateTime,
    /// When it ends at the latest.
    pub ends_at: OffsetDateTime,
    /// Whence the person signed in.
    pub address: Option<IpAddr>,
    /// What the browser called itself.
    pub agent: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_nobody_comes_and_in_any_case() {
        let hour = Duration::from_hours(1);
        let (lifetimes, start) = (Lifetimes { idle: hour, life: hour * 10 }, OffsetDateTime::UNIX_EPOCH);
        let is_live =
            |seen: u32, now: u32| lifetimes.is_live(start + hour * seen, start + hour * 10, start + hour * now);
        assert!(is_live(0, 0) && is_live(5, 5) && is_live(9, 9));
        assert!(!is_live(0, 1) && !is_live(9, 10) && !is_live(10, 10));
        assert!(lifetimes.is_live(start, start + hour, start + hour - Duration::from_nanos(1)));
    }

    #[test]
    fn what_is_left_of_a_session_is_told_to_both_of_its_ends_and_is_never_less_than_nothing() {
        let hour = Duration::from_hours(1);
        let (lifetimes, start) = (Lifetimes { idle: hour, life: hour * 10 }, OffsetDateTime::UNIX_EPOCH);
        let left = |seen: u32, now: u32| lifetimes.left(start + hour * seen, start + hour * 10, start + hour * now);
        assert_eq!(left(2, 2), Left { idle: hour, life: hour * 8 });
        assert_eq!(left(2, 4), Left { idle: Duration::ZERO, life: hour * 6 });
        assert_eq!(left(10, 11), Left { idle: Duration::ZERO, life: Duration::ZERO });
    }

    #[test]
    fn a_confirmation_is_fresh_for_a_quarter_of_an_hour() {
        let then = OffsetDateTime::UNIX_EPOCH;
        assert!(is_fresh(then, then) && is_fresh(then, then + FRESH - Duration::from_nanos(1)));
        assert!(!is_fresh(then, then + FRESH));
    }

    #[test]
    fn a_session_is_known_by_its_text_and_its_forms_by_their_token() {
        let (one, other) = (SessionSecret::generate().unwrap(), SessionSecret::generate().unwrap());
        let again: SessionSecret = one.reveal().parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(one.hash(), again.hash());
        assert_ne!(one.hash(), other.hash());
        assert!(again.is_form_token(&one.form_token()));
        assert!(!other.is_form_token(&one.form_token()) && !one.is_form_token("") && !one.is_form_token(&one.reveal()));
    }

    #[test]
    fn what_is_no_session_is_refused() {
        let text = SessionSecret::generate().unwrap().reveal().to_string();
        for bad in ["", &text[1..], &format!("{text}A"), &format!("{text}="), &text.replace(&text[..1], "$")] {
            assert_eq!(bad.parse::<SessionSecret>().map(|_| ()), Err(MalformedSession), "{bad}");
        }
    }
}
