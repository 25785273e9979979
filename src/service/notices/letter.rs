//! What the mail says: of each key enough to know which one it is and whether anybody needs it, and where it is replaced.

use std::fmt::Write as _;

use time::{Duration, OffsetDateTime, UtcOffset, macros::format_description};

use crate::{db::ends::Line, service::mail::letter::until};

/// Who used a key as long ago as this may still need it.
const STILL_USED: Duration = Duration::days(7);

/// The subject and the text of the mail. It names `more` keys less than there are.
pub(super) fn written(lines: &[Line], more: i32, url: &str) -> (String, String) {
    let count = i64::from(more) + i64::try_from(lines.len()).unwrap_or(0);
    let subject = if count == 1 { "1 key ends soon".to_owned() } else { format!("{count} keys end soon") };
    let mut text =
        String::from("Hello,\n\nwhat uses one of these keys stops when it ends. Let those end that nobody needs.\n");
    for line in lines {
        let _ = write!(text, "\n{}", of(line, url));
    }
    if more > 0 {
        let mut orgs: Vec<_> = lines.iter().map(|line| &line.org).collect();
        orgs.sort();
        orgs.dedup();
        let _ = write!(text, "\nThere are {more} more. All that end soon:\n");
        for org in orgs {
            let _ = writeln!(text, "  {url}/orgs/{org}/expiring");
        }
    }
    let _ = write!(
        text,
        "\nYou are told because a key is yours, or because you issued it, or because you own the org and nobody else is\n\
         left. You are told at most once a day. To be told no more: {url}/account/notices\n"
    );
    (subject, text)
}

fn of(line: &Line, url: &str) -> String {
    let Line { key, label, org, mesh, hint, ends_at, now, .. } = line;
    let place = mesh.as_ref().map_or_else(|| format!("{org}, the whole org"), |mesh| format!("{org}/{mesh}"));
    format!(
        "{label} ({hint}…)\n  {place}\n  {end}\n  {used}\n  Rotate it: {url}/orgs/{org}/keys/{key}/rotate\n",
        end = when(*ends_at, *now),
        used = used(line),
    )
}

/// When it ends, and how far off that is, by the calendar.
fn when(end: OffsetDateTime, now: OffsetDateTime) -> String {
    let [day, today] = [end, now].map(|at| at.to_offset(UtcOffset::UTC).date());
    let apart = match (day - today).whole_days() {
        _ if end <= now => return format!("Ended on {}", until(end)),
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days => format!("in {days} days"),
    };
    format!("Ends {apart}, on {}", until(end))
}

/// Whether anybody seems to need it.
pub(super) fn used(line: &Line) -> String {
    let Line { last_used_at, uses, now, .. } = line;
    match last_used_at {
        None => "Never used: let it die".to_owned(),
        Some(last) if *now - *last > STILL_USED => format!("Unused since {}: let it die", date(*last)),
        Some(last) => format!("Still used: last {}, {uses} in the last day", ago(*now - *last)),
    }
}

fn ago(span: Duration) -> String {
    match span {
        _ if span < Duration::minutes(1) => "just now".to_owned(),
        _ if span < Duration::hours(1) => format!("{} min ago", span.whole_minutes()),
        _ if span < Duration::days(2) => format!("{} h ago", span.whole_hours()),
        _ => format!("{} days ago", span.whole_days()),
    }
}

fn date(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC)
        .format(format_description!("[day padding:none] [month repr:long] [year]"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::{
        db::ends::Parties,
        domain::{KeyId, OrgId, Owner},
    };

    const NOW: OffsetDateTime = datetime!(2026-11-22 8:05 UTC);

    fn line(last_used_at: Option<OffsetDateTime>) -> Line {
        Line {
            key: KeyId::new(),
            parties: Parties { owner: Owner::Org(OrgId::new()), user: None, issuer: None },
            label: "ci deploys".parse().unwrap(),
            org: "acme".parse().unwrap(),
            mesh: Some("main".parse().unwrap()),
            hint: "mshk_7Q2fAbCd".to_owned(),
            ends_at: datetime!(2026-11-29 8:05 UTC),
            last_used_at,
            uses: 400,
            now: NOW,
        }
    }

    #[test]
    fn each_key_is_told_with_its_place_its_end_its_use_and_where_it_is_replaced() {
        let used = line(Some(NOW - Duration::hours(2)));
        let (subject, text) = written(std::slice::from_ref(&used), 0, "https://keys.example.org");
        assert_eq!(subject, "1 key ends soon");
        let expected = format!(
            "\nci deploys (mshk_7Q2fAbCd…)\n  acme/main\n  Ends in 7 days, on 29 November 2026, 08:05 UTC\n  \
             Still used: last 2 h ago, 400 in the last day\n  Rotate it: https://keys.example.org/orgs/acme/keys/{}/rotate\n\n",
            used.key
        );
        assert!(text.contains(&expected), "{text}");
        assert!(text.ends_with("To be told no more: https://keys.example.org/account/notices\n"), "{text}");
        assert!(!text.contains("more. All"), "{text}");
        let whole = Line { mesh: None, ..line(None) };
        let (subject, text) = written(&[whole, used], 3, "https://keys.example.org");
        assert_eq!(subject, "5 keys end soon");
        assert!(text.contains("\n  acme, the whole org\n"), "{text}");
        assert!(
            text.contains("\nThere are 3 more. All that end soon:\n  https://keys.example.org/orgs/acme/expiring\n\n"),
            "{text}"
        );
    }

    #[test]
    fn how_far_off_an_end_is_goes_by_the_calendar() {
        for (end, words) in [
            (datetime!(2026-11-22 8:05 UTC), "Ended on 22 November 2026, 08:05 UTC"),
            (datetime!(2026-11-22 23:59 UTC), "Ends today, on 22 November 2026, 23:59 UTC"),
            (datetime!(2026-11-23 0:00 UTC), "Ends tomorrow, on 23 November 2026, 00:00 UTC"),
            (datetime!(2026-11-24 23:00 UTC), "Ends in 2 days, on 24 November 2026, 23:00 UTC"),
        ] {
            assert_eq!(when(end, NOW), words);
        }
    }

    #[test]
    fn what_nobody_uses_may_die() {
        for (last, words) in [
            (None, "Never used: let it die"),
            (Some(datetime!(2026-03-03 9:00 UTC)), "Unused since 3 March 2026: let it die"),
            (Some(datetime!(2026-11-18 8:05 UTC)), "Still used: last 4 days ago, 400 in the last day"),
            (Some(datetime!(2026-11-22 8:00 UTC)), "Still used: last 5 min ago, 400 in the last day"),
            (Some(NOW), "Still used: last just now, 400 in the last day"),
        ] {
            assert_eq!(used(&line(last)), words);
        }
    }
}
