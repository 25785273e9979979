//! Webhooks: what signs a call, and which addresses may be called. A caller that names where we connect to could otherwise look
//! around in our own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::{TryRng as _, rngs::SysRng};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::secret::NoRandomness;

/// How many bytes a secret has.
pub const LENGTH: usize = 32;

/// What signs the calls of a webhook (Standard Webhooks): known to us and to who is called. It can be neither printed nor compared.
pub struct HookSecret(Zeroizing<[u8; LENGTH]>);

impl HookSecret {
    /// A new one: 256 bits from the operating system.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        SysRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
        Ok(Self(bytes))
    }

    /// One that is stored.
    #[must_use]
    pub fn stored(bytes: [u8; LENGTH]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// As it is stored.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// As it is shown, once.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("whsec_{}", STANDARD.encode(self.0.as_slice())))
    }

    /// The signature of a call.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        // A key of any length will do for an HMAC.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else { return String::new() };
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// Who may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Callable {
    /// What is on the internet.
    #[default]
    Public,
    /// What is on this host and in its own network, too; and by http.
    PrivateToo,
}

impl Callable {
    /// Whether this address may be called. Those that only the next machine hears, where clouds tell what is secret, never may.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.allows_v4(address),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(mapped) => self.allows_v4(mapped),
                None => self.allows_v6(address),
            },
        }
    }

    fn allows_v4(self, address: Ipv4Addr) -> bool {
        if address.is_loopback() || address.is_private() {
            return self == Self::PrivateToo;
        }
        let [a, b, c, _] = address.octets();
        // This network, link-local, shared by carriers, of protocols, for docs, relays, benchmarks, multicast, and kept back.
        let is_special = a == 0
            || address.is_link_local()
            || (a == 100 && b & 0b1100_0000 == 64)
            || (a == 192 && b == 0 && c == 0)
            || address.is_documentation()
            || (a == 192 && b == 88 && c == 99)
            || (a == 198 && b & 0b1111_1110 == 18)
            || a >= 224;
        !is_special
    }

    fn allows_v6(self, address: Ipv6Addr) -> bool {
        let first = address.segments();
        if address.is_loopback() || first[0] & 0xfe00 == 0xfc00 {
            return self == Self::PrivateToo;
        }
        // Of the rest only what is given out to networks: not what holds an address of IPv4, nor what is of protocols or for docs.
        let is_given_out = first[0] & 0xe000 == 0x2000;
        let is_special = match first[0] {
            0x2001 => first[1] < 0x0200 || first[1] == 0x0db8,
            0x2002 => true,
            0x3fff => first[1] < 0x1000,
            _ => false,
        };
        is_given_out && !is_special
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_signed_as_standard_webhooks_says() {
        // As OpenSSL computes it.
        let secret = HookSecret::stored(*b"0123456789abcdef0123456789abcdef");
        assert_eq!(secret.reveal().as_str(), "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
        assert_eq!(secret.sign("msg_1", 1_614_265_330, "{}"), "v1,MF1yZTijxuoaeMKa7EGuU2LjGoKD4WM/2VMd1mDQ+Q0=");
    }

    #[test]
    fn what_is_on_the_internet_may_be_called_and_nothing_else() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        for public in ["8.8.8.8", "93.184.216.34", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::1"]
        {
            assert!(Callable::Public.allows(address(public)), "{public}");
        }
        let private =
            ["127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::1", "fd00::1"];
        for private in private.into_iter().chain(["::ffff:10.0.0.1", "::ffff:127.0.0.1", "fc00::1"]) {
            assert!(!Callable::Public.allows(address(private)), "{private}");
            assert!(Callable::PrivateToo.allows(address(private)), "{private}");
        }
        let never = ["169.254.169.254", "169.254.0.1", "0.0.0.0", "0.1.2.3", "100.64.0.1", "192.0.0.192", "192.0.2.1"];
        let more =
            ["192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"];
        let six = ["::", "fe80::1", "ff02::1", "fec0::1", "64:ff9b::7f00:1", "::127.0.0.1", "::ffff:169.254.169.254"];
        let rest = ["2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "100::1", "5f00::1"];
        for never in never.into_iter().chain(more).chain(six).chain(rest) {
            for who in [Callable::Public, Callable::PrivateToo] {
                assert!(!who.allows(address(never)), "{never} {who:?}");
            }
        }
    }
}
