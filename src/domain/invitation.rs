//! Invitations: to become a member of an org, or of a mesh of it, by a link that opens once.

use std::str::FromStr;

use thiserror::Error;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::{
    Email, InvitationId, OrgId,
    audit::Actor,
    id::{MeshId, UserId},
    name::Slug,
    role::Role,
    secret::NoRandomness,
    session::{MalformedSession, SessionSecret},
};

/// How many open invitations an org may have.
pub const MOST_OPEN: i64 = 500;
/// For how long an invitation is open where nothing is said.
pub const LIFE: Duration = Duration::days(7);
/// For how long at most.
pub const LONGEST: Duration = Duration::days(30);

/// What opens an invitation: 256 bits of the system's generator, as the secret of a session has. It can be neither printed nor
/// compared.
pub struct InvitationToken(SessionSecret);

/// The SHA-256 of an invitation's token: what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

/// The text is no token of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected the 43 characters behind #token= in the link of an invitation")]
pub struct MalformedToken;

impl InvitationToken {
    /// A new one.
    pub fn generate() -> Result<Self, NoRandomness> {
        SessionSecret::generate().map(Self)
    }

    /// What the link holds.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        self.0.reveal()
    }

    /// The link, at a service that is reached by this URL. What stands behind the `#` is sent to no server and is in no log.
    #[must_use]
    pub fn link(&self, url: &str) -> Zeroizing<String> {
        Zeroizing::new(format!("{url}/invitation#token={}", self.reveal().as_str()))
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(self.0.hash().0)
    }
}

impl FromStr for InvitationToken {
    type Err = MalformedToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_: MalformedSession| MalformedToken)
    }
}

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It can be accepted.
    Open,
    /// It was.
    Accepted,
    /// It was taken back.
    Withdrawn,
    /// Its time is over.
    Expired,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Accepted, Self::Withdrawn, Self::Expired];

    /// The one spelling used on the wire, in the database and in the docs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }
}

/// The text names no status of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an invitation is open, accepted, withdrawn or expired")]
pub struct UnknownStatus;

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.name() == name).ok_or(UnknownStatus)
    }
}

/// What has become of an invitation's mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mail {
    /// None is sent: who invites passes the link on.
    Off,
    /// It waits, or is being tried again; and why it did not go, if it was tried.
    Queued(Option<String>),
    /// It was handed to the mail server.
    Sent,
    /// It was given up, and why.
    Failed(String),
}

impl Mail {
    /// The one spelling used on the wire and in the docs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Queued(_) => "queued",
            Self::Sent => "sent",
            Self::Failed(_) => "failed",
        }
    }

    /// Why it has not gone, if that is known.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Queued(reason) => reason.as_deref(),
            Self::Failed(reason) => Some(reason),
            Self::Off | Self::Sent => None,
        }
    }
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Which one.
    pub id: InvitationId,
    /// To which org.
    pub org: OrgId,
    /// To which mesh of it, if it is not to the org itself.
    pub mesh: Option<(MeshId, Slug)>,
    /// As what.
    pub role: Role,
    /// Whom.
    pub email: Email,
    /// Who invites.
    pub invited_by: Actor,
    /// Where it stands.
    pub status: Status,
    /// What has become of its mail.
    pub mail: Mail,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When its link was made.
    pub sent_at: OffsetDateTime,
    /// When its time is over.
    pub ends_at: OffsetDateTime,
    /// When it was accepted.
    pub accepted_at: Option<OffsetDateTime>,
    /// By whom.
    pub accepted_by: Option<UserId>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<OffsetDateTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_what_its_token_is_the_hash_of() {
        let token = InvitationToken::generate().unwrap();
        let link = token.link("https://keys.example.org");
        let text = link.strip_prefix("https://keys.example.org/invitation#token=").unwrap();
        let again: InvitationToken = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.hash(), token.hash());
        assert_ne!(InvitationToken::generate().unwrap().hash(), token.hash());
        for bad in ["", &text[1..], "token"] {
            assert_eq!(bad.parse::<InvitationToken>().map(|_| ()), Err(MalformedToken));
        }
    }

    #[test]
    fn a_status_is_read_as_it_is_written() {
        for status in Status::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        assert_eq!("gone".parse::<Status>(), Err(UnknownStatus));
    }
}
