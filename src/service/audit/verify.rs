//! Prove a chain: followed from its beginning to the end that its head names, as of one instant.

use std::time::Duration;

use deadpool_postgres::GenericClient;
use serde::Serialize;
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::{
    db::{
        self,
        audit::{retain, walk},
        keys, orgs,
        store::{self, begin_snapshot},
    },
    domain::{
        Org, OrgId, Slug,
        audit::{Report, Start, Walk},
    },
    service::{Admitted, House, Refusal, authority, operator::Operator, patience::in_time},
};

/// How long a request may take to prove a chain. On the host there is no such bound.
pub const LONGEST: Duration = Duration::from_mins(1);

/// What was proved, and when.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// What the walk has shown.
    #[serde(flatten)]
    pub report: Report,
    /// As of when; none where nothing but files was looked at.
    #[serde(with = "time::serde::rfc3339::option")]
    pub as_of: Option<OffsetDateTime>,
}

/// The caller's org's chain.
pub async fn verify(house: &House, by: &Admitted) -> Result<Proof, Refusal> {
    let org = by.org();
    let (_turn, mut client) =
        in_time::<_, Refusal>(async { Ok((house.walks.take(org).await?, house.store.walker().await?)) }).await?;
    let prove = async {
        let snapshot = begin_snapshot(client.connection()?, org).await?;
        let proof = prove(&snapshot, org).await?;
        snapshot.commit().await?;
        Ok::<_, db::Error>(proof)
    };
    let proof = timeout(LONGEST, prove).await.map_err(|_| Refusal::TooLong)??;
    client.give_back();
    house.look(org, async |transaction| authority::again(transaction, by).await).await?;
    Ok(proof)
}

/// The chains of every org, or of the one that is named, each told as soon as it is known.
pub async fn verify_on_host(
    house: &House,
    by: &Operator,
    named: Option<&Slug>,
    mut tell: impl FnMut(&Org, &Proof),
) -> Result<(), Refusal> {
    let client = house.store.operator().await?;
    let orgs = match named {
        Some(slug) => vec![orgs::find(&client, slug).await?.ok_or(Refusal::NotFound)?],
        None => orgs::list(&client).await?,
    };
    drop(client);
    for org in orgs {
        tell(&org, &verify_one(house, by, org.id).await?);
    }
    Ok(())
}

/// The chain of one org, for as long as it takes.
pub async fn verify_one(house: &House, _: &Operator, org: OrgId) -> Result<Proof, Refusal> {
    let mut client = house.store.operator().await?;
    let snapshot = store::snapshot(&mut client).await?;
    Ok(prove(&snapshot, org).await?)
}

async fn prove(snapshot: &impl GenericClient, org: OrgId) -> Result<Proof, db::Error> {
    let as_of = Some(keys::clock(snapshot).await?);
    let mut chain = Walk::new(Start::After(retain::checkpoint(snapshot, org).await?));
    let mut seq = i64::MIN;
    loop {
        let stored = walk::stored_after(snapshot, org, seq).await?;
        let Some((last, _)) = stored.last() else { break };
        seq = last.seq;
        for (event, canonical) in &stored {
            chain.step(event, canonical);
        }
    }
    Ok(Proof { report: chain.report(Some(walk::end(snapshot, org).await?)), as_of })
}
