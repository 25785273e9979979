//! Times: how long ago and when. A page is read as it came; a script puts them into the reader's own zone.

use maud::{Markup, html};
use time::{
    Date, Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339, macros::format_description,
};

use crate::domain::Moment;

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

/// The day of a time, in UTC; a script names the reader's own.
#[must_use]
pub fn day(at: OffsetDateTime) -> Markup {
    let form = format_description!("[day padding:none] [month repr:short] [year]");
    let at = at.to_offset(UtcOffset::UTC);
    html! { time datetime=(wire(at)) data-day { (at.format(form).unwrap_or_default()) } }
}

/// When a day that somebody has chosen is over, in UTC: what ends on a day works through the whole of it.
#[must_use]
pub fn end_of_day(day: Date) -> Option<OffsetDateTime> {
    Some(day.next_day()?.midnight().assume_utc())
}

/// The last day that is over by then, in UTC: the last that can be chosen where nothing may end later.
#[must_use]
pub fn last_day_within(end: OffsetDateTime) -> Option<Date> {
    end.to_offset(UtcOffset::UTC).date().previous_day()
}

/// A text of ours with the times in it as one reads them.
#[must_use]
pub fn with_times(text: &str) -> Markup {
    let ends = |word: &str| word.trim_end_matches(['.', ',', ';', ':', ')']).len();
    html! {
        @for (at, word) in text.split(' ').enumerate() {
            @if at > 0 { " " }
            @let (word, rest) = word.split_at(ends(word));
            @match word.parse::<Moment>() { Ok(time) => (moment(time.get())), Err(_) => (word) } (rest)
        }
    }
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

/// A day, as the field of a form has it.
#[must_use]
pub fn read_day(text: &str) -> Option<Date> {
    let date = Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
    (1..=9998).contains(&date.year()).then_some(date)
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
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn what_ends_on_a_day_works_through_the_whole_of_it() {
        assert_eq!(end_of_day(date!(2026 - 12 - 31)), Some(datetime!(2027-01-01 0:00 UTC)));
        assert_eq!(end_of_day(Date::MAX), None);
        // To choose the last day that there is keeps within the end, also where that is a midnight.
        for end in [datetime!(2027-01-01 0:00 UTC), datetime!(2027-01-01 23:59:59 UTC), datetime!(2027-01-01 1:00 +2)] {
            let last = end_of_day(last_day_within(end).unwrap()).unwrap();
            assert!(last <= end && end - last < Duration::DAY, "{end}: {last}");
        }
    }

    #[test]
    fn times_in_a_text_are_there_to_be_read() {
        let words = with_times("let it end by 2026-12-31T10:00:00Z; or ask <b>").into_string();
        assert_eq!(
            words,
            "let it end by <time datetime=\"2026-12-31T10:00:00Z\">31 Dec 2026, 10:00 UTC</time>; or ask &lt;b&gt;"
        );
    }

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
