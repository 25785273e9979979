//! What an operator does, with a shell on the host: make the first org, make others, suspend them. Written down as `local`.

use time::{Duration, OffsetDateTime};

use super::{
    Conflict, Done, House, Refusal,
    founding::{self, Founding, Place},
    house::record,
    issue::{self, Issued},
    people::Author,
    record::changed,
    setup,
};
use crate::{
    db::{
        self, Transaction,
        fresh::feed::{self, Kind},
        keys::{self, NewKey},
        orgs,
    },
    domain::{
        AddressList, Capability, CapabilitySet, Grant, Label, Org, OrgId, Owner, Slug, Terms, TopicScope,
        audit::{Action, Actor, Change, Trail},
    },
};

/// Proof that the caller has a shell on the host: only the command line makes one.
#[derive(Debug)]
pub struct Operator(());

impl Operator {
    /// Who started this program on the host is an operator. Never to be called for a request.
    #[must_use]
    pub const fn on_this_host() -> Self {
        Self(())
    }
}

/// The label of the first key of an org.
const FIRST_KEY: &str = "first admin key";
/// The label of a key that an operator makes for who has lost the first.
const RESCUE_KEY: &str = "admin key made on the host";

/// What was founded on the host.
pub struct Founded {
    /// The org, with all that belongs to it.
    pub place: Place,
    /// The org's first admin key, which never ends.
    pub key: Issued,
}

/// Makes the first org of the installation. Nothing if there is one already.
pub async fn found_first(house: &House, operator: &Operator, wish: &Founding) -> Result<Option<Founded>, Refusal> {
    setup::first(house, async |transaction| found_within(house, operator, transaction, wish).await).await
}

/// Makes an org with its first admin key, and perhaps a mesh and topics.
pub async fn found(house: &House, operator: &Operator, wish: &Founding) -> Result<Founded, Refusal> {
    let mut client = house.store.operator().await?;
    let transaction = client.transaction().await.map_err(db::Error::from)?;
    orgs::lock_founding(&transaction).await?;
    let founded = found_within(house, operator, &transaction, wish).await?;
    transaction.commit().await.map_err(db::Error::from)?;
    Ok(founded)
}

async fn found_within(
    house: &House,
    _: &Operator,
    transaction: &Transaction<'_>,
    wish: &Founding,
) -> Result<Founded, Refusal> {
    let author = Author { actor: Actor::Local, trail: &Trail::default() };
    let place = founding::found(transaction, &author, wish).await?;
    let key = admin_key(house, transaction, place.org.id, FIRST_KEY, None).await?;
    Ok(Founded { place, key })
}

async fn write(transaction: &Transaction<'_>, org: OrgId, change: Change) -> Result<(), Refusal> {
    record(transaction, org, Actor::Local, &Trail::default(), change).await
}

async fn admin_key(
    house: &House,
    transaction: &Transaction<'_>,
    org: OrgId,
    label: &'static str,
    expires_at: Option<OffsetDateTime>,
) -> Result<Issued, Refusal> {
    let impossible = "the terms of an admin key are legal";
    let label: Label = label.parse().map_err(|_| Refusal::Impossible(impossible))?;
    let capabilities = CapabilitySet::new([Capability::Admin]).map_err(|_| Refusal::Impossible(impossible))?;
    let grant = Grant { owner: Owner::Org(org), capabilities, topics: TopicScope::Everywhere };
    let terms = Terms { grant, addresses: AddressList::Anywhere, expires_at, rate: None };
    issue::make(house, transaction, NewKey { label, note: None, terms, user: None }, Actor::Local, &Trail::default())
        .await
}

/// Makes another admin key of an org, for who has lost the first. Without a life it never ends.
pub async fn rescue(house: &House, _: &Operator, slug: &Slug, life: Option<Duration>) -> Result<Issued, Refusal> {
    let mut client = house.store.operator().await?;
    let transaction = client.transaction().await.map_err(db::Error::from)?;
    let org = orgs::find(&transaction, slug).await?.ok_or(Refusal::NotFound)?.id;
    let now = keys::clock(&transaction).await?;
    let end = life.map(|life| now.saturating_add(life));
    let key = admin_key(house, &transaction, org, RESCUE_KEY, end).await?;
    transaction.commit().await.map_err(db::Error::from)?;
    Ok(key)
}

/// Every org of the installation, by slug.
pub async fn list(house: &House, _: &Operator) -> Result<Vec<Org>, Refusal> {
    Ok(orgs::list(&house.store.operator().await?).await?)
}

/// Suspends an org, so that its keys are denied at once; or ends that. Answers when it holds everywhere.
pub async fn suspend(house: &House, _: &Operator, slug: &Slug, suspended: bool) -> Result<Done<Org>, Refusal> {
    let mut client = house.store.operator().await?;
    let transaction = client.transaction().await.map_err(db::Error::from)?;
    let id = orgs::find(&transaction, slug).await?.ok_or(Refusal::NotFound)?.id;
    let before = orgs::lock(&transaction, id).await?.ok_or(Refusal::NotFound)?;
    match (before.suspended_at.is_some(), suspended) {
        (true, true) => {
            // By one, perhaps, who could not wait until it held everywhere.
            let change = feed::tell(&transaction, Kind::Org, id.uuid()).await?;
            transaction.commit().await.map_err(db::Error::from)?;
            return Err(Refusal::AlreadySo(Conflict::AlreadySuspended, house.hold(change).await?));
        }
        (false, false) => return Err(Conflict::NotSuspended.into()),
        _ => {}
    }
    let after = orgs::suspend(&transaction, id, suspended).await?;
    let action = if suspended { Action::OrgSuspended } else { Action::OrgResumed };
    write(&transaction, id, changed(action, &before, &after)).await?;
    let change = feed::here(&transaction).await?;
    transaction.commit().await.map_err(db::Error::from)?;
    let settled = if suspended { Some(house.hold(change).await?) } else { house.courteously(Some(change)).await };
    Ok(Done { value: after, settled })
}
