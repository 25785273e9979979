//! The rows of the dead.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Replica, Tick};

/// Remembers since when each row stands still.
///
/// A row that shows the same beat a full hold after it was first seen gives no trust any more: that beat was sent before it
/// was seen. A later beat of the same replica is committed after the row is gone, and then only announces.
#[derive(Debug, Default)]
pub struct Reaper(HashMap<Uuid, (i64, Tick)>);

impl Reaper {
    /// Takes in the rows as they were read by `now`; gives those to delete, if they still show that beat.
    pub fn see(&mut self, now: Tick, rows: &[Replica]) -> Vec<(Uuid, i64)> {
        self.0.retain(|boot, _| rows.iter().any(|row| row.boot == *boot));
        let mut dead = Vec::new();
        for row in rows {
            let seen = self.0.entry(row.boot).or_insert((row.beat, now));
            if seen.0 != row.beat {
                *seen = (row.beat, now);
            }
            if now.since(seen.1) >= row.hold {
                dead.push((row.boot, row.beat));
            }
        }
        dead
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::Server, *};

    fn row(beat: i64) -> Replica {
        let hold = Duration::from_secs(2);
        let (boot, snapshot) = (Uuid::from_u128(1), "1:1:".parse().unwrap());
        Replica { boot, beat, name: String::new(), snapshot, server: Server("a/1".into()), hold }
    }

    fn at(seconds: u64) -> Tick {
        Tick::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn only_who_stands_still_for_a_full_hold_is_dead() {
        let mut reaper = Reaper::default();
        let mut dead = |seconds, rows: &[Replica]| reaper.see(at(seconds), rows);
        assert_eq!(dead(1, &[row(7)]), []);
        assert_eq!(dead(2, &[row(8)]), []);
        assert_eq!(dead(3, &[row(8)]), []);
        assert_eq!(dead(4, &[row(8)]), [(Uuid::from_u128(1), 8)]);
        // Gone, and back with the same number: counted anew.
        assert_eq!(dead(5, &[]), []);
        assert_eq!(dead(6, &[row(8)]), []);
    }
}
