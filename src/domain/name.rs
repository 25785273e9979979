//! Names that people choose: slugs and state names, which are identities, and labels and titles, which are not.
//! A value of these types is legal; there is no other way to make one.

use std::{fmt, str::FromStr};

use thiserror::Error;

use super::{pasted::holds_a_key, person::Email};

/// Why a text is no legal name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MalformedName {
    /// A slug may not look so.
    #[error("a slug is 1 to 48 characters of a-z 0-9 -, the first a letter or digit")]
    Slug,
    /// A topic may not be called so.
    #[error("a topic is 1 to 64 characters of a-z 0-9 . _ -, the first a letter or digit")]
    Topic,
    /// A state may not be called so.
    #[error("a state's name is 1 to 64 characters of a-z 0-9 . _ -, the first a letter or digit")]
    State,
    /// Empty, too long, or with control characters.
    #[error("expected {least} to {most} characters, none of them a control character")]
    Text {
        /// The fewest characters after trimming.
        least: usize,
        /// The most characters after trimming.
        most: usize,
    },
    /// The text of a key stands in it: what people write is shown to others, and written down for good.
    #[error("this looks like a key: never write a key here, and revoke it if it is live")]
    Key,
}

/// Whether `text` is `[a-z0-9][a-z0-9 and extra]{0,most-1}`.
pub(super) fn is_identity(text: &str, extra: &[u8], most: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    (1..=most).contains(&bytes.len())
        && plain(bytes[0])
        && bytes.iter().all(|byte| plain(*byte) || extra.contains(byte))
}

/// Implements what every checked text needs: reading, printing, and both ways on the wire.
macro_rules! checked_text {
    ($name:ident) => {
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = <Self as std::str::FromStr>::Err;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    };
}
pub(super) use checked_text;

/// How an org or a mesh is called in a URL: `[a-z0-9][a-z0-9-]{0,47}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Slug(String);
checked_text!(Slug);

impl FromStr for Slug {
    type Err = MalformedName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        is_identity(text, b"-", 48).then(|| Self(text.to_owned())).ok_or(MalformedName::Slug)
    }
}

/// How a value of the state is called: `[a-z0-9][a-z0-9._-]{0,63}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct StateName(String);
checked_text!(StateName);

impl FromStr for StateName {
    type Err = MalformedName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        is_identity(text, b"._-", 64).then(|| Self(text.to_owned())).ok_or(MalformedName::State)
    }
}

/// Whether a character is not seen, and changes what is seen beside it: control characters, and marks that turn the direction of what
/// follows, by which a text could be shown as another (Unicode Technical Report 36, "Bidirectional Text Spoofing").
fn is_unseen(character: char) -> bool {
    let turns =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || turns
}

/// A text for people: trimmed, then `LEAST` to `MOST` characters, no control characters but, where `LEAST` is 0, line
/// ends and tabs (A-6: what is measured is what is kept). None that somebody gives holds a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Text<const LEAST: usize, const MOST: usize>(String);

/// What a key is called by people. Not unique.
pub type Label = Text<1, 64>;
/// What an org or a mesh is called by people.
pub type Title = Text<1, 64>;
/// What a topic is for.
pub type Description = Text<0, 500>;
/// Where a key is kept, what runs with it.
pub type Note = Text<0, 1000>;
/// Why a key was revoked.
pub type Reason = Text<0, 500>;

impl<const LEAST: usize, const MOST: usize> Text<LEAST, MOST> {
    /// The text, trimmed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text that was written down before. It is legal like any other, but for a key in it: of that time it can still be read.
    pub fn kept(text: &str) -> Result<Self, MalformedName> {
        let text = text.trim();
        let is_allowed = |c: char| !is_unseen(c) || (LEAST == 0 && matches!(c, '\n' | '\r' | '\t'));
        let fits = (LEAST..=MOST).contains(&text.chars().count());
        if !fits || !text.chars().all(is_allowed) {
            return Err(MalformedName::Text { least: LEAST, most: MOST });
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MOST: usize> Default for Text<0, MOST> {
    fn default() -> Self {
        Self(String::new())
    }
}

impl<const LEAST: usize, const MOST: usize> FromStr for Text<LEAST, MOST> {
    type Err = MalformedName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if holds_a_key(text) { Err(MalformedName::Key) } else { Self::kept(text) }
    }
}

impl<const LEAST: usize, const MOST: usize> TryFrom<String> for Text<LEAST, MOST> {
    type Error = MalformedName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl<const LEAST: usize, const MOST: usize> fmt::Display for Text<LEAST, MOST> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl From<&Email> for Title {
    /// What stands before the `@` is a legal title: the name of a person who has given none.
    fn from(email: &Email) -> Self {
        Self(email.as_str().chars().take_while(|character| *character != '@').take(64).collect())
    }
}

impl From<&Slug> for Title {
    /// A slug is a legal title: the title of what was given none.
    fn from(slug: &Slug) -> Self {
        Self(slug.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Secret, secret::Prefix};

    #[test]
    fn slugs_are_what_the_grammar_says() {
        for good in ["a", "0", "acme", "a-b", "a--", &"x".repeat(48)] {
            assert_eq!(good.parse::<Slug>().map(|slug| slug.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "-a", "A", "a_b", "a.b", "a b", "é", &"x".repeat(49)] {
            assert_eq!(bad.parse::<Slug>(), Err(MalformedName::Slug), "{bad}");
        }
    }

    #[test]
    fn a_label_is_trimmed_before_it_is_measured() {
        //
        let label = |text: &str| text.parse::<Label>().map(|label| label.to_string());
        assert_eq!(label("  ci  "), Ok("ci".to_owned()));
        assert_eq!(label(&format!(" {} ", "é".repeat(64))), Ok("é".repeat(64)));
        for bad in ["", "   ", "a\nb", "a\0b", "x\u{202e}gpj.exe", &"x".repeat(65)] {
            assert_eq!(label(bad), Err(MalformedName::Text { least: 1, most: 64 }), "{bad:?}");
        }
    }

    #[test]
    fn a_key_is_written_down_nowhere_and_what_was_can_be_read() {
        let key = Secret::generate(&Prefix::default()).unwrap();
        for text in [key.reveal().to_owned(), format!("in CI: {}", key.reveal())] {
            assert_eq!(text.parse::<Note>(), Err(MalformedName::Key));
            assert_eq!(text.parse::<Label>(), Err(MalformedName::Key));
            assert_eq!(Note::kept(&text).unwrap().as_str(), text);
        }
        assert_eq!(Label::kept(""), Err(MalformedName::Text { least: 1, most: 64 }));
    }

    #[test]
    fn a_note_may_be_empty_and_have_lines_but_no_nul() {
        assert!("".parse::<Note>().is_ok());
        assert!("one\ntwo".parse::<Note>().is_ok());
        assert!("a\0b".parse::<Note>().is_err());
    }
}
