//! Where a person wanted to go: a page of ours, and never of anybody else.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// The longest.
const LONGEST: usize = 512;

/// The path and the query of a page of ours. A browser that is sent there stays here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(String);

/// The text leads elsewhere, or nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected a path of this service, such as /account")]
pub struct Elsewhere;

impl FromStr for Place {
    type Err = Elsewhere;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // What is after the first slash must not be another one, as some browser or proxy may read it: a backslash, or either
        // of them escaped. What is no plain letter is not needed, and read in many ways.
        let rest = text.strip_prefix('/').ok_or(Elsewhere)?;
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\"'<>^`{|}#".contains(&byte);
        let begins_plainly = !rest.starts_with(['/', '%', '.']);
        let is_sound = text.len() <= LONGEST && begins_plainly && rest.bytes().all(is_plain);
        if is_sound { Ok(Self(text.to_owned())) } else { Err(Elsewhere) }
    }
}

impl Place {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Place {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_our_own_is_a_place() {
        for own in ["/", "/account", "/orgs/acme/keys?status=active&q=a%20b", "/confirm?next=%2Faccount"] {
            assert_eq!(own.parse::<Place>().map(|place| place.to_string()), Ok(own.to_owned()));
        }
        let long = format!("/{}", "a".repeat(LONGEST));
        for bad in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "http://evil.example",
            "https:evil.example",
            "%2f%2fevil.example",
            "/%2f%2fevil.example",
            "/%5cevil.example",
            "/%09/evil.example",
            "/\t/evil.example",
            " /",
            "/a b",
            "/./evil",
            "/../evil",
            "/account\r\nSet-Cookie: a=b",
            "/\u{e4}",
            "javascript:alert(1)",
            "/a#b",
            &long,
        ] {
            assert_eq!(bad.parse::<Place>(), Err(Elsewhere), "{bad}");
        }
    }
}
