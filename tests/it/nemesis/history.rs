//! What happened, by one clock, and what must not have happened.

use std::{collections::HashMap, time::Duration};

/// What a request was told about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    Refused,
    /// 503, or no answer: it says nothing.
    Unknown,
}

/// A request that a key decides. Keys are numbered in the order in which they were made.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    pub key: usize,
    pub at: usize,
    pub began: Duration,
    pub ended: Duration,
    pub outcome: Outcome,
}

/// The one end of a key, from the first attempt on.
#[derive(Debug, Clone, Copy)]
pub struct End {
    pub began: Duration,
    /// When it was first answered that it is so.
    pub answered: Option<Duration>,
}

/// Everything that was asked, and every end.
#[derive(Default)]
pub struct History {
    pub asks: Vec<Ask>,
    pub ends: HashMap<usize, End>,
}

/// How often what was told.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub accepted: usize,
    pub refused: usize,
    pub unknown: usize,
    /// Of those accepted, how many of a key whose end was under way: it may go either way.
    pub between: usize,
}

impl History {
    /// What must not have happened: a key accepted by a request that began after its end was answered; and one refused
    /// before anybody had begun to end it.
    pub fn violations(&self) -> Vec<String> {
        self.asks.iter().filter_map(|ask| self.judge(ask)).collect()
    }

    fn judge(&self, ask: &Ask) -> Option<String> {
        let end = self.ends.get(&ask.key);
        let fault = match (ask.outcome, end) {
            (Outcome::Accepted, Some(end)) if end.answered.is_some_and(|answered| ask.began > answered) => "accepted",
            (Outcome::Refused, None) => "refused, and never ended",
            (Outcome::Refused, Some(end)) if ask.ended < end.began => "refused, and not yet ended",
            _ => return None,
        };
        Some(format!("{fault}, by server {}: {ask:?}, {end:?}", ask.at))
    }

    /// How often what was told.
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        for ask in &self.asks {
            match ask.outcome {
                Outcome::Accepted => count.accepted += 1,
                Outcome::Refused => count.refused += 1,
                Outcome::Unknown => count.unknown += 1,
            }
            let end = self.ends.get(&ask.key);
            count.between +=
                usize::from(ask.outcome == Outcome::Accepted && end.is_some_and(|end| end.began < ask.ended));
        }
        count
    }

    /// How long the answered ends took, the quickest first.
    pub fn waits(&self) -> Vec<Duration> {
        let mut waits: Vec<_> = self.ends.values().filter_map(|end| end.answered?.checked_sub(end.began)).collect();
        waits.sort();
        waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    fn ask(key: usize, from: u64, to: u64, outcome: Outcome) -> Ask {
        Ask { key, at: 0, began: ms(from), ended: ms(to), outcome }
    }

    /// Key 0 is ended from 100 to 200, key 1 from 300 on and without an answer, key 2 never.
    fn violations(asks: &[Ask]) -> usize {
        let (answered, open) =
            (End { began: ms(100), answered: Some(ms(200)) }, End { began: ms(300), answered: None });
        History { asks: asks.to_vec(), ends: HashMap::from([(0, answered), (1, open)]) }.violations().len()
    }

    #[test]
    fn an_accept_that_began_after_the_answer_is_a_violation_and_no_other_is() {
        use Outcome::{Accepted, Refused, Unknown};
        for (expected, asked) in [
            (0, ask(0, 10, 20, Accepted)),
            (0, ask(0, 110, 120, Accepted)),
            // It began before the answer, however late it ends.
            (0, ask(0, 199, 900, Accepted)),
            (0, ask(0, 200, 900, Accepted)),
            (1, ask(0, 201, 202, Accepted)),
            (1, ask(0, 90_000, 90_001, Accepted)),
            (0, ask(0, 201, 202, Refused)),
            (0, ask(0, 201, 202, Unknown)),
            // Nobody was promised anything.
            (0, ask(1, 90_000, 90_001, Accepted)),
            (0, ask(2, 90_000, 90_001, Accepted)),
        ] {
            assert_eq!(violations(&[asked]), expected, "{asked:?}");
        }
    }

    #[test]
    fn a_refusal_of_a_key_that_nobody_had_begun_to_end_is_a_violation() {
        use Outcome::{Refused, Unknown};
        for (expected, asked) in [
            (1, ask(0, 10, 99, Refused)),
            (0, ask(0, 10, 100, Refused)),
            (0, ask(0, 10, 20, Unknown)),
            (0, ask(1, 300, 301, Refused)),
            (1, ask(2, 300, 301, Refused)),
        ] {
            assert_eq!(violations(&[asked]), expected, "{asked:?}");
        }
    }

    #[test]
    fn one_violation_among_many_is_found() {
        let mut asks: Vec<_> = (0..1000).map(|at| ask(0, at, at + 1, Outcome::Unknown)).collect();
        assert_eq!(violations(&asks), 0);
        asks[700].outcome = Outcome::Accepted;
        assert_eq!(violations(&asks), 1);
    }
}
