//! Dry runs: what a change would do, which was made and taken back.

use std::net::IpAddr;

use serde::Serialize;
use time::OffsetDateTime;

use super::view::KeyView;
use crate::{
    db::keys::Dated,
    domain::{
        Key, KeyId, Label,
        impact::{Difference, difference},
    },
};

/// How many keys are named of those that would change.
const MOST_NAMED: usize = 100;

/// What a change would do.
#[derive(Debug, Serialize)]
pub struct DryRunView {
    dry_run: bool,
    key: KeyView,
    impact: Impact,
}

#[derive(Debug, Serialize)]
struct Impact {
    keys: usize,
    affected: Vec<Affected>,
    #[serde(with = "time::serde::rfc3339::option")]
    last_used_at: Option<OffsetDateTime>,
    last_used_from: Option<IpAddr>,
    gains: Vec<String>,
    loses: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Affected {
    id: KeyId,
    label: Label,
}

impl From<&Key> for Affected {
    fn from(key: &Key) -> Self {
        Self { id: key.id, label: key.label.clone() }
    }
}

impl DryRunView {
    /// The key as it was, where it was there, and as it would be; `others` would change with it.
    #[must_use]
    pub fn new(before: Option<&Key>, after: Dated, others: &[Dated]) -> Self {
        let all = || std::iter::once(&after.key).chain(others.iter().map(|other| &other.key));
        let last_use = all().filter_map(|key| key.last_use).max_by_key(|used| used.at);
        let Difference { gains, loses } = difference(before, &after.key, after.now);
        let impact = Impact {
            keys: others.len() + 1,
            affected: all().take(MOST_NAMED).map(Affected::from).collect(),
            last_used_at: last_use.map(|used| used.at),
            last_used_from: last_use.and_then(|used| used.from),
            gains,
            loses,
        };
        Self { dry_run: true, key: after.into(), impact }
    }
}
