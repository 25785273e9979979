//! Signing in by a provider of OpenID Connect: what ties the way there to the way back.
//!
//! The browser keeps a secret in a cookie, and each way has a state of its own in the URL. The nonce and the verifier are made of
//! both and stored nowhere: who has read only the database, or only a URL, knows neither.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{Email, IdentityId, SessionId, SessionSecret, Title, invitation::TokenHash};

/// How long the way to a provider and back may take.
pub const WAY: Duration = Duration::from_mins(10);
/// How many identities a person has at most.
pub const MOST: i64 = 10;
/// How far the provider's clock may be from ours.
pub const SKEW: Duration = Duration::from_mins(1);

/// What a way to a provider and back is known by.
pub struct Way {
    /// The browser's.
    pub browser: SessionSecret,
    /// Its own.
    pub state: SessionSecret,
}

impl Way {
    /// What shows to the provider that who brings the code has asked for it (RFC 7636).
    #[must_use]
    pub fn verifier(&self) -> Zeroizing<String> {
        self.made_for(b"/verifier")
    }

    /// What the provider's word has to hold.
    #[must_use]
    pub fn nonce(&self) -> Zeroizing<String> {
        self.made_for(b"/nonce")
    }

    fn made_for(&self, use_of_it: &[u8]) -> Zeroizing<String> {
        let made = Sha256::new().chain_update(self.browser.reveal().as_bytes());
        let made = made.chain_update(self.state.reveal().as_bytes()).chain_update(use_of_it).finalize();
        Zeroizing::new(URL_SAFE_NO_PAD.encode(made))
    }
}

/// What somebody is sent to a provider for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be let in.
    SignIn,
    /// To connect what the provider says with who is signed in there.
    Connect(SessionId),
    /// To show once more who it is that is signed in there.
    Confirm(SessionId),
    /// To accept the invitation with this token.
    Invitation(TokenHash),
}

impl Purpose {
    /// The one spelling used in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Connect(_) => "connect",
            Self::Confirm(_) => "confirm",
            Self::Invitation(_) => "invitation",
        }
    }
}

/// Whom a provider named: somebody is known by both of the first, and by nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The provider.
    pub issuer: String,
    /// Whom it means.
    pub subject: String,
    /// The address for e-mail that it says.
    pub email: Option<Email>,
    /// Whether it says that it has seen to the address being theirs.
    pub is_email_verified: bool,
    /// What it says that they are called.
    pub name: Option<Title>,
    /// When it says that they last showed to it who they are.
    pub shown_at: Option<OffsetDateTime>,
}

impl Claims {
    /// Whether the provider says that this is their address.
    #[must_use]
    pub fn vouches_for(&self, email: &Email) -> bool {
        self.is_email_verified && self.email.as_ref() == Some(email)
    }
}

/// Whether who showed it then has done so since `begun`, as far as two clocks tell.
#[must_use]
pub fn is_shown_since(shown_at: Option<OffsetDateTime>, begun: OffsetDateTime) -> bool {
    shown_at.is_some_and(|at| at + SKEW >= begun)
}

/// By whom a person may be named to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Which one.
    pub id: IdentityId,
    /// By which provider.
    pub issuer: String,
    /// The address for e-mail that it said last.
    pub email: Option<Email>,
    /// When it was connected.
    pub created_at: OffsetDateTime,
    /// When it was last used.
    pub last_used_at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way() -> Way {
        Way { browser: SessionSecret::generate().unwrap(), state: SessionSecret::generate().unwrap() }
    }

    #[test]
    fn verifier_and_nonce_are_of_this_browser_and_this_way() {
        let (one, other) = (way(), way());
        let mixed =
            Way { browser: one.browser.reveal().parse().unwrap_or_else(|_| panic!("a secret")), state: other.state };
        assert_eq!(one.verifier().len(), 43);
        assert_ne!(one.verifier(), one.nonce());
        assert_ne!(one.verifier(), mixed.verifier());
        assert_ne!(one.nonce(), mixed.nonce());
    }

    #[test]
    fn an_address_is_vouched_for_only_where_it_is_said_to_be_verified() {
        let email: Email = "ida@example.com".parse().unwrap();
        let claims = |said: Option<&Email>, is_email_verified| Claims {
            issuer: "https://login.example".to_owned(),
            subject: "1".to_owned(),
            email: said.cloned(),
            is_email_verified,
            name: None,
            shown_at: None,
        };
        assert!(claims(Some(&email), true).vouches_for(&email));
        assert!(!claims(Some(&email), false).vouches_for(&email));
        assert!(!claims(None, true).vouches_for(&email));
        assert!(!claims(Some(&"uma@example.com".parse().unwrap()), true).vouches_for(&email));
    }

    #[test]
    fn what_was_shown_before_is_not_shown_since() {
        let begun = OffsetDateTime::UNIX_EPOCH;
        assert!(is_shown_since(Some(begun), begun) && is_shown_since(Some(begun - SKEW), begun));
        assert!(!is_shown_since(Some(begun - SKEW - Duration::from_secs(1)), begun));
        assert!(!is_shown_since(None, begun));
    }
}
