//! Keys that end soon, and of which of them somebody has to be told. Takes the operator's role.

pub mod mail;

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Error, queries, row};
use crate::domain::{KeyId, Label, Membership, MeshId, OrgId, Owner, Slug, UserId};

/// When a key ends, as the index by ends has it.
macro_rules! end {
    () => {
        "(CASE WHEN k.expires_at IS NULL THEN '9999-12-31T00:00:00Z'::timestamptz ELSE k.expires_at END)"
    };
}

/// Whom a key concerns.
macro_rules! parties {
    () => {
        "k.org_id, k.mesh_id, k.user_id,
         coalesce(k.issued_by_user, (SELECT i.user_id FROM api_keys i WHERE i.org_id = k.org_id AND i.id = k.issued_by_key))
             AS issuer"
    };
}

queries! {
    /// One process at a time says who is told what. And planned anew each time, see `counts::write`.
    TURN = "
        SELECT pg_try_advisory_xact_lock(7017501000000003) AS is_ours,
               set_config('plan_cache_mode', 'force_custom_plan', true)";
    /// Live keys in orgs and meshes that are at work, with the last of the steps $1 (days before the end) whose day has come, in UTC,
    /// if nobody was told of it yet. Not of a step whose day had come when the key was given this end; nor that a key has ended
    /// which was there for less than a day; nor of what ended a week ago. $2: whether there is anybody to tell but the orgs'
    /// webhooks.
    DUE = concat!(
        "WITH now AS (SELECT date_trunc('day', clock_timestamp(), 'UTC') AS today),
              clock AS (SELECT today, today - interval '168 hours' AS since, today + interval '744 hours' AS until FROM now)
         SELECT k.id, k.expires_at, due.step, clock.today, ", parties!(), "
         FROM clock CROSS JOIN orgs o JOIN api_keys k ON k.org_id = o.id
              AND ", end!(), " >= clock.since AND ", end!(), " < clock.until
         CROSS JOIN LATERAL (
             SELECT min(days) AS step FROM unnest($1::int[]) AS days
             WHERE k.expires_at - make_interval(hours => 24 * days) < clock.today + interval '24 hours'
         ) due
         LEFT JOIN meshes m ON m.org_id = k.org_id AND m.id = k.mesh_id
         LEFT JOIN told_ends t ON t.org_id = k.org_id AND t.key_id = k.id AND t.ends_at = k.expires_at
         WHERE k.revoked_at IS NULL AND k.disabled_at IS NULL AND o.suspended_at IS NULL AND m.archived_at IS NULL
           AND (t.step IS NULL OR t.step > due.step)
           AND greatest(k.created_at, k.ends_since)
               < date_trunc('day', k.expires_at - make_interval(hours => 24 * due.step), 'UTC')
           AND (due.step > 0 OR k.expires_at - greatest(k.created_at, k.ends_since) >= interval '24 hours')
           AND ($2 OR EXISTS (SELECT FROM webhooks w WHERE w.org_id = k.org_id))
         ORDER BY k.expires_at, k.id LIMIT $3"
    );
    /// What these people, and the owners, are in these orgs: who is suspended is nothing.
    PEOPLE = "
        SELECT b.org_id, b.user_id, b.mesh_id, b.role FROM memberships b JOIN users u ON u.id = b.user_id
        WHERE b.org_id = ANY ($1) AND (b.user_id = ANY ($2) OR b.role = 'owner') AND u.suspended_at IS NULL
        ORDER BY b.org_id, b.user_id";
    TOLD = "
        INSERT INTO told_ends AS t (org_id, key_id, ends_at, step)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::int[])
        ON CONFLICT (org_id, key_id) DO UPDATE SET ends_at = excluded.ends_at, step = excluded.step, told_at = clock_timestamp()";
    /// What is told of those of these keys that end when it was said, and still concern anybody.
    LINES = concat!(
        "SELECT k.id, ", parties!(), ", k.label, o.slug AS org_slug, m.slug AS mesh_slug, s.hint, k.expires_at, k.last_used_at, t.step,
               clock_timestamp() AS now,
               (SELECT coalesce(sum(u.count), 0)::bigint FROM key_uses u
                WHERE u.org_id = k.org_id AND u.key_id = k.id AND u.outcome = 'ok'
                  AND u.hour > clock_timestamp() - interval '24 hours') AS uses
        FROM told_ends t
        JOIN api_keys k ON k.org_id = t.org_id AND k.id = t.key_id AND k.expires_at = t.ends_at
        JOIN orgs o ON o.id = k.org_id
        JOIN key_secrets s ON s.org_id = k.org_id AND s.key_id = k.id AND s.dies_at IS NULL
        LEFT JOIN meshes m ON m.org_id = k.org_id AND m.id = k.mesh_id
        WHERE t.key_id = ANY ($1) AND k.revoked_at IS NULL AND k.disabled_at IS NULL
          AND o.suspended_at IS NULL AND m.archived_at IS NULL
        ORDER BY k.expires_at, k.id"
    );
}

/// What says whom a key concerns.
#[derive(Debug, Clone, Copy)]
pub struct Parties {
    /// For whom it acts.
    pub owner: Owner,
    /// The person that it is bound to.
    pub user: Option<UserId>,
    /// The person who issued it, or whose key did.
    pub issuer: Option<UserId>,
}

