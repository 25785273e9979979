//! Passkeys (WebAuthn): a person's device shows by a signature that it is there, after it has seen by itself that it is the person.
//! So one of them is both factors. It signs only for the origin that it was made for: where that is no name, or no secure one, no
//! browser makes any, and they are not offered.
//!
//! What a browser is asked stands in the database until it answers, once, and within five minutes: any replica takes the answer.

mod ceremony;
pub mod enter;
pub mod own;

use thiserror::Error;
use webauthn_rs::{Webauthn, WebauthnBuilder, prelude::Url};

pub use ceremony::{Answered, Begun};

use super::sign_in::NotIn;
use crate::domain::passkey::ANSWER;

/// Where passkeys work, or why they do not.
#[derive(Debug)]
pub struct Passkeys(Result<Offered, NotOffered>);

#[derive(Debug)]
struct Offered {
    origin: String,
    webauthn: Webauthn,
}

/// Why no passkeys are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotOffered {
    /// Browsers bind them to a name.
    #[error("people reach this server by a number, and browsers bind passkeys to a name")]
    NoName,
    /// Browsers make none where others may read along.
    #[error("people reach this server by plain HTTP, and browsers make passkeys only over HTTPS")]
    PlainHttp,
}

impl Passkeys {
    /// Those of who reaches us at this origin.
    #[must_use]
    pub fn at(origin: &str) -> Self {
        Self(Offered::at(origin))
    }

    /// The origin at which they work.
    pub fn origin(&self) -> Result<&str, NotOffered> {
        self.0.as_ref().map(|offered| offered.origin.as_str()).map_err(|why| *why)
    }

    fn webauthn(&self) -> Result<&Webauthn, NotIn> {
        self.0.as_ref().map(|offered| &offered.webauthn).map_err(|_| NotIn::Wrong)
    }
}

impl Offered {
    fn at(origin: &str) -> Result<Self, NotOffered> {
        let url = Url::parse(origin).map_err(|_| NotOffered::NoName)?;
        let name = url.domain().ok_or(NotOffered::NoName)?;
        if url.scheme() != "https" && name != "localhost" {
            return Err(NotOffered::PlainHttp);
        }
        let builder = WebauthnBuilder::new(name, &url).map(|builder| builder.rp_name("Meshkey").timeout(ANSWER));
        let webauthn = builder.and_then(WebauthnBuilder::build).map_err(|_| NotOffered::NoName)?;
        Ok(Self { origin: url.origin().ascii_serialization(), webauthn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_offered_by_name_and_where_nobody_reads_along() {
        for (origin, offered) in [
            ("https://keys.example.org", Ok("https://keys.example.org")),
            ("https://keys.example.org:8443", Ok("https://keys.example.org:8443")),
            ("http://localhost:7700", Ok("http://localhost:7700")),
            ("http://keys.example.org", Err(NotOffered::PlainHttp)),
            ("http://127.0.0.1:7700", Err(NotOffered::NoName)),
            ("https://192.0.2.1", Err(NotOffered::NoName)),
            ("https://[2001:db8::1]", Err(NotOffered::NoName)),
            ("nonsense", Err(NotOffered::NoName)),
        ] {
            assert_eq!(Passkeys::at(origin).origin(), offered, "{origin}");
        }
    }
}
