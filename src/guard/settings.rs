//! The settings of a guard.

use std::time::Duration;

/// How a guard is set up.
#[derive(Clone)]
pub struct Settings {
    pub(super) database_url: String,
    pub(super) org: String,
    pub(super) mesh: Option<String>,
    pub(super) name: Option<String>,
    pub(super) bound: Duration,
    pub(super) outage_grace: Duration,
    pub(super) cache_keys: usize,
    pub(super) pool_size: usize,
    pub(super) patience: Duration,
    pub(super) trusted_proxies: String,
    pub(super) allow_fsync_off: bool,
}

impl Settings {
    /// For the keys of this org, by its id or slug, on the database of a Meshkey installation. The login needs to be a member of
    /// the role `meshkey_guard`, and of nothing else.
    #[must_use]
    pub fn new(database_url: &str, org: &str) -> Self {
        Self {
            database_url: database_url.to_owned(),
            org: org.to_owned(),
            mesh: None,
            name: None,
            bound: Duration::from_secs(2),
            outage_grace: Duration::ZERO,
            cache_keys: 100_000,
            pool_size: 4,
            patience: Duration::from_secs(2),
            trusted_proxies: String::new(),
            allow_fsync_off: false,
        }
    }

    /// Only for keys that act in this mesh of the org, by its id or slug. What a requirement does not say is in this mesh then.
    #[must_use]
    pub fn mesh(self, mesh: &str) -> Self {
        Self { mesh: Some(mesh.to_owned()), ..self }
    }

    /// What people call it in `meshkey replicas list`; the name of the host with `/guard` behind it unless it is said.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    /// For how long at most a revocation waits for this process when it is out of reach: 500 ms to 1 min, 2 s unless it is said.
    /// Beats are sent four times in this time.
    #[must_use]
    pub fn bound(self, bound: Duration) -> Self {
        Self { bound, ..self }
    }

    /// For how much longer `send` and `read` go on by what is remembered while the database is out of reach: at most 10 min, not
    /// at all unless it is said. Revocations wait for as long.
    #[must_use]
    pub fn outage_grace(self, outage_grace: Duration) -> Self {
        Self { outage_grace, ..self }
    }

    /// How many keys are remembered at most, each in at most 512 bytes: 100 000 unless it is said; none with 0, and then the
    /// database is asked for every decision.
    #[must_use]
    pub fn cache_keys(self, cache_keys: usize) -> Self {
        Self { cache_keys, ..self }
    }

    /// How many connections keys are looked up on at most, beside the one for the beats: 4 unless it is said.
    #[must_use]
    pub fn pool_size(self, pool_size: usize) -> Self {
        Self { pool_size, ..self }
    }

    /// How long a decision may take that is not made from memory: 2 s unless it is said. Then it could not be decided.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The proxies whose `X-Forwarded-For` the extractor for actix-web believes, as addresses and ranges by commas. Nobody's
    /// unless it is said.
    #[must_use]
    pub fn trusted_proxies(self, ranges: &str) -> Self {
        Self { trusted_proxies: ranges.to_owned(), ..self }
    }

    /// Works on a server that can lose in a crash what it has answered. For tests alone.
    #[must_use]
    pub fn allow_fsync_off(self) -> Self {
        Self { allow_fsync_off: true, ..self }
    }
}
