//! One-time codes: what opens the set-up of an empty instance, or sets a person's password anew. Who has one has a shell on the
//! host, or was given it by somebody who has.
//!
//! A code has 140 bits of the system's generator, so that one SHA-256 of it is all that has to be stored (as for the secrets of
//! keys). It is letters and digits in base32 alone: no shell, no file of variables and no mail makes another text of it.

use std::str::FromStr;

use rand::{TryRng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use super::secret::NoRandomness;

/// Crockford's digits: without `i l o u`, which are mistaken for others.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: usize = 28;
/// They are shown in groups, so that people can read them out.
const GROUP: usize = 4;

/// A one-time code. It can be neither printed nor compared, and is wiped on drop.
pub struct OneTimeCode(Zeroizing<String>);

/// The SHA-256 of a one-time code: what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeHash(pub [u8; 32]);

/// The text is no one-time code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a code is {DIGITS} letters and digits, in groups or without")]
pub struct MalformedCode;

impl OneTimeCode {
    /// A new one.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; DIGITS]);
        SysRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
        let digits = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
        Ok(Self(Zeroizing::new(digits.collect())))
    }

    /// The text in groups, for who is to have it.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut shown = Zeroizing::new(String::with_capacity(DIGITS + DIGITS / GROUP));
        for (place, digit) in self.0.chars().enumerate() {
            if place > 0 && place.is_multiple_of(GROUP) {
                shown.push('-');
            }
            shown.push(digit);
        }
        shown
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> CodeHash {
        CodeHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

/// A digit as it is meant: capitals are the same, and `i l o` are the digits that they look like.
const fn meant(typed: char) -> char {
    match typed.to_ascii_lowercase() {
        'i' | 'l' => '1',
        'o' => '0',
        plain => plain,
    }
}

impl FromStr for OneTimeCode {
    type Err = MalformedCode;

    /// With or without the groups, and with space where a line was broken.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let typed = text.chars().filter(|typed| *typed != '-' && !typed.is_whitespace());
        // One more than there are: what is longer is not read to its end.
        let mut code = Zeroizing::new(String::with_capacity(4 * (DIGITS + 1)));
        code.extend(typed.take(DIGITS + 1).map(meant));
        let is_digit = |byte: u8| ALPHABET.contains(&byte);
        if code.len() == DIGITS && code.bytes().all(is_digit) { Ok(Self(code)) } else { Err(MalformedCode) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> OneTimeCode {
        OneTimeCode::generate().unwrap_or_else(|error| panic!("{error}"))
    }

    fn hash(text: &str) -> Result<CodeHash, MalformedCode> {
        text.parse().map(|code: OneTimeCode| code.hash())
    }

    #[test]
    fn a_code_is_read_as_it_was_shown_and_as_people_type_it() {
        let code = code();
        let shown = code.reveal();
        assert_eq!(shown.len(), DIGITS + DIGITS / GROUP - 1);
        for typed in [
            shown.to_string(),
            shown.replace('-', ""),
            shown.to_uppercase(),
            format!(" {} \n", shown.replace('-', " ")),
        ] {
            assert_eq!(hash(&typed), Ok(code.hash()), "{typed}");
        }
        assert_eq!(hash(&shown.replace('0', "O").replace('1', "l")), Ok(code.hash()));
        assert_ne!(hash(&self::code().reveal()), Ok(code.hash()));
    }

    #[test]
    fn a_code_is_letters_and_digits_that_no_shell_makes_another_text_of() {
        for _ in 0..1000 {
            assert!(code().reveal().chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-'));
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let shown = code().reveal().to_string();
        for bad in [
            "",
            &shown[1..],
            &format!("{shown}0"),
            &shown.replacen(&shown[..1], "u", 1),
            &"0".repeat(1_000_000),
            &"é".repeat(28),
        ] {
            assert_eq!(hash(bad), Err(MalformedCode));
        }
    }
}
