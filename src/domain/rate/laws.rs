//! The laws of rates, over random ones and random moments.

use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000_000;

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

fn tick(nanos: u64) -> Tick {
    Tick::from_nanos(nanos)
}

fn rates() -> impl Strategy<Value = Rate> {
    let numbers = || prop_oneof![4 => 1..=200_i64, 1 => 1..=i64::from(MOST), 1 => Just(i64::from(MOST))];
    (numbers(), numbers()).prop_map(|(per_minute, burst)| Rate::new(per_minute, burst).unwrap())
}

/// Moments in their order, about as far from each other as uses come back.
fn moments(rate: Rate) -> impl Strategy<Value = Vec<u64>> {
    let step = prop_oneof![Just(0), Just(rate.period()), 0..=rate.period() * 2, 0..=10 * SECOND];
    (1..=1_000 * SECOND, prop::collection::vec(step, 1..200)).prop_map(|(start, steps)| {
        let later = |at: &mut u64, step: u64| {
            *at += step;
            Some(*at)
        };
        steps.into_iter().scan(start, later).collect()
    })
}

/// Those of these moments at which a use was let through.
fn let_through(rate: Rate, moments: &[u64]) -> Vec<u64> {
    let mut accounted = Tick::NEVER;
    let passes = |at: &u64| rate.take(accounted, tick(*at)).inspect(|after| accounted = *after).is_ok();
    moments.iter().copied().filter(passes).collect()
}

