//! The proof of a chain: it is followed event by event, from wherever the events come, and breaks at the first that does
//! not follow from those before it.

use serde_json::Value;

use super::{Action, Broken, ChainHash, Checkpoint, End, Event, Fault, Report};
use crate::domain::OrgId;

/// Where a chain has to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the first event there ever was, or behind the end up to which a checkpoint says that all was taken away; of
    /// which an event of the chain has to tell.
    After(Option<End>),
    /// Wherever it begins: with the first event, or with one before which, as a later event tells, all was taken away.
    AsFound,
}

/// What lies before the first event.
enum Before {
    Nothing,
    Unknown,
    /// A checkpoint of which no event has told yet.
    Untold(End),
    /// The first event, from whose place on all is there, when the hash before it is not known yet.
    Midst {
        seq: i64,
        hash: ChainHash,
        canonical: Vec<u8>,
    },
    Told(Checkpoint),
}

/// A walk along one chain.
pub struct Walk {
    org: Option<OrgId>,
    before: Before,
    first: Option<i64>,
    end: End,
    events: u64,
    broken: Option<Broken>,
}

impl Walk {
    /// A walk that has not begun.
    #[must_use]
    pub const fn new(start: Start) -> Self {
        let (before, end) = match start {
            Start::AsFound => (Before::Unknown, End::START),
            Start::After(None) => (Before::Nothing, End::START),
            Start::After(Some(end)) => (Before::Untold(end), end),
        };
        Self { org: None, before, first: None, end, events: 0, broken: None }
    }

    /// Up to where the chain is proved.
    #[must_use]
    pub const fn end(&self) -> End {
        self.end
    }

    /// The first place at which what was shown so far breaks.
    #[must_use]
    pub const fn broken(&self) -> Option<&Broken> {
        self.broken.as_ref()
    }

    /// The next event, and the bytes of which its hash was made, where they are kept beside it. Behind the first break this
    /// only looks whether the event that is missed stands elsewhere.
    pub fn step(&mut self, event: &Event, canonical: &[u8]) {
        match &mut self.broken {
            Some(broken) => {
                let is_missed = broken.seq == self.end.seq + 1 && self.end.hash.then(canonical) == event.hash;
                if is_missed && broken.fault != Fault::Reordered {
                    let detail = format!("event {} does not stand at its place, but behind others", broken.seq);
                    *broken = Broken::new(broken.seq, Fault::Reordered, detail);
                }
            }
            None => self.broken = self.follow(event, canonical).err(),
        }
    }

    /// Something in the place of the next event that is none.
    pub fn stumble(&mut self, detail: impl Into<String>) {
        let seq = self.end.seq + 1;
        self.broken.get_or_insert_with(|| Broken::new(seq, Fault::Altered, detail));
    }

    fn follow(&mut self, event: &Event, canonical: &[u8]) -> Result<(), Broken> {
        let expected = self.end.seq + 1;
        if *self.org.get_or_insert(event.org) != event.org {
            return Err(Broken::new(expected, Fault::Altered, "in its place stands an event of another org"));
        }
        match self.before {
            Before::Unknown if event.seq > expected => {
                self.before = Before::Midst { seq: event.seq, hash: event.hash, canonical: canonical.to_vec() };
            }
            Before::Unknown => {
                self.before = Before::Nothing;
                self.judge(event, canonical)?;
            }
            _ => self.judge(event, canonical)?,
        }
        self.hear(event)?;
        self.first.get_or_insert(event.seq);
        self.end = End { seq: event.seq, hash: event.hash };
        self.events += 1;
        Ok(())
    }

    /// Whether the event follows from those before it.
    fn judge(&self, event: &Event, canonical: &[u8]) -> Result<(), Broken> {
        let is_next = event.seq == self.end.seq + 1;
        let is_as_written = is_next && event.canonical() == canonical;
        let is_whole = is_as_written && self.end.hash.then(canonical) == event.hash;
        if is_whole { Ok(()) } else { Err(self.explain(event, canonical)) }
    }

    fn explain(&self, event: &Event, canonical: &[u8]) -> Broken {
        let expected = self.end.seq + 1;
        if event.seq > expected {
            return Broken::new(expected, Fault::Removed, missing(expected, event.seq - 1));
        }
        if event.seq < expected {
            return self.explain_earlier(event.seq);
        }
        if said_seq(canonical).is_some_and(|said| said != expected) {
            return Broken::new(expected, Fault::Removed, "another event was put into its place");
        }
        let detail = if event.canonical() == canonical {
            "its hash does not follow from what it says and the hash of the event before it"
        } else {
            "it is not what was written down"
        };
        Broken::new(expected, Fault::Altered, detail)
    }

