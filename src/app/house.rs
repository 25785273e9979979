//! The house on its database.

use std::sync::Arc;

use tracing::{info, warn};

use super::{Database, Error, links::passkeys_origin};
use crate::{
    config::{SecretText, Settings},
    db::{
        Store,
        fresh::{check, feed},
        migrate, roles,
        store::{APP, OPERATOR},
    },
    domain::{fresh::Bound, session::Lifetimes, webhook::Callable},
    service::{
        House,
        failures::Failures,
        fresh::{Duty, Fresh, Wishes},
        live::Live,
        mail::{Mail, MalformedMail},
        openid::{Known, MalformedProvider, Providers},
        passkeys::Passkeys,
        passwords::Passwords,
        turns::Turns,
        uses::Uses,
        webhooks::Webhooks,
    },
};

/// Brings the schema up to date.
pub async fn migrate(database: &Database) -> Result<migrate::Outcome, Error> {
    let mut migrator = database.migrator.connect().await?;
    let outcome = migrate::up(&mut migrator, database.service_login.as_deref()).await?;
    if !outcome.applied.is_empty() {
        info!(applied = ?outcome.applied, "the schema was brought up to date");
    }
    if !outcome.unknown.is_empty() {
        warn!(unknown = ?outcome.unknown, "the database has migrations of a newer version than this one");
    }
    Ok(outcome)
}

/// Brings the schema up to date, and refuses to work as a role that row-level security does not bind.
pub async fn house(settings: &Settings, database: &Database) -> Result<House, Error> {
    check::ensure_primary(&database.target.connect().await?).await?;
    migrate(database).await?;
    for role in [APP, OPERATOR] {
        let bound = database.target.as_role(role).connect().await?;
        roles::refuse_unbound(&bound, settings.allow_fsync_off).await?;
    }
    let house = house_as_it_is(settings, database)?;
    if house.store.operate(async |operator| feed::claim(operator).await).await? {
        info!("what another database system said of changes and replicas was forgotten");
    }
    Ok(house)
}

/// The house as it is: nothing is changed, and nothing asked.
pub fn house_as_it_is(settings: &Settings, database: &Database) -> Result<House, Error> {
    let fresh = Fresh::new(&database.target, wishes(settings));
    let meters = Arc::clone(fresh.memory.meters());
    Ok(House {
        uses: Uses::new(Arc::clone(&meters)),
        store: Store::new(&database.target, settings.pool_size)?,
        meters,
        fresh,
        trusted_proxies: settings.trusted_proxies.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
        prefix: settings.key_prefix.parse()?,
        most_live_keys: i64::from(settings.max_live_keys),
        failures: Failures::of(settings.failed_auth_per_minute),
        lifetimes: Lifetimes { idle: settings.session_idle, life: settings.session_life },
        passwords: Passwords::default(),
        passkeys: Passkeys::at(&passkeys_origin(settings, settings.listen)),
        mail: mail(settings)?,
        webhooks: Webhooks::new(if settings.webhook_private { Callable::PrivateToo } else { Callable::Public }),
        live: Live::new(settings.streams_per_key, settings.streams),
        providers: providers(settings)?,
        turns: Turns::of(settings.pool_size),
        walks: Turns::of(1),
    })
}

/// How mail goes, and by which URL people reach the service: where nothing is said, that on this host.
pub fn mail(settings: &Settings) -> Result<Mail, MalformedMail> {
    let url = settings.public_url.clone().unwrap_or_else(|| format!("http://{}", settings.listen));
    Mail::new(settings.smtp_url.as_ref().map(SecretText::reveal), settings.mail_from.as_deref(), url)
}

/// By whom people may sign in besides. Nobody is asked yet.
pub fn providers(settings: &Settings) -> Result<Providers, MalformedProvider> {
    let url = settings.public_url.clone().unwrap_or_default();
    let known = settings.providers.iter().map(|provider| Known {
        name: provider.name.clone(),
        title: provider.title.clone(),
        issuer: provider.issuer.clone(),
        client_id: provider.client_id.clone(),
        client_secret: provider.client_secret.as_ref().map(|secret| secret.reveal().to_owned().into()),
        scopes: provider.scopes.clone(),
    });
    Providers::new(known, &url)
}

/// How a process with these settings remembers.
fn wishes(settings: &Settings) -> Wishes {
    let bound = Bound::new(settings.bound, settings.outage_grace);
    Wishes { duty: Duty::Serve, bound, most_keys: settings.cache_keys, name: name(settings) }
}

/// What a process with these settings is called.
pub(super) fn name(settings: &Settings) -> String {
    let host = || nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    settings.replica_name.clone().or_else(host).unwrap_or_else(|| "unnamed".to_owned())
}
