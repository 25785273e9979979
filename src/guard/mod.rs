//! The guard, within a service of your own: it judges the keys that your service is shown, in your process, by what it
//! remembers, under the same bound as a server. A decision takes no request to anybody.
//!
//! ```no_run
//! use meshkey::{Guard, Requirement, Secret, guard::Settings};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let guard = Guard::connect(Settings::new(&std::env::var("MESHKEY_DATABASE_URL")?, "acme")).await?;
//!
//! let secret: Secret = "mshk_…".parse()?;
//! let upload = Requirement::may("upload").in_mesh("main").on("deploys");
//! match guard.decide(&secret, &upload).await {
//!     Ok(key) => println!("{} may", key.id()),
//!     Err(refused) => println!("{}: {refused}", refused.code()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! It is a replica of its own: it beats, it hears of every change, and a revocation waits for it. It needs the way to the
//! database and the role `meshkey_guard`, which can look up the holder of a secret that is shown to it, read the feed of
//! changes, and write its own row of `replicas`: no list of keys, no hash, no change. How to set it up, and what it can never
//! do: `docs/how-to/services/rust.md`. Uses that it allows are not counted: it may write nothing.
//!
//! With the feature `actix` there is an extractor, [`actix::Holder`]; with `tower` a layer, `tower::GuardLayer`. With
//! `default-features = false` the crate is this guard and nothing else.

#[cfg(feature = "actix")]
pub mod actix;
pub mod answer;
mod connect;
mod decision;
mod environment;
mod requirement;
mod settings;
#[cfg(feature = "tower")]
pub mod tower;

use std::sync::Arc;

use tracing::{debug, error, info};

use crate::{
    domain::{Secret, TrustedProxies, presented::presented},
    service::{fresh::Basis, outpost::Outpost},
};

use answer::Answer;
pub use connect::ConnectError;
pub use decision::{Holder, Refused};
pub use requirement::Requirement;
pub use settings::Settings;

/// The guard. Cheap to clone: all clones are one.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    outpost: Outpost,
    trusted_proxies: TrustedProxies,
}

impl Guard {
    /// Connects, and refuses a database on which it could not keep what it promises: a standby, one behind a pooler that
    /// swallows `LISTEN`, one that may lose what it has answered, or one whose schema knows of no guards yet.
    ///
    /// # Errors
    /// Says what is in the way, and what to do about it.
    pub async fn connect(settings: Settings) -> Result<Self, ConnectError> {
        let (outpost, trusted_proxies) = connect::connect(settings).await?;
        Ok(Self(Arc::new(Inner { outpost, trusted_proxies })))
    }

    /// Judges, exactly as `/v1/verify` would for an asking key of the same org or mesh.
    ///
    /// # Errors
    /// Every no is an error, so that it cannot be overlooked: see [`Refused`].
    pub async fn decide(&self, secret: &Secret, requirement: &Requirement) -> Result<Holder, Refused> {
        let hash = secret.hash();
        let question = requirement.question().map_err(Refused::Senseless)?;
        Ok(Holder(self.0.outpost.decide(hash, &question).await?))
    }

    /// Judges the bearer of a request by what stands in its headers `Authorization` and `X-API-Key`, for a framework that has no
    /// adapter here: each is given as all its values, in which what is no visible text is empty.
    ///
    /// # Errors
    /// The answer for the bearer. Why, is logged.
    pub async fn admit<'a>(
        &self,
        authorization: impl Iterator<Item = &'a str>,
        api_key: impl Iterator<Item = &'a str>,
        requirement: &Requirement,
    ) -> Result<Holder, Answer> {
        let secret = presented(authorization, api_key)?;
        self.decide(&secret, requirement).await.map_err(|refused| {
            let key = refused.key().map(|key| key.to_string());
            match refused.status() {
                500.. => error!(code = refused.code(), reason = %refused, "a key could not be judged"),
                // Who shows what nobody holds could fill the log.
                _ if key.is_none() => debug!(code = refused.code(), reason = %refused, "a key was refused"),
                _ => info!(key, code = refused.code(), reason = %refused, "a key was refused"),
            }
            Answer::from(&refused)
        })
    }

    /// Whether decisions are made from memory now, or by asking the database.
    #[must_use]
    pub fn basis(&self) -> Basis {
        self.0.outpost.fresh().memory.basis()
    }

    /// Whose word about the address of a client is taken: see [`Settings::trusted_proxies`].
    #[must_use]
    pub fn trusted_proxies(&self) -> &TrustedProxies {
        &self.0.trusted_proxies
    }

    /// Trusts nothing any more, and lets nobody wait for it. To be called before the process ends: a revocation would wait once
    /// for who went without a word.
    pub async fn stop(&self) {
        self.0.outpost.stop().await;
    }
}
