//! The second factor: codes by time (RFC 6238), as every authenticator app makes them, and recovery codes for who has lost it.

use rand::{TryRng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::{Email, secret::NoRandomness};

const BYTES: usize = 20;
/// How many recovery codes there are.
pub const RECOVERY_CODES: usize = 10;
/// 80 bits: more than can be guessed, so that one SHA-256 of them is enough.
const LETTERS: usize = 16;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What an authenticator app and we know. It is wiped, and never printed but for its owner.
pub struct FactorSecret(Zeroizing<[u8; BYTES]>);

/// A recovery code, as it is shown once.
pub struct RecoveryCode(Zeroizing<String>);

impl FactorSecret {
    /// A new one.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        SysRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
        Ok(Self(bytes))
    }

    /// From what is stored.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// What is stored.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// As it is typed into an app: base32.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(Secret::from(self.0.to_vec()).to_base32())
    }

    /// As an app reads it off a picture.
    #[must_use]
    pub fn address(&self, email: &Email) -> Option<Zeroizing<String>> {
        self.totp(email.as_str()).and_then(|totp| totp.to_url().ok()).map(Zeroizing::new)
    }

    /// The step of which this is the code: that of this second, the one before, or the one after.
    #[must_use]
    pub fn step(&self, code: &str, now: i64) -> Option<i64> {
        let code: String = code.chars().filter(|character| !character.is_whitespace()).collect();
        let is_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        let step = self.totp("").filter(|_| is_code)?.check(&code, u64::try_from(now).ok()?);
        step.and_then(|step| i64::try_from(step).ok())
    }

    fn totp(&self, account: &str) -> Option<Totp> {
        let named = Builder::new().with_account_name(account.replace(':', ".")).with_issuer(Some("Meshkey"));
        named.with_secret(self.0.to_vec()).build().ok()
    }
}

impl RecoveryCode {
    /// A new one.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0_u8; LETTERS]);
        SysRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
        Ok(Self(Zeroizing::new(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect())))
    }

    /// What was typed, if it may be one. Spaces, hyphens and capitals do not count, and what looks like a digit is one.
    #[must_use]
    pub fn typed(text: &str) -> Option<Self> {
        let plain = |character: char| match character.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        let letters: String = text.chars().filter(|one| !one.is_whitespace() && *one != '-').map(plain).collect();
        let is_one = letters.len() == LETTERS && letters.bytes().all(|byte| ALPHABET.contains(&byte));
        is_one.then(|| Self(Zeroizing::new(letters)))
    }

    /// As it is shown: in groups.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let groups: Vec<&str> = (0..LETTERS / 4).filter_map(|at| self.0.get(at * 4..at * 4 + 4)).collect();
        Zeroizing::new(groups.join("-"))
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        let secret = FactorSecret::from_bytes(b"12345678901234567890").unwrap();
        // The last six of the eight digits that the appendix has.
        for (second, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(secret.step(code, second), Some(second / 30));
            assert_eq!(secret.step(&format!(" {} {}", &code[..3], &code[3..]), second), Some(second / 30));
            assert_eq!(
                (secret.step(code, second - 30), secret.step(code, second + 30)),
                (Some(second / 30), Some(second / 30))
            );
            assert_eq!((secret.step(code, second - 60), secret.step(code, second + 60)), (None, None));
        }
        for bad in ["", "28708", "2870820", "28708a", "２８７０８２"] {
            assert_eq!(secret.step(bad, 59), None, "{bad}");
        }
        assert_eq!(*secret.reveal(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let address = secret.address(&"a:b@example.com".parse().unwrap()).unwrap();
        assert!(address.starts_with("otpauth://totp/Meshkey:a.b%40example.com?"), "{}", *address);
    }

    #[test]
    fn a_recovery_code_is_known_again_however_it_is_typed() {
        let code = RecoveryCode::generate().unwrap();
        let shown = code.reveal();
        assert_eq!(shown.len(), 19);
        let typed = |text: &str| RecoveryCode::typed(text).map(|code| code.hash());
        for form in [
            shown.to_string(),
            shown.to_uppercase(),
            shown.replace('-', " "),
            shown.replace('-', ""),
            format!(" {} ", *shown),
        ] {
            assert_eq!(typed(&form), Some(code.hash()), "{form}");
        }
        assert_eq!(typed("OIL0-0000-0000-0000"), typed("0110-0000-0000-0000"));
        assert_ne!(RecoveryCode::generate().unwrap().hash(), code.hash());
        for bad in ["", "123456", &shown[1..], &format!("{}0", *shown), "uuuu-uuuu-uuuu-uuuu"] {
            assert_eq!(typed(bad), None, "{bad}");
        }
    }
}
