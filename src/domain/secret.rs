//! The text of a key: how it is made, read and hashed.
//!
//! `mshk_`, 43 base62 characters from the operating system's generator (256 bits), and 6 base62 digits of the CRC-32
//! (zlib) of all that stands before them: a scanner, or our guard, can refuse a typo or garbage offline.

use std::str::FromStr;

use rand::{TryRng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use super::name::checked_text;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 43;
const CHECKSUM: usize = 6;
const HINT: usize = 8;
/// What each digit of a checksum counts.
const PLACES: [u32; CHECKSUM] = [62 * 62 * 62 * 62 * 62, 62 * 62 * 62 * 62, 62 * 62 * 62, 62 * 62, 62, 1];

/// What the keys of an installation begin with: `[a-z][a-z0-9]{3,11}`. Keys with an older prefix stay valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);
checked_text!(Prefix);

/// The text is no prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a key prefix is 4 to 12 characters of a-z 0-9, the first a letter")]
pub struct MalformedPrefix;

impl FromStr for Prefix {
    type Err = MalformedPrefix;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        is_prefix(text).then(|| Self(text.to_owned())).ok_or(MalformedPrefix)
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self("mshk".to_owned())
    }
}

fn is_prefix(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (4..=12).contains(&text.len()) && text.as_bytes()[0].is_ascii_lowercase() && text.bytes().all(plain)
}

/// The text of a key, as shown once. Wiped on drop; leaves this type only by [`Self::reveal`]. It has no `Debug`,
/// `Display`, `Serialize` or `PartialEq`: printing a secret does not compile.
///
/// ```compile_fail
/// let secret: meshkey::domain::Secret = "x".parse().unwrap_or_else(|_| panic!());
/// println!("{secret:?}");
/// ```
/// ```compile_fail
/// let secret: meshkey::domain::Secret = "x".parse().unwrap_or_else(|_| panic!());
/// println!("{secret}");
/// ```
/// ```compile_fail
/// fn printed<T: serde::Serialize>() {}
/// printed::<meshkey::domain::Secret>();
/// ```
pub struct Secret(Zeroizing<String>);

/// The text has not the form of a key. Says nothing about whether a key exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is not the text of a key")]
pub struct MalformedKey;

/// The operating system gave no random bits.
#[derive(Debug, Error)]
#[error("the operating system's random generator failed")]
pub struct NoRandomness;

impl Secret {
    /// A new secret: 256 bits from the operating system.
    pub fn generate(prefix: &Prefix) -> Result<Self, NoRandomness> {
        let mut text = Zeroizing::new(String::with_capacity(prefix.0.len() + 1 + RANDOM + CHECKSUM));
        text.push_str(&prefix.0);
        text.push('_');
        let end = text.len() + RANDOM;
        while text.len() < end {
            let mut bytes = Zeroizing::new([0_u8; 64]);
            SysRng.try_fill_bytes(&mut bytes[..]).map_err(|_| NoRandomness)?;
            // Six bits, and those above 61 are thrown away, so that every character is equally likely.
            let digits = bytes.iter().map(|byte| usize::from(byte & 63)).filter(|digit| *digit < BASE62.len());
            let missing = end - text.len();
            text.extend(digits.take(missing).map(|digit| char::from(BASE62[digit])));
        }
        let sum = checksum(&text);
        text.extend(sum.map(char::from));
        Ok(Self(text))
    }

    /// The text itself. To be called where it is handed to its holder, and where it is hashed.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored and looked up.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The prefix and the next eight characters: enough to tell keys apart, 208 bits short of the whole.
    #[must_use]
    pub fn hint(&self) -> String {
        let end = self.0.len() - CHECKSUM - RANDOM + HINT;
        self.0[..end].to_owned()
    }
}

impl FromStr for Secret {
    type Err = MalformedKey;