    /// An event of an earlier place than the one that is expected.
    fn explain_earlier(&self, seq: i64) -> Broken {
        let (last, expected) = (self.end.seq, self.end.seq + 1);
        match self.before {
            Before::Untold(_) if self.events == 0 => {
                let detail = format!("it is there, although all up to event {last} was taken away");
                Broken::new(seq, Fault::Reordered, detail)
            }
            _ => Broken::new(expected, Fault::Reordered, format!("in its place stands event {seq}")),
        }
    }

    /// Listens to what an event of retention tells of the events before the first.
    fn hear(&mut self, event: &Event) -> Result<(), Broken> {
        let Some(told) = retained(event) else { return Ok(()) };
        let checkpoint = Checkpoint { seq: told.seq, hash: told.hash, at: event.at };
        match &self.before {
            Before::Untold(end) if end.seq == told.seq => {
                if end.hash != told.hash {
                    let detail = format!("the checkpoint of it has another hash than event {} tells", event.seq);
                    return Err(Broken::new(told.seq, Fault::Altered, detail));
                }
            }
            Before::Midst { seq, hash, canonical } if *seq == told.seq + 1 => {
                if told.hash.then(canonical) != *hash {
                    let detail = format!("it does not follow from the hash that event {} tells", event.seq);
                    return Err(Broken::new(*seq, Fault::Altered, detail));
                }
            }
            _ => return Ok(()),
        }
        self.before = Before::Told(checkpoint);
        Ok(())
    }

    /// The end of the walk; `known` is where the chain has to end, where that is known.
    #[must_use]
    pub fn report(self, known: Option<End>) -> Report {
        let broken = match (self.broken.as_ref(), self.unproved_beginning()) {
            (Some(broken), Some(beginning)) if self.is_in_the_midst() => Some(both(&beginning, broken)),
            (Some(broken), _) => Some(broken.clone()),
            (None, beginning) => self.truncation(known).or(beginning).or_else(|| self.other_end(known)),
        };
        let retained = if let Before::Told(checkpoint) = self.before { Some(checkpoint) } else { None };
        Report {
            whole: broken.is_none(),
            first_seq: self.first,
            last_seq: self.first.map(|_| self.end.seq),
            events: self.events,
            hash: self.end.hash,
            broken,
            retained,
        }
    }

    const fn is_in_the_midst(&self) -> bool {
        matches!(self.before, Before::Midst { .. })
    }

    fn unproved_beginning(&self) -> Option<Broken> {
        match &self.before {
            Before::Untold(end) => {
                let detail = "a checkpoint says that the events up to here were taken away, and no event tells of it";
                Some(Broken::new(end.seq, Fault::Removed, detail))
            }
            Before::Midst { seq, .. } => {
                let detail = format!(
                    "it begins in the midst, with event {seq}: what came before is missing, and no event tells that it \
                     was taken away"
                );
                Some(Broken::new(1, Fault::Removed, detail))
            }
            Before::Nothing | Before::Unknown | Before::Told(_) => None,
        }
    }

    fn truncation(&self, known: Option<End>) -> Option<Broken> {
        let missed = self.end.seq + 1;
        match known {
            Some(known) if known.seq > self.end.seq => {
                let detail = format!("the chain went on up to event {}", known.seq);
                Some(Broken::new(missed, Fault::Truncated, detail))
            }
            _ if self.events == 0 => {
                Some(Broken::new(missed, Fault::Truncated, "there is no event, and every chain has one"))
            }
            _ => None,
        }
    }

    fn other_end(&self, known: Option<End>) -> Option<Broken> {
        let known = known.filter(|known| *known != self.end)?;
        if known.seq < self.end.seq {
            let detail = format!("it stands behind the end of the chain, which is event {}", known.seq);
            return Some(Broken::new(known.seq + 1, Fault::Altered, detail));
        }
        let detail = "it is the last one, and its hash is not the one with which the chain ended";
        Some(Broken::new(known.seq, Fault::Altered, detail))
    }
}

fn missing(first: i64, last: i64) -> String {
    if first == last { format!("event {first} is missing") } else { format!("events {first} to {last} are missing") }
}

/// A break within what begins in the midst.
fn both(beginning: &Broken, inner: &Broken) -> Broken {
    let fault = if inner.fault == Fault::Reordered { inner.fault } else { beginning.fault };
    let detail = format!("{}; and of event {}: {}", beginning.detail, inner.seq, inner.detail);
    Broken::new(beginning.seq, fault, detail)
}

/// The place that an event had when it was written down.
fn said_seq(canonical: &[u8]) -> Option<i64> {
    serde_json::from_slice::<Value>(canonical).ok()?["seq"].as_i64()
}

/// Up to where an event of retention says that all was taken away.
fn retained(event: &Event) -> Option<End> {
    let told = event.after.as_ref().filter(|_| event.action == Action::AuditRetained.name())?;
    Some(End { seq: told["through"].as_i64()?, hash: told["hash"].as_str()?.parse().ok()? })
}
