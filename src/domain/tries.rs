//! Tries at signing in: after some that failed one waits, longer from one to the next, and never for ever.

use std::{fmt, net::IpAddr, time::Duration};

use sha2::{Digest as _, Sha256};

use super::UserId;

/// How many tries an account has from one place before it pauses for that place.
const FREE_OF_ACCOUNT: u32 = 5;
/// How many it has from everywhere together: enough that one stranger cannot keep its person out.
const FREE_OF_ACCOUNT_EVERYWHERE: u32 = 50;
/// How many an address has: there may be an office behind it.
const FREE_OF_ADDRESS: u32 = 20;
/// The first pause.
const FIRST: Duration = Duration::from_secs(5);
/// The longest.
const LONGEST: Duration = Duration::from_mins(15);
/// After so long without a try all is forgotten.
pub const FORGOTTEN: Duration = Duration::from_hours(1);

/// What tries are counted for.
#[derive(Debug, Clone, Copy)]
pub enum Tried<'a> {
    /// An account, by the address for e-mail that was typed, whether anybody has it or not, from one place.
    Account(&'a str, Option<IpAddr>),
    /// The same, from everywhere together.
    AccountEverywhere(&'a str),
    /// The second factor of a person.
    Factor(UserId),
    /// What a person who is signed in shows once more. Strangers can make none of these.
    StepUp(UserId),
    /// The codes of terminals that a person types.
    UserCode(UserId),
    /// Whence they come: an IPv4 address, or the half of an IPv6 address that one customer has for itself.
    Address(IpAddr),
}

/// By what they are counted: it tells nobody for whom.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// The SHA-256 of what they are counted for.
    pub hash: [u8; 32],
    /// The bucket of the account, where this is one of several that it has.
    pub account: Option<[u8; 32]>,
    free: u32,
}

impl Tried<'_> {
    /// Where they are counted.
    #[must_use]
    pub fn bucket(&self) -> Bucket {
        let account = |email: &str| email.trim().to_lowercase();
        let (kind, value, free) = match self {
            Self::Account(email, from) => {
                let from = from.map(network).unwrap_or_default();
                ("account", format!("{} {from}", account(email)), FREE_OF_ACCOUNT)
            }
            Self::AccountEverywhere(email) => ("everywhere", account(email), FREE_OF_ACCOUNT_EVERYWHERE),
            Self::Factor(user) => ("factor", user.to_string(), FREE_OF_ACCOUNT),
            Self::StepUp(user) => ("step-up", user.to_string(), FREE_OF_ACCOUNT),
            Self::UserCode(user) => ("user code", user.to_string(), FREE_OF_ACCOUNT),
            Self::Address(address) => ("address", network(*address), FREE_OF_ADDRESS),
        };
        let account = match self {
            Self::Account(email, _) => Some(Tried::AccountEverywhere(email).bucket().hash),
            _ => None,
        };
        Bucket { hash: Sha256::digest(format!("{kind} {value}")).into(), account, free }
    }
}

impl Tried<'_> {
    /// Whether one that was good only counts for nothing, and those before it go on to count: from an address there may be others, and
    /// who has a code of its own could else begin to guess anew as often as it likes.
    #[must_use]
    pub const fn keeps_counting(&self) -> bool {
        matches!(self, Self::Address(_) | Self::UserCode(_))
    }
}

fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:x}", address.to_bits() >> 64),
    }
}

impl Bucket {
    /// How long one waits after so many tries that were not good.
    #[must_use]
    pub fn pause(&self, failures: i32) -> Option<Duration> {
        let beyond = u32::try_from(failures).unwrap_or_default().checked_sub(self.free)?;
        Some(FIRST.saturating_mul(1_u32.checked_shl(beyond).unwrap_or(u32::MAX).max(1)).min(LONGEST))
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Bucket")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_quarter_of_an_hour_and_no_further() {
        let bucket = Tried::Account("dana@example.com", None).bucket();
        let pauses: Vec<_> =
            (0..15).map(|failures| bucket.pause(failures).map_or(0, |pause| pause.as_secs())).collect();
        assert_eq!(pauses, [0, 0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
        assert!([40, 100, i32::MAX].iter().all(|failures| bucket.pause(*failures) == Some(LONGEST)));
        assert_eq!(Tried::Address(IpAddr::from([192, 0, 2, 1])).bucket().pause(19), None);
        assert_eq!(Tried::AccountEverywhere("dana@example.com").bucket().pause(49), None);
        assert_eq!(Tried::AccountEverywhere("dana@example.com").bucket().pause(50), Some(FIRST));
    }

    #[test]
    fn what_is_one_account_or_one_customer_is_counted_once() {
        let hash = |tried: Tried<'_>| tried.bucket().hash;
        let address = |text: &str| hash(Tried::Address(text.parse().unwrap()));
        let account =
            |email, from: Option<&str>| Tried::Account(email, from.map(|from| from.parse().unwrap())).bucket();
        let dana = account("dana@example.com", None);
        assert_eq!(account(" Dana@example.com", None).hash, account("dana@example.com ", None).hash);
        assert_ne!(dana.hash, account("lee@example.com", None).hash);
        assert_ne!(dana.hash, account("dana@example.com", Some("192.0.2.1")).hash);
        assert_eq!(dana.account, account("dana@example.com", Some("192.0.2.1")).account);
        assert_eq!(dana.account, Some(hash(Tried::AccountEverywhere("Dana@example.com"))));
        assert_eq!(address("2001:db8:0:1::1"), address("2001:db8:0:1:ffff::2"));
        assert_ne!(address("2001:db8:0:1::1"), address("2001:db8:0:2::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(hash(Tried::AccountEverywhere("192.0.2.1")), address("192.0.2.1"));
    }
}
