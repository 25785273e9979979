//! Writing counts, in the operator's role. One process writes at a time: so the bounds hold, and nobody waits in a circle.
//!
//! Nothing is written of a key that is not there: a database that was restored knows less than who remembers.

use deadpool_postgres::{GenericClient, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    db::{Error, queries},
    domain::{
        KeyId, OrgId,
        usage::{Counted, Line, MOST_DENIALS, Origin, Refused, Tally, beginning},
    },
};

/// How many lines a key has in an hour; what is beyond is counted by its outcome alone.
const MOST_LINES: i64 = 200;
/// How many addresses.
const MOST_ORIGINS: i64 = 50;
/// How many rows are taken away at once.
const PAGE: i64 = 10_000;

queries! {
    /// And planned anew each time: a plan that was made for all batches when the tables were small reads all of them, for each row,
    /// when they are not.
    TURN = "
        SELECT pg_advisory_xact_lock(7017501000000002), set_config('plan_cache_mode', 'force_custom_plan', true)";
    LINES = "
        WITH given AS (
            SELECT g.org, g.key, g.hour, g.capability, g.topic, g.outcome, sum(g.count)::bigint AS count
            FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::bigint[])
                AS g (org, key, hour, capability, topic, outcome, count)
            JOIN api_keys k ON (k.org_id, k.id) = (g.org, g.key)
            GROUP BY 1, 2, 3, 4, 5, 6
        ), numbered AS (
            SELECT g.*, known.count IS NULL AND g.capability <> '*' AS is_new,
                   row_number() OVER (PARTITION BY g.key, g.hour, known.count IS NULL AND g.capability <> '*'
                                      ORDER BY g.capability, g.topic, g.outcome) AS nth
            FROM given g LEFT JOIN key_uses known
                ON (known.org_id, known.key_id, known.hour) = (g.org, g.key, g.hour)
               AND (known.capability, known.topic, known.outcome) = (g.capability, g.topic, g.outcome)
        ), there AS (
            SELECT u.key_id, u.hour, count(*) AS lines
            FROM (SELECT DISTINCT org, key, hour FROM given) d
            JOIN key_uses u ON (u.org_id, u.key_id, u.hour) = (d.org, d.key, d.hour) AND u.capability <> '*'
            GROUP BY 1, 2
        ), kept AS (
            SELECT n.*, n.is_new AND n.nth + coalesce(t.lines, 0) > $8 AS is_beyond
            FROM numbered n LEFT JOIN there t ON (t.key_id, t.hour) = (n.key, n.hour)
        )
        INSERT INTO key_uses AS u (org_id, key_id, hour, capability, topic, outcome, count)
        SELECT org, key, hour, CASE WHEN is_beyond THEN '*' ELSE capability END, CASE WHEN is_beyond THEN '*' ELSE topic END,
               outcome, sum(count)::bigint
        FROM kept
        GROUP BY 1, 2, 3, 4, 5, 6
        ORDER BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (org_id, key_id, hour, capability, topic, outcome) DO UPDATE SET count = u.count + excluded.count";
    ORIGINS = "
        WITH given AS (
            SELECT g.org, g.key, g.hour, g.address, sum(g.allowed)::bigint AS allowed, sum(g.denied)::bigint AS denied
            FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bigint[], $6::bigint[])
                AS g (org, key, hour, address, allowed, denied)
            JOIN api_keys k ON (k.org_id, k.id) = (g.org, g.key)
            GROUP BY 1, 2, 3, 4
        ), numbered AS (
            SELECT g.*, known.allowed IS NULL AND g.address <> '*' AS is_new,
                   row_number() OVER (PARTITION BY g.key, g.hour, known.allowed IS NULL AND g.address <> '*'
                                      ORDER BY g.address) AS nth
            FROM given g LEFT JOIN key_addresses known
                ON (known.org_id, known.key_id, known.hour, known.address) = (g.org, g.key, g.hour, g.address)
        ), there AS (
            SELECT a.key_id, a.hour, count(*) AS origins
            FROM (SELECT DISTINCT org, key, hour FROM given) d
            JOIN key_addresses a ON (a.org_id, a.key_id, a.hour) = (d.org, d.key, d.hour) AND a.address <> '*'
            GROUP BY 1, 2
        ), kept AS (
            SELECT n.*, n.is_new AND n.nth + coalesce(t.origins, 0) > $7 AS is_beyond
            FROM numbered n LEFT JOIN there t ON (t.key_id, t.hour) = (n.key, n.hour)
        )
        INSERT INTO key_addresses AS a (org_id, key_id, hour, address, allowed, denied)
        SELECT org, key, hour, CASE WHEN is_beyond THEN '*' ELSE address END, sum(allowed)::bigint, sum(denied)::bigint
        FROM kept
        GROUP BY 1, 2, 3, 4
        ORDER BY 1, 2, 3, 4
        ON CONFLICT (org_id, key_id, hour, address)
            DO UPDATE SET allowed = a.allowed + excluded.allowed, denied = a.denied + excluded.denied";
    DENIALS = "
        INSERT INTO key_denials AS d (org_id, key_id, door, code, capability, topic, address, first_at, at, count)
        SELECT g.org, g.key, g.door, g.code, g.capability, g.topic, g.address, min(g.first_at), max(g.at), sum(g.count)::bigint
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                    $8::timestamptz[], $9::timestamptz[], $10::bigint[])
            AS g (org, key, door, code, capability, topic, address, first_at, at, count)
        JOIN api_keys k ON (k.org_id, k.id) = (g.org, g.key)
        GROUP BY 1, 2, 3, 4, 5, 6, 7
        ORDER BY 1, 2, 3, 4, 5, 6, 7
        ON CONFLICT (org_id, key_id, door, code, capability, topic, address) DO UPDATE
            SET first_at = least(d.first_at, excluded.first_at), at = greatest(d.at, excluded.at), count = d.count + excluded.count";
    /// Only the latest denials of a key are kept.
    TRIM = "
        DELETE FROM key_denials WHERE ctid IN (
            SELECT place FROM (
                SELECT ctid AS place, row_number() OVER (PARTITION BY org_id, key_id ORDER BY at DESC, first_at DESC, ctid) AS nth
                FROM key_denials WHERE (org_id, key_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
            ) ranked WHERE nth > $3)";
    /// Org by org, since that is how the index of hours begins.
    FORGET_LINES = "
        DELETE FROM key_uses WHERE ctid = ANY (ARRAY(
            SELECT old.place FROM orgs o CROSS JOIN LATERAL (
                SELECT u.ctid AS place FROM key_uses u WHERE u.org_id = o.id AND u.hour < $1 LIMIT $2
            ) old LIMIT $2))";
    FORGET_ORIGINS = "
        DELETE FROM key_addresses WHERE ctid = ANY (ARRAY(
            SELECT old.place FROM orgs o CROSS JOIN LATERAL (
                SELECT a.ctid AS place FROM key_addresses a WHERE a.org_id = o.id AND a.hour < $1 LIMIT $2
            ) old LIMIT $2))";
    FORGET_DENIALS = "DELETE FROM key_denials WHERE ctid IN (SELECT ctid FROM key_denials WHERE at < $1 LIMIT $2)";
}

