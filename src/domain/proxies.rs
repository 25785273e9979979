//! Whence a request comes: from its peer, or from whoever a proxy that is trusted says it got it from.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use super::address::{MalformedNetwork, Network};

/// The proxies whose word about addresses is taken; none unless somebody says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

impl FromStr for TrustedProxies {
    type Err = MalformedNetwork;

    /// Addresses and ranges, by commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').map(|range| range.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

impl TrustedProxies {
    /// The address of the client: that of the peer; where it is a trusted proxy, the last entry of its `X-Forwarded-For`;
    /// where that is one too, the entry before; and so on. What stands before the first that is not trusted anybody may have
    /// written (G-27). What is no address ends the walk: nobody knows who is behind it.
    pub fn client<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = peer.to_canonical();
        for entry in forwarded.rev() {
            match entry_of(entry).filter(|_| self.trusts(client)) {
                Some(before) => client = before,
                None => break,
            }
        }
        client
    }

    /// Whether nobody is trusted, so that it is the peer whatever is said.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is a proxy whose word is taken.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(address))
    }
}

/// An address, of which some proxies say the port too.
fn entry_of(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PEER: &str = "10.0.0.1";

    fn client(trusted: &str, peer: &str, forwarded: &str) -> String {
        let trusted: TrustedProxies = trusted.parse().unwrap();
        trusted.client(peer.parse().unwrap(), forwarded.split(',')).to_string()
    }

    #[test]
    fn the_last_who_is_not_trusted_is_the_client() {
        for (trusted, peer, forwarded, expected) in [
            ("10.0.0.0/8", PEER, "203.0.113.7", "203.0.113.7"),
            ("10.0.0.0/8", PEER, "198.51.100.9, 203.0.113.7", "203.0.113.7"),
            ("10.0.0.0/8", PEER, "198.51.100.9, 203.0.113.7, 10.2.3.4", "203.0.113.7"),
            ("10.0.0.1", PEER, "203.0.113.7, 10.2.3.4", "10.2.3.4"),
            ("10.0.0.0/8", PEER, "10.9.9.9, 10.2.3.4", "10.9.9.9"),
            ("192.0.2.0/24", PEER, "203.0.113.7", PEER),
            ("10.0.0.0/8, 2001:db8::/32", "2001:db8::1", "203.0.113.7,10.2.3.4", "203.0.113.7"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
            ("10.0.0.0/8", PEER, "203.0.113.7:4711", "203.0.113.7"),
            ("10.0.0.0/8", PEER, "[2001:db8::7]:4711", "2001:db8::7"),
            ("10.0.0.0/8", PEER, "[2001:db8::7]", "2001:db8::7"),
            ("10.0.0.0/8", PEER, "2001:db8::7", "2001:db8::7"),
        ] {
            assert_eq!(client(trusted, peer, forwarded), expected, "{trusted} {peer} {forwarded}");
        }
    }

    #[test]
    fn what_is_no_address_ends_the_walk() {
        for forwarded in
            ["", "unknown", "203.0.113.7 ,", "_hidden", "203.0.113.7, x", "203.0.113.7:", "1.2.3", "203.0.113.7;x"]
        {
            assert_eq!(client("10.0.0.0/8", PEER, forwarded), PEER, "{forwarded}");
        }
        assert_eq!(client("10.0.0.0/8", PEER, "203.0.113.7, x, 10.2.3.4"), "10.2.3.4");
    }

    #[test]
    fn nobody_is_trusted_unless_somebody_says_so() {
        let nobody = TrustedProxies::default();
        assert!(nobody.is_nobody());
        assert_eq!(nobody.client(PEER.parse().unwrap(), ["203.0.113.7"].into_iter()).to_string(), PEER);
        for bad in ["", "10.0.0.0/8,", "10.0.0.0/33", "proxy.example.org"] {
            assert!(bad.parse::<TrustedProxies>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_a_client_writes_before_the_entry_of_a_proxy_changes_nothing(
            client: [u8; 4], forged in prop::collection::vec("[ -+--~]{0,20}", 0..4)
        ) {
            let trusted: TrustedProxies = "10.0.0.0/8".parse().unwrap();
            let client = IpAddr::from(client);
            prop_assume!(!trusted.trusts(client));
            let real = client.to_string();
            let entries = forged.iter().map(String::as_str).chain([real.as_str()]).collect::<Vec<_>>();
            prop_assert_eq!(trusted.client(PEER.parse().unwrap(), entries.into_iter()), client);
        }
    }
}
