//! Reading counts.

use std::{borrow::Cow, net::IpAddr};

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use crate::{
    db::{
        Error, queries,
        row::{corrupt, get, parsed},
    },
    domain::{Capability, KeyId, Label, MeshId, OrgId, TopicName, usage, usage::By},
};

/// By what the lines are told apart: the last value of the query names it.
macro_rules! of_lines {
    ($of:literal, $by:literal, $since:literal, $until:literal, $limit:literal) => {
        concat!(
            "
        SELECT name, allowed, denied, (sum(allowed) OVER ())::bigint AS all_allowed, (sum(denied) OVER ())::bigint AS all_denied
        FROM (
            SELECT CASE ", $by, "::text
                       WHEN 'hour' THEN to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
                       WHEN 'day' THEN to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD')
                       WHEN 'key' THEN key_id::text
                       WHEN 'capability' THEN capability
                       WHEN 'topic' THEN topic
                       ELSE outcome
                   END AS name,
                   coalesce(sum(count) FILTER (WHERE outcome = 'ok'), 0)::bigint AS allowed,
                   coalesce(sum(count) FILTER (WHERE outcome <> 'ok'), 0)::bigint AS denied
            FROM key_uses
            WHERE ", $of, " AND hour >= ", $since, " AND hour < ", $until, "
            GROUP BY 1
        ) counted
        ORDER BY CASE WHEN ", $by, " IN ('hour', 'day') THEN name END, allowed + denied DESC, name
        LIMIT ", $limit
        )
    };
}

queries! {
    OF_ORG = of_lines!(
        "org_id = $1 AND ($2::uuid IS NULL OR key_id IN (SELECT k.id FROM api_keys k WHERE k.org_id = $1 AND k.mesh_id = $2))",
        "$5", "$3", "$4", "$6"
    );
    OF_KEY = of_lines!("org_id = $1 AND key_id = $2", "$5", "$3", "$4", "$6");
    ORIGINS_OF_KEY = "
        SELECT name, allowed, denied, (sum(allowed) OVER ())::bigint AS all_allowed, (sum(denied) OVER ())::bigint AS all_denied
        FROM (
            SELECT address AS name, sum(allowed)::bigint AS allowed, sum(denied)::bigint AS denied
            FROM key_addresses
            WHERE org_id = $1 AND key_id = $2 AND hour >= $3 AND hour < $4
            GROUP BY 1
        ) counted
        ORDER BY allowed + denied DESC, name
        LIMIT $5";
    OF_KEYS = "
        SELECT key_id, hour, coalesce(sum(count) FILTER (WHERE outcome = 'ok'), 0)::bigint AS allowed,
               coalesce(sum(count) FILTER (WHERE outcome <> 'ok'), 0)::bigint AS denied
        FROM key_uses
        WHERE org_id = $1 AND key_id = ANY ($2) AND hour >= $3 AND hour < $4
        GROUP BY key_id, hour";
    LABELS = "SELECT id, label FROM api_keys WHERE org_id = $1 AND id = ANY ($2)";
    DENIALS = "SELECT * FROM key_denials WHERE org_id = $1 AND key_id = $2 ORDER BY at DESC, first_at DESC, door, code";
}

/// From when on, until when, by what, and how many.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// From this hour on.
    pub since: OffsetDateTime,
    /// Before this hour.
    pub until: OffsetDateTime,
    /// By what they are told apart.
    pub by: By,
    /// How many at most.
    pub limit: i64,
}

/// How often something was allowed, and how often it was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Sum {
    /// Allowed.
    pub allowed: i64,
    /// Denied.
    pub denied: i64,
}

/// Counts, each under its name, and the sum of them and of all that there was no room for.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// Each by its name.
    pub items: Vec<(String, Sum)>,
    /// All of it.
    pub total: Sum,
}

/// What was denied, once or again and again.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Where.
    pub door: String,
    /// Why, as a code.
    pub code: String,
    /// The denial in words; none where another version of the service knows what it is.
    pub detail: Option<Cow<'static, str>>,
    /// What was wanted, if anything was said.
    pub capability: Option<Capability>,
    /// On which topic.
    pub topic: Option<TopicName>,
    /// From where, if that is known.
    pub address: Option<IpAddr>,
    /// When for the first time.
    pub first_at: OffsetDateTime,
    /// When for the last time.
    pub at: OffsetDateTime,
    /// How often.
    pub count: i64,
}

