//! Which secret a request presents: in `Authorization: Bearer` or in `X-API-Key`, once, and nowhere else (RFC 6750).

use thiserror::Error;

use super::secret::{MalformedKey, Secret};

/// Why a request presents no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unpresented {
    /// There is none.
    #[error("no key was sent: send it as Authorization: Bearer or X-API-Key")]
    Missing,
    /// One header stands there more than once.
    #[error("a credential header may stand in a request once")]
    Repeated,
    /// Both headers stand there.
    #[error("send the key once: in Authorization or in X-API-Key, and not in both")]
    Twice,
    /// What is there is not the text of a key.
    #[error(transparent)]
    Malformed(#[from] MalformedKey),
}

/// The secret in the values of these two headers. What is no visible text is given as an empty one.
pub fn presented<'a>(
    authorization: impl Iterator<Item = &'a str>,
    api_key: impl Iterator<Item = &'a str>,
) -> Result<Secret, Unpresented> {
    let text = match (only(authorization)?, only(api_key)?) {
        (None, None) => return Err(Unpresented::Missing),
        (Some(_), Some(_)) => return Err(Unpresented::Twice),
        (Some(value), None) => after("bearer", value).ok_or(Unpresented::Missing)?,
        (None, Some(value)) => value,
    };
    Ok(text.trim_matches(' ').parse()?)
}

fn only<'a>(mut values: impl Iterator<Item = &'a str>) -> Result<Option<&'a str>, Unpresented> {
    let first = values.next();
    if values.next().is_some() { Err(Unpresented::Repeated) } else { Ok(first) }
}

/// What stands behind the name of a scheme, in any case (G-10).
#[must_use]
pub fn after<'a>(wanted: &str, value: &'a str) -> Option<&'a str> {
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case(wanted).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Prefix;

    fn read(authorization: &[&str], api_key: &[&str]) -> Result<String, Unpresented> {
        let secret = presented(authorization.iter().copied(), api_key.iter().copied())?;
        Ok(secret.reveal().to_owned())
    }

    #[test]
    fn a_key_is_read_from_one_of_two_headers_and_from_one_only() {
        let text = Secret::generate(&Prefix::default()).unwrap().reveal().to_owned();
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(read(&[&format!("{scheme} {text}")], &[]), Ok(text.clone()));
        }
        assert_eq!(read(&[], &[&text]), Ok(text.clone()));
        assert_eq!(read(&[&format!("Bearer  {text} ")], &[]), Ok(text.clone()));
        assert_eq!(read(&[], &[]), Err(Unpresented::Missing));
        assert_eq!(read(&[&format!("Basic {text}")], &[]), Err(Unpresented::Missing));
        assert_eq!(read(&[&format!("Bearer {text}")], &[&text]), Err(Unpresented::Twice));
        assert_eq!(read(&[], &[&text, &text]), Err(Unpresented::Repeated));
        assert_eq!(read(&["Bearer x", "Bearer x"], &[]), Err(Unpresented::Repeated));
        for bad in ["Bearer", "Bearer ", "Bearer x", &format!("Bearer {text}x")] {
            assert_eq!(read(&[bad], &[]), Err(Unpresented::Malformed(MalformedKey)), "{bad}");
        }
    }
}