    /// Checks length, alphabet and checksum: nothing is hashed or asked for what is not a key (K-4).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (prefix, rest) = text.split_once('_').ok_or(MalformedKey)?;
        let is_text = rest.len() == RANDOM + CHECKSUM && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_prefix(prefix) || !is_text {
            return Err(MalformedKey);
        }
        let (body, sum) = text.split_at(text.len() - CHECKSUM);
        if checksum(body) != *sum.as_bytes() {
            return Err(MalformedKey);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

fn checksum(body: &str) -> [u8; CHECKSUM] {
    let sum = crc32fast::hash(body.as_bytes());
    PLACES.map(|place| BASE62[(sum / place % 62) as usize])
}

/// SHA-256 of a [`Secret`]: what is stored and looked up.
///
/// A slow hash would buy nothing: a secret has 256 random bits, so nobody can guess it from its hash, and it would cost
/// a tenth of a second a request (OWASP ASVS 6.5.2; K-2). `==` is safe: who can aim at a prefix of a SHA-256 of 256
/// random bits has the key already.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash that was stored.
    #[must_use]
    pub const fn stored(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_github() {
        // The published vector: CRC-32 of the thirty characters, as six base62 digits.
        assert_eq!(checksum("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"), *b"0mLq17");
    }

    #[test]
    fn the_published_vectors_hold() {
        // K-1: what the docs say is what the code does.
        let vectors = include_str!("../../docs/reference/key-format.md");
        let lines: Vec<Vec<&str>> = vectors
            .lines()
            .filter(|line| line.starts_with("mshk_"))
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(lines.len(), 10);
        for line in lines {
            let secret: Secret = line[0].parse().ok().unwrap();
            let bytes = (0..32).map(|at| u8::from_str_radix(&line[1][2 * at..2 * at + 2], 16).unwrap());
            assert!(bytes.eq(secret.hash().as_bytes().iter().copied()), "{}", line[0]);
        }
    }

    #[test]
    fn a_key_has_54_characters_and_a_hint_of_13() {
        let secret = Secret::generate(&Prefix::default()).unwrap();
        assert_eq!(secret.reveal().len(), 54);
        assert_eq!(secret.hint().len(), 13);
        assert!(secret.reveal().starts_with(&secret.hint()));
    }

    #[test]
    fn prefixes_are_what_the_grammar_says() {
        for good in ["mshk", "a123", "abcdefghijkl"] {
            assert!(good.parse::<Prefix>().is_ok(), "{good}");
        }
        for bad in ["", "abc", "1abc", "Mshk", "msh_", "abcdefghijklm"] {
            assert_eq!(bad.parse::<Prefix>(), Err(MalformedPrefix), "{bad}");
        }
    }

    #[test]
    fn every_character_of_the_alphabet_comes_up() {
        let mut seen = [0_u32; 128];
        for _ in 0..200 {
            let secret = Secret::generate(&Prefix::default()).unwrap();
            secret.reveal()[5..48].bytes().for_each(|byte| seen[usize::from(byte)] += 1);
        }
        // 8600 characters, some 139 of each; fewer than 60 of one has a chance below 1e-12.
        assert!(BASE62.iter().all(|byte| seen[usize::from(*byte)] > 60));
    }

    fn secrets() -> impl Strategy<Value = String> {
        "[a-z][a-z0-9]{3,11}_[0-9A-Za-z]{43}".prop_map(|body| {
            let sum = checksum(&body);
            body + &sum.map(char::from).iter().collect::<String>()
        })
    }

    proptest! {
        #[test]
        fn no_generated_key_fails_its_checksum(prefix in "[a-z][a-z0-9]{3,11}") {
            let secret = Secret::generate(&prefix.parse().unwrap()).unwrap();
            prop_assert!(secret.reveal().parse::<Secret>().is_ok());
        }

        #[test]
        fn parse_and_reveal_are_inverse(text in secrets()) {
            let secret: Secret = text.parse().ok().unwrap();
            prop_assert_eq!(secret.reveal(), text.as_str());
        }

        #[test]
        fn every_change_of_one_character_is_seen(text in secrets(), at: prop::sample::Index, to in "[ -~]") {
            let at = at.index(text.len());
            prop_assume!(text[at..=at] != to);
            let mut changed = text.clone();
            changed.replace_range(at..=at, &to);
            prop_assert!(changed.parse::<Secret>().is_err());
        }

        #[test]
        fn garbage_is_refused_without_a_panic(text in "\\PC{0,80}") {
            prop_assert!(text.parse::<Secret>().is_err());
        }
    }
}