/// What was counted of all keys of an org, or of one of its meshes.
pub async fn of_org(db: &impl GenericClient, org: OrgId, mesh: Option<MeshId>, range: &Range) -> Result<Sums, Error> {
    let Range { since, until, by, limit } = range;
    ask(db, OF_ORG, &[&org.uuid(), &mesh.map(MeshId::uuid), since, until, &by.name(), limit]).await
}

/// What was counted of a key.
pub async fn of_key(db: &impl GenericClient, org: OrgId, key: KeyId, range: &Range) -> Result<Sums, Error> {
    let Range { since, until, by, limit } = range;
    if *by == By::Address {
        return ask(db, ORIGINS_OF_KEY, &[&org.uuid(), &key.uuid(), since, until, limit]).await;
    }
    ask(db, OF_KEY, &[&org.uuid(), &key.uuid(), since, until, &by.name(), limit]).await
}

/// What was counted of each of these keys, hour by hour, from one time on and until another.
pub async fn of_keys(
    db: &impl GenericClient,
    org: OrgId,
    keys: &[KeyId],
    since: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<(KeyId, OffsetDateTime, Sum)>, Error> {
    let statement = db.prepare_cached(OF_KEYS).await?;
    let keys: Vec<Uuid> = keys.iter().map(|key| key.uuid()).collect();
    let rows = db.query(&statement, &[&org.uuid(), &keys, &since, &until]).await?;
    let read = |row: &Row| {
        let sum = Sum { allowed: get(row, "allowed")?, denied: get(row, "denied")? };
        Ok((get::<Uuid>(row, "key_id")?.into(), get(row, "hour")?, sum))
    };
    rows.iter().map(read).collect()
}

async fn ask(db: &impl GenericClient, query: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Sums, Error> {
    let statement = db.prepare_cached(query).await?;
    let rows = db.query(&statement, values).await?;
    let sum =
        |row: &Row, allowed, denied| Ok::<_, Error>(Sum { allowed: get(row, allowed)?, denied: get(row, denied)? });
    let total = rows.first().map(|row| sum(row, "all_allowed", "all_denied")).transpose()?.unwrap_or_default();
    let item = |row: &Row| Ok((get(row, "name")?, sum(row, "allowed", "denied")?));
    Ok(Sums { items: rows.iter().map(item).collect::<Result<_, Error>>()?, total })
}

/// What people call these keys.
pub async fn labels(db: &impl GenericClient, org: OrgId, keys: &[Uuid]) -> Result<Vec<(KeyId, Label)>, Error> {
    let statement = db.prepare_cached(LABELS).await?;
    let rows = db.query(&statement, &[&org.uuid(), &keys]).await?;
    rows.iter().map(|row| Ok((get::<Uuid>(row, "id")?.into(), parsed(row, "label")?))).collect()
}

/// What was denied to a key lately, the latest first.
pub async fn denials(db: &impl GenericClient, org: OrgId, key: KeyId) -> Result<Vec<Refused>, Error> {
    let statement = db.prepare_cached(DENIALS).await?;
    let rows = db.query(&statement, &[&org.uuid(), &key.uuid()]).await?;
    rows.iter().map(refused).collect()
}

fn refused(row: &Row) -> Result<Refused, Error> {
    let named = |column| Ok::<_, Error>(get::<Option<&str>>(row, column)?.filter(|text| !text.is_empty()));
    let capability: Option<Capability> = named("capability")?.map(str::parse).transpose().map_err(corrupt)?;
    let topic: Option<TopicName> = named("topic")?.map(str::parse).transpose().map_err(corrupt)?;
    let address = named("address")?.map(str::parse).transpose().map_err(corrupt)?;
    let code: String = get(row, "code")?;
    let detail = usage::in_words(&code, capability.clone(), topic.clone());
    let (first_at, at, count) = (get(row, "first_at")?, get(row, "at")?, get(row, "count")?);
    Ok(Refused { door: get(row, "door")?, code, detail, capability, topic, address, first_at, at, count })
}
