//! Logins of terminals (RFC 8628): the code that a terminal keeps, the one that people compare, what is asked for and what is given.

use std::{fmt, str::FromStr};

use rand::{TryRng as _, rngs::SysRng};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::{
    capability::{Capability, CapabilitySet},
    id::DeviceLoginId,
    name::Label,
    scope::TopicScope,
    secret::NoRandomness,
    session::{MalformedSession, SessionSecret},
};

/// For how many seconds a login waits for its person.
pub const LIFE: u32 = 600;
/// How many seconds a terminal stays away between two questions, and by how many more each time that it comes too early.
pub const PAUSE: u32 = 5;
/// How many capabilities a terminal may ask for: they are boxes of one form.
pub const MOST_ASKED: usize = 16;
/// How long the key of a login lives at most, and where nothing else is chosen.
pub const LONGEST: Duration = Duration::days(90);
/// How short it may be.
pub const SHORTEST: Duration = Duration::minutes(5);

/// What a terminal shows to be given its key: 256 bits of the system's generator, as the secret of a session has. It can be
/// neither printed nor compared.
pub struct DeviceCode(SessionSecret);

/// The SHA-256 of a device code: what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceHash(pub [u8; 32]);

/// The text is no device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected the device_code of an answer, 43 characters")]
pub struct MalformedDeviceCode;

impl DeviceCode {
    /// A new one.
    pub fn generate() -> Result<Self, NoRandomness> {
        SessionSecret::generate().map(Self)
    }

    /// What the terminal has.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        self.0.reveal()
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> DeviceHash {
        DeviceHash(self.0.hash().0)
    }
}

impl FromStr for DeviceCode {
    type Err = MalformedDeviceCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_: MalformedSession| MalformedDeviceCode)
    }
}

/// Consonants that are mistaken for no other, and spell no word (RFC 8628, 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;
const GROUP: usize = 4;

/// What stands in the terminal and is typed on the page: 20^8 of them, for ten minutes, and few tries. No secret by itself: who
/// types it gives away a key, and gets none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCode(String);

/// The text is no user code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a code is {LENGTH} letters, such as WDJB-MJHT")]
pub struct MalformedUserCode;

impl UserCode {
    /// A new one.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut code = String::with_capacity(LENGTH);
        while code.len() < LENGTH {
            let mut byte = [0];
            SysRng.try_fill_bytes(&mut byte).map_err(|_| NoRandomness)?;
            // A byte beyond the last whole round would make some letters likelier.
            if usize::from(byte[0]) < 256 / LETTERS.len() * LETTERS.len() {
                code.push(char::from(LETTERS[usize::from(byte[0]) % LETTERS.len()]));
            }
        }
        Ok(Self(code))
    }

    /// The letters alone, as they are stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// In groups, as people compare it.
impl fmt::Display for UserCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.0.split_at_checked(GROUP).unwrap_or((&self.0, ""));
        write!(out, "{first}-{last}")
    }
}

impl FromStr for UserCode {
    type Err = MalformedUserCode;

    /// With or without the group, in capitals or not.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let typed = text.chars().filter(|it| *it != '-' && !it.is_whitespace()).take(LENGTH + 1);
        let code: String = typed.map(|it| it.to_ascii_uppercase()).collect();
        let is_one = code.len() == LENGTH && code.bytes().all(|byte| LETTERS.contains(&byte));
        if is_one { Ok(Self(code)) } else { Err(MalformedUserCode) }
    }
}

/// What a terminal asks for. It is a proposal: the person chooses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Asked {
    /// What it wants to do; if nothing is said, what a member does.
    pub capabilities: Vec<Capability>,
    /// On which topics, if that is said.
    pub topics: Option<TopicScope>,
    /// In which org, by slug or id.
    pub org: Option<String>,
    /// In which mesh, by slug or id.
    pub mesh: Option<String>,
    /// For how many seconds.
    pub seconds: Option<i64>,
}

impl Asked {
    /// The boxes that are ticked before the person has chosen: never `admin`, unless it was asked for.
    #[must_use]
    pub fn proposal(&self) -> Vec<Capability> {
        if self.capabilities.is_empty() {
            return vec![Capability::Send, Capability::Read, Capability::StateWrite];
        }
        self.capabilities.clone()
    }
}

/// What the person gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// What the key is called.
    pub label: Label,
    /// For which mesh; none for the whole org.
    pub mesh: Option<String>,
    /// What it may do.
    pub capabilities: CapabilitySet,
    /// On which topics.
    pub topics: TopicScope,
    /// For how many seconds it lives.
    pub seconds: i64,
}

impl Granted {
    /// When the key ends that is made now: after what was chosen, and never later than [`LONGEST`]. The one place that bounds the
    /// life of a login's key.
    #[must_use]
    pub fn ends_at(&self, now: OffsetDateTime) -> OffsetDateTime {
        now.saturating_add(Duration::seconds(self.seconds).clamp(SHORTEST, LONGEST))
    }
}

/// A login, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceLogin {
    /// Which one.
    pub id: DeviceLoginId,
    /// What stands in the terminal.
    pub code: UserCode,
    /// What the terminal calls itself. Anybody may say anything.
    pub device: Label,
    /// Whence it asks.
    pub address: Option<std::net::IpAddr>,
    /// What it asks for.
    pub asked: Asked,
    /// When it began.
    pub created_at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_code_is_read_as_it_is_shown_and_as_people_type_it() {
        for _ in 0..200 {
            let code = UserCode::generate().unwrap();
            let shown = code.to_string();
            assert_eq!((shown.len(), &shown[4..5]), (9, "-"));
            assert!(!shown.contains(['A', 'E', 'I', 'O', 'U', 'Y', '0', '1']));
            for typed in [shown.clone(), shown.to_lowercase(), shown.replace('-', ""), format!(" {shown} ")] {
                assert_eq!(typed.parse(), Ok(code.clone()), "{typed}");
            }
        }
        for bad in
            ["", "WDJB", "WDJB-MJHTX", "WDJB-MJHA", "WDJB-MJH1", &"B".repeat(1_000_000), "\u{e9}\u{e9}\u{e9}\u{e9}"]
        {
            assert_eq!(bad.parse::<UserCode>(), Err(MalformedUserCode));
        }
    }

    #[test]
    fn what_nobody_asked_for_is_never_admin() {
        assert!(!Asked::default().proposal().contains(&Capability::Admin));
        let asked = Asked { capabilities: vec![Capability::Admin], ..Asked::default() };
        assert_eq!(asked.proposal(), [Capability::Admin]);
    }

    #[test]
    fn a_key_of_a_login_lives_for_ninety_days_at_most() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let ends = |seconds| {
            let capabilities = CapabilitySet::new([Capability::Read]).unwrap();
            let granted = Granted {
                label: "laptop".parse().unwrap(),
                mesh: None,
                capabilities,
                topics: TopicScope::Everywhere,
                seconds,
            };
            granted.ends_at(now) - now
        };
        assert_eq!(ends(3600), Duration::hours(1));
        for (seconds, end) in [(i64::MAX, LONGEST), (0, SHORTEST), (i64::MIN, SHORTEST)] {
            assert_eq!(ends(seconds), end);
        }
    }
}
