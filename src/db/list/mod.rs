//! Lists of keys: filtered, sorted, and read on from where a page ended.

use serde::Serialize;
use time::OffsetDateTime;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::{
    Error, Transaction, key_row,
    keys::{Dated, columns, tables},
    queries,
};
use crate::domain::{MeshId, OrgId, UserId, audit::ActorId, id::IdPrefix, key::Status, standing::Standing};

mod sort;

use self::sort::Value;
pub use self::sort::{Position, Sort, UnknownSort};

/// The status of the key `k` with its secrets `s`, as [`crate::domain::Key::status`] computes it.
macro_rules! status {
    () => {
        "CASE
             WHEN k.revoked_at IS NOT NULL THEN 'revoked'
             WHEN k.expires_at <= clock_timestamp() THEN 'expired'
             WHEN k.disabled_at IS NOT NULL THEN 'disabled'
             WHEN array_length(s.numbers, 1) > 1 THEN 'rotating'
             ELSE 'active' END"
    };
}
pub(super) use status;

/// What a person is told of the key `k`, as [`Standing::of`] computes it: a test holds the two together.
macro_rules! standing {
    () => {
        concat!(
            "CASE ",
            status!(),
            " WHEN 'active' THEN CASE
                 WHEN k.expires_at <= clock_timestamp() + interval '336 hours' THEN 'expiring'
                 WHEN coalesce(k.last_used_at, k.created_at) <= clock_timestamp() - interval '2160 hours' THEN 'unused'
                 ELSE 'active' END
             ELSE ",
            status!(),
            " END"
        )
    };
}

/// How much a key wants attention: of what is there a place in this list.
macro_rules! attention {
    () => {
        concat!(
            "coalesce(array_position('{revoked,expired,disabled,active,unused,rotating,expiring}'::text[], ",
            standing!(),
            "), 0)::bigint"
        )
    };
}

/// How often a key was used in the last 24 hours, counted by the hour as the list shows it. By a clock that stands still in a statement,
/// so that the hours are looked for in the index.
macro_rules! uses {
    () => {
        "(SELECT coalesce(sum(u.count), 0)::bigint FROM key_uses u
          WHERE u.org_id = k.org_id AND u.key_id = k.id
            AND u.hour > date_trunc('hour', statement_timestamp(), 'UTC') - interval '24 hours')"
    };
}

/// A list sorted by `$key` in the direction of `$order`; `$beyond` is what lies further that way.
macro_rules! sorted {
    ($key:expr, $beyond:literal, $order:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", ",
            $key,
            " AS place FROM ",
            tables!(),
            "
             WHERE k.org_id = $1
               AND ($17::uuid[] IS NULL OR k.mesh_id = ANY ($17) OR k.user_id = $18)
               AND ($2::uuid IS NULL OR k.mesh_id = $2)
               AND (NOT $3 OR k.mesh_id IS NULL)
               AND ($4::text[] IS NULL OR ",
            status!(),
            " = ANY ($4) OR ",
            standing!(),
            " = ANY ($4))
               AND ($5::uuid IS NULL OR k.issued_by_key = $5 OR k.issued_by_user = $5)
               AND ($6::text IS NULL OR k.issued_by_kind = $6)
               AND ($7::timestamptz IS NULL OR k.expires_at < $7)
               AND ($8::timestamptz IS NULL OR coalesce(k.last_used_at, k.created_at) < $8)
               AND ($9::text IS NULL OR strpos(lower(k.label), lower($9)) > 0 OR starts_with(s.hints[1], $9))
               AND k.id BETWEEN $13 AND $14
               AND ($15::uuid IS NULL OR k.user_id = $15)
               AND (NOT $16 OR k.expires_at IS NULL)
               AND (",
            $key,
            ", k.id) ",
            $beyond,
            " ($10, $11)
             ORDER BY ",
            $key,
            " ",
            $order,
            ", k.id ",
            $order,
            "
             LIMIT $12"
        )
    };
}

/// When the key `k` ends. Not by COALESCE, of which PostgreSQL does not know that it tells nothing of rows that are hidden:
/// it would not look for it in the index.
macro_rules! end {
    () => {
        "(CASE WHEN k.expires_at IS NULL THEN '9999-12-31T00:00:00Z'::timestamptz ELSE k.expires_at END)"
    };
}

queries! {
    OLDEST = sorted!("k.created_at", ">", "ASC");
    NEWEST = sorted!("k.created_at", "<", "DESC");
    BY_LABEL = sorted!("k.label COLLATE \"C\"", ">", "ASC");
    BY_LABEL_DOWN = sorted!("k.label COLLATE \"C\"", "<", "DESC");
    BY_END = sorted!(end!(), ">", "ASC");
    BY_END_DOWN = sorted!(end!(), "<", "DESC");
    BY_USE = sorted!("coalesce(k.last_used_at, '0001-01-02T00:00:00Z'::timestamptz)", ">", "ASC");
    BY_USE_DOWN = sorted!("coalesce(k.last_used_at, '0001-01-02T00:00:00Z'::timestamptz)", "<", "DESC");
    BY_STATUS = sorted!(attention!(), ">", "ASC");
    BY_STATUS_DOWN = sorted!(attention!(), "<", "DESC");
    BY_USES = sorted!(uses!(), ">", "ASC");
    BY_USES_DOWN = sorted!(uses!(), "<", "DESC");
}

/// Which keys are wanted. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Filter {
    /// Of this mesh.
    pub mesh: Option<MeshId>,
    /// Of no mesh, but of the org itself.
    pub org_wide: bool,
    /// What the caller may see at all; all of them where it is not said. It is no part of what is asked for.
    #[serde(skip)]
    pub within: Option<Within>,
    /// With one of these statuses.
    pub status: Option<Vec<Status>>,
    /// Or with one of these words for people, where a status is asked for.
    pub standing: Vec<Standing>,
    /// Issued by this key.
    pub issuer: Option<ActorId>,
    /// Issued by an actor of this kind.
    pub issuer_kind: Option<&'static str>,
    /// Without an end.
    pub never_ends: bool,
    /// Ending before.
    pub expires_before: Option<OffsetDateTime>,
    /// Last used, or if never used then made, before.
    pub unused_since: Option<OffsetDateTime>,
    /// Bound to this person.
    pub user: Option<UserId>,
    /// Whose id begins so.
    pub ids: Option<IdPrefix>,
    /// With this in the label, or at the beginning of the hint.
    pub text: Option<String>,
}

