//! Reading a key and its secrets from a row of [`super::keys`].

use time::OffsetDateTime;
use tokio_postgres::Row;

use super::{Error, keys::Dated, row};
use crate::domain::{
    Key,
    key::{Revoked, SecretRecord, Use},
};

const ISSUER: [&str; 3] = ["issued_by_kind", "issued_by_key", "issued_by_user"];
const REVOKER: [&str; 3] = ["revoked_by_kind", "revoked_by_key", "revoked_by_user"];

/// The key of a row, and when it was read.
pub(super) fn read(row: &Row) -> Result<Dated, Error> {
    let last_use = row::get::<Option<OffsetDateTime>>(row, "last_used_at")?;
    let from = row::get(row, "last_used_from")?;
    let key = Key {
        id: row::id(row, "id")?,
        label: row::parsed(row, "label")?,
        note: row::parsed_option(row, "note")?,
        terms: row::terms(row)?,
        user: row::id_option(row, "user_id")?,
        issued_by: row::actor(row, ISSUER)?.ok_or_else(|| row::corrupt("no issuer"))?,
        created_at: row::get(row, "created_at")?,
        disabled_at: row::get(row, "disabled_at")?,
        revoked: revoked(row)?,
        last_use: last_use.map(|at| Use { at, from }),
        secrets: secrets(row)?,
        version: row::get(row, "version")?,
    };
    Ok(Dated { key, now: row::get(row, "now")? })
}

fn revoked(row: &Row) -> Result<Option<Revoked>, Error> {
    let Some(at) = row::get(row, "revoked_at")? else { return Ok(None) };
    let by = row::actor(row, REVOKER)?.ok_or_else(|| row::corrupt("no revoker"))?;
    Ok(Some(Revoked { at, by, reason: row::parsed_option(row, "revoke_reason")? }))
}

fn secrets(row: &Row) -> Result<Vec<SecretRecord>, Error> {
    let numbers: Vec<i32> = row::get(row, "numbers")?;
    let hints: Vec<String> = row::get(row, "hints")?;
    let made: Vec<OffsetDateTime> = row::get(row, "made")?;
    let ends: Vec<Option<OffsetDateTime>> = row::get(row, "ends")?;
    let uses: Vec<Option<OffsetDateTime>> = row::get(row, "uses")?;
    let columns = numbers.into_iter().zip(hints).zip(made).zip(ends).zip(uses);
    let record = |((((number, hint), created_at), dies_at), last_used_at)| SecretRecord {
        number,
        hint,
        created_at,
        dies_at,
        last_used_at,
    };
    Ok(columns.map(record).collect())
}
