//! Canonical paths: one spelling for each. What we judge and what the service behind the gateway understands must be the same
//! path, and of two spellings some services read one differently than others.

/// A path that can be read in one way only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CanonicalPath<'a>(&'a str);

impl<'a> CanonicalPath<'a> {
    /// The path.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }

    /// The segment of that number as it stands there, escapes and all; the first has the number 1.
    #[must_use]
    pub fn segment(&self, number: u8) -> Option<&'a str> {
        self.0.split('/').nth(number.into()).filter(|_| number > 0)
    }
}

/// Why a path is not canonical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotCanonical(pub &'static str);

/// Characters that stand in a path only when they are escaped, or that services disagree about.
const NEVER: &[u8] = b";\\\"<>^`{|}#";

/// The path of an origin-form target, without its query, if it is canonical.
pub fn canonical(target: &str) -> Result<CanonicalPath<'_>, NotCanonical> {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let rest = path.strip_prefix('/').ok_or(NotCanonical("it does not begin with a slash"))?;
    let mut segments = rest.split('/').peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err(NotCanonical("an empty segment"));
        }
        if segment == "." || segment == ".." {
            return Err(NotCanonical("a segment of dots"));
        }
        ensure_plain(segment)?;
    }
    Ok(CanonicalPath(path))
}

/// Every character of it is meant as it stands, and every escape is of a character that needs it and cannot be misread.
fn ensure_plain(segment: &str) -> Result<(), NotCanonical> {
    let (mut rest, mut decoded) = (segment.as_bytes(), Vec::with_capacity(segment.len()));
    while let [first, after @ ..] = rest {
        let (byte, left) = if *first == b'%' { escaped(after)? } else { (raw(*first)?, after) };
        decoded.push(byte);
        rest = left;
    }
    // Decoded a second time, it would be another path.
    if decoded.windows(3).any(|three| three[0] == b'%' && hex(three[1]).is_some() && hex(three[2]).is_some()) {
        return Err(NotCanonical("an escape of an escape"));
    }
    // An overlong form of a slash is no UTF-8.
    std::str::from_utf8(&decoded).map(drop).map_err(|_| NotCanonical("escapes that are no UTF-8"))
}

fn raw(byte: u8) -> Result<u8, NotCanonical> {
    match byte {
        _ if !byte.is_ascii_graphic() => Err(NotCanonical("a character that is not visible ASCII")),
        _ if NEVER.contains(&byte) => Err(NotCanonical("a character that services disagree about")),
        _ => Ok(byte),
    }
}

/// The byte of the escape at the beginning, and what comes after it.
fn escaped(text: &[u8]) -> Result<(u8, &[u8]), NotCanonical> {
    let [high, low, rest @ ..] = text else { return Err(NotCanonical("half an escape")) };
    let (Some(high), Some(low)) = (hex(*high), hex(*low)) else { return Err(NotCanonical("half an escape")) };
    let byte = high << 4 | low;
    let is_unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    match byte {
        b'/' | b'\\' | b';' => Err(NotCanonical("an escape of a separator")),
        _ if byte.is_ascii_control() => Err(NotCanonical("an escape of a control character")),
        _ if is_unreserved => Err(NotCanonical("an escape of a character that needs none")),
        _ => Ok((byte, rest)),
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for (target, path) in [
            ("/", "/"),
            ("/a", "/a"),
            ("/a/", "/a/"),
            ("/a/b.c/...", "/a/b.c/..."),
            ("/a?x=//../%2f;", "/a"),
            ("/?", "/"),
            ("/a%20b/%C3%A9/%c3%a9/100%25", "/a%20b/%C3%A9/%c3%a9/100%25"),
            ("/~a/-_.!$&'()*+,=:@", "/~a/-_.!$&'()*+,=:@"),
        ] {
            assert_eq!(canonical(target).map(|found| found.as_str()), Ok(path), "{target}");
        }
    }

    #[test]
    fn segments_are_counted_from_one_and_none_is_made_up() {
        let path = canonical("/v1/a%20b/?x=/y/z").unwrap();
        let segments = [0, 1, 2, 3, 4, 255].map(|number| path.segment(number));
        assert_eq!(segments, [None, Some("v1"), Some("a%20b"), Some(""), None, None]);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for target in [
            "",
            "a",
            "*",
            "?a",
            "http://x/a",
            "//",
            "//a",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/./a",
            "/a/../b",
            "/a/..",
            "/a/.",
            "/%2e",
            "/%2E%2e/a",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a;b",
            "/a%3Bb",
            "/a;",
            "/%00",
            "/a\0",
            "/%0a",
            "/%7f",
            "/a\tb",
            "/a b",
            "/é",
            "/%c0%af",
            "/%ff",
            "/%C3",
            "/%",
            "/%2",
            "/%zz",
            "/a%",
            "/%u0041",
            "/%252f",
            "/%25%32%66",
            "/%2525",
            "/%61",
            "/%7e",
            "/a#b",
            "/{a}",
            "/\"",
        ] {
            assert!(canonical(target).is_err(), "{target}");
        }
    }
}
