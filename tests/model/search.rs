//! Breadth-first search: every state that can be reached, each once, nearest first. So a violation is found with as few
//! steps as it takes.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    hash::{BuildHasherDefault, Hash, Hasher},
};

use crate::{
    rules::Rules,
    state::State,
    steps,
    trace::{Story, What},
};

/// What a search has seen.
pub(crate) struct Findings {
    pub(crate) states: usize,
    /// Whether every state was visited, and not only as many as were allowed.
    pub(crate) is_exhausted: bool,
    happened: [u64; What::ALL.len()],
    /// The shortest run to a wrong accept, if there is one.
    pub(crate) violation: Option<Story>,
}

impl Findings {
    /// How many steps of this kind were taken.
    pub(crate) fn happened(&self, what: What) -> u64 {
        self.happened[what as usize]
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match (&self.violation, self.is_exhausted) {
            (Some(story), _) => format!("a wrong accept after {} steps", story.0.len()),
            (None, true) => "safe, exhausted".to_owned(),
            (None, false) => "nothing found, cut off".to_owned(),
        };
        write!(f, "{} states, {end}", self.states)
    }
}

/// The states that were visited, by fingerprint, each with that of the state it was reached from.
type Visited = HashMap<u64, u64, BuildHasherDefault<Identity>>;

/// Visits states until one is broken, none is left, or there were `limit`.
pub(crate) fn search(rules: &Rules, limit: usize) -> Findings {
    let first = steps::first(rules);
    let mut visited = Visited::default();
    visited.insert(fingerprint(&first), 0);
    let mut findings = Findings { states: 1, is_exhausted: false, happened: [0; What::ALL.len()], violation: None };
    let (mut layer, mut next) = (vec![first], Vec::new());
    let mut following = Vec::new();
    while !layer.is_empty() {
        for state in layer.drain(..) {
            let origin = fingerprint(&state);
            steps::after(&state, rules, &mut next);
            for (step, state) in next.drain(..) {
                findings.happened[step.what as usize] += 1;
                let print = fingerprint(&state);
                let Entry::Vacant(place) = visited.entry(print) else { continue };
                place.insert(origin);
                findings.states += 1;
                if state.is_broken {
                    findings.violation = Some(story(rules, &visited, print));
                    return findings;
                }
                following.push(state);
            }
            if findings.states >= limit {
                return findings;
            }
        }
        std::mem::swap(&mut layer, &mut following);
    }
    findings.is_exhausted = true;
    findings
}

/// The run to a state: its fingerprints back to the first state, and the steps forward along them.
fn story(rules: &Rules, visited: &Visited, end: u64) -> Story {
    let mut path = vec![end];
    while let Some(origin) = path.last().and_then(|print| visited.get(print)).filter(|origin| **origin != 0) {
        path.push(*origin);
    }
    let mut state = steps::first(rules);
    let mut story = Vec::new();
    for print in path.iter().rev().skip(1) {
        let mut next = Vec::new();
        steps::after(&state, rules, &mut next);
        let (step, reached) = next.into_iter().find(|(_, state)| fingerprint(state) == *print).unwrap();
        story.push((step, reached));
        state = reached;
    }
    Story(story)
}

fn fingerprint(state: &State) -> u64 {
    let mut mixer = Mixer(0x9e37_79b9_7f4a_7c15);
    state.hash(&mut mixer);
    mixer.finish()
}

/// Mixes all 64 bits with each number it is given, by a folded multiplication.
struct Mixer(u64);

impl Mixer {
    fn mix(&mut self, number: u64) {
        let (low, high) = (self.0 ^ number).carrying_mul(0xa076_1d64_78bd_642f, 0);
        self.0 = low ^ high;
    }
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.mix(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(u64::from(number));
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.mix(number.cast_unsigned() as u64);
    }
}

/// A fingerprint is as good as any hash of it.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only fingerprints are kept")
    }

    fn write_u64(&mut self, print: u64) {
        self.0 = print;
    }
}
