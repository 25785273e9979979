//! What is left of the caller's rate, in the header fields of the draft on `RateLimit` fields (draft-ietf-httpapi-ratelimit-headers),
//! and when a refused one may try again.

use std::time::Duration;

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::{Problem, catalogue};
use crate::{
    domain::{
        Denial,
        rate::{Exceeded, Left},
    },
    service::failures::Throttled,
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Whole seconds, rounded up: who waits for so long has waited for long enough.
#[must_use]
pub fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

/// The two fields: what there is at most, and in how many seconds that comes back; what is left, and in how many seconds there
/// is one more.
fn fields(Left { rate, remaining, more_in }: &Left) -> [(HeaderName, String); 2] {
    [
        (POLICY, format!("\"key\";q={};w={}", rate.burst(), rate.window())),
        (LIMIT, format!("\"key\";r={remaining};t={}", seconds(*more_in))),
    ]
}

/// Tells what is left, unless the answer tells it already.
pub(super) fn tell(headers: &mut HeaderMap, left: &Left) {
    if headers.contains_key(LIMIT) {
        return;
    }
    for (name, text) in fields(left) {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
}

fn wait(span: Duration) -> (HeaderName, String) {
    (header::RETRY_AFTER, seconds(span).max(1).to_string())
}

/// A key that is used more often than its rate allows.
pub(super) fn exceeded(exceeded: Exceeded) -> Problem {
    let Exceeded { rate, retry_after } = exceeded;
    let denial = Denial::RateLimited(exceeded);
    let told = fields(&Left { rate, remaining: 0, more_in: retry_after }).into_iter().chain([wait(retry_after)]);
    Problem::new(catalogue::RATE_LIMITED, denial.detail()).with_headers(told).because(denial.code())
}

/// An address from which too many authentications have failed.
pub(super) fn throttled(throttled: Throttled) -> Problem {
    Problem::of(catalogue::TOO_MANY_FAILURES).with_headers([wait(throttled.retry_after)]).in_silence()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up() {
        let of = |nanos| seconds(Duration::from_nanos(nanos));
        assert_eq!([of(0), of(1), of(999_999_999), of(1_000_000_000), of(1_000_000_001)], [0, 1, 1, 1, 2]);
    }

    #[test]
    fn the_fields_are_lists_with_parameters() {
        let left = Left { rate: "60/m:10".parse().unwrap(), remaining: 9, more_in: Duration::from_millis(300) };
        let [(_, policy), (_, limit)] = fields(&left);
        assert_eq!((policy.as_str(), limit.as_str()), (r#""key";q=10;w=10"#, r#""key";r=9;t=1"#));
    }
}
