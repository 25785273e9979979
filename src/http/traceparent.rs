//! `traceparent` (W3C Trace Context, level 1): the trace that a request belongs to, for the log and for what is exported. It
//! is what somebody says: it finds lines and spans, and decides nothing.

use std::fmt;

use actix_web::http::header::{HeaderMap, HeaderName};

const NAME: HeaderName = HeaderName::from_static("traceparent");
/// `00-`, the trace, `-`, the parent, `-` and the flags.
const LENGTH: usize = 55;

/// The id of a trace: 16 bytes, not all of them zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId(u128);

/// What a request was sent in the course of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// The trace that it belongs to.
    pub trace: TraceId,
    /// The span that has sent it: 8 bytes, not all of them zero.
    pub span: u64,
    /// Whether its sender keeps that trace.
    pub is_sampled: bool,
}

impl Parent {
    /// What a request says of this. What breaks the form counts as not said, and so does a header that stands there twice.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut said = headers.get_all(NAME);
        let only = said.next().filter(|_| said.next().is_none())?;
        parse(only.as_bytes())
    }
}

impl TraceId {
    /// The bytes as a number, the first of them being the highest.
    #[must_use]
    pub const fn number(self) -> u128 {
        self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", self.0)
    }
}

/// Of a later version than ours the first four parts are read, and what else it may say is not.
fn parse(text: &[u8]) -> Option<Parent> {
    let (known, more) = text.split_at_checked(LENGTH)?;
    let version = digits(&known[..2])?;
    let is_whole = match version {
        0 => more.is_empty(),
        0xff => false,
        _ => more.first().is_none_or(|next| *next == b'-'),
    };
    let dashes = [known[2], known[35], known[52]].iter().all(|dash| *dash == b'-');
    let (trace, span, flags) = (digits(&known[3..35])?, digits(&known[36..52])?, digits(&known[53..])?);
    let parent = Parent { trace: TraceId(trace), span: u64::try_from(span).ok()?, is_sampled: flags & 1 == 1 };
    (is_whole && dashes && trace != 0 && span != 0).then_some(parent)
}

/// Lower-case hexadecimal digits, and nothing else.
fn digits(text: &[u8]) -> Option<u128> {
    text.iter().try_fold(0, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn what_the_standard_shows_is_read() {
        for good in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings",
        ] {
            assert_eq!(parse(good.as_bytes()).map(|parent| parent.trace.to_string()).as_deref(), Some(TRACE), "{good}");
        }
    }

    #[test]
    fn what_breaks_the_form_counts_as_not_said() {
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "000-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0A",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47360-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
            "00 4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0é",
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn of_two_neither_is_believed() {
        let mut headers = HeaderMap::new();
        let value = |text: &str| text.parse().unwrap();
        headers.append(NAME, value("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        assert!(Parent::of(&headers).is_some());
        headers.append(NAME, value("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        assert_eq!(Parent::of(&headers), None);
    }

    proptest! {
        #[test]
        fn whatever_is_said_there_is_no_panic_and_what_is_read_is_what_was_said(text in "[0-9a-f-]{0,60}|\\PC{0,60}") {
            if let Some(parent) = parse(text.as_bytes()) {
                prop_assert_eq!(&text[3..35], parent.trace.to_string());
            }
        }

        #[test]
        fn every_trace_but_none_is_read(trace in 1_u128.., span in 1_u64.., flags: u8) {
            let text = format!("00-{trace:032x}-{span:016x}-{flags:02x}");
            let parent = Parent { trace: TraceId(trace), span, is_sampled: flags % 2 == 1 };
            prop_assert_eq!(parse(text.as_bytes()), Some(parent));
        }
    }
}
