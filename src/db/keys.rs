//! Keys: the records. Their secrets are next door.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Error,
    key_row::read,
    queries,
    row::{self, TermColumns},
};
use crate::domain::{
    Key, KeyId, Label, OrgId, Terms, UserId,
    audit::Actor,
    name::{Note, Reason},
};

/// The columns of a key and, as parallel arrays, of its secrets: the newest, and a replaced one that still lives.
macro_rules! columns {
    () => {
        "k.*, clock_timestamp() AS now, s.numbers, s.hints, s.made, s.ends, s.uses"
    };
}
/// The keys `k`, each with its secrets `s`.
macro_rules! tables {
    () => {
        "api_keys k
        CROSS JOIN LATERAL (
            SELECT array_agg(number ORDER BY number DESC) AS numbers, array_agg(hint ORDER BY number DESC) AS hints,
                   array_agg(created_at ORDER BY number DESC) AS made, array_agg(dies_at ORDER BY number DESC) AS ends,
                   array_agg(last_used_at ORDER BY number DESC) AS uses
            FROM key_secrets
            WHERE key_id = k.id AND org_id = k.org_id AND (dies_at IS NULL OR dies_at > clock_timestamp())
        ) s"
    };
}
pub(super) use {columns, tables};

queries! {
    INSERT = "
        INSERT INTO api_keys (org_id, id, mesh_id, label, note, capabilities, everywhere, topics, addresses, expires_at,
                              rate_per_minute, rate_burst, issued_by_kind, issued_by_key, issued_by_user, user_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, clock_timestamp())";
    SHOW = concat!("SELECT ", columns!(), " FROM ", tables!(), " WHERE k.org_id = $1 AND k.id = $2");
    LOCK = "SELECT FROM api_keys WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE";
    LOCK_ALL = "SELECT id FROM api_keys WHERE org_id = $1 AND id = ANY ($2) ORDER BY id FOR NO KEY UPDATE";
    MANY = concat!("SELECT ", columns!(), " FROM ", tables!(), " WHERE k.org_id = $1 AND k.id = ANY ($2) ORDER BY k.id");
    EDIT = "
        UPDATE api_keys
        SET label = $3, note = $4, capabilities = $5, everywhere = $6, topics = $7, addresses = $8, expires_at = $9,
            rate_per_minute = $10, rate_burst = $11, version = version + 1
        WHERE org_id = $1 AND id = $2";
    TOUCH = "UPDATE api_keys SET version = version + 1 WHERE org_id = $1 AND id = $2";
    DISABLE = "
        UPDATE api_keys
        SET disabled_at = CASE WHEN $3 THEN clock_timestamp() END,
            enabled_at = CASE WHEN $3 THEN enabled_at ELSE clock_timestamp() END, version = version + 1
        WHERE org_id = $1 AND id = $2";
    REVOKE = "
        UPDATE api_keys
        SET revoked_at = clock_timestamp(), revoked_by_kind = $3, revoked_by_key = $4, revoked_by_user = $5,
            revoke_reason = $6, version = version + 1
        WHERE org_id = $1 AND id = ANY ($2) AND revoked_at IS NULL";
    /// The keys that this one issued, and those that they issued, and so on; the dead ones among them too.
    DESCENDANTS = "
        WITH RECURSIVE line AS (
            SELECT id FROM api_keys WHERE org_id = $1 AND issued_by_key = $2
            UNION
            SELECT child.id FROM api_keys child JOIN line ON child.issued_by_key = line.id WHERE child.org_id = $1
        )
        SELECT id FROM line";
    COUNT_LIVE = "
        SELECT count(*) FROM api_keys
        WHERE org_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())";
    CLOCK = "SELECT clock_timestamp() AS now";
}

/// A key, and the clock of the database when it was read.
#[derive(Debug, Clone)]
pub struct Dated {
    /// The key.
    pub key: Key,
    /// When it was read.
    pub now: OffsetDateTime,
}

/// What a key is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct NewKey {
    /// What people call it.
    pub label: Label,
    /// Where it is kept, what runs with it.
    pub note: Option<Note>,
    /// What it may do, from where, until when.
    pub terms: Terms,
    /// The person that it is bound to, for good.
    pub user: Option<UserId>,
}

/// Makes the record of a key. It is of no use to anybody before it has a secret.
pub async fn insert(db: &impl GenericClient, id: KeyId, new: &NewKey, by: Actor) -> Result<(), Error> {
    let insert = db.prepare_cached(INSERT).await?;
    let TermColumns { mesh, capabilities, everywhere, topics, addresses, per_minute, burst } =
        TermColumns::from(&new.terms);
    let (org, note) = (new.terms.grant.owner.org().uuid(), new.note.as_ref().map(Note::as_str));
    let (kind, key, user) = (by.kind(), by.key().map(KeyId::uuid), by.user().map(UserId::uuid));
    db.execute(
        &insert,
        &[
            &org,
            &id.uuid(),
            &mesh,
            &new.label.as_str(),
            &note,
            &capabilities,
            &everywhere,
            &topics,
            &addresses,
            &new.terms.expires_at,
            &per_minute,
            &burst,
            &kind,
            &key,
            &user,
            &new.user.map(UserId::uuid),
        ],
    )
    .await?;
    Ok(())
}

