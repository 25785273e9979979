//! Ends for many keys that have none yet: one after the other, so that not all of them die on the same day.

use time::{Duration, OffsetDateTime};

use super::Span;

/// That many ends, the last when `over` is over. There is a day before the first, or half of a shorter time.
pub fn spread_ends(now: OffsetDateTime, over: Span, count: usize) -> impl Iterator<Item = OffsetDateTime> {
    let whole = over.duration();
    let lead = Duration::days(1).min(whole / 2);
    let count = i64::try_from(count.max(1)).unwrap_or(i64::MAX);
    let each = (whole - lead).whole_seconds();
    (1..=count).map(move |number| now.saturating_add(lead + Duration::seconds(each * number / count)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ends_are_apart_and_within(days in 1..366_u32, count in 1..=200_usize) {
            let (now, over) = (OffsetDateTime::UNIX_EPOCH, Span::days(days));
            let ends: Vec<_> = spread_ends(now, over, count).collect();
            prop_assert_eq!(ends.len(), count);
            prop_assert!(ends.windows(2).all(|two| two[0] < two[1]));
            prop_assert!(ends[0] >= now + Duration::hours(12));
            prop_assert_eq!(ends[count - 1], over.after(now));
            if days > 2 && count > 1 {
                prop_assert!(ends[count - 1] - ends[0] >= Duration::days(1) * (i32::try_from(days).unwrap() - 1) / 2);
            }
        }
    }
}
