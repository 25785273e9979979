//! The hash of a chain.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// SHA-256 over the chain so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHash(pub [u8; 32]);

/// The text is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected 64 digits of 0-9 a-f")]
pub struct MalformedHash;

impl ChainHash {
    /// Before the first event.
    pub const START: Self = Self([0; 32]);

    /// The hash after an event with these canonical bytes.
    #[must_use]
    pub fn then(self, canonical: &[u8]) -> Self {
        Self(Sha256::new().chain_update(self.0).chain_update(canonical).finalize().into())
    }

    /// As 64 hexadecimal digits.
    #[must_use]
    pub fn hex(self) -> String {
        use std::fmt::Write as _;
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl FromStr for ChainHash {
    type Err = MalformedHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(MalformedHash),
        };
        let digits: [u8; 64] = text.as_bytes().try_into().map_err(|_| MalformedHash)?;
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(hash))
    }
}

impl Serialize for ChainHash {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for ChainHash {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_is_written_and_in_no_other_way() {
        let hash = ChainHash::START.then(b"x");
        assert_eq!(hash.hex().parse(), Ok(hash));
        for bad in ["", "0", &hash.hex().to_uppercase(), &hash.hex()[1..], &format!("{}0", hash.hex())] {
            assert_eq!(bad.parse::<ChainHash>(), Err(MalformedHash), "{bad}");
        }
    }
}
