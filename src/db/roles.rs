//! The roles of the cluster that the service works as, and the refusal to work as one that row-level security does not
//! bind.

use thiserror::Error;
use tokio_postgres::{Client, error::SqlState};

use super::store::{APP, GUARD, OPERATOR};

/// The owner of the look-up function.
pub const LOOKUP: &str = "meshkey_lookup";
const ALL: [&str; 4] = [APP, OPERATOR, LOOKUP, GUARD];

/// Why the roles are not as they must be.
#[derive(Debug, Error)]
pub enum Error {
    /// The login may not create roles or grant them.
    #[error("the database login may not set up Meshkey's roles; have an administrator of the database run:\n{0}")]
    MayNot(String),
    /// The role that the service works as is not bound by row-level security.
    #[error(
        "the service would work as the database role '{0}', which {1}: refused, since no row would be safe from it"
    )]
    Unbound(String, &'static str),
    /// The server would lose what it has answered.
    #[error("the database runs with fsync off, so that a crash can undo a revocation; set fsync = on")]
    NotDurable,
    /// The database could not be asked.
    #[error("the database could not be asked: {0}")]
    Postgres(#[from] tokio_postgres::Error),
}

/// Makes the roles where they are missing, and lets the migrating login and the service's login switch to them.
pub async fn ensure(db: &Client, service_login: Option<&str>) -> Result<(), Error> {
    for statement in statements(db, service_login).await? {
        let done = db.batch_execute(&statement).await;
        match done.as_ref().map_err(|error| error.code().cloned()) {
            // Another database of the cluster may be faster: roles belong to the cluster.
            Ok(()) | Err(Some(SqlState::DUPLICATE_OBJECT | SqlState::UNIQUE_VIOLATION)) => {}
            Err(Some(SqlState::INSUFFICIENT_PRIVILEGE)) => return Err(Error::MayNot(help(db, service_login).await?)),
            Err(_) => done?,
        }
    }
    Ok(())
}

async fn login(db: &Client) -> Result<String, tokio_postgres::Error> {
    db.query_one("SELECT quote_ident(session_user)", &[]).await?.try_get(0)
}

async fn logins(db: &Client, service_login: Option<&str>) -> Result<Vec<String>, tokio_postgres::Error> {
    let mut logins = vec![login(db).await?];
    if let Some(service) = service_login {
        let quoted: String = db.query_one("SELECT quote_ident($1)", &[&service]).await?.try_get(0)?;
        if !logins.contains(&quoted) {
            logins.push(quoted);
        }
    }
    Ok(logins)
}

async fn statements(db: &Client, service_login: Option<&str>) -> Result<Vec<String>, tokio_postgres::Error> {
    let mut needed = Vec::new();
    for role in ALL {
        let exists = db.query_opt("SELECT FROM pg_roles WHERE rolname = $1", &[&role]).await?.is_some();
        if !exists {
            needed.push(format!("CREATE ROLE {role} NOLOGIN"));
        }
        for login in logins(db, service_login).await? {
            let is_member =
                "SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles l ON l.oid = m.member
                 WHERE r.rolname = $1 AND quote_ident(l.rolname) = $2";
            if !exists || db.query_opt(is_member, &[&role, &login]).await?.is_none() {
                needed.push(format!("GRANT {role} TO {login}"));
            }
        }
    }
    Ok(needed)
}

/// What [`ensure`] would have to run, as statements. Changes nothing.
pub async fn missing(db: &Client, service_login: Option<&str>) -> Result<Vec<String>, Error> {
    Ok(statements(db, service_login).await?)
}

async fn help(db: &Client, service_login: Option<&str>) -> Result<String, tokio_postgres::Error> {
    let lines = statements(db, service_login).await?;
    Ok(lines.iter().map(|line| format!("  {line};")).collect::<Vec<_>>().join("\n"))
}

/// Refuses an effective role that is a superuser, bypasses row-level security, or owns a tenant table, and a server that
/// does not keep what it acknowledges (unless `allow_fsync_off`).
pub async fn refuse_unbound(db: &Client, allow_fsync_off: bool) -> Result<(), Error> {
    let row = db
        .query_one(
            "SELECT current_user::text, r.rolsuper, r.rolbypassrls,
                    EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relrowsecurity),
                    current_setting('fsync') = 'on'
             FROM pg_roles r WHERE r.rolname = current_user",
            &[],
        )
        .await?;
    let role: String = row.try_get(0)?;
    let reasons = ["is a superuser", "bypasses row-level security", "owns a tenant table"];
    for (column, reason) in (1..).zip(reasons) {
        if row.try_get(column)? {
            return Err(Error::Unbound(role, reason));
        }
    }
    if !allow_fsync_off && !row.try_get::<_, bool>(4)? {
        return Err(Error::NotDurable);
    }
    Ok(())
}
