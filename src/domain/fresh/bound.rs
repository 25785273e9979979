//! How long what.

use std::time::Duration;

/// The bound: after that long a revocation holds everywhere, whatever is out of reach. All spans follow from it and from
/// the grace.
///
/// Clocks may run up to 5 % fast or slow. A replica trusts for 0.9 of what it publishes, and 0.9 / 0.95 is less than 1 / 1.05:
/// on any such clock its trust is over before a wait for it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    bound: Duration,
    grace: Duration,
}

impl Bound {
    /// A bound, and for how long beyond it a replica may go on when the database is out of reach.
    #[must_use]
    pub const fn new(bound: Duration, grace: Duration) -> Self {
        Self { bound, grace }
    }

    /// The bound itself.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.bound
    }

    /// How often a replica beats.
    #[must_use]
    pub fn beat(self) -> Duration {
        self.bound / 4
    }

    /// How long a beat may take before its connection is given up.
    #[must_use]
    pub fn patience(self) -> Duration {
        self.bound / 2
    }

    /// How long a beat lets a replica trust what it remembers, counted from when it was sent.
    #[must_use]
    pub fn trust(self) -> Duration {
        self.bound * 9 / 10
    }

    /// How long after that it may go on for the sake of availability.
    #[must_use]
    pub fn grace(self) -> Duration {
        self.grace * 9 / 10
    }

    /// What a replica publishes, and others wait for: nothing of it is trusted after that.
    #[must_use]
    pub fn hold(self) -> Duration {
        self.bound + self.grace
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// H2: the slowest clock that trusts against the fastest that waits.
        #[test]
        fn trust_is_over_before_a_wait_is(bound in 500_u64..60_000, grace in 0_u64..600_000) {
            let bound = Bound::new(Duration::from_millis(bound), Duration::from_millis(grace));
            let trusted = (bound.trust() + bound.grace()).as_secs_f64() / 0.95;
            prop_assert!(trusted < bound.hold().as_secs_f64() / 1.05);
        }
    }
}
