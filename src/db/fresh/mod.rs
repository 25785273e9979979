//! What the freshness protocol asks of the database, on direct connections of its own: the feed of changes, the rows of the
//! replicas, and what must be so before a process may remember anything.

pub mod beat;
pub mod check;
pub mod feed;
pub mod poll;

use tokio_postgres::Row;

use super::{Error, row};
use crate::domain::fresh::{Server, Snapshot, Transaction};

/// The channel on which our own changes wake the replicas. Nothing relies on it.
pub const CHANNEL: &str = "meshkey_changes";

fn snapshot(row: &Row, column: &str) -> Result<Snapshot, Error> {
    row::parsed(row, column)
}

fn server(row: &Row, column: &str) -> Result<Server, Error> {
    Ok(Server(row::get::<&str>(row, column)?.into()))
}

fn transaction(row: &Row, column: &str) -> Result<Transaction, Error> {
    row::parsed::<u64>(row, column).map(Transaction)
}
