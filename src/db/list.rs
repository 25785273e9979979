//! Lists of keys: filtered, sorted, and read on from where a page ended.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::{
    Error, Transaction, key_row,
    keys::{Dated, columns, tables},
    queries,
};
use crate::domain::{Key, KeyId, MeshId, Moment, OrgId, UserId, audit::ActorId, id::IdPrefix, key::Status, suggest};

/// The status of the key `k` with its secrets `s`, as [`Key::status`] computes it.
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

/// A list sorted by `$key` in the direction of `$order`; `$beyond` is what lies further that way.
macro_rules! sorted {
    ($key:expr, $beyond:literal, $order:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM ",
            tables!(),
            "
             WHERE k.org_id = $1
               AND ($2::uuid IS NULL OR k.mesh_id = $2)
               AND (NOT $3 OR k.mesh_id IS NULL)
               AND ($4::text[] IS NULL OR ",
            status!(),
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
}

const NEVER_ENDS: OffsetDateTime = time::macros::datetime!(9999-12-31 0:00 UTC);
const NEVER_USED: OffsetDateTime = time::macros::datetime!(0001-01-02 0:00 UTC);
const FIRST: OffsetDateTime = time::macros::datetime!(0001-01-01 0:00 UTC);
const LAST: OffsetDateTime = time::macros::datetime!(9999-12-31 23:59:59.999_999 UTC);

/// By what a list of keys is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Sort {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// By label.
    Label,
    /// By label, the last first.
    LabelDown,
    /// The first to end first; those that never end last.
    End,
    /// Those that never end first.
    EndDown,
    /// The longest unused first; those that never were used before all.
    Use,
    /// The latest used first.
    UseDown,
}

impl Sort {
    const NAMES: [(&'static str, Self); 8] = [
        ("-created_at", Self::Newest),
        ("created_at", Self::Oldest),
        ("label", Self::Label),
        ("-label", Self::LabelDown),
        ("expires_at", Self::End),
        ("-expires_at", Self::EndDown),
        ("last_used_at", Self::Use),
        ("-last_used_at", Self::UseDown),
    ];

    const fn query(self) -> &'static str {
        match self {
            Self::Newest => NEWEST,
            Self::Oldest => OLDEST,
            Self::Label => BY_LABEL,
            Self::LabelDown => BY_LABEL_DOWN,
            Self::End => BY_END,
            Self::EndDown => BY_END_DOWN,
            Self::Use => BY_USE,
            Self::UseDown => BY_USE_DOWN,
        }
    }

    /// Where this key stands in a list so sorted.
    #[must_use]
    pub fn position(self, key: &Key) -> Position {
        let value = match self {
            Self::Newest | Self::Oldest => Value::Time(key.created_at.into()),
            Self::Label | Self::LabelDown => Value::Text(key.label.to_string()),
            Self::End | Self::EndDown => Value::Time(key.terms.expires_at.unwrap_or(NEVER_ENDS).into()),
            Self::Use | Self::UseDown => Value::Time(key.last_use.map_or(NEVER_USED, |used| used.at).into()),
        };
        Position(value, key.id)
    }

    /// In a list by end: before the first key that ends then or later.
    #[must_use]
    pub fn ending_from(at: OffsetDateTime) -> Position {
        Position(Value::Time(at.into()), KeyId::from(Uuid::nil()))
    }

    /// Whether this is a place in a list so sorted.
    #[must_use]
    pub const fn takes(self, position: &Position) -> bool {
        matches!((self, &position.0), (Self::Label | Self::LabelDown, Value::Text(_)))
            || !matches!(self, Self::Label | Self::LabelDown) && matches!(position.0, Value::Time(_))
    }

    /// Before the first key of a list so sorted.
    #[must_use]
    pub fn start(self) -> Position {
        let (least, most) = (KeyId::from(Uuid::nil()), KeyId::from(Uuid::max()));
        match self {
            Self::Newest | Self::EndDown | Self::UseDown => Position(Value::Time(LAST.into()), most),
            Self::Oldest | Self::End | Self::Use => Position(Value::Time(FIRST.into()), least),
            Self::Label => Position(Value::Text(String::new()), least),
            Self::LabelDown => Position(Value::Text("\u{10FFFF}".repeat(65)), most),
        }
    }

    /// The one spelling of it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, sort)| *sort == self).map_or("", |(name, _)| name)
    }
}

/// The text names no order of a list of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown sort '{0}'{hint}; known: created_at, label, expires_at, last_used_at, each also with - before it", hint = suggest::hint(.0, Sort::NAMES.map(|(name, _)| name)))]
pub struct UnknownSort(String);

impl std::str::FromStr for Sort {
    type Err = UnknownSort;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::NAMES.into_iter().find(|(name, _)| *name == text);
        known.map(|(_, sort)| sort).ok_or_else(|| UnknownSort(text.chars().take(64).collect()))
    }
}

/// A place in a sorted list of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position(Value, KeyId);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Value {
    Time(Moment),
    Text(String),
}

/// Which keys are wanted. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Filter {
    /// Of this mesh.
    pub mesh: Option<MeshId>,
    /// Of no mesh, but of the org itself.
    pub org_wide: bool,
    /// With one of these statuses.
    pub status: Option<Vec<Status>>,
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

/// The next `count` keys of the org behind `from`.
///
/// Not prepared beforehand: a plan that suits every filter suits none, and would look at each key of the org for a page of
/// 50. Planned anew each time, with the filters that are given, it reads a page and no more.
pub async fn list(
    db: &Transaction<'_>,
    org: OrgId,
    filter: &Filter,
    sort: Sort,
    from: &Position,
    count: i64,
) -> Result<Vec<Dated>, Error> {
    let status: Option<Vec<&str>> = filter.status.as_ref().map(|all| all.iter().map(|one| one.name()).collect());
    let (mesh, issuer) = (filter.mesh.map(MeshId::uuid), filter.issuer.map(ActorId::uuid));
    let user = filter.user.map(UserId::uuid);
    let (least, most) = filter.ids.map_or((Uuid::nil(), Uuid::max()), |ids| (ids.first.uuid(), ids.last.uuid()));
    let time: OffsetDateTime;
    let (value, kind): (&(dyn ToSql + Sync), Type) = match &from.0 {
        Value::Time(moment) => {
            time = moment.get();
            (&time, Type::TIMESTAMPTZ)
        }
        Value::Text(text) => (text, Type::TEXT),
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
                (value, kind),
                (&from.1.uuid(), Type::UUID),
                (&count, Type::INT8),
                (&least, Type::UUID),
                (&most, Type::UUID),
                (&user, Type::UUID),
                (&filter.never_ends, Type::BOOL),
            ],
        )
        .await?;
    rows.iter().map(key_row::read).collect()
}