/// What was counted of a key.
pub type Of<'a> = (OrgId, KeyId, &'a Tally);

/// Adds these counts to those that are there: all of them, or none.
pub async fn add(db: &mut Object, counts: &[Of<'_>]) -> Result<(), Error> {
    let transaction = db.transaction().await?;
    let turn = transaction.prepare_cached(TURN).await?;
    transaction.execute(&turn, &[]).await?;
    lines(&transaction, &each(counts, |tally| &tally.lines)).await?;
    origins(&transaction, &each(counts, |tally| &tally.origins)).await?;
    denials(&transaction, &each(counts, |tally| &tally.denials)).await?;
    Ok(transaction.commit().await?)
}

type Each<'a, T> = Vec<(Uuid, Uuid, &'a T)>;

fn each<'a, T>(counts: &[Of<'a>], of: impl Fn(&'a Tally) -> &'a Vec<T>) -> Each<'a, T> {
    let one = |(org, key, tally): &Of<'a>| {
        let (org, key) = (org.uuid(), key.uuid());
        of(tally).iter().map(move |item| (org, key, item))
    };
    counts.iter().flat_map(one).collect()
}

/// One column of what is written.
fn column<T, C>(rows: &Each<'_, T>, of: impl Fn(&T) -> C) -> Vec<C> {
    rows.iter().map(|(_, _, item)| of(item)).collect()
}

