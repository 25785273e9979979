//! A metric with a value for each of a few words, all of them there from the start: a rate can be told of what happened once.

use prometheus_client::metrics::{counter::Counter, family::Family};

/// Labels: none of them is more than a word of ours.
pub(super) type Labels = Vec<(&'static str, &'static str)>;

/// The metric, and the parts of it, held ready.
#[derive(Debug)]
pub(super) struct Split<const N: usize, M = Counter> {
    /// What is registered.
    pub(super) family: Family<Labels, M>,
    each: [M; N],
}

impl<const N: usize, M: Default + Clone> Split<N, M> {
    /// One part for each of these labels; of those beyond the last, one more that nobody sees.
    pub(super) fn new(labels: impl IntoIterator<Item = Labels>) -> Self {
        let (family, mut labels) = (Family::<Labels, M>::default(), labels.into_iter());
        let each =
            std::array::from_fn(|_| labels.next().map(|one| family.get_or_create_owned(&one)).unwrap_or_default());
        Self { family, each }
    }

    /// One part for each word.
    pub(super) fn of(label: &'static str, words: [&'static str; N]) -> Self {
        Self::new(words.map(|word| vec![(label, word)]))
    }

    /// The part of the word with this number.
    pub(super) const fn at(&self, number: usize) -> &M {
        &self.each[number]
    }
}
