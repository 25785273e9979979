//! Policies of orgs and meshes, and the keys that do not comply with them.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use super::{Error, queries, row};
use crate::domain::{
    KeyId, Label, MeshId, OrgId, Owner, Policy, Slug, Span,
    page::Limit,
    policy::{Issuers, Rule},
};

/// The live keys `k` of an org with the rules that each breaks, as [`Policy::broken_by`] tells them and beside these the one about
/// keys that are not used; `o` is the policy of the org and `m` that of the key's mesh.
macro_rules! broken {
    () => {
        "api_keys k
         LEFT JOIN policies o ON o.org_id = k.org_id AND o.mesh_id IS NULL
         LEFT JOIN policies m ON m.org_id = k.org_id AND m.mesh_id = k.mesh_id
         CROSS JOIN LATERAL (
             SELECT least(o.longest_life, m.longest_life) AS life,
                    least(o.disable_unused_after, m.disable_unused_after) AS idle
         ) span
         CROSS JOIN LATERAL (
             SELECT array_remove(ARRAY[
                 CASE WHEN life IS NOT NULL
                           AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp() + make_interval(secs => life))
                      THEN 'longest_life' END,
                 CASE WHEN (o.expiry_required OR m.expiry_required) AND k.expires_at IS NULL THEN 'expiry_required' END,
                 CASE WHEN (o.topics_required OR m.topics_required) AND k.everywhere THEN 'topics_required' END,
                 CASE WHEN (o.admin_addresses_required OR m.admin_addresses_required) AND k.addresses IS NULL
                           AND 'admin' = ANY (k.capabilities)
                      THEN 'admin_addresses_required' END,
                 CASE WHEN (o.note_required OR m.note_required) AND k.note IS NULL THEN 'note_required' END,
                 CASE WHEN k.disabled_at IS NULL AND greatest(k.created_at, k.enabled_at, k.last_used_at)
                           < clock_timestamp() - make_interval(secs => idle)
                      THEN 'disable_unused_after' END
             ], NULL) AS rules
         ) broken
         WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp()) AND rules <> '{}'"
    };
}

queries! {
    HOLD = "
        SELECT pg_advisory_xact_lock_shared(hashtextextended('meshkey.policy ' || org_id, 0)) FROM audit_heads
        WHERE org_id = $1";
    LOCK = "
        SELECT pg_advisory_xact_lock(hashtextextended('meshkey.policy ' || org_id, 0)) FROM audit_heads
        WHERE org_id = $1";
    SHOW = "SELECT * FROM policies WHERE org_id = $1 AND mesh_id IS NOT DISTINCT FROM $2";
    OF_MESHES = "
        SELECT m.slug, p.* FROM policies p JOIN meshes m ON m.org_id = p.org_id AND m.id = p.mesh_id
        WHERE p.org_id = $1 AND m.archived_at IS NULL
        ORDER BY m.slug
        LIMIT 200";
    PUT = "
        INSERT INTO policies AS p (org_id, mesh_id, longest_life, default_life, expiry_required, topics_required, admin_keys_by,
                                   org_keys_by, longest_overlap, admin_addresses_required, note_required, disable_unused_after,
                                   confirmation_required)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (org_id, mesh_id) DO UPDATE
        SET longest_life = $3, default_life = $4, expiry_required = $5, topics_required = $6, admin_keys_by = $7, org_keys_by = $8,
            longest_overlap = $9, admin_addresses_required = $10, note_required = $11, disable_unused_after = $12,
            confirmation_required = $13, version = p.version + 1
        RETURNING *";
    COUNT_BROKEN = concat!("SELECT count(*) FROM ", broken!(), " AND k.org_id = $1 AND ($2::uuid IS NULL OR k.mesh_id = $2)");
    BROKEN = concat!(
        "SELECT k.org_id, k.id, k.mesh_id, k.label, k.expires_at, k.last_used_at, rules FROM ",
        broken!(),
        " AND k.org_id = $1 AND ($2::uuid IS NULL OR k.mesh_id = $2) AND k.id > $3 ORDER BY k.id LIMIT $4"
    );
    BROKEN_OF = concat!("SELECT k.id, rules FROM ", broken!(), " AND k.org_id = $1 AND k.id = ANY ($2)");
    ENDLESS = concat!(
        "SELECT k.id FROM ",
        broken!(),
        " AND k.org_id = $1 AND ($2::uuid IS NULL OR k.mesh_id = $2) AND rules && '{longest_life,expiry_required}'
         ORDER BY k.id LIMIT $3"
    );
    COUNT_ENDLESS = concat!(
        "SELECT count(*) FROM ",
        broken!(),
        " AND k.org_id = $1 AND ($2::uuid IS NULL OR k.mesh_id = $2) AND rules && '{longest_life,expiry_required}'"
    );
    END = "
        UPDATE api_keys k SET expires_at = new.at, version = version + 1
        FROM unnest($2::uuid[], $3::timestamptz[]) AS new (id, at)
        WHERE k.org_id = $1 AND k.id = new.id";
}

