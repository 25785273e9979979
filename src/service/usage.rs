//! Look at what keys were used for: one key's uses, those of all keys that the caller covers, and what was denied lately.

use time::{Duration, OffsetDateTime};

use super::{
    Admitted, House, Refusal,
    audit::{confined_to, ensure_everywhere},
    keys::seen,
};
use crate::{
    db::{
        Transaction,
        counts::read::{self, Range, Refused, Sums},
        keys,
    },
    domain::{
        KeyId, Label,
        page::Limit,
        usage::{By, KEPT, hour_begun, hour_ended},
    },
};

/// How far back one looks where nothing is said.
const DEFAULT_SPAN: Duration = Duration::hours(24);
/// More hours than are kept.
const ALL_HOURS: i64 = 1000;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// From when on; a day before `until` where nothing is said.
    pub since: Option<OffsetDateTime>,
    /// Until when; now where nothing is said.
    pub until: Option<OffsetDateTime>,
    /// By what.
    pub by: By,
    /// How many at most; times come whole.
    pub limit: Limit,
}

/// How fresh an answer is.
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    /// When it was read, by the clock of the database.
    pub as_of: OffsetDateTime,
    /// What was decided before this is in it.
    pub complete_to: OffsetDateTime,
}

/// What was counted.
#[derive(Debug, Clone)]
pub struct Usage {
    /// From when on and until when, in whole hours, and by what.
    pub range: Range,
    /// The counts.
    pub sums: Sums,
    /// What people call the keys that they are told apart by, if they are.
    pub labels: Vec<(KeyId, Label)>,
    /// How fresh it is.
    pub fresh: Freshness,
}

/// What was counted of the keys of the org, or of a mesh of it; for who covers all of these.
pub async fn of_org(house: &House, by: &Admitted, wanted: &Wanted, mesh: Option<&str>) -> Result<Usage, Refusal> {
    ensure_everywhere(by)?;
    if wanted.by == By::Address {
        return Err(Refusal::invalid("by", "addresses are told of one key: ask at /keys/{key}/usage"));
    }
    house
        .look(by.org(), async |transaction| {
            let mesh = confined_to(transaction, by, mesh).await?;
            let (range, fresh) = range(house, transaction, wanted).await?;
            let sums = read::of_org(transaction, by.org(), mesh, &range).await?;
            let keys: Vec<_> = match range.by {
                By::Key => sums.items.iter().filter_map(|(name, _)| name.parse().ok()).collect(),
                _ => Vec::new(),
            };
            let labels = read::labels(transaction, by.org(), &keys).await?;
            Ok(Usage { range, sums, labels, fresh })
        })
        .await
}

/// What was counted of one key, if the caller covers it or is it.
pub async fn of_key(house: &House, by: &Admitted, id: KeyId, wanted: &Wanted) -> Result<Usage, Refusal> {
    house
        .look(by.org(), async |transaction| {
            seen(transaction, by, id).await?;
            if wanted.by == By::Key {
                return Err(Refusal::invalid("by", "it is one key that you ask about"));
            }
            let (range, fresh) = range(house, transaction, wanted).await?;
            let sums = read::of_key(transaction, by.org(), id, &range).await?;
            Ok(Usage { range, sums, labels: Vec::new(), fresh })
        })
        .await
}

/// What was denied to a key lately, the latest first, if the caller covers the key or is it.
pub async fn denials(house: &House, by: &Admitted, id: KeyId) -> Result<(Vec<Refused>, Freshness), Refusal> {
    house
        .look(by.org(), async |transaction| {
            seen(transaction, by, id).await?;
            let fresh = freshness(house, transaction).await?;
            Ok((read::denials(transaction, by.org(), id).await?, fresh))
        })
        .await
}

/// This process has written all that is older. The others write as often as this one: what is younger than an interval may be
/// with them.
async fn freshness(house: &House, transaction: &Transaction<'_>) -> Result<Freshness, Refusal> {
    let as_of = keys::clock(transaction).await?;
    Ok(Freshness { as_of, complete_to: as_of - house.uses.age() })
}

/// Counts are kept by the hour: from the hour on in which `since` is, up to the end of that in which `until` is.
async fn range(house: &House, transaction: &Transaction<'_>, wanted: &Wanted) -> Result<(Range, Freshness), Refusal> {
    let fresh = freshness(house, transaction).await?;
    let until = wanted.until.unwrap_or(fresh.as_of);
    let since = wanted.since.or_else(|| until.checked_sub(DEFAULT_SPAN)).unwrap_or(until);
    if since > until {
        return Err(Refusal::invalid("until", "`until` is before `since`"));
    }
    let (since, until) = (hour_begun(since), hour_ended(until));
    if since < hour_begun(fresh.as_of - KEPT) {
        return Err(Refusal::invalid("since", format!("counts are kept for {} days", KEPT.whole_days())));
    }
    let limit = if wanted.by.is_time() { ALL_HOURS } else { i64::try_from(wanted.limit.get()).unwrap_or(ALL_HOURS) };
    Ok((Range { since, until, by: wanted.by, limit }, fresh))
}
