//! People: how they are named, and what a membership says.

use std::str::FromStr;

use thiserror::Error;
use time::OffsetDateTime;

use super::{
    grant::Grant,
    id::{OrgId, SessionId, UserId},
    name::{Slug, Title, checked_text},
    owner::Owner,
    rights::{Rights, grants_of},
    role::Role,
    session::is_fresh,
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
    /// When it had shown that the address is its own; until then it is who was given a link for it.
    pub email_verified_at: Option<OffsetDateTime>,
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

/// A person who is signed in, and what it may do in the org that a request names.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    /// Where it is signed in.
    pub session: SessionId,
    /// Who.
    pub user: UserId,
    /// By which it signs in.
    pub email: Email,
    /// What it is called.
    pub name: Title,
    /// When it last showed who it is.
    pub confirmed_at: OffsetDateTime,
    /// The clock of the database, when this was read.
    pub now: OffsetDateTime,
    /// When the session was last heard of before, as far as that is noted.
    pub seen_at: OffsetDateTime,
    /// The org.
    pub org: OrgId,
    /// Its slug.
    pub org_slug: Slug,
    /// Whether it is suspended.
    pub is_org_suspended: bool,
    /// As what it is there, at least once.
    pub memberships: Vec<Membership>,
    grants: Vec<Grant>,
}

impl SignedIn {
    /// A person who is signed in, as it was read: where and who, how it is named, when it showed who it is and when that was
    /// read, and the org with what it is there.
    #[must_use]
    pub fn new(
        (session, user): (SessionId, UserId),
        (email, name): (Email, Title),
        (confirmed_at, seen_at, now): (OffsetDateTime, OffsetDateTime, OffsetDateTime),
        (org, org_slug, is_org_suspended): (OrgId, Slug, bool),
        memberships: Vec<Membership>,
    ) -> Self {
        let grants = grants_of(&memberships);
        Self {
            session,
            user,
            email,
            name,
            confirmed_at,
            now,
            seen_at,
            org,
            org_slug,
            is_org_suspended,
            memberships,
            grants,
        }
    }

    /// What it may do there.
    #[must_use]
    pub fn rights(&self) -> Rights<'_> {
        Rights::new(&self.grants, None)
    }

    /// Whether it is an owner of the org.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.memberships.iter().any(|membership| membership.role == Role::Owner)
    }

    /// Whether it showed who it is not long ago, as is asked before what cannot be taken back easily.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        is_fresh(self.confirmed_at, self.now)
    }
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
