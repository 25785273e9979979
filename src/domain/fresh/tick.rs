//! Moments on a replica's own clock.

use std::time::Duration;

/// A moment on a clock that starts with the machine and goes on while the machine sleeps (`CLOCK_BOOTTIME`), in
/// nanoseconds. Two of them compare only within one boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(u64);

impl Tick {
    /// Before every moment.
    pub const NEVER: Self = Self(0);

    /// So many nanoseconds after the start of the machine.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The nanoseconds since the start of the machine.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// So much later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// How long after an earlier moment; nothing if it is not later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}
