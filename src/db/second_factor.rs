//! Second factors: what an app has, which of its steps was last accepted, and recovery codes.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;

use super::{Error, queries, row};
use crate::domain::{
    UserId,
    second_factor::{FactorSecret, RecoveryCode},
};

queries! {
    SHOW = "SELECT secret, confirmed_at FROM totp WHERE user_id = $1";
    BEGIN = "
        INSERT INTO totp (user_id, secret) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = 0 WHERE totp.confirmed_at IS NULL";
    CONFIRM = "
        UPDATE totp SET confirmed_at = clock_timestamp(), last_step = $2
        WHERE user_id = $1 AND confirmed_at IS NULL AND secret = $3";
    HOLD = "SELECT FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL FOR NO KEY UPDATE";
    TAKE_STEP = "
        UPDATE totp SET last_step = $2 WHERE user_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL";
    END = "DELETE FROM totp WHERE user_id = $1";
    ADD_CODES = "INSERT INTO recovery_codes (user_id, hash) SELECT $1, hash FROM unnest($2::bytea[]) AS hash";
    USE_CODE = "
        UPDATE recovery_codes SET used_at = clock_timestamp() WHERE user_id = $1 AND hash = $2 AND used_at IS NULL";
    COUNT_CODES = "SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL";
    FORGET_CODES = "DELETE FROM recovery_codes WHERE user_id = $1";
}

/// What a person's app has.
pub struct Factor {
    /// What it is made of.
    pub secret: FactorSecret,
    /// Since when it counts; it does not yet where nobody has shown a code of it.
    pub confirmed_at: Option<OffsetDateTime>,
}

/// The factor of this person, if it has begun one.
pub async fn show(db: &impl GenericClient, user: UserId) -> Result<Option<Factor>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    let Some(row) = db.query_opt(&show, &[&user.uuid()]).await? else { return Ok(None) };
    let secret = FactorSecret::from_bytes(row::get(&row, "secret")?).ok_or_else(|| row::corrupt("no second factor"))?;
    Ok(Some(Factor { secret, confirmed_at: row::get(&row, "confirmed_at")? }))
}

/// Begins one, in place of another that was never confirmed. Whether there is none yet that was.
pub async fn begin(db: &impl GenericClient, user: UserId, secret: &FactorSecret) -> Result<bool, Error> {
    let begin = db.prepare_cached(BEGIN).await?;
    Ok(db.execute(&begin, &[&user.uuid(), &secret.bytes()]).await? == 1)
}

/// From now on it counts, and this step is used. Whether it is still the one that was begun.
pub async fn confirm(db: &impl GenericClient, user: UserId, secret: &FactorSecret, step: i64) -> Result<bool, Error> {
    let confirm = db.prepare_cached(CONFIRM).await?;
    Ok(db.execute(&confirm, &[&user.uuid(), &step, &secret.bytes()]).await? == 1)
}

/// Holds it to the end of the transaction. Whether there is one that counts.
pub async fn hold(db: &impl GenericClient, user: UserId) -> Result<bool, Error> {
    let hold = db.prepare_cached(HOLD).await?;
    Ok(db.execute(&hold, &[&user.uuid()]).await? == 1)
}

/// Uses a step. Whether neither it nor a later one was used before.
pub async fn take_step(db: &impl GenericClient, user: UserId, step: i64) -> Result<bool, Error> {
    let take = db.prepare_cached(TAKE_STEP).await?;
    Ok(db.execute(&take, &[&user.uuid(), &step]).await? == 1)
}

/// Takes it away, with its recovery codes. Whether there was one.
pub async fn end(db: &impl GenericClient, user: UserId) -> Result<bool, Error> {
    let (end, forget) = (db.prepare_cached(END).await?, db.prepare_cached(FORGET_CODES).await?);
    db.execute(&forget, &[&user.uuid()]).await?;
    Ok(db.execute(&end, &[&user.uuid()]).await? == 1)
}

/// Gives the person these recovery codes, in place of all others.
pub async fn replace_codes(db: &impl GenericClient, user: UserId, codes: &[RecoveryCode]) -> Result<(), Error> {
    let (forget, add) = (db.prepare_cached(FORGET_CODES).await?, db.prepare_cached(ADD_CODES).await?);
    db.execute(&forget, &[&user.uuid()]).await?;
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| code.hash().to_vec()).collect();
    db.execute(&add, &[&user.uuid(), &hashes]).await?;
    Ok(())
}

/// Uses a recovery code. Whether the person had it.
pub async fn use_code(db: &impl GenericClient, user: UserId, code: &RecoveryCode) -> Result<bool, Error> {
    let using = db.prepare_cached(USE_CODE).await?;
    Ok(db.execute(&using, &[&user.uuid(), &code.hash().as_slice()]).await? == 1)
}

/// How many recovery codes the person has left.
pub async fn count_codes(db: &impl GenericClient, user: UserId) -> Result<i64, Error> {
    let count = db.prepare_cached(COUNT_CODES).await?;
    Ok(db.query_one(&count, &[&user.uuid()]).await?.try_get(0)?)
}
