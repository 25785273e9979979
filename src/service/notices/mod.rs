//! Who has keys that end soon hears of it: so many days before, on the day before and on the day itself, all that a person is told of
//! on one day in one mail. A key is told of once for each of these days.
//!
//! Who is told what is written down in one transaction, with the mails and calls that wait, and only then is anything sent. A key of
//! whose end somebody is to hear who was told something that day already waits for the next day.

mod hook;
mod letter;
pub(super) mod mail;
mod wants;
mod whom;

pub use wants::{hears_of_ends, set_hears_of_ends};

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use tracing::info;
use uuid::Uuid;

use self::whom::People;
use super::{House, patience::in_time};
use crate::{
    db::{
        Error, Transaction,
        ends::{self, Due},
        webhooks::calls,
    },
    domain::{OrgId, UserId},
};

/// How many days before a key's end somebody hears of it. The last is the day on which it ends.
pub const STEPS: [i32; 5] = [30, 14, 7, 1, 0];
/// How many keys are told of at once. What is beyond waits for the next look, or for the next day.
const MOST: i64 = 20_000;
/// How many of them one mail names.
const MOST_NAMED: usize = 100;

/// Looks for keys that end soon, and writes down who is told of which. Answers of how many.
pub async fn look(house: &House) -> Result<usize, Error> {
    let work = house.store.operate(async |operator| {
        let transaction = operator.transaction().await?;
        let told = tell(&transaction, house.mail.is_on(), house.mail.url()).await?;
        transaction.commit().await?;
        Ok::<_, Error>(told)
    });
    let told = in_time(work).await?;
    if told > 0 {
        info!(keys = told, "it is told that keys end soon");
        house.mail.wake();
        house.webhooks.wake();
    }
    Ok(told)
}

async fn tell(transaction: &Transaction<'_>, is_mailed: bool, url: &str) -> Result<usize, Error> {
    if !ends::take_turn(transaction).await? {
        return Ok(0);
    }
    let due = ends::due(transaction, &STEPS, is_mailed, MOST).await?;
    let Some(today) = due.first().map(|first| first.today) else { return Ok(0) };
    let people = People::read(transaction, due.iter().map(|due| due.parties)).await?;
    let whom = |due: &Due| if is_mailed { people.whom(due.parties) } else { Vec::new() };
    let with_whom: Vec<(&Due, Vec<UserId>)> = due.iter().map(|due| (due, whom(due))).collect();
    let everybody: BTreeSet<Uuid> = with_whom.iter().flat_map(|(_, whom)| whom).map(|user| user.uuid()).collect();
    let everybody: Vec<Uuid> = everybody.into_iter().collect();
    let heard = ends::mail::heard(transaction, &everybody, today).await?;
    let deaf = ends::mail::deaf(transaction, &everybody).await?;
    let orgs: BTreeSet<Uuid> = due.iter().map(|due| due.parties.owner.org().uuid()).collect();
    let orgs: Vec<Uuid> = orgs.into_iter().collect();
    let hearing = calls::hearing(transaction, &orgs, today).await?;
    let waits = |due: &Due, whom: &[UserId]| {
        whom.iter().any(|user| heard.contains(user))
            || hearing.iter().any(|hearing| hearing.heard && hearing.org == due.parties.owner.org())
    };
    let (mut told, mut mails) = (Vec::new(), BTreeMap::<UserId, Vec<Uuid>>::new());
    let mut of_orgs = BTreeMap::<OrgId, Vec<Uuid>>::new();
    for (due, whom) in with_whom.iter().filter(|(due, whom)| !waits(due, whom)) {
        told.push(*due);
        of_orgs.entry(due.parties.owner.org()).or_default().push(due.key.uuid());
        for user in whom.iter().filter(|user| !deaf.contains(user)) {
            mails.entry(*user).or_default().push(due.key.uuid());
        }
    }
    ends::told(transaction, &told).await?;
    queue_mails(transaction, &mails, today).await?;
    hook::queue(transaction, &hearing, &of_orgs, today, url).await?;
    Ok(told.len())
}

async fn queue_mails(
    transaction: &Transaction<'_>,
    mails: &BTreeMap<UserId, Vec<Uuid>>,
    today: OffsetDateTime,
) -> Result<(), Error> {
    for (user, keys) in mails {
        let named = &keys[..keys.len().min(MOST_NAMED)];
        let more = i32::try_from(keys.len() - named.len()).unwrap_or(i32::MAX);
        ends::mail::queue(transaction, *user, today, named, more).await?;
    }
    Ok(())
}
