//! Keys as people look at them: with what each was used for in the last day, and what those are called that it names. The keys are
//! those of [`super::keys::list`], by the same rule.

use std::collections::HashMap;

use time::{Duration, OffsetDateTime};

use super::{
    Admitted, House, Refusal,
    keys::{self, Wanted, collect, is_listed, listed},
};
use crate::{
    db::{
        Transaction, called,
        counts::read::{self, Sum},
        keys::{self as rows, Dated},
        list::{Filter, Sort},
    },
    domain::{
        Capability, Key, KeyId, Label, MeshId, Slug, Title, UserId,
        key::Status,
        page::{Limit, Page},
        usage::hour_ended,
    },
};

mod counts;
mod find;

pub use counts::{Counts, count};
pub use find::{Found, find};

/// How many hours a day has: that many sums are told of each key.
pub const HOURS: usize = 24;

/// A page of keys.
#[derive(Debug)]
pub struct Listing {
    /// The keys.
    pub page: Page<Dated>,
    /// What each of them was used for, hour by hour, the last of which has not ended. Of a key that was not used there is nothing.
    pub day: HashMap<KeyId, [Sum; HOURS]>,
    /// What those are called that they name.
    pub names: Names,
    /// The clock of the database.
    pub now: OffsetDateTime,
}

/// What people, keys and meshes are called.
#[derive(Debug, Default)]
pub struct Names {
    /// People.
    pub people: HashMap<UserId, Title>,
    /// Keys that the caller may see.
    pub keys: HashMap<KeyId, Label>,
    /// Meshes.
    pub meshes: HashMap<MeshId, Slug>,
}

impl Listing {
    /// What a key was used for in the last day, all in all.
    #[must_use]
    pub fn total(&self, key: KeyId) -> Sum {
        self.day.get(&key).map_or_else(Sum::default, |hours| sum(hours))
    }
}

/// All of them.
#[must_use]
pub fn sum(hours: &[Sum]) -> Sum {
    let (allowed, denied) =
        hours.iter().fold((0, 0), |(allowed, denied), hour| (allowed + hour.allowed, denied + hour.denied));
    Sum { allowed, denied }
}

/// The keys that the person may see and that are wanted.
pub async fn list(house: &House, by: &Admitted, wanted: &Wanted) -> Result<Listing, Refusal> {
    let mut wanted = wanted.clone();
    confine(by, &mut wanted.filter)?;
    house
        .look(by.org(), async |transaction| {
            let page = listed(transaction, by, &wanted).await?;
            told(transaction, by, page).await
        })
        .await
}

/// The keys that end from one time on and before another, the first to end first. None that are revoked.
pub async fn ending(
    house: &House,
    by: &Admitted,
    since: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Listing, Refusal> {
    let status = Status::ALL.into_iter().filter(|status| *status != Status::Revoked).collect();
    let mut filter = Filter { status: Some(status), expires_before: Some(until), ..Filter::default() };
    confine(by, &mut filter)?;
    filter.mesh = by.rights().mesh().filter(|_| filter.user.is_none());
    let wanted = Wanted { sort: Sort::End, limit: Limit::MOST, ..Wanted::default() };
    house
        .look(by.org(), async |transaction| {
            let (items, next) = collect(transaction, by, &wanted, &filter, Sort::ending_from(since)).await?;
            told(transaction, by, Page { items, next: next.map(|_| String::new()) }).await
        })
        .await
}

/// These keys, as far as the person may see them, in the order of their ids.
pub async fn chosen(house: &House, by: &Admitted, ids: &[KeyId]) -> Result<Listing, Refusal> {
    house
        .look(by.org(), async |transaction| {
            let mut items = rows::many(transaction, by.org(), ids).await?;
            items.retain(|one| is_listed(by, &one.key));
            told(transaction, by, Page { items, next: None }).await
        })
        .await
}

/// Who is no admin anywhere has no keys to see but its own, wherever these are: nobody looks for them among all others.
fn confine(by: &Admitted, filter: &mut Filter) -> Result<(), Refusal> {
    let person = by.person().ok_or(Refusal::NoPerson)?;
    if !by.rights().allows(&Capability::Admin) {
        filter.user = Some(person.user);
    }
    Ok(())
}

async fn told(transaction: &Transaction<'_>, by: &Admitted, page: Page<Dated>) -> Result<Listing, Refusal> {
    let now = rows::clock(transaction).await?;
    let ids: Vec<KeyId> = page.items.iter().map(|one| one.key.id).collect();
    let names = names(transaction, by, &page.items).await?;
    let (until, mut day) = (hour_ended(now), HashMap::new());
    let since = until - Duration::DAY;
    for (key, hour, sum) in read::of_keys(transaction, by.org(), &ids, since, until).await? {
        let at = usize::try_from((hour - since).whole_hours()).unwrap_or(HOURS);
        if let Some(place) = day.entry(key).or_insert([Sum::default(); HOURS]).get_mut(at) {
            *place = sum;
        }
    }
    Ok(Listing { page, day, names, now })
}

/// What those are called that these keys name. A key that issued one and that the person may not see has no name here.
async fn names(transaction: &Transaction<'_>, by: &Admitted, keys: &[Dated]) -> Result<Names, Refusal> {
    let keys = || keys.iter().map(|one| &one.key);
    let people: Vec<UserId> = keys().flat_map(|key| key.user.into_iter().chain(key.issued_by.user())).collect();
    let meshes: Vec<MeshId> = keys().filter_map(|key| key.terms.grant.owner.mesh()).collect();
    let issuers: Vec<KeyId> = keys().filter_map(|key| key.issued_by.key()).collect();
    let issuers = rows::many(transaction, by.org(), &issuers).await?;
    let seen = issuers.into_iter().filter(|one| is_listed(by, &one.key));
    Ok(Names {
        people: called::people(transaction, by.org(), &people).await?,
        keys: seen.map(|Dated { key: Key { id, label, .. }, .. }| (id, label)).collect(),
        meshes: called::meshes(transaction, by.org(), &meshes).await?,
    })
}
