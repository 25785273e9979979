//! How many keys there are of each kind that one looks at every week.

use super::{Admitted, House, Refusal, Wanted, collect, confine, is_listed};
use crate::{
    db::{
        keys::Dated,
        list::{self, Filter},
    },
    domain::{
        Capability,
        key::Status,
        page::Limit,
        standing::{SOON, UNUSED},
    },
};

/// How many keys are looked at for it, the newest first: whoever has more is told how many there are at least.
const MOST: i64 = 1000;

/// How many keys a person may see that are not revoked, and of which kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All of them.
    pub all: usize,
    /// Working, and ending soon.
    pub expiring: usize,
    /// Working, and not used for long.
    pub unused: usize,
    /// Without an end.
    pub never_ends: usize,
    /// With `admin`.
    pub admin: usize,
    /// With two secrets.
    pub rotating: usize,
    /// Whether there are more than were looked at.
    pub is_more: bool,
}

impl Counts {
    fn add(&mut self, Dated { key, now }: &Dated) {
        let (status, end) = (key.status(*now), key.terms.expires_at);
        let works = matches!(status, Status::Active | Status::Rotating);
        let heard_of = key.last_use.map_or(key.created_at, |used| used.at);
        self.all += 1;
        self.expiring += usize::from(works && end.is_some_and(|end| end < *now + SOON));
        self.unused += usize::from(works && heard_of < *now - UNUSED);
        self.never_ends += usize::from(end.is_none());
        self.admin += usize::from(key.terms.grant.capabilities.allows(&Capability::Admin));
        self.rotating += usize::from(status == Status::Rotating);
    }
}

/// Counts the keys that the person may see: those that a list shows, by the same rule.
pub async fn count(house: &House, by: &Admitted) -> Result<Counts, Refusal> {
    let living = Status::ALL.into_iter().filter(|status| *status != Status::Revoked).collect();
    let mut filter = Filter { status: Some(living), ..Filter::default() };
    confine(by, &mut filter);
    house
        .look(by.org(), async |transaction| {
            let sort = Wanted::default().sort;
            let rows = list::list(transaction, by.org(), &filter, sort, &sort.start(), MOST + 1).await?;
            let most = usize::try_from(MOST).unwrap_or(usize::MAX);
            let mut counts = Counts { is_more: rows.len() > most, ..Counts::default() };
            rows.iter().take(most).filter(|(one, _)| is_listed(by, &one.key)).for_each(|(one, _)| counts.add(one));
            Ok(counts)
        })
        .await
}

/// How many keys there are that are wanted, as far as a page goes, and whether there are more.
pub async fn how_many(house: &House, by: &Admitted, wanted: &Wanted) -> Result<(usize, bool), Refusal> {
    let mut filter = wanted.filter.clone();
    confine(by, &mut filter);
    let wanted = Wanted { limit: Limit::MOST, ..wanted.clone() };
    house
        .look(by.org(), async |transaction| {
            let (items, next) = collect(transaction, by, &wanted, &filter, wanted.sort.start()).await?;
            Ok((items.len(), next.is_some()))
        })
        .await
}