/// A policy, and how often it was changed: never, where it is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Versioned {
    /// What it asks for.
    pub policy: Policy,
    /// The source of its `ETag`.
    pub version: i64,
}

/// A live key that does not comply.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which one.
    pub id: KeyId,
    /// What people call it.
    pub label: Label,
    /// Whom it acts for.
    pub owner: Owner,
    /// Until when.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was last used.
    pub last_used_at: Option<OffsetDateTime>,
    /// The rules that it breaks.
    pub rules: Vec<Rule>,
}

fn read(row: &Row) -> Result<Versioned, Error> {
    let span = |column| {
        let seconds = row::get::<Option<i64>>(row, column)?;
        Ok::<_, Error>(seconds.map(|seconds| Span::seconds(seconds.unsigned_abs())))
    };
    let policy = Policy {
        longest_life: span("longest_life")?,
        default_life: span("default_life")?,
        expiry_required: row::get(row, "expiry_required")?,
        topics_required: row::get(row, "topics_required")?,
        admin_keys_by: row::parsed(row, "admin_keys_by")?,
        org_keys_by: row::parsed(row, "org_keys_by")?,
        longest_overlap: span("longest_overlap")?,
        admin_addresses_required: row::get(row, "admin_addresses_required")?,
        note_required: row::get(row, "note_required")?,
        disable_unused_after: span("disable_unused_after")?,
        confirmation_required: row::get(row, "confirmation_required")?,
    };
    Ok(Versioned { policy, version: row::get(row, "version")? })
}

fn read_broken(row: &Row) -> Result<Broken, Error> {
    let owner = Owner::new(row::id(row, "org_id")?, row::id_option(row, "mesh_id")?);
    Ok(Broken {
        id: row::id(row, "id")?,
        label: row::parsed(row, "label")?,
        owner,
        expires_at: row::get(row, "expires_at")?,
        last_used_at: row::get(row, "last_used_at")?,
        rules: rules(row)?,
    })
}

fn rules(row: &Row) -> Result<Vec<Rule>, Error> {
    row::get::<Vec<&str>>(row, "rules")?.into_iter().map(|name| name.parse().map_err(row::corrupt)).collect()
}

/// Holds the policies of the org as they are, to the end of the transaction, beside others who do. Behind the locks of persons and
/// keys, and before the head of the audit.
///
/// By a lock that is waited for in a queue: holders of a shared lock on a row could keep who changes it waiting for ever.
pub async fn hold(db: &impl GenericClient, org: OrgId) -> Result<(), Error> {
    let hold = db.prepare_cached(HOLD).await?;
    db.execute(&hold, &[&org.uuid()]).await?;
    Ok(())
}

/// Holds the policies of the org for this transaction alone, to change one.
pub async fn lock(db: &impl GenericClient, org: OrgId) -> Result<(), Error> {
    let lock = db.prepare_cached(LOCK).await?;
    db.execute(&lock, &[&org.uuid()]).await?;
    Ok(())
}

/// The first policies of meshes of the org, by slug.
pub async fn of_meshes(db: &impl GenericClient, org: OrgId) -> Result<Vec<(MeshId, Slug, Policy)>, Error> {
    let of_meshes = db.prepare_cached(OF_MESHES).await?;
    let rows = db.query(&of_meshes, &[&org.uuid()]).await?;
    let one = |row: &Row| Ok((row::id(row, "mesh_id")?, row::parsed(row, "slug")?, read(row)?.policy));
    rows.iter().map(one).collect()
}

