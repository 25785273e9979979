//! Keys as people look at them: with what each was used for in the last day, and what those are called that it names. The keys are
//! those of [`super::keys::list`], by the same rule.

use std::collections::HashMap;

use time::{Duration, OffsetDateTime};

use super::{
    Admitted, House, Refusal,
    keys::{Wanted, collect, confine, is_listed, listed},
    names::{self, Names},
};
use crate::{
    db::{
        Transaction,
        counts::read::{self, Sum},
        keys::{self as rows, Dated},
        list::{Filter, Sort},
        policies,
    },
    domain::{
        KeyId, MeshId,
        audit::{Actor, ActorId},
        key::Status,
        page::{Limit, Page},
        policy::Rule,
        usage::hour_ended,
    },
};

mod counts;
mod find;

pub use counts::{Counts, count, how_many};
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
    /// The rules of the policies with which live ones of them do not comply.
    pub breaches: HashMap<KeyId, Vec<Rule>>,
    /// The clock of the database.
    pub now: OffsetDateTime,
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
    house
        .look(by.org(), async |transaction| {
            let page = listed(transaction, by, wanted).await?;
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
    confine(by, &mut filter);
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

async fn told(transaction: &Transaction<'_>, by: &Admitted, page: Page<Dated>) -> Result<Listing, Refusal> {
    let now = rows::clock(transaction).await?;
    let ids: Vec<KeyId> = page.items.iter().map(|one| one.key.id).collect();
    let names = named(transaction, by, &page.items).await?;
    let breaches = policies::broken_of(transaction, by.org(), &ids).await?.into_iter().collect();
    let (until, mut day) = (hour_ended(now), HashMap::new());
    let since = until - Duration::DAY;
    for (key, hour, sum) in read::of_keys(transaction, by.org(), &ids, since, until).await? {
        let at = usize::try_from((hour - since).whole_hours()).unwrap_or(HOURS);
        if let Some(place) = day.entry(key).or_insert([Sum::default(); HOURS]).get_mut(at) {
            *place = sum;
        }
    }
    Ok(Listing { page, day, names, breaches, now })
}

/// What those are called that these keys name. A key that issued one and that the person may not see has no name here.
async fn named(transaction: &Transaction<'_>, by: &Admitted, keys: &[Dated]) -> Result<Names, Refusal> {
    let keys = || keys.iter().map(|one| &one.key);
    let of: Vec<ActorId> = keys()
        .flat_map(|key| [key.user.map(Actor::User), Some(key.issued_by)])
        .filter_map(|actor| actor.and_then(Actor::id))
        .collect();
    let meshes: Vec<MeshId> = keys().filter_map(|key| key.terms.grant.owner.mesh()).collect();
    names::named(transaction, by, &of, &meshes).await
}
