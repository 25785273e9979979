//! Meshes and topics: what there is, who can touch it, and what it would mean to archive it.

mod activity;
mod archive;
pub mod archive_mesh;
pub mod archive_topic;
mod holders;
pub mod mesh;
pub mod meshes;
mod people;
pub mod rename;
pub mod topic;
