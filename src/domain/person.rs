//! People: how they are named, and what a membership says.

use std::str::FromStr;

use thiserror::Error;
use time::OffsetDateTime;

use super::{
    id::UserId,
    name::{Title, checked_text},
    owner::Owner,
    role::Role,
};

/// An address for e-mail, by which a person signs in: as it was typed, but in lower case and without space around it, so that
/// one address is one person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Email(String);
checked_text!(Email);

/// The text is no address for e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected an address for e-mail, such as dana@example.com, of at most 254 characters")]
pub struct MalformedEmail;

impl FromStr for Email {
    type Err = MalformedEmail;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_lowercase();
        let is_plain = |character: char| !character.is_whitespace() && !character.is_control() && character != '@';
        let halves = text.split_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty());
        let is_sound = halves.is_some_and(|(name, host)| name.chars().chain(host.chars()).all(is_plain));
        if is_sound && text.chars().count() <= 254 { Ok(Self(text)) } else { Err(MalformedEmail) }
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Which one.
    pub id: UserId,
    /// By which it signs in.
    pub email: Email,
    /// What it is called.
    pub name: Title,
    /// Since when it may do nothing at all, anywhere.
    pub suspended_at: Option<OffsetDateTime>,
    /// Counts its changes.
    pub version: i64,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// A person's part in an org, or in one mesh of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub at: Owner,
    /// As what.
    pub role: Role,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_one_person() {
        assert_eq!(" Dana@Example.COM ".parse::<Email>().unwrap().as_str(), "dana@example.com");
        for bad in ["", "@", "a@", "@b", "a b@c", "a@b@c", "a@b\u{7}", "a", &format!("{}@b", "a".repeat(253))] {
            assert_eq!(bad.parse::<Email>(), Err(MalformedEmail), "{bad}");
        }
    }
}
