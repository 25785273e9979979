//! Our clock against the database's, by which every end is judged.

use time::{Duration, OffsetDateTime};

use super::finding::Finding;

/// From here on it is worth a look.
const NOTED: Duration = Duration::seconds(1);
/// From here on ends are wrong in a way that people see.
const WRONG: Duration = Duration::seconds(30);
const FIX: &str = "have both hosts keep the time: systemd-timesyncd, chrony";

/// Judges what the database's clock said between two looks at ours.
pub(super) fn judge(before: OffsetDateTime, theirs: OffsetDateTime, after: OffsetDateTime) -> Finding {
    let ours: OffsetDateTime = before + (after - before) / 2;
    let away: Duration = (theirs - ours).abs();
    let side = if theirs > ours { "behind" } else { "ahead of" };
    let told = format!("{:.1} s {side} the database's, by which the end of a key is judged", away.as_seconds_f64());
    if away >= WRONG {
        Finding::fail("clock", told).fix(FIX)
    } else if away >= NOTED {
        Finding::warn("clock", told).fix(FIX)
    } else {
        Finding::ok("clock", format!("{} ms from the database's", away.whole_milliseconds()))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::cli::doctor::finding::Verdict;

    #[test]
    fn a_second_is_a_warning_and_half_a_minute_a_failure() {
        let ours = datetime!(2026-11-22 12:00 UTC);
        for (milliseconds, verdict) in [
            (0, Verdict::Ok),
            (999, Verdict::Ok),
            (1000, Verdict::Warn),
            (29_999, Verdict::Warn),
            (30_000, Verdict::Fail),
            (86_400_000, Verdict::Fail),
        ] {
            for theirs in [ours + Duration::milliseconds(milliseconds), ours - Duration::milliseconds(milliseconds)] {
                assert_eq!(judge(ours, theirs, ours).verdict, verdict, "{theirs}");
            }
        }
    }

    #[test]
    fn what_the_question_takes_counts_half() {
        let ours = datetime!(2026-11-22 12:00 UTC);
        let after = ours + Duration::seconds(10);
        assert_eq!(judge(ours, ours + Duration::seconds(5), after).verdict, Verdict::Ok);
        assert_eq!(judge(ours, ours, after).verdict, Verdict::Warn);
    }
}
