//! All that the superuser does: the login of the service, and a database that it owns. From there on an embedded database
//! is used like any other.

use tokio_postgres::{Client, Config, NoTls};

use super::error::Error;
use super::socket::LOGIN;
use crate::db::connect::chain;

/// Makes what is missing. A crash between two steps is made good by the next call.
pub(super) fn ensure_login(superuser: &Config) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Thread)?;
    runtime.block_on(ensure(superuser)).map_err(|error| Error::Prepare(chain(&error)))
}

async fn ensure(superuser: &Config) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = superuser.connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    ensure_role(&client).await?;
    ensure_database(&client).await?;
    drop(client);
    let _ = connection.await;
    Ok(())
}

async fn ensure_role(client: &Client) -> Result<(), tokio_postgres::Error> {
    let known = client.query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&LOGIN]).await?;
    if known.is_some() {
        return Ok(());
    }
    client.batch_execute(&format!("CREATE ROLE {LOGIN} LOGIN CREATEROLE")).await
}

async fn ensure_database(client: &Client) -> Result<(), tokio_postgres::Error> {
    let known = client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&LOGIN]).await?;
    if known.is_some() {
        return Ok(());
    }
    client.batch_execute(&format!("CREATE DATABASE {LOGIN} OWNER {LOGIN}")).await
}