fn owners<T>(rows: &Each<'_, T>) -> (Vec<Uuid>, Vec<Uuid>) {
    rows.iter().map(|(org, key, _)| (*org, *key)).unzip()
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

async fn lines(db: &impl GenericClient, rows: &Each<'_, Line>) -> Result<(), Error> {
    let (orgs, keys) = owners(rows);
    let hours = column(rows, |line| beginning(line.hour));
    let (capabilities, topics) = (column(rows, |line| line.capability.text()), column(rows, |line| line.topic.text()));
    let (outcomes, counts) = (column(rows, |line| line.outcome), column(rows, |line| signed(line.count)));
    let statement = db.prepare_cached(LINES).await?;
    db.execute(&statement, &[&orgs, &keys, &hours, &capabilities, &topics, &outcomes, &counts, &MOST_LINES]).await?;
    Ok(())
}

async fn origins(db: &impl GenericClient, rows: &Each<'_, Origin>) -> Result<(), Error> {
    let (orgs, keys) = owners(rows);
    let hours = column(rows, |origin| beginning(origin.hour));
    let addresses = column(rows, |origin| origin.address.text());
    let (allowed, denied) =
        (column(rows, |origin| signed(origin.allowed)), column(rows, |origin| signed(origin.denied)));
    let statement = db.prepare_cached(ORIGINS).await?;
    db.execute(&statement, &[&orgs, &keys, &hours, &addresses, &allowed, &denied, &MOST_ORIGINS]).await?;
    Ok(())
}

async fn denials(db: &impl GenericClient, rows: &Each<'_, Refused>) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let (orgs, keys) = owners(rows);
    let (doors, codes) = (column(rows, |one| one.door.name()), column(rows, |one| one.code));
    let capabilities = column(rows, |one| Counted::from(one.capability.as_ref()).text());
    let topics = column(rows, |one| Counted::from(one.topic.as_ref()).text());
    let addresses = column(rows, |one| Counted::from(one.address).text());
    let (firsts, lasts) = (column(rows, |one| one.first_at), column(rows, |one| one.at));
    let counts = column(rows, |one| signed(one.count));
    let statement = db.prepare_cached(DENIALS).await?;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 10] =
        [&orgs, &keys, &doors, &codes, &capabilities, &topics, &addresses, &firsts, &lasts, &counts];
    db.execute(&statement, &values).await?;
    let statement = db.prepare_cached(TRIM).await?;
    db.execute(&statement, &[&orgs, &keys, &i64::try_from(MOST_DENIALS).unwrap_or(i64::MAX)]).await?;
    Ok(())
}

/// Takes away what is older; not more than a page of each kind. Tells whether there may be more.
pub async fn forget(db: &impl GenericClient, before: OffsetDateTime) -> Result<bool, Error> {
    let mut is_more = false;
    for query in [FORGET_LINES, FORGET_ORIGINS, FORGET_DENIALS] {
        let statement = db.prepare_cached(query).await?;
        let gone = db.execute(&statement, &[&before, &PAGE]).await?;
        is_more |= i64::try_from(gone).is_ok_and(|gone| gone >= PAGE);
    }
    Ok(is_more)
}
