//! The freshness protocol, as far as it is pure: when a replica may go by what it remembers, and how long a change waits for
//! the replicas. The clock and the database are told to it. Why it is right: `docs/adr/0011-remembering-keys.md`.
//!
//! A *beat* is one durable statement by which a replica publishes the snapshot that it has applied and reads what has
//! changed since. A *change* is a transaction that the feed tells of. A *hold* is how long a replica may go by what it
//! remembers from the moment at which it sent a beat.

mod bound;
mod course;
mod reaper;
mod snapshot;
mod tick;
mod watch;

pub use bound::Bound;
pub use course::{Applied, Course, Heard, Lost, Sent, Trust};
pub use reaper::Reaper;
pub use snapshot::{MalformedSnapshot, Server, Snapshot, Transaction};
pub use tick::Tick;
pub use watch::{Change, Effect, MalformedChange, Replica, Unconfirmed, Watch};