/// The key with this id.
pub async fn show(db: &impl GenericClient, org: OrgId, id: KeyId) -> Result<Option<Dated>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    db.query_opt(&show, &[&org.uuid(), &id.uuid()]).await?.as_ref().map(read).transpose()
}

/// The key with this id, for this transaction alone.
///
/// Takes the lock, and then reads by a statement of its own: one that waited for a lock would see the key as it is now and
/// its secrets as they were before the wait. Who only wants it to stay as it is takes this lock too: a shared one would be
/// taken by others over and over while a revocation waits for it.
pub async fn lock(db: &impl GenericClient, org: OrgId, id: KeyId) -> Result<Option<Dated>, Error> {
    let lock = db.prepare_cached(LOCK).await?;
    match db.query_opt(&lock, &[&org.uuid(), &id.uuid()]).await? {
        Some(_) => show(db, org, id).await,
        None => Ok(None),
    }
}

/// Takes these keys for this transaction alone, in the order of their ids.
pub async fn lock_all(db: &impl GenericClient, org: OrgId, ids: &[KeyId]) -> Result<(), Error> {
    let lock = db.prepare_cached(LOCK_ALL).await?;
    db.execute(&lock, &[&org.uuid(), &uuids(ids)]).await?;
    Ok(())
}

/// The keys with these ids, in the order of their ids.
pub async fn many(db: &impl GenericClient, org: OrgId, ids: &[KeyId]) -> Result<Vec<Dated>, Error> {
    let many = db.prepare_cached(MANY).await?;
    db.query(&many, &[&org.uuid(), &uuids(ids)]).await?.iter().map(read).collect()
}

fn uuids(ids: &[KeyId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}

/// Writes what an edit may change.
pub async fn edit(db: &impl GenericClient, id: KeyId, new: &NewKey) -> Result<(), Error> {
    let edit = db.prepare_cached(EDIT).await?;
    let TermColumns { capabilities, everywhere, topics, addresses, per_minute, burst, .. } =
        TermColumns::from(&new.terms);
    let (org, note) = (new.terms.grant.owner.org().uuid(), new.note.as_ref().map(Note::as_str));
    db.execute(
        &edit,
        &[
            &org,
            &id.uuid(),
            &new.label.as_str(),
            &note,
            &capabilities,
            &everywhere,
            &topics,
            &addresses,
            &new.terms.expires_at,
            &per_minute,
            &burst,
        ],
    )
    .await?;
    Ok(())
}

/// Counts a change that lies in another table.
pub async fn touch(db: &impl GenericClient, org: OrgId, id: KeyId) -> Result<(), Error> {
    let touch = db.prepare_cached(TOUCH).await?;
    db.execute(&touch, &[&org.uuid(), &id.uuid()]).await?;
    Ok(())
}

/// Stops a key for the time being, or ends that.
pub async fn disable(db: &impl GenericClient, org: OrgId, id: KeyId, disabled: bool) -> Result<(), Error> {
    let disable = db.prepare_cached(DISABLE).await?;
    db.execute(&disable, &[&org.uuid(), &id.uuid(), &disabled]).await?;
    Ok(())
}

/// Revokes those of these keys that were not yet; answers how many.
pub async fn revoke(
    db: &impl GenericClient,
    org: OrgId,
    ids: &[KeyId],
    by: Actor,
    reason: Option<&Reason>,
) -> Result<u64, Error> {
    let revoke = db.prepare_cached(REVOKE).await?;
    let (key, user) = (by.key().map(KeyId::uuid), by.user().map(UserId::uuid));
    let reason = reason.map(Reason::as_str);
    Ok(db.execute(&revoke, &[&org.uuid(), &uuids(ids), &by.kind(), &key, &user, &reason]).await?)
}

/// The keys that this one issued, and those that they issued, and so on.
pub async fn descendants(db: &impl GenericClient, org: OrgId, id: KeyId) -> Result<Vec<KeyId>, Error> {
    let descendants = db.prepare_cached(DESCENDANTS).await?;
    let rows = db.query(&descendants, &[&org.uuid(), &id.uuid()]).await?;
    rows.iter().map(|row| row::id(row, "id")).collect()
}

/// How many keys of the org are neither revoked nor expired.
pub async fn count_live(db: &impl GenericClient, org: OrgId) -> Result<i64, Error> {
    let count = db.prepare_cached(COUNT_LIVE).await?;
    Ok(db.query_one(&count, &[&org.uuid()]).await?.try_get(0)?)
}

/// The clock of the database, now: not when the transaction began.
pub async fn clock(db: &impl GenericClient) -> Result<OffsetDateTime, Error> {
    let clock = db.prepare_cached(CLOCK).await?;
    Ok(db.query_one(&clock, &[]).await?.try_get("now")?)
}