/// The policy of the org, or of a mesh of it.
pub async fn show(db: &impl GenericClient, org: OrgId, mesh: Option<MeshId>) -> Result<Versioned, Error> {
    let show = db.prepare_cached(SHOW).await?;
    let row = db.query_opt(&show, &[&org.uuid(), &mesh.map(MeshId::uuid)]).await?;
    row.as_ref().map_or_else(|| Ok(Versioned::default()), read)
}

/// Makes it another one.
pub async fn put(
    db: &impl GenericClient,
    org: OrgId,
    mesh: Option<MeshId>,
    policy: &Policy,
) -> Result<Versioned, Error> {
    let put = db.prepare_cached(PUT).await?;
    let seconds = |span: Option<Span>| span.and_then(|span| i64::try_from(span.as_seconds()).ok());
    let (org, mesh): (Uuid, Option<Uuid>) = (org.uuid(), mesh.map(MeshId::uuid));
    let [longest, default] = [policy.longest_life, policy.default_life].map(seconds);
    let [overlap, unused] = [policy.longest_overlap, policy.disable_unused_after].map(seconds);
    let [admin_by, org_by] = [policy.admin_keys_by, policy.org_keys_by].map(Issuers::name);
    let values: [&(dyn ToSql + Sync); 13] = [
        &org,
        &mesh,
        &longest,
        &default,
        &policy.expiry_required,
        &policy.topics_required,
        &admin_by,
        &org_by,
        &overlap,
        &policy.admin_addresses_required,
        &policy.note_required,
        &unused,
        &policy.confirmation_required,
    ];
    read(&db.query_one(&put, &values).await?)
}

/// How many live keys of the org, or of the mesh, do not comply.
pub async fn count_broken(db: &impl GenericClient, org: OrgId, mesh: Option<MeshId>) -> Result<i64, Error> {
    let count = db.prepare_cached(COUNT_BROKEN).await?;
    row::get(&db.query_one(&count, &[&org.uuid(), &mesh.map(MeshId::uuid)]).await?, "count")
}

/// Those behind `after`, by id.
pub async fn broken(
    db: &impl GenericClient,
    org: OrgId,
    mesh: Option<MeshId>,
    after: Uuid,
    limit: Limit,
) -> Result<Vec<Broken>, Error> {
    let list = db.prepare_cached(BROKEN).await?;
    let rows = db.query(&list, &[&org.uuid(), &mesh.map(MeshId::uuid), &after, &limit.and_one()]).await?;
    rows.iter().map(read_broken).collect()
}

/// Those of these, with the rules that each breaks.
pub async fn broken_of(db: &impl GenericClient, org: OrgId, keys: &[KeyId]) -> Result<Vec<(KeyId, Vec<Rule>)>, Error> {
    let list = db.prepare_cached(BROKEN_OF).await?;
    let keys: Vec<Uuid> = keys.iter().map(|key| key.uuid()).collect();
    let rows = db.query(&list, &[&org.uuid(), &keys]).await?;
    rows.iter().map(|row| Ok((row::id(row, "id")?, rules(row)?))).collect()
}

/// The first of those that have no end, or too late a one.
pub async fn endless(
    db: &impl GenericClient,
    org: OrgId,
    mesh: Option<MeshId>,
    most: i64,
) -> Result<Vec<KeyId>, Error> {
    let list = db.prepare_cached(ENDLESS).await?;
    let rows = db.query(&list, &[&org.uuid(), &mesh.map(MeshId::uuid), &most]).await?;
    rows.iter().map(|row| row::id(row, "id")).collect()
}

/// How many they are.
pub async fn count_endless(db: &impl GenericClient, org: OrgId, mesh: Option<MeshId>) -> Result<i64, Error> {
    let count = db.prepare_cached(COUNT_ENDLESS).await?;
    row::get(&db.query_one(&count, &[&org.uuid(), &mesh.map(MeshId::uuid)]).await?, "count")
}

/// Gives each of these keys that end.
pub async fn end(db: &impl GenericClient, org: OrgId, ends: &[(KeyId, OffsetDateTime)]) -> Result<(), Error> {
    let end = db.prepare_cached(END).await?;
    let (ids, times): (Vec<Uuid>, Vec<OffsetDateTime>) = ends.iter().map(|(id, at)| (id.uuid(), *at)).unzip();
    db.execute(&end, &[&org.uuid(), &ids, &times]).await?;
    Ok(())
}
