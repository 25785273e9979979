//! The audit: appended to in the transaction of the change, behind the lock of the org's head row, which is taken last.

pub mod append;
pub mod list;
#[cfg(feature = "server")]
pub mod names;
pub mod retain;
pub mod walk;

use tokio_postgres::Row;

pub use self::{
    append::{Head, append, head},
    list::{Filter, count, list},
};
use super::{Error, row};
use crate::domain::audit::{About, By, ChainHash, Event};

fn hash(row: &Row) -> Result<ChainHash, Error> {
    row::get::<&[u8]>(row, "hash")?.try_into().map(ChainHash).map_err(row::corrupt)
}

/// An event as it was written down. Judges nothing: what was altered has to be shown to be seen.
fn read(row: &Row) -> Result<Event, Error> {
    Ok(Event {
        id: row::id(row, "id")?,
        seq: row::get(row, "seq")?,
        org: row::id(row, "org_id")?,
        at: row::get(row, "at")?,
        actor: By { kind: row::get(row, "actor_kind")?, id: row::actor_id(row, ["actor_key", "actor_user"])? },
        action: row::get(row, "action")?,
        subject: About { kind: row::get(row, "subject_kind")?, id: row::get(row, "subject_id")? },
        mesh: row::id_option(row, "mesh_id")?,
        before: row::get(row, "before")?,
        after: row::get(row, "after")?,
        request_id: row::get(row, "request_id")?,
        address: row::get(row, "address")?,
        hash: hash(row)?,
    })
}
