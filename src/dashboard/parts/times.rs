//! Times: how long ago and when. A page is read as it came; a script puts them into the reader's own zone.

use maud::{Markup, html};
use time::{Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339, macros::format_description};

/// A time, in UTC.
#[must_use]
pub fn moment(at: OffsetDateTime) -> Markup {
    html! { time datetime=(wire(at)) { (plain(at)) } }
}

/// How far off a time is: "3 minutes ago", "in 12 days". When that is exactly is shown beside it on a page of its own, and here
/// to who points at it or comes there by the keyboard.
#[must_use]
pub fn ago(at: OffsetDateTime, now: OffsetDateTime) -> Markup {
    html! {
        span.when tabindex="0" {
            span { (apart(at, now)) }
            span.tip { time datetime=(wire(at)) { (plain(at)) } }
        }
    }
}

/// When, and how far off that is.
#[must_use]
pub fn when(at: OffsetDateTime, now: OffsetDateTime) -> Markup {
    html! { (moment(at)) " " span.quiet { "(" (apart(at, now)) ")" } }
}

/// The time as the API has it.
#[must_use]
pub fn wire(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).format(&Rfc3339).unwrap_or_default()
}

/// The time in words, in UTC.
#[must_use]
pub fn plain(at: OffsetDateTime) -> String {
    let form = format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
    at.to_offset(UtcOffset::UTC).format(form).unwrap_or_default()
}

/// How far off a time is, in words.
#[must_use]
pub fn apart(at: OffsetDateTime, now: OffsetDateTime) -> String {
    let span = (at - now).abs();
    if span < Duration::seconds(5) {
        return "just now".to_owned();
    }
    if at > now { format!("in {}", span_words(rounded(span))) } else { format!("{} ago", span_words(span)) }
}

/// What is to come is told to the nearest unit: a key that was issued for 90 days ends in 90 days, also a moment later.
fn rounded(span: Duration) -> Duration {
    let half = match span {
        _ if span < Duration::minutes(2) => Duration::ZERO,
        _ if span < Duration::hours(2) => Duration::seconds(30),
        _ if span < Duration::days(2) => Duration::minutes(30),
        _ => Duration::hours(12),
    };
    span + half
}

/// A span in its largest unit that fits.
#[must_use]
pub fn span_words(span: Duration) -> String {
    let (count, unit) = match span {
        _ if span < Duration::minutes(2) => (span.whole_seconds(), "second"),
        _ if span < Duration::hours(2) => (span.whole_minutes(), "minute"),
        _ if span < Duration::days(2) => (span.whole_hours(), "hour"),
        _ if span < Duration::days(730) => (span.whole_days(), "day"),
        _ => (span.whole_days() / 365, "year"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_off_is_said_in_the_largest_unit_that_fits() {
        let now = OffsetDateTime::UNIX_EPOCH;
        for (seconds, words) in [
            (0, "just now"),
            (-4, "just now"),
            (-5, "5 seconds ago"),
            (119, "in 119 seconds"),
            (-120, "2 minutes ago"),
            (7_199, "in 2 hours"),
            (-7_200, "2 hours ago"),
            (172_799, "in 2 days"),
            (172_800, "in 2 days"),
            (63_071_999, "in 2 years"),
            (90 * 86_400 - 30, "in 90 days"),
            (-63_072_000, "2 years ago"),
        ] {
            assert_eq!(apart(now + Duration::seconds(seconds), now), words);
        }
        assert_eq!(span_words(Duration::seconds(1)), "1 second");
    }
}
