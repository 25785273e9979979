//! Passwords: what may be one, and what somebody has typed. Neither can be printed or compared, and both are wiped.
//!
//! A password has at least 12 characters and at most 256 bytes, of any kind: length is what counts, and no mixture is demanded
//! (NIST SP 800-63B, 3.1.1.2). It is taken as it was typed, every space of it. What somebody would try first is refused: the
//! person's own address and name, one character over and over, and those that most people take.

use thiserror::Error;
use zeroize::Zeroizing;

use super::{Email, Title};

/// The fewest characters.
pub const LEAST: usize = 12;
/// The most bytes.
pub const MOST: usize = 256;

/// What is tried first, of at least [`LEAST`] characters, in lower case.
const COMMON: [&str; 24] = [
    "123456789012",
    "1234567890123",
    "123456789123",
    "1234567891011",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "abcdefghijkl",
    "abc123abc123",
    "administrator",
    "adminadminadmin",
    "changemechangeme",
    "correcthorsebatterystaple",
    "iloveyouiloveyou",
    "letmeinletmein",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "password123!",
    "q1w2e3r4t5y6",
    "qwerty123456",
    "qwertyqwerty",
    "qwertyuiop12",
    "qwertyuiopasdfghjklzxcvbnm",
];

/// A password that a person may have.
pub struct Password(Zeroizing<String>);

/// What somebody has typed where a password belongs: it may be anything.
pub struct Typed(Zeroizing<String>);

/// A password's hash, as it is stored: a PHC string.
#[derive(Clone)]
pub struct PasswordHash(String);

/// Why a text may not be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnfitPassword {
    /// Too few characters.
    #[error("a password has at least {LEAST} characters")]
    Short,
    /// Too many bytes.
    #[error("a password has at most {MOST} bytes")]
    Long,
    /// The person's own address or name.
    #[error("your e-mail address and your name are no passwords")]
    Own,
    /// What others would try first.
    #[error("too many people have this password, and so it is tried first")]
    Common,
}

impl Password {
    /// The text as a password of the person with this address and name.
    pub fn new(text: Zeroizing<String>, email: &Email, name: &Title) -> Result<Self, UnfitPassword> {
        if text.chars().count() < LEAST {
            return Err(UnfitPassword::Short);
        }
        if text.len() > MOST {
            return Err(UnfitPassword::Long);
        }
        let plain = Zeroizing::new(text.trim().to_lowercase());
        let local = email.as_str().split('@').next().unwrap_or_default();
        if [email.as_str(), local, &name.as_str().to_lowercase()].contains(&plain.as_str()) {
            return Err(UnfitPassword::Own);
        }
        let is_one_character = plain.chars().all(|character| plain.starts_with(character));
        if is_one_character || COMMON.contains(&plain.as_str()) {
            return Err(UnfitPassword::Common);
        }
        Ok(Self(text))
    }

    /// Its bytes, to be hashed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The same, as who has it would type it.
    #[must_use]
    pub fn typed(&self) -> Typed {
        Typed(self.0.clone())
    }
}

impl From<Zeroizing<String>> for Typed {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

impl Typed {
    /// Its bytes, to be hashed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl From<String> for PasswordHash {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl PasswordHash {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Result<(), UnfitPassword> {
        let (email, name) = ("dana.scully@example.com".parse().unwrap(), "Dana Katherine Scully".parse().unwrap());
        Password::new(Zeroizing::new(text.to_owned()), &email, &name).map(|_| ())
    }

    #[test]
    fn what_is_long_enough_and_not_tried_first_is_a_password() {
        for fit in ["twelve chars", "  twelve cha", "zwölf Zeichen", &"ab".repeat(128), "dana.scully@example.com!"] {
            assert_eq!(judged(fit), Ok(()), "{fit}");
        }
        for (text, why) in [
            ("", UnfitPassword::Short),
            ("eleven char", UnfitPassword::Short),
            ("ö234567890ö", UnfitPassword::Short),
            (&"ab".repeat(129), UnfitPassword::Long),
            ("Dana.Scully@Example.com", UnfitPassword::Own),
            (" dana katherine scully ", UnfitPassword::Own),
            ("aaaaaaaaaaaaaaaa", UnfitPassword::Common),
            ("            ", UnfitPassword::Common),
            ("PasswordPassword", UnfitPassword::Common),
        ] {
            assert_eq!(judged(text), Err(why), "{text}");
        }
    }

    #[test]
    fn what_is_refused_as_common_would_else_be_long_enough() {
        assert!(COMMON.iter().all(|common| common.chars().count() >= LEAST && common.to_lowercase() == **common));
    }
}
