//! The keys that can act in one mesh: its own, and those of its org; or those of them that reach one topic.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;

use super::{
    Error, key_row,
    keys::{Dated, columns, tables},
    list::status,
    queries,
};
use crate::domain::{KeyId, MeshId, OrgId, Status, TopicName};

queries! {
    /// A topic is looked for by each pattern that means it: of keys that do not reach it none is read.
    KEYS = concat!("SELECT ", columns!(), " FROM ", tables!(), "
        WHERE k.org_id = $1
          AND (k.mesh_id = $2 OR $3 AND k.mesh_id IS NULL)
          AND ($8::text[] IS NULL OR k.everywhere OR k.topics && $8)
          AND ", status!(), " = ANY ($4)
          AND (k.created_at, k.id) < ($5, $6)
        ORDER BY k.created_at DESC, k.id DESC
        LIMIT $7");
}

/// Which keys.
#[derive(Debug, Clone, Copy)]
pub struct Within<'a> {
    /// Those that act in this mesh.
    pub place: (OrgId, MeshId),
    /// Also those of the org itself.
    pub with_the_orgs: bool,
    /// Only those that reach this topic.
    pub reaching: Option<&'a TopicName>,
}

/// The next `count` of these keys with one of these statuses that were made before `from`, the newest first.
pub async fn keys(
    db: &impl GenericClient,
    Within { place: (org, mesh), with_the_orgs, reaching }: &Within<'_>,
    status: &[Status],
    from: (OffsetDateTime, KeyId),
    count: i64,
) -> Result<Vec<Dated>, Error> {
    let keys = db.prepare_cached(KEYS).await?;
    let status: Vec<&str> = status.iter().map(|one| one.name()).collect();
    let (time, id, patterns) = (from.0, from.1.uuid(), reaching.map(TopicName::patterns));
    let rows =
        db.query(&keys, &[&org.uuid(), &mesh.uuid(), with_the_orgs, &status, &time, &id, &count, &patterns]).await?;
    rows.iter().map(key_row::read).collect()
}
