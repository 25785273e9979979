//! The orders of a list of keys, and places in them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio_postgres::{Row, types::Type};
use uuid::Uuid;

use super::{
    BY_END, BY_END_DOWN, BY_LABEL, BY_LABEL_DOWN, BY_STATUS, BY_STATUS_DOWN, BY_USE, BY_USE_DOWN, BY_USES,
    BY_USES_DOWN, NEWEST, OLDEST,
};
use crate::{
    db::{Error, row},
    domain::{KeyId, Moment, suggest},
};

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
    /// What wants attention last.
    Status,
    /// What wants attention first: expiring soon, rotating, unused; then active, disabled, expired and revoked.
    StatusDown,
    /// The least used in the last 24 hours first.
    Uses,
    /// The most used in the last 24 hours first.
    UsesDown,
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Time,
    Text,
    Number,
}

impl Sort {
    const NAMES: [(&'static str, Self); 12] = [
        ("-created_at", Self::Newest),
        ("created_at", Self::Oldest),
        ("label", Self::Label),
        ("-label", Self::LabelDown),
        ("expires_at", Self::End),
        ("-expires_at", Self::EndDown),
        ("last_used_at", Self::Use),
        ("-last_used_at", Self::UseDown),
        ("status", Self::Status),
        ("-status", Self::StatusDown),
        ("uses", Self::Uses),
        ("-uses", Self::UsesDown),
    ];

    pub(super) const fn query(self) -> &'static str {
        match self {
            Self::Newest => NEWEST,
            Self::Oldest => OLDEST,
            Self::Label => BY_LABEL,
            Self::LabelDown => BY_LABEL_DOWN,
            Self::End => BY_END,
            Self::EndDown => BY_END_DOWN,
            Self::Use => BY_USE,
            Self::UseDown => BY_USE_DOWN,
            Self::Status => BY_STATUS,
            Self::StatusDown => BY_STATUS_DOWN,
            Self::Uses => BY_USES,
            Self::UsesDown => BY_USES_DOWN,
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::Newest | Self::Oldest | Self::End | Self::EndDown | Self::Use | Self::UseDown => Kind::Time,
            Self::Label | Self::LabelDown => Kind::Text,
            Self::Status | Self::StatusDown | Self::Uses | Self::UsesDown => Kind::Number,
        }
    }

    /// Whether it goes from the greatest to the least.
    const fn is_down(self) -> bool {
        matches!(
            self,
            Self::Newest | Self::LabelDown | Self::EndDown | Self::UseDown | Self::StatusDown | Self::UsesDown
        )
    }

    /// Whether all keys have to be looked at for any page of it: no index has them in this order.
    #[must_use]
    pub const fn is_counted(self) -> bool {
        matches!(self.kind(), Kind::Number)
    }

    /// In a list by end: before the first key that ends then or later.
    #[must_use]
    pub fn ending_from(at: OffsetDateTime) -> Position {
        Position(Value::Time(at.into()), KeyId::from(Uuid::nil()))
    }

    /// Whether this is a place in a list so sorted.
    #[must_use]
    pub fn takes(self, position: &Position) -> bool {
        position.0.kind() == self.kind()
    }

    /// Before the first key of a list so sorted.
    #[must_use]
    pub fn start(self) -> Position {
        let value = match (self.kind(), self.is_down()) {
            (Kind::Time, true) => Value::Time(LAST.into()),
            (Kind::Time, false) => Value::Time(FIRST.into()),
            (Kind::Text, true) => Value::Text("\u{10FFFF}".repeat(65)),
            (Kind::Text, false) => Value::Text(String::new()),
            (Kind::Number, true) => Value::Number(i64::MAX),
            (Kind::Number, false) => Value::Number(i64::MIN),
        };
        Position(value, KeyId::from(if self.is_down() { Uuid::max() } else { Uuid::nil() }))
    }

    /// Where a row of a list so sorted stands.
    pub(super) fn position(self, row: &Row) -> Result<Position, Error> {
        let value = match self.kind() {
            Kind::Time => Value::Time(row::get::<OffsetDateTime>(row, "place")?.into()),
            Kind::Text => Value::Text(row::get(row, "place")?),
            Kind::Number => Value::Number(row::get(row, "place")?),
        };
        Ok(Position(value, row::id(row, "id")?))
    }

    /// The one spelling of it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, sort)| *sort == self).map_or("", |(name, _)| name)
    }
}

/// The text names no order of a list of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown sort '{0}'{hint}; known: created_at, label, expires_at, last_used_at, status, uses, each also with - before it", hint = suggest::hint(.0, Sort::NAMES.map(|(name, _)| name)))]
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
pub struct Position(pub(super) Value, pub(super) KeyId);

/// What a list is sorted by, of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Value {
    /// When it was made, ends or was used.
    Time(Moment),
    /// Its label.
    Text(String),
    /// How much it wants attention; how often it was used.
    Number(i64),
}

impl Value {
    const fn kind(&self) -> Kind {
        match self {
            Self::Time(_) => Kind::Time,
            Self::Text(_) => Kind::Text,
            Self::Number(_) => Kind::Number,
        }
    }

    /// Of which type it is in a query.
    pub(super) const fn sql(&self) -> Type {
        match self {
            Self::Time(_) => Type::TIMESTAMPTZ,
            Self::Text(_) => Type::TEXT,
            Self::Number(_) => Type::INT8,
        }
    }
}