/// A key of whose end somebody has to be told.
#[derive(Debug, Clone)]
pub struct Due {
    /// Which one.
    pub key: KeyId,
    /// Whom it concerns.
    pub parties: Parties,
    /// When it ends.
    pub ends_at: OffsetDateTime,
    /// How many days before that is told of now.
    pub step: i32,
    /// The day that it is now.
    pub today: OffsetDateTime,
}

/// A person who may be told.
#[derive(Debug, Clone)]
pub struct Somebody {
    /// Who.
    pub user: UserId,
    /// What it is in the org of a key.
    pub memberships: Vec<Membership>,
}

/// What is told of a key that ends.
#[derive(Debug, Clone)]
pub struct Line {
    /// Which one.
    pub key: KeyId,
    /// Whom it concerns.
    pub parties: Parties,
    /// What people call it.
    pub label: Label,
    /// The org.
    pub org: Slug,
    /// The mesh, if it is of one.
    pub mesh: Option<Slug>,
    /// How its secret begins.
    pub hint: String,
    /// When it ends.
    pub ends_at: OffsetDateTime,
    /// When it was used last.
    pub last_used_at: Option<OffsetDateTime>,
    /// How often it was allowed something in the last day.
    pub uses: i64,
    /// The clock of the database.
    pub now: OffsetDateTime,
}

/// Whether it is this process that says who is told what, to the end of the transaction.
pub async fn take_turn(db: &impl GenericClient) -> Result<bool, Error> {
    let turn = db.prepare_cached(TURN).await?;
    row::get(&db.query_one(&turn, &[]).await?, "is_ours")
}

/// Keys of which somebody has to be told, where there is anybody to tell.
pub async fn due(db: &impl GenericClient, steps: &[i32], is_mailed: bool, most: i64) -> Result<Vec<Due>, Error> {
    let due = db.prepare_cached(DUE).await?;
    db.query(&due, &[&steps, &is_mailed, &most]).await?.iter().map(read_due).collect()
}

fn read_due(row: &Row) -> Result<Due, Error> {
    Ok(Due {
        key: row::id(row, "id")?,
        parties: read_parties(row)?,
        ends_at: row::get(row, "expires_at")?,
        step: row::get(row, "step")?,
        today: row::get(row, "today")?,
    })
}

fn read_parties(row: &Row) -> Result<Parties, Error> {
    Ok(Parties {
        owner: Owner::new(row::id(row, "org_id")?, row::id_option::<MeshId>(row, "mesh_id")?),
        user: row::id_option(row, "user_id")?,
        issuer: row::id_option(row, "issuer")?,
    })
}

/// What these people and the owners are in these orgs, org by org.
pub async fn people(
    db: &impl GenericClient,
    orgs: &[OrgId],
    users: &[UserId],
) -> Result<Vec<(OrgId, Somebody)>, Error> {
    let people = db.prepare_cached(PEOPLE).await?;
    let orgs: Vec<Uuid> = orgs.iter().map(|org| org.uuid()).collect();
    let users: Vec<Uuid> = users.iter().map(|user| user.uuid()).collect();
    let mut found: Vec<(OrgId, Somebody)> = Vec::new();
    for row in db.query(&people, &[&orgs, &users]).await? {
        let (org, user): (OrgId, UserId) = (row::id(&row, "org_id")?, row::id(&row, "user_id")?);
        let at = Owner::new(org, row::id_option(&row, "mesh_id")?);
        let part = Membership { at, role: row::parsed(&row, "role")? };
        match found.last_mut() {
            Some((known, somebody)) if *known == org && somebody.user == user => somebody.memberships.push(part),
            _ => found.push((org, Somebody { user, memberships: vec![part] })),
        }
    }
    Ok(found)
}

/// Somebody is told of these.
pub async fn told(db: &impl GenericClient, all: &[&Due]) -> Result<(), Error> {
    let told = db.prepare_cached(TOLD).await?;
    let orgs: Vec<Uuid> = all.iter().map(|due| due.parties.owner.org().uuid()).collect();
    let keys: Vec<Uuid> = all.iter().map(|due| due.key.uuid()).collect();
    let ends: Vec<OffsetDateTime> = all.iter().map(|due| due.ends_at).collect();
    let steps: Vec<i32> = all.iter().map(|due| due.step).collect();
    db.execute(&told, &[&orgs, &keys, &ends, &steps]).await?;
    Ok(())
}

/// What is told of these keys, the soonest first.
pub async fn lines(db: &impl GenericClient, keys: &[Uuid]) -> Result<Vec<Line>, Error> {
    let lines = db.prepare_cached(LINES).await?;
    db.query(&lines, &[&keys]).await?.iter().map(read_line).collect()
}

fn read_line(row: &Row) -> Result<Line, Error> {
    Ok(Line {
        key: row::id(row, "id")?,
        parties: read_parties(row)?,
        label: row::parsed(row, "label")?,
        org: row::parsed(row, "org_slug")?,
        mesh: row::parsed_option(row, "mesh_slug")?,
        hint: row::get(row, "hint")?,
        ends_at: row::get(row, "expires_at")?,
        last_used_at: row::get(row, "last_used_at")?,
        uses: row::get(row, "uses")?,
        now: row::get(row, "now")?,
    })
}
