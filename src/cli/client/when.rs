//! Times, as people say them and as they are told.

use serde_json::Value;
use time::{
    Date, Duration, OffsetDateTime, Time,
    format_description::well_known::{Iso8601, Rfc3339},
};

use super::super::Failure;

/// A span such as `90d`: a number and `s`, `m`, `h`, `d` or `w`.
pub(super) fn span(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number >= 0)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::seconds)
}

/// A moment: an RFC 3339 time, a date, which begins at midnight UTC, or a span, counted by `from`.
pub(super) fn moment(text: &str, from: impl Fn(Duration) -> Option<OffsetDateTime>) -> Result<String, Failure> {
    let found = OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .or_else(|| Date::parse(text, &Iso8601::DATE).ok().map(|date| date.with_time(Time::MIDNIGHT).assume_utc()))
        .or_else(|| span(text).and_then(from));
    let told = found.and_then(|moment| moment.to_offset(time::UtcOffset::UTC).format(&Rfc3339).ok());
    told.ok_or_else(|| {
        Failure::Usage(format!("'{text}' is no time: expected 90d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z"))
    })
}

/// That long from now.
pub(super) fn ahead(span: Duration) -> Option<OffsetDateTime> {
    now().checked_add(span)
}

/// That long ago.
pub(super) fn ago(span: Duration) -> Option<OffsetDateTime> {
    now().checked_sub(span)
}

/// An end: a moment to come, or JSON's null for `never`. What ends on a day works through the whole of it, in UTC.
pub(super) fn end(text: &str) -> Result<Value, Failure> {
    if text == "never" {
        return Ok(Value::Null);
    }
    // A date alone: that of a time is no day.
    let is_day = !text.contains(['T', 't', ' ']);
    let day = Date::parse(text, &Iso8601::DATE).ok().filter(|_| is_day).and_then(Date::next_day);
    if let Some(wire) = day.and_then(|next| next.midnight().assume_utc().format(&Rfc3339).ok()) {
        return Ok(Value::String(wire));
    }
    let known =
        |_| Failure::Usage(format!("'{text}' is no end: expected 90d, 12h, 2027-01-31, 2027-01-31T12:00:00Z or never"));
    moment(text, |span| ahead(span).and_then(|end| end.replace_nanosecond(0).ok())).map(Value::String).map_err(known)
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// How far away an RFC 3339 time is: `in 3 days`, `2 min ago`; `absent` where there is none.
pub(super) fn told(text: &str, absent: &str) -> String {
    if text.is_empty() {
        return absent.to_owned();
    }
    OffsetDateTime::parse(text, &Rfc3339).map_or_else(|_| text.to_owned(), |moment| relative(moment - now()))
}

fn relative(away: Duration) -> String {
    let seconds = away.whole_seconds().unsigned_abs();
    let rounded = |unit: u64| (seconds + unit / 2) / unit;
    let amount = match seconds {
        0..5 => return "just now".to_owned(),
        5..90 => format!("{seconds} s"),
        90..5_400 => format!("{} min", rounded(60)),
        5_400..129_600 => format!("{} h", rounded(3_600)),
        _ => format!("{} days", rounded(86_400)),
    };
    if away.is_negative() { format!("{amount} ago") } else { format!("in {amount}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_dates_are_understood_and_all_else_is_refused() {
        assert_eq!(span("90d"), Some(Duration::days(90)));
        assert_eq!(span("0s"), Some(Duration::ZERO));
        for wrong in ["", "d", "90", "-1d", "1y", "1.5h", "９d", "99999999999999999d"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
        assert_eq!(end("never").unwrap(), Value::Null);
        assert_eq!(end("2027-01-31").unwrap(), "2027-02-01T00:00:00Z");
        assert_eq!(end("2027-01-31T12:00:00+02:00").unwrap(), "2027-01-31T10:00:00Z");
        for wrong in ["soon", "2027-02-30", "31.1.2027", "99999999999d", ""] {
            assert!(end(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn distances_are_told_in_one_unit() {
        let told = |seconds: i64| relative(Duration::seconds(seconds));
        assert_eq!(told(0), "just now");
        assert_eq!(told(-61), "61 s ago");
        assert_eq!(told(120), "in 2 min");
        assert_eq!(told(90 * 86_400 - 30), "in 90 days");
        assert_eq!(told(-7_300), "2 h ago");
    }
}
