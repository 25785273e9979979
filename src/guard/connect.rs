//! What must be so before a guard may judge, and the way there.

use std::{ops::RangeInclusive, time::Duration};

use thiserror::Error;
use tokio_postgres::error::SqlState;

use super::Settings;
use crate::{
    db::{
        self,
        connect::{self, Target},
        fresh::check,
        guard, roles,
        store::{Asker, GUARD},
    },
    domain::{Owner, TrustedProxies, address::MalformedNetwork, fresh::Bound},
    service::outpost::{Orders, Outpost},
};

const BOUNDS: RangeInclusive<Duration> = Duration::from_millis(500)..=Duration::from_mins(1);
const LONGEST_GRACE: Duration = Duration::from_mins(10);

/// Why there is no guard.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// A setting cannot be so.
    #[error("{0}")]
    Setting(String),
    /// A trusted proxy is no address.
    #[error("a trusted proxy is an address or a range of them: {0}")]
    Proxy(#[from] MalformedNetwork),
    /// The database cannot be reached.
    #[error(transparent)]
    Connect(connect::Error),
    /// The login may not act as a guard.
    #[error(
        "the login may not act as the role {GUARD}; have an administrator of the database run:\n  GRANT {GUARD} TO {login};",
        login = .0.as_deref().unwrap_or("<login>")
    )]
    MayNot(Option<String>),
    /// The role is missing, or the functions that it needs.
    #[error("the database has no schema of Meshkey that knows of guards: start a server of this version on it first")]
    NoSchema,
    /// On this database nothing may be remembered.
    #[error(transparent)]
    Unfit(#[from] check::Error),
    /// The role is not as it must be, or the server would lose what it has answered.
    #[error(transparent)]
    Role(#[from] roles::Error),
    /// There is no such org.
    #[error("there is no org '{0}'")]
    NoSuchOrg(String),
    /// There is no such mesh.
    #[error("there is no mesh '{0}' in this org")]
    NoSuchMesh(String),
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] db::Error),
}

pub(super) async fn connect(settings: Settings) -> Result<(Outpost, TrustedProxies), ConnectError> {
    ensure_sound(&settings)?;
    let proxies = settings.trusted_proxies.trim();
    let proxies = if proxies.is_empty() { TrustedProxies::default() } else { proxies.parse()? };
    let target = Target::parse(&settings.database_url).map_err(ConnectError::Connect)?;
    ensure_fit(&target, settings.allow_fsync_off).await?;
    let asker = Asker::new(&target, GUARD, settings.pool_size).map_err(ConnectError::Connect)?;
    let own = owner(&asker, &settings).await?;
    let orders = Orders {
        name: settings.name.unwrap_or_else(own_name),
        bound: Bound::new(settings.bound, settings.outage_grace),
        most_keys: settings.cache_keys,
        patience: settings.patience,
    };
    Ok((Outpost::new(&target, asker, own, orders), proxies))
}

fn ensure_sound(settings: &Settings) -> Result<(), ConnectError> {
    let sound = [
        (BOUNDS.contains(&settings.bound), "the bound of a guard is 500 ms to 1 min"),
        (settings.outage_grace <= LONGEST_GRACE, "the outage grace of a guard is at most 10 min"),
        ((1..=1000).contains(&settings.pool_size), "a guard has 1 to 1000 connections to look keys up on"),
        (!settings.patience.is_zero(), "a guard needs some patience"),
        (
            settings.name.as_ref().is_none_or(|name| (1..=255).contains(&name.chars().count())),
            "the name of a guard is 1 to 255 characters",
        ),
    ];
    sound
        .into_iter()
        .find(|(is_sound, _)| !is_sound)
        .map_or(Ok(()), |(_, why)| Err(ConnectError::Setting(why.to_owned())))
}

fn own_name() -> String {
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    format!("{}/guard", host.as_deref().unwrap_or("unnamed"))
}

/// Refuses a database on which it could not keep what it promises.
async fn ensure_fit(target: &Target, allow_fsync_off: bool) -> Result<(), ConnectError> {
    let db = target.as_role(GUARD).connect().await.map_err(|error| refused(target, error))?;
    check::ensure_primary(&db).await?;
    if !guard::is_known(&db).await? {
        return Err(ConnectError::NoSchema);
    }
    roles::refuse_unbound(&db, allow_fsync_off).await?;
    Ok(check::ensure_feed_of_guard(target).await?)
}

/// For whom it judges.
async fn owner(asker: &Asker, settings: &Settings) -> Result<Owner, ConnectError> {
    let found: Result<_, db::Error> = asker.ask(async |client| guard::org(client, &settings.org).await).await;
    let org = found?.ok_or_else(|| ConnectError::NoSuchOrg(settings.org.clone()))?;
    let Some(mesh) = &settings.mesh else { return Ok(Owner::Org(org)) };
    let found: Result<_, db::Error> = asker.ask(async |client| guard::mesh(client, org, mesh).await).await;
    found?.map(|(mesh, _)| Owner::Mesh(org, mesh)).ok_or_else(|| ConnectError::NoSuchMesh(mesh.clone()))
}

/// A role that is not there, or that the login may not take, is told as what it is.
fn refused(target: &Target, error: connect::Error) -> ConnectError {
    let connect::Error::Refused { cause, .. } = &error else { return ConnectError::Connect(error) };
    match cause.code() {
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => ConnectError::MayNot(target.login().map(str::to_owned)),
        Some(&SqlState::INVALID_PARAMETER_VALUE | &SqlState::UNDEFINED_OBJECT) => ConnectError::NoSchema,
        _ => ConnectError::Connect(error),
    }
}
