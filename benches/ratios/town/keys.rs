//! Many keys, by SQL, with secrets that can be known from their numbers.

use meshkey::domain::KeyId;
use sha2::{Digest as _, Sha256};
use tokio_postgres::Client;
use uuid::Uuid;

use super::Place;
use crate::Outcome;

/// Key 0 may ask about the others.
pub const ASKER: u32 = 0;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// How many keys come about at once.
const BATCH: u32 = 100_000;

/// The secret of the key with this number.
pub fn text(number: u32) -> String {
    let body = format!("mshk_{number:043}");
    let mut sum = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(sum % 62) as usize];
        sum /= 62;
    }
    body + &String::from_utf8_lossy(&digits)
}

/// The id of the key with this number.
pub fn id(number: u32) -> KeyId {
    KeyId::from(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(number)))
}

/// Gives the org of this place its keys.
pub async fn fill(db: &Client, place: &Place) -> Outcome<()> {
    let (count, org) = (place.keys, place.org.uuid());
    eprintln!("making {count} keys");
    // Checks against other tables would cost more than the rows, and all of it is lost with the directory anyway.
    db.batch_execute("SET session_replication_role = replica; SET synchronous_commit = off").await?;
    for from in (0..count).step_by(BATCH as usize) {
        let numbers = from..count.min(from + BATCH);
        let hashes: Vec<Vec<u8>> = numbers.clone().map(|number| Sha256::digest(text(number)).to_vec()).collect();
        let numbers: Vec<i64> = numbers.map(i64::from).collect();
        db.execute(KEYS, &[&org, &numbers]).await?;
        db.execute(SECRETS, &[&org, &numbers, &hashes]).await?;
    }
    db.execute("UPDATE audit_heads SET unrevoked_keys = unrevoked_keys + $1", &[&i64::from(count)]).await?;
    db.batch_execute("VACUUM (ANALYZE) api_keys, key_secrets").await?;
    Ok(db.batch_execute("CHECKPOINT").await?)
}

macro_rules! id {
    () => {
        "('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
    };
}

const KEYS: &str = concat!(
    "INSERT INTO api_keys (org_id, id, label, capabilities, everywhere, topics, issued_by_kind, created_at, expires_at)
     SELECT $1, ",
    id!(),
    ", 'bench ' || n, CASE n WHEN 0 THEN ARRAY['verify'] ELSE ARRAY['read'] END, true, ARRAY[]::text[], 'local',
        timestamptz '2026-01-01T00:00:00Z' + n * interval '1 millisecond', timestamptz '2096-01-01T00:00:00Z' + n * interval '1 millisecond'
     FROM unnest($2::bigint[]) AS n"
);
const SECRETS: &str = concat!(
    "INSERT INTO key_secrets (org_id, key_id, number, hash, hint)
     SELECT $1, ",
    id!(),
    ", 1, hash, 'mshk_00000000' FROM unnest($2::bigint[], $3::bytea[]) AS real (n, hash)"
);
