//! Rounds: the floor and ours in turns, so that what else goes on in the machine falls on both; and medians of them.

use super::Outcome;

/// Takes turns: the floor, ours, the floor, ours, … The first turn of each is to warm up, and is thrown away.
pub async fn alternate<T>(
    rounds: u32,
    mut floor: impl AsyncFnMut() -> Outcome<T>,
    mut ours: impl AsyncFnMut() -> Outcome<T>,
) -> Outcome<Pair<T>> {
    let mut pair = Pair { floor: Vec::new(), ours: Vec::new() };
    for round in 0..=rounds {
        let (of_floor, of_ours) = (floor().await?, ours().await?);
        if round > 0 {
            pair.floor.push(of_floor);
            pair.ours.push(of_ours);
        }
    }
    Ok(pair)
}

/// What was seen in each round.
pub struct Pair<T> {
    /// Of the floor.
    pub floor: Vec<T>,
    /// Of ours.
    pub ours: Vec<T>,
}

impl<T> Pair<T> {
    /// The medians over the rounds: of ours, and of the floor.
    pub fn medians(&self, of: impl Fn(&T) -> f64) -> (f64, f64) {
        (median(self.ours.iter().map(&of)), median(self.floor.iter().map(&of)))
    }
}

/// The value in the middle.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    quantile(&values, 50)
}

/// The value that so many in a hundred stay below. They are sorted.
pub fn quantile(sorted: &[f64], hundredths: usize) -> f64 {
    let at = (sorted.len() * hundredths / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
