//! The replica's own clock, and that of the database as far as a replica knows it.

use std::sync::atomic::{AtomicI64, Ordering};

use nix::time::{ClockId, clock_gettime};
use time::OffsetDateTime;

use crate::domain::fresh::Tick;

/// A clock that goes on while the machine is suspended: `Instant` stands still then, and a machine that wakes up would trust
/// what it remembers from before.
#[cfg(target_os = "linux")]
const BOOT: ClockId = ClockId::CLOCK_BOOTTIME;
/// Elsewhere `CLOCK_MONOTONIC` goes on.
#[cfg(not(target_os = "linux"))]
const BOOT: ClockId = ClockId::CLOCK_MONOTONIC;

/// Now, by the replica's own clock. Without one, for ever the end of all time: nothing is trusted then.
#[must_use]
pub fn boot() -> Tick {
    let read = clock_gettime(BOOT).ok();
    let nanos = read.and_then(|now| {
        let (seconds, nanos) = (u64::try_from(now.tv_sec()).ok()?, u64::try_from(now.tv_nsec()).ok()?);
        seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
    });
    Tick::from_nanos(nanos.unwrap_or(u64::MAX))
}

/// Not yet known.
const UNKNOWN: i64 = i64::MIN;
/// More than it takes to set the clock: a reading that is taken meanwhile is not above the next ones.
const SETTING: i64 = 1_000_000;

/// The clock of the database, by which ends are judged. It never goes back, and is never late: it may be early by as long
/// as a beat was on its way to the database.
pub(super) struct DatabaseClock {
    /// In nanoseconds: what it shows less what the own clock shows.
    ahead: AtomicI64,
    /// In nanoseconds since 1970: it has shown this already.
    floor: AtomicI64,
}

impl DatabaseClock {
    pub(super) const fn new() -> Self {
        Self { ahead: AtomicI64::new(UNKNOWN), floor: AtomicI64::new(UNKNOWN) }
    }

    /// Sets it by what the database's clock showed at some moment not before `sent`.
    pub(super) fn set(&self, sent: Tick, shown: OffsetDateTime) {
        let own = signed(sent);
        let Ok(shown) = i64::try_from(shown.unix_timestamp_nanos()) else { return };
        if let Some(before) = self.nanos(signed(boot())) {
            self.floor.store(before.saturating_add(SETTING), Ordering::Release);
        }
        self.ahead.store(shown.saturating_sub(own), Ordering::Release);
    }

    /// What it shows, if it was ever set.
    pub(super) fn read(&self, now: Tick) -> Option<OffsetDateTime> {
        moment(self.nanos(signed(now))?)
    }

    fn nanos(&self, own: i64) -> Option<i64> {
        let ahead = self.ahead.load(Ordering::Acquire);
        (ahead != UNKNOWN).then(|| own.saturating_add(ahead).max(self.floor.load(Ordering::Acquire)))
    }
}

/// So many nanoseconds after 1970. In 64 bits: a division by 128 costs more than the rest of a decision.
pub(super) fn moment(nanos: i64) -> Option<OffsetDateTime> {
    const SECOND: i64 = 1_000_000_000;
    let whole = OffsetDateTime::from_unix_timestamp(nanos.div_euclid(SECOND)).ok()?;
    whole.replace_nanosecond(u32::try_from(nanos.rem_euclid(SECOND)).ok()?).ok()
}

fn signed(tick: Tick) -> i64 {
    i64::try_from(tick.nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_own_clock_goes_on_while_the_machine_sleeps() {
        assert_eq!(BOOT, ClockId::CLOCK_BOOTTIME);
        assert!(boot() > Tick::NEVER && boot() <= boot());
    }

    #[test]
    fn the_clock_of_the_database_never_goes_back() {
        let (clock, start) = (DatabaseClock::new(), OffsetDateTime::UNIX_EPOCH + Duration::days(20_000));
        assert_eq!(clock.read(boot()), None);
        clock.set(boot(), start);
        let first = clock.read(boot()).unwrap();
        assert!(first >= start && first < start + Duration::MINUTE);
        // F13: the database's clock was set back by an hour.
        clock.set(boot(), start - Duration::HOUR);
        let second = clock.read(boot()).unwrap();
        assert!(second >= first && second < start + Duration::MINUTE);
        clock.set(boot(), start + Duration::HOUR);
        assert!(clock.read(boot()).unwrap() >= start + Duration::HOUR);
    }
}
