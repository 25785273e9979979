//! Retention: old events are archived, proved, and taken away behind a checkpoint, so that what is left still proves, and
//! together with the archives proves from the start.
//!
//! In this order: the archive is written and proved; then, in one transaction, a checkpoint is written, exactly the
//! archived events are deleted, and an event tells of it. Whatever breaks off in between has taken nothing away.

use std::io::{self, BufRead, Write};

use deadpool_postgres::Object;
use serde_json::json;
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use super::offline;
use crate::{
    db::{
        self, Transaction,
        audit::{retain, walk},
        keys, orgs, store,
    },
    domain::{
        Org, Slug,
        audit::{Action, Actor, Broken, Change, End, Start, Subject, Trail, Walk},
    },
    service::{House, Refusal, house::record, operator::Operator},
};

/// How many events one statement deletes.
const STRETCH: i64 = 10_000;

/// Which events are old.
#[derive(Debug, Clone, Copy)]
pub enum Old {
    /// Those before this time.
    Before(OffsetDateTime),
    /// Those that are older than this.
    Than(Duration),
}

/// The old events of an org, as they were found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Whose.
    pub org: Org,
    /// Before which time they happened.
    pub before: OffsetDateTime,
    /// Up to where older ones had been taken away.
    behind: Option<End>,
    /// The last of them.
    pub through: End,
    /// How many they are.
    pub events: u64,
}

/// Why nothing was taken away.
#[derive(Debug, Error)]
pub enum Error {
    /// As any verb.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The archive.
    #[error("the archive could not be written: {0}")]
    Archive(#[from] io::Error),
    /// What does not prove is evidence, and stays.
    #[error("the chain is broken at event {}: {}; nothing was taken away", .0.seq, .0.detail)]
    Broken(Broken),
    /// The archive is not what was found.
    #[error("the archive does not prove what it should; nothing was taken away")]
    Unproved,
    /// Another retention came first.
    #[error("another retention of this org came first; nothing was taken away")]
    Meanwhile,
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// Writes the org's old events into `archive` as lines, and proves them on the way.
pub async fn archive(
    house: &House,
    _: &Operator,
    slug: &Slug,
    old: Old,
    archive: &mut impl Write,
) -> Result<Found, Error> {
    let mut client: Object = house.store.operator().await?;
    let snapshot = store::snapshot(&mut client).await?;
    let org = orgs::find(&snapshot, slug).await?.ok_or(Refusal::NotFound)?;
    let now = keys::clock(&snapshot).await?;
    let before = match old {
        Old::Before(time) => time,
        Old::Than(age) => now.saturating_sub(age),
    };
    let behind = retain::checkpoint(&snapshot, org.id).await?;
    let chain = write(&snapshot, &org, before, behind, archive).await?;
    archive.flush()?;
    let (through, report) = (chain.end(), chain.report(None));
    Ok(Found { org, before, behind, through, events: report.events })
}

/// Follows the chain up to the first event that is not old, and writes what it passes.
async fn write(
    snapshot: &Transaction<'_>,
    org: &Org,
    before: OffsetDateTime,
    behind: Option<End>,
    archive: &mut impl Write,
) -> Result<Walk, Error> {
    let (mut chain, mut seq) = (Walk::new(Start::After(behind)), i64::MIN);
    loop {
        let stored = walk::stored_after(snapshot, org.id, seq).await?;
        for (event, canonical) in &stored {
            if event.at >= before {
                return Ok(chain);
            }
            chain.step(event, canonical);
            if let Some(broken) = chain.broken() {
                return Err(Error::Broken(broken.clone()));
            }
            archive.write_all(&event.line())?;
            archive.write_all(b"\n")?;
            seq = event.seq;
        }
        if stored.is_empty() {
            return Ok(chain);
        }
    }
}

/// Reads the archive again: it is all that will be left of these events.
pub fn prove(found: &Found, archive: impl BufRead) -> Result<(), Error> {
    let mut chain = Walk::new(Start::After(found.behind));
    offline::follow(&mut chain, archive)?;
    if chain.broken().is_none() && chain.end() == found.through { Ok(()) } else { Err(Error::Unproved) }
}

/// Takes the events away that were found and archived.
pub async fn take_away(house: &House, _: &Operator, found: &Found) -> Result<(), Error> {
    let mut client = house.store.operator().await?;
    let transaction = client.transaction().await.map_err(db::Error::from)?;
    let Found { org, behind, through, events, .. } = found;
    let is_first = retain::try_begin(&transaction, org.id).await?
        && retain::checkpoint(&transaction, org.id).await? == *behind
        && retain::hash_at(&transaction, org.id, through.seq).await? == Some(through.hash);
    if !is_first {
        return Err(Error::Meanwhile);
    }
    retain::write_checkpoint(&transaction, org.id, *through).await?;
    let after = behind.map_or(0, |end| end.seq);
    if delete(&transaction, org, after, through.seq).await? != *events {
        return Err(Error::Meanwhile);
    }
    record(&transaction, org.id, Actor::Local, &Trail::default(), told(found)).await?;
    Ok(transaction.commit().await.map_err(db::Error::from)?)
}

async fn delete(transaction: &Transaction<'_>, org: &Org, after: i64, through: i64) -> Result<u64, db::Error> {
    let (mut seq, mut deleted) = (after, 0);
    while seq < through {
        let last = through.min(seq + STRETCH);
        deleted += retain::take_away(transaction, org.id, seq, last).await?;
        seq = last;
    }
    Ok(deleted)
}

fn told(found: &Found) -> Change {
    let Found { org, through, events, .. } = found;
    Change {
        action: Action::AuditRetained,
        subject: Subject { kind: "org", id: org.id.to_string() },
        mesh: None,
        before: None,
        after: Some(json!({ "through": through.seq, "hash": through.hash, "events": events })),
    }
}