impl Filter {
    /// What is asked of the status, in the words of the queries.
    fn words(&self) -> Option<Vec<&'static str>> {
        let standing = self.standing.iter().map(|one| one.name());
        let status = self.status.iter().flatten().map(|one| one.name());
        (self.status.is_some() || !self.standing.is_empty()).then(|| status.chain(standing).collect())
    }
}

/// Keys of these meshes, and those that are bound to this person: neither the work for a list nor what is said of how long it is depends
/// on keys that the caller may not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Within {
    /// Of these.
    pub meshes: Vec<MeshId>,
    /// And of this person, wherever they are.
    pub user: Option<UserId>,
}

impl Within {
    /// The person whose keys these are alone.
    const fn only_user(&self) -> Option<UserId> {
        if self.meshes.is_empty() { self.user } else { None }
    }
}

/// The next `count` keys of the org behind `from`, each with its place.
///
/// Not prepared beforehand: a plan that suits every filter suits none, and would look at each key of the org for a page of
/// 50. Planned anew each time, with the filters that are given, it reads a page and no more, where the order has an index.
pub async fn list(
    db: &Transaction<'_>,
    org: OrgId,
    filter: &Filter,
    sort: Sort,
    from: &Position,
    count: i64,
) -> Result<Vec<(Dated, Position)>, Error> {
    let status = filter.words();
    let (mesh, issuer) = (filter.mesh.map(MeshId::uuid), filter.issuer.map(ActorId::uuid));
    let within = filter.within.as_ref();
    // A list of one person's keys is read from the index of those.
    let user = filter.user.or_else(|| within?.only_user()).map(UserId::uuid);
    let meshes: Option<Vec<Uuid>> = within.map(|within| within.meshes.iter().map(|mesh| mesh.uuid()).collect());
    let own = within.and_then(|within| within.user).map(UserId::uuid);
    let (least, most) = filter.ids.map_or((Uuid::nil(), Uuid::max()), |ids| (ids.first.uuid(), ids.last.uuid()));
    let time: OffsetDateTime;
    let value: &(dyn ToSql + Sync) = match &from.0 {
        Value::Time(moment) => {
            time = moment.get();
            &time
        }
        Value::Text(text) => text,
        Value::Number(number) => number,
    };
    let rows = db
        .query_typed(
            sort.query(),
            &[
                (&org.uuid(), Type::UUID),
                (&mesh, Type::UUID),
                (&filter.org_wide, Type::BOOL),
                (&status, Type::TEXT_ARRAY),
                (&issuer, Type::UUID),
                (&filter.issuer_kind, Type::TEXT),
                (&filter.expires_before, Type::TIMESTAMPTZ),
                (&filter.unused_since, Type::TIMESTAMPTZ),
                (&filter.text, Type::TEXT),
                (value, from.0.sql()),
                (&from.1.uuid(), Type::UUID),
                (&count, Type::INT8),
                (&least, Type::UUID),
                (&most, Type::UUID),
                (&user, Type::UUID),
                (&filter.never_ends, Type::BOOL),
                (&meshes, Type::UUID_ARRAY),
                (&own, Type::UUID),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok((key_row::read(row)?, sort.position(row)?))).collect()
}
