//! One-time codes, by their hashes; and whether the instance is set up.

use deadpool_postgres::GenericClient;

use super::{Error, queries, row};
use crate::domain::{CodeHash, UserId};

queries! {
    /// Asked by the service: it has no other way to know of orgs that it does not act for.
    IS_SET_UP = "SELECT meshkey_is_set_up() AS is_set_up";
    FIND = "SELECT user_id FROM one_time_codes WHERE hash = $1 AND purpose = $2 AND ends_at > clock_timestamp()";
    INSERT = "
        INSERT INTO one_time_codes (hash, purpose, user_id, ends_at)
        VALUES ($1, $2, $3, clock_timestamp() + make_interval(mins => 60))";
    /// The newest $1 codes for the set-up stay.
    TRIM = "
        DELETE FROM one_time_codes
        WHERE hash IN (SELECT hash FROM one_time_codes WHERE purpose = 'setup' ORDER BY created_at DESC, hash OFFSET $1)";
    /// What has ended, and what this person was given.
    FORGET = "DELETE FROM one_time_codes WHERE ends_at <= clock_timestamp() OR user_id = $1";
    TAKE = "
        DELETE FROM one_time_codes
        WHERE hash = $1 AND purpose = $2 AND ends_at > clock_timestamp()
        RETURNING user_id";
    FORGET_SETUP = "DELETE FROM one_time_codes WHERE purpose = 'setup'";
}

/// What a code opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The set-up of an empty instance.
    Setup,
    /// A new password.
    Reset,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Reset => "reset",
        }
    }
}

/// Whether there is an org or a person.
pub async fn is_set_up(db: &impl GenericClient) -> Result<bool, Error> {
    let ask = db.prepare_cached(IS_SET_UP).await?;
    row::get(&db.query_one(&ask, &[]).await?, "is_set_up")
}

/// The person that a code is of; `None` if there is no such code, or it has ended.
pub async fn find(db: &impl GenericClient, hash: CodeHash, purpose: Purpose) -> Result<Option<Option<UserId>>, Error> {
    let find = db.prepare_cached(FIND).await?;
    let found = db.query_opt(&find, &[&hash.0.as_slice(), &purpose.name()]).await?;
    found.map(|found| row::id_option(&found, "user_id")).transpose()
}

/// Keeps a code for the set-up beside the newest `most - 1`. Takes the operator's role.
pub async fn keep_for_setup(db: &impl GenericClient, hash: CodeHash, most: i64) -> Result<(), Error> {
    forget(db, None).await?;
    insert(db, hash, Purpose::Setup, None).await?;
    let trim = db.prepare_cached(TRIM).await?;
    db.execute(&trim, &[&most]).await?;
    Ok(())
}

/// Keeps a code for this person's password, in place of every earlier one. Takes the operator's role.
pub async fn keep_for(db: &impl GenericClient, hash: CodeHash, user: UserId) -> Result<(), Error> {
    forget(db, Some(user)).await?;
    insert(db, hash, Purpose::Reset, Some(user)).await
}

async fn insert(db: &impl GenericClient, hash: CodeHash, purpose: Purpose, user: Option<UserId>) -> Result<(), Error> {
    let insert = db.prepare_cached(INSERT).await?;
    db.execute(&insert, &[&hash.0.as_slice(), &purpose.name(), &user.map(UserId::uuid)]).await?;
    Ok(())
}

/// Forgets the codes that have ended, and those of this person. Takes the operator's role.
pub async fn forget(db: &impl GenericClient, user: Option<UserId>) -> Result<(), Error> {
    let forget = db.prepare_cached(FORGET).await?;
    db.execute(&forget, &[&user.map(UserId::uuid)]).await?;
    Ok(())
}

/// Uses a code up. `None` if there is no such one; with the person that it is of. Takes the operator's role.
pub async fn take(db: &impl GenericClient, hash: CodeHash, purpose: Purpose) -> Result<Option<Option<UserId>>, Error> {
    let take = db.prepare_cached(TAKE).await?;
    let taken = db.query_opt(&take, &[&hash.0.as_slice(), &purpose.name()]).await?;
    taken.map(|taken| row::id_option(&taken, "user_id")).transpose()
}

/// Forgets every code for the set-up. Takes the operator's role.
pub async fn forget_setup(db: &impl GenericClient) -> Result<(), Error> {
    let forget = db.prepare_cached(FORGET_SETUP).await?;
    db.execute(&forget, &[]).await?;
    Ok(())
}
