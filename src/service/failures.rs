//! Failed authentications, by address: who tries many keys that nobody holds is told to wait, and hears no more than that.
//! It is never in the way of a key that somebody holds: only what has failed already is counted here, and answered otherwise.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use quick_cache::sync::Cache;

use super::{House, fresh::boot};
use crate::domain::{
    Rate,
    fresh::Tick,
    rate::{Exceeded, MOST},
};

/// How many addresses are kept in mind. Of more, those are forgotten that were heard of least.
const MOST_ADDRESSES: usize = 65_536;
/// How often it is told of an address that it is throttled.
const TOLD_EVERY: Duration = Duration::from_mins(1);

/// Where failures come from: an IPv4 address, or the half of an IPv6 address that one customer has for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// What failed from one address.
#[derive(Debug, Default)]
struct Bucket {
    accounted: AtomicU64,
    told: AtomicU64,
}

/// There were too many failures from that address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// When another would be answered as a failure.
    pub retry_after: Duration,
    /// Whether nothing was said of that address for a while.
    pub is_news: bool,
}

/// The failures of all addresses.
pub struct Failures {
    /// How many are answered as such; none where all are.
    rate: Option<Rate>,
    buckets: Cache<Source, Arc<Bucket>>,
}

impl Failures {
    /// So many a minute are answered as such; with 0 all are.
    #[must_use]
    pub fn of(per_minute: u32) -> Self {
        let number = i64::from(per_minute.min(MOST));
        Self { rate: Rate::new(number, number).ok(), buckets: Cache::new(MOST_ADDRESSES) }
    }

    /// Counts one.
    fn count(&self, address: IpAddr, now: Tick) -> Result<(), Throttled> {
        let Some(rate) = self.rate else { return Ok(()) };
        let source = Source::from(address);
        let Ok(bucket) = self.buckets.get_or_insert_with(&source, || Ok::<_, Infallible>(Arc::default()));
        let take = |accounted| rate.take(Tick::from_nanos(accounted), now).ok().map(Tick::nanos);
        match bucket.accounted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(()),
            Err(accounted) => Err(bucket.throttled(rate.take(Tick::from_nanos(accounted), now), now)),
        }
    }
}

impl Bucket {
    fn throttled(&self, taken: Result<Tick, Exceeded>, now: Tick) -> Throttled {
        let told = self.told.load(Ordering::Relaxed);
        let is_old = told == Tick::NEVER.nanos() || now.since(Tick::from_nanos(told)) >= TOLD_EVERY;
        // One of those who come at once tells.
        let is_news =
            is_old && self.told.compare_exchange(told, now.nanos(), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        Throttled { retry_after: taken.err().map_or(Duration::ZERO, |exceeded| exceeded.retry_after), is_news }
    }
}

impl House {
    /// Counts an authentication with a key that nobody holds, and says whether it is still to be answered as such. A proxy
    /// that is trusted is not who has failed.
    pub fn count_failure(&self, from: Option<IpAddr>) -> Result<(), Throttled> {
        self.meters.failed_authentication();
        let from = from.filter(|address| !self.trusted_proxies.trusts(*address));
        from.map_or(Ok(()), |address| self.failures.count(address, boot())).inspect_err(|_| self.meters.throttled())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn at(second: u64) -> Tick {
        Tick::from_nanos(second * SECOND)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn so_many_a_minute_are_answered_and_then_one_as_each_comes_back() {
        let (failures, from) = (Failures::of(60), address("192.0.2.1"));
        assert!((0..60).all(|_| failures.count(from, at(1)).is_ok()));
        let first = failures.count(from, at(1)).unwrap_err();
        assert_eq!(first, Throttled { retry_after: Duration::from_secs(1), is_news: true });
        assert_eq!(failures.count(from, at(1)), Err(Throttled { is_news: false, ..first }));
        assert!(failures.count(address("192.0.2.2"), at(1)).is_ok());
        assert_eq!((failures.count(from, at(2)), failures.count(from, at(2)).is_ok()), (Ok(()), false));
        // A minute later it is told again.
        assert!((0..60).all(|_| failures.count(from, at(62)).is_ok()));
        assert!(failures.count(from, at(62)).unwrap_err().is_news);
    }

    #[test]
    fn with_0_all_are_answered() {
        let failures = Failures::of(0);
        assert!((0..10_000).all(|_| failures.count(address("192.0.2.1"), at(1)).is_ok()));
        assert_eq!(failures.buckets.len(), 0);
    }

    #[test]
    fn one_network_of_ipv6_is_one_source_and_an_ipv4_address_is_the_same_in_both_forms() {
        let source = |text: &str| Source::from(address(text));
        assert_eq!(source("2001:db8:0:1::1"), source("2001:db8:0:1:ffff::2"));
        assert_ne!(source("2001:db8:0:1::1"), source("2001:db8:0:2::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.2"), source("192.0.2.1"));
    }

    // G-26
    #[test]
    fn a_million_addresses_take_no_more_room_than_the_table_has() {
        let failures = Failures::of(60);
        for number in 0..1_000_000_u32 {
            assert!(failures.count(IpAddr::V4(number.into()), at(1)).is_ok());
        }
        assert!(failures.buckets.len() <= MOST_ADDRESSES, "{}", failures.buckets.len());
    }
}