/// As a bucket that leaks, counted in fractions of a use: what the algorithm comes to, written otherwise.
fn by_a_bucket(rate: Rate, moments: &[u64]) -> Vec<u64> {
    let whole = u128::from(rate.period());
    let (mut held, mut last) = (whole * u128::from(rate.burst), 0);
    let passes = |at: &u64| {
        held = (held + u128::from(at - last)).min(whole * u128::from(rate.burst));
        last = *at;
        let is_enough = held >= whole;
        held -= if is_enough { whole } else { 0 };
        is_enough
    };
    moments.iter().copied().filter(passes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_window_has_more_than_the_burst_and_what_came_back_in_it(
        (rate, moments) in rates().prop_flat_map(|rate| (Just(rate), moments(rate)))
    ) {
        let passed = let_through(rate, &moments);
        for (number, start) in passed.iter().enumerate() {
            for (count, end) in (1_u64..).zip(&passed[number..]) {
                let came_back = u128::from(end - start) * u128::from(rate.per_minute) / u128::from(MINUTE);
                prop_assert!(u128::from(count) <= u128::from(rate.burst) + came_back);
            }
        }
    }

    #[test]
    fn it_lets_through_what_a_leaking_bucket_does(
        (rate, moments) in rates().prop_flat_map(|rate| (Just(rate), moments(rate)))
    ) {
        prop_assert_eq!(let_through(rate, &moments), by_a_bucket(rate, &moments));
    }

    #[test]
    fn who_is_covered_is_used_no_more_often(
        (wide, narrow, moments) in (rates(), rates()).prop_flat_map(|(one, other)| (Just(one), Just(other), moments(one)))
    ) {
        if wide.covers(narrow) {
            prop_assert!(let_through(narrow, &moments).len() <= let_through(wide, &moments).len());
        }
    }

    #[test]
    fn covering_is_an_order(one in rates(), two in rates(), three in rates()) {
        prop_assert!(one.covers(one));
        prop_assert!(!(one.covers(two) && two.covers(three)) || one.covers(three));
        prop_assert_eq!(one.covers(two) && two.covers(one), one == two);
    }

    #[test]
    fn what_is_left_can_be_taken_and_no_more((rate, at) in (rates(), 1..1_000 * SECOND), ahead in 0..100 * SECOND) {
        let (accounted, now) = (rate.carried(tick(at + ahead), tick(at)), tick(at));
        let Left { remaining, more_in, .. } = rate.left(accounted, now);
        let after = Tick::from_nanos(accounted.max(now).nanos() + rate.period() * u64::from(remaining));
        prop_assert_eq!(rate.left(after, now).remaining, 0);
        if remaining > 0 {
            prop_assert_eq!(rate.left(rate.take(accounted, now).unwrap(), now).remaining, remaining - 1);
        } else {
            prop_assert_eq!(rate.take(accounted, now).unwrap_err().retry_after, more_in);
        }
        if remaining < rate.burst {
            prop_assert_eq!(rate.left(accounted, now.after(more_in)).remaining, remaining + 1);
            let too_early = tick(now.nanos() + u64::try_from(more_in.as_nanos()).unwrap() - 1);
            prop_assert_eq!(rate.left(accounted, too_early).remaining, remaining);
        }
    }

    #[test]
    fn a_refusal_says_the_very_moment_of_the_next_use(rate in rates(), start in 1..1_000 * SECOND) {
        let accounted = tick(start + rate.period() * u64::from(rate.burst));
        let Exceeded { retry_after, .. } = rate.take(accounted, tick(start)).unwrap_err();
        let wait = u64::try_from(retry_after.as_nanos()).unwrap();
        prop_assert!(rate.take(accounted, tick(start + wait - 1)).is_err());
        prop_assert!(rate.take(accounted, tick(start + wait)).is_ok());
    }

    #[test]
    fn rates_parse_and_print(rate in rates()) {
        prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        prop_assert_eq!(serde_json::from_str::<Rate>(&serde_json::to_string(&rate).unwrap()).unwrap(), rate);
    }
}

// P-6
#[test]
fn a_key_that_is_used_without_a_pause_is_let_through_at_its_rate_and_never_locked_out() {
    let each = rate("60/m:10");
    // Four times as often as it may, for an hour.
    let moments: Vec<u64> = (0..4 * 3_600).map(|quarter| SECOND + quarter * SECOND / 4).collect();
    let passed = let_through(each, &moments);
    assert_eq!(passed.len(), 10 + 3_599);
    let longest = passed.windows(2).map(|two| two[1] - two[0]).max();
    assert_eq!(longest, Some(SECOND));
}

#[test]
fn a_clock_that_stands_still_lets_one_burst_through_and_one_that_goes_back_no_more() {
    let each = rate("60/m:3");
    assert_eq!(let_through(each, &[SECOND; 10]).len(), 3);
    let accounted = each.take(Tick::NEVER, tick(100 * SECOND)).unwrap();
    assert_eq!(each.take(accounted, tick(50 * SECOND)).unwrap_err().retry_after, Duration::from_secs(49));
    assert_eq!(each.left(accounted, tick(50 * SECOND)).remaining, 0);
}

#[test]
fn the_burst_comes_back_one_period_after_another() {
    let (each, start) = (rate("60/m:3"), 100 * SECOND);
    let accounted = tick(start + 3 * SECOND);
    let left = |after: u64| each.left(accounted, tick(start + after)).remaining;
    assert_eq!([left(0), left(SECOND - 1), left(SECOND), left(2 * SECOND), left(3 * SECOND)], [0, 0, 1, 2, 3]);
    assert_eq!(left(1_000 * SECOND), 3);
    assert_eq!(each.left(accounted, tick(start + 3 * SECOND)).more_in, Duration::ZERO);
    assert_eq!((each.window(), rate("7/m:7").window(), rate("120/m:1").window()), (3, 60, 1));
}

#[test]
fn another_rate_takes_over_what_was_used_and_waits_no_longer_than_its_own_burst() {
    let (slow, quick, now) = (rate("1/m:1000000"), rate("60000/m:1"), tick(SECOND));
    let used_up = tick(SECOND + slow.period() * 1_000_000);
    assert_eq!(quick.take(quick.carried(used_up, now), now).unwrap_err().retry_after, Duration::from_millis(1));
    // What was used under the narrower stays used.
    let one_used = quick.take(Tick::NEVER, now).unwrap();
    assert_eq!(slow.carried(one_used, now), one_used);
}

#[test]
fn a_rate_that_is_none_is_refused() {
    for text in
        ["", "60", "/m", "60/s", "60/m:", "60/m:x", "0/m", "60/m:0", "1000001/m", "60/m:1000001", "-1/m", "60/m10"]
    {
        assert_eq!(text.parse::<Rate>(), Err(MalformedRate::Text), "{text}");
    }
    let json = |text: &str| serde_json::from_str::<Rate>(text);
    assert_eq!(json(r#"{"per_minute":60}"#).unwrap(), rate("60/m:60"));
    for bad in [
        "{}",
        "60",
        r#"{"per_minute":0}"#,
        r#"{"per_minute":1.5}"#,
        r#"{"per_minute":60,"burst":0}"#,
        r#"{"per_minute":60,"burst":1000001}"#,
        r#"{"per_minute":-1,"burst":1}"#,
        r#"{"per_minute":60,"per_hour":1}"#,
        r#"{"burst":60}"#,
    ] {
        assert!(json(bad).is_err(), "{bad}");
    }
}
