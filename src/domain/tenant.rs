//! Orgs, what they declare, their meshes, and the topics of these.

use serde::Serialize;
use time::OffsetDateTime;

use super::{
    capability::DeclaredName,
    id::{MeshId, OrgId},
    name::{Description, Slug, Title},
    topic::TopicName,
};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Org {
    /// Which one.
    pub id: OrgId,
    /// How it is called in URLs; unique in the installation.
    pub slug: Slug,
    /// How people call it.
    pub name: Title,
    /// Since when its keys are denied, if they are.
    #[serde(with = "time::serde::rfc3339::option")]
    pub suspended_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// How often it was changed; the source of its `ETag`.
    pub version: i64,
}

/// A workspace of an org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mesh {
    /// Which one.
    pub id: MeshId,
    /// Whose it is.
    pub org: OrgId,
    /// How it is called in URLs; unique in its org.
    pub slug: Slug,
    /// How people call it.
    pub name: Title,
    /// Since when its keys are denied, if they are.
    #[serde(with = "time::serde::rfc3339::option")]
    pub archived_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// How often it was changed; the source of its `ETag`.
    pub version: i64,
}

/// A named channel of a mesh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Topic {
    /// Its name, which is its identity in the mesh and never free again.
    pub name: TopicName,
    /// Its mesh.
    pub mesh: MeshId,
    /// What it is for.
    pub description: Description,
    /// Since when nothing more can be sent to it, if so.
    #[serde(with = "time::serde::rfc3339::option")]
    pub archived_at: Option<OffsetDateTime>,
    /// The number of its latest message; 0 when there is none.
    pub last_seq: i64,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// How often it was changed; the source of its `ETag`.
    pub version: i64,
}

/// A capability that an org declared for services of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeclaredCapability {
    /// Its name, which is its identity in the org.
    pub name: DeclaredName,
    /// What it allows.
    pub description: Description,
    /// When it was declared.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// How often it was changed; the source of its `ETag`.
    pub version: i64,
}
