//! Where a key may be used from.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// The most address ranges that one key may have.
pub const MOST_RANGES: usize = 32;

/// The text is neither an address nor a range.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected an address such as 10.0.4.7 or a range such as 10.0.0.0/8 or 2001:db8::/32")]
pub struct MalformedNetwork;

/// A range of addresses in CIDR form (RFC 4632, RFC 4291), host bits cleared; an IPv4-mapped IPv6 address is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

impl std::str::FromStr for Network {
    type Err = MalformedNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let net = text
            .parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(|address| Self::from(address).0))
            .map_err(|_| MalformedNetwork)?;
        Ok(Self(canonical(net).trunc()))
    }
}

impl From<IpAddr> for Network {
    /// The range of this one address.
    fn from(address: IpAddr) -> Self {
        Self(IpNet::from(address.to_canonical()))
    }
}

fn canonical(net: IpNet) -> IpNet {
    let mapped = match net {
        IpNet::V6(net) if net.prefix_len() >= 96 => net.addr().to_ipv4_mapped().zip(net.prefix_len().checked_sub(96)),
        _ => None,
    };
    mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(net, IpNet::V4)
}

impl Network {
    /// Whether it is one of its addresses.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Its first and its last address.
    #[must_use]
    pub fn bounds(self) -> (IpAddr, IpAddr) {
        (self.0.network(), self.0.broadcast())
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

/// Why a list of ranges is no address list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MalformedAddresses {
    /// An empty list would close the key to everybody.
    #[error("name at least one address range, or null for any address")]
    Empty,
    /// More than [`MOST_RANGES`].
    #[error("a key has at most {MOST_RANGES} address ranges")]
    TooMany,
}

/// Where a key may be used from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AddressList {
    /// From anywhere.
    #[default]
    Anywhere,
    /// Only from these ranges; never empty, see [`AddressList::within`].
    Within(Ranges),
}

/// A list of ranges that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges(Vec<Network>);

impl AddressList {
    /// Only from these ranges; a double counts once.
    pub fn within(ranges: impl IntoIterator<Item = Network>) -> Result<Self, MalformedAddresses> {
        let mut kept: Vec<Network> = Vec::new();
        for range in ranges {
            if !kept.contains(&range) {
                kept.push(range);
            }
        }
        match kept.len() {
            0 => Err(MalformedAddresses::Empty),
            1..=MOST_RANGES => Ok(Self::Within(Ranges(kept))),
            _ => Err(MalformedAddresses::TooMany),
        }
    }

    /// Whether a request from `address` is welcome. A list denies where the address is not known.
    #[must_use]
    pub fn admits(&self, address: Option<IpAddr>) -> bool {
        match (self, address) {
            (Self::Anywhere, _) => true,
            (Self::Within(_), None) => false,
            (Self::Within(ranges), Some(address)) => ranges.0.iter().any(|range| range.contains(address)),
        }
    }

    /// Whether this list admits whatever `other` admits.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Anywhere, _) => true,
            (Self::Within(_), Self::Anywhere) => false,
            (Self::Within(own), Self::Within(others)) => {
                others.0.iter().all(|range| own.0.iter().any(|wide| wide.0.contains(&range.0)))
            }
        }
    }

    /// The ranges, or none where any address will do.
    #[must_use]
    pub fn ranges(&self) -> Option<&[Network]> {
        match self {
            Self::Anywhere => None,
            Self::Within(ranges) => Some(&ranges.0),
        }
    }
}

impl Serialize for AddressList {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.ranges().serialize(out)
    }
}

impl<'de> Deserialize<'de> for AddressList {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        match Option::<Vec<Network>>::deserialize(input)? {
            None => Ok(Self::Anywhere),
            Some(ranges) => Self::within(ranges).map_err(de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(json: &str) -> AddressList {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn ranges_are_ranges_and_not_texts() {
        // P-3
        let office = list(r#"["10.0.4.7/8", "2001:db8::/32"]"#);
        let admits = |address: &str| office.admits(Some(address.parse().unwrap()));
        assert!(admits("10.200.0.1") && admits("2001:db8::1") && admits("::ffff:10.1.1.1"));
        assert!(!admits("11.0.0.1") && !admits("2001:db9::1"));
        assert!(!office.admits(None));
        assert_eq!("::ffff:10.0.0.0/104".parse::<Network>(), "10.0.0.0/8".parse());
        assert_eq!(serde_json::to_string(&office).unwrap(), r#"["10.0.0.0/8","2001:db8::/32"]"#);
    }

    #[test]
    fn null_is_anywhere_and_an_empty_list_is_refused() {
        assert_eq!(list("null"), AddressList::Anywhere);
        assert!(serde_json::from_str::<AddressList>("[]").is_err());
        for bad in ["10.0.0.0/33", "10.0.0", "localhost", "0x7f.1", ""] {
            assert_eq!(bad.parse::<Network>(), Err(MalformedNetwork), "{bad}");
        }
    }
}
