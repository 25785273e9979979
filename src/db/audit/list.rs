//! Finding events by what one knows of them.
//!
//! An address is asked for as a range: `<<=` is an operator that may leak what it compares, and row-level security keeps
//! such from using an index. Every address that is stored is that of one host.

use std::net::IpAddr;

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::{Row, types::ToSql};

use super::read;
use crate::{
    db::{Error, queries, row},
    domain::{
        MeshId, OrgId,
        audit::{ActorId, Event},
        page::Limit,
    },
};

/// What passes the filter: the list, the export and the count ask the same.
macro_rules! filtered {
    ($what:literal, $range:literal, $end:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM audit_events
        WHERE org_id = $1
          AND ($2::uuid IS NULL OR mesh_id = $2)
          AND ($3::text IS NULL OR actor_kind = $3)
          AND ($4::uuid IS NULL OR actor_key = $4 OR actor_user = $4)
          AND ($5::text[] IS NULL OR action = ANY ($5))
          AND ($6::text IS NULL OR subject_id = $6)
          AND ($7::timestamptz IS NULL OR at >= $7)
          AND ($8::timestamptz IS NULL OR at < $8)
          AND ($9::inet IS NULL OR address >= $9)
          AND ($10::inet IS NULL OR address <= $10)
          AND ($11::text IS NULL OR request_id = $11)
          AND ",
            $range,
            $end
        )
    };
}

queries! {
    LIST = filtered!("*", "seq < $12", " ORDER BY seq DESC LIMIT $13");
    AFTER = filtered!("*", "seq > $12 AND seq <= $13", " ORDER BY seq ASC LIMIT $14");
    COUNT = concat!("SELECT count(*) FROM (", filtered!("1", "true", " LIMIT $12"), ") AS wanted");
}

/// Which events are wanted. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Filter {
    /// Of this mesh.
    pub mesh: Option<MeshId>,
    /// By an actor of this kind.
    pub actor_kind: Option<&'static str>,
    /// By this key or person.
    pub actor_id: Option<ActorId>,
    /// Of one of these kinds.
    pub actions: Option<Vec<&'static str>>,
    /// About this.
    pub subject: Option<String>,
    /// At this time or later.
    pub since: Option<OffsetDateTime>,
    /// Before this time.
    pub until: Option<OffsetDateTime>,
    /// From these addresses: the first and the last.
    pub addresses: Option<(IpAddr, IpAddr)>,
    /// Through this request.
    pub request_id: Option<String>,
}

type Value<'a> = &'a (dyn ToSql + Sync);

/// What the query says of the events that pass the filter and stand where `place` says: the values of `$12` and what follows.
async fn ask(
    db: &impl GenericClient,
    query: &str,
    (org, filter): (OrgId, &Filter),
    place: &[i64],
) -> Result<Vec<Row>, Error> {
    let query = db.prepare_cached(query).await?;
    let (org, mesh, actor) = (org.uuid(), filter.mesh.map(MeshId::uuid), filter.actor_id.map(ActorId::uuid));
    let (first, last) = filter.addresses.unzip();
    let filter: [Value<'_>; 11] = [
        &org,
        &mesh,
        &filter.actor_kind,
        &actor,
        &filter.actions,
        &filter.subject,
        &filter.since,
        &filter.until,
        &first,
        &last,
        &filter.request_id,
    ];
    let place = place.iter().map(|value| -> Value<'_> { value });
    let values: Vec<_> = filter.into_iter().chain(place).collect();
    Ok(db.query(&query, &values).await?)
}

/// The org's events before `seq`, the newest first.
pub async fn list(
    db: &impl GenericClient,
    org: OrgId,
    filter: &Filter,
    before: i64,
    limit: Limit,
) -> Result<Vec<Event>, Error> {
    ask(db, LIST, (org, filter), &[before, limit.and_one()]).await?.iter().map(read).collect()
}

/// The org's events behind `seq` and up to `last`, the oldest first, and at most so many.
pub async fn after(
    db: &impl GenericClient,
    org: OrgId,
    filter: &Filter,
    (seq, last): (i64, i64),
    most: i64,
) -> Result<Vec<Event>, Error> {
    ask(db, AFTER, (org, filter), &[seq, last, most]).await?.iter().map(read).collect()
}

/// How many events pass the filter: at most so many are counted.
pub async fn count(db: &impl GenericClient, org: OrgId, filter: &Filter, most: i64) -> Result<i64, Error> {
    let rows = ask(db, COUNT, (org, filter), &[most]).await?;
    rows.first().map_or(Ok(0), |row| row::get(row, "count"))
}
