//! A house per test: a service of its own on port 0, with a database of its own, cloned from a migrated template.
//!
//! The template holds org `acme` with mesh `main` and its topics `deploys` and `secrets`.

mod cluster;

use std::{
    ffi::OsString,
    process::Output,
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
};

use meshkey::{
    app::{self, Server},
    config::{self, ServeFlags},
    service::fresh::{Basis, Fresh},
};
use serde_json::Value;
use tokio::runtime::Runtime;

use self::cluster::{Cluster, LOGIN, connect, prefix, printed, run, url};
use super::{canary, client::Client, tools::eventually};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A service with a database of its own; both are gone when it is dropped.
pub struct House {
    pub database: String,
    base: String,
    server: Option<Server>,
    runtime: Option<Runtime>,
}

/// An org as its first key was printed, with a client that holds this key.
pub struct Org {
    pub id: String,
    pub mesh: Option<String>,
    pub admin: Client,
}

impl House {
    /// A house on a fresh copy of the template.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with these settings besides, by their variables.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::on(Cluster::of_this_run().database(), settings).await
    }

    /// A house that nobody has set up: with a schema, and nothing in it.
    pub async fn empty(settings: &[(&str, &str)]) -> Self {
        let cluster = Cluster::of_this_run();
        let database = format!("{}_empty_{}", prefix(), COUNT.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE {database} OWNER {LOGIN}");
        connect(&cluster.superuser).await.batch_execute(&create).await.unwrap();
        Self::on(database, settings).await
    }

    /// One more service on the same database, as a second replica would be.
    pub async fn twin(&self) -> Self {
        self.replica(&[]).await
    }

    /// The same with settings of its own.
    pub async fn replica(&self, own: &[(&str, &str)]) -> Self {
        self.try_replica(own).await.unwrap()
    }

    /// The same, where it may refuse to start.
    pub async fn try_replica(&self, own: &[(&str, &str)]) -> Result<Self, app::Error> {
        let mut twin = Self::try_on(self.database.clone(), own).await?;
        twin.database = String::new();
        Ok(twin)
    }

    async fn on(database: String, own: &[(&str, &str)]) -> Self {
        Self::try_on(database, own).await.unwrap()
    }

    async fn try_on(database: String, own: &[(&str, &str)]) -> Result<Self, app::Error> {
        let settings = settings(&url(&Cluster::of_this_run().login, &database), own);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let started = runtime.spawn(async move { app::start(&settings).await }).await.unwrap();
        let server = match started {
            Ok(server) => server,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let base = format!("http://{}", server.address());
        Ok(Self { database, base, server: Some(server), runtime: Some(runtime) })
    }

    /// What it remembers.
    pub fn fresh(&self) -> &Fresh {
        &self.server.as_ref().unwrap().house().fresh
    }

    /// Cuts it off from the database for all but its beats.
    pub fn cut_off(&self) {
        self.server.as_ref().unwrap().house().store.close();
    }

    /// A connection of its own in the operator's role.
    pub async fn operator(&self) -> deadpool_postgres::Object {
        self.server.as_ref().unwrap().house().store.operator().await.unwrap()
    }

    /// A client without a key.
    pub fn stranger(&self) -> Client {
        Client::new(&self.base, "acme")
    }

    /// The first admin key of org `acme`.
    pub fn admin(&self) -> Client {
        self.acme().admin
    }

    /// Org `acme`, mesh `main`.
    pub fn acme(&self) -> Org {
        Org::printed(&self.base, &Cluster::of_this_run().acme)
    }

    /// Makes one more org.
    pub fn org(&self, slug: &str) -> Org {
        Org::printed(&self.base, &self.meshkey(&["org", "create", slug, "--json"]))
    }

    /// Runs the command line on this house's database; it must succeed. Gives the JSON that it prints, if any.
    pub fn meshkey(&self, arguments: &[&str]) -> Value {
        printed(&self.try_meshkey(arguments))
    }

    /// Runs the command line on this house's database.
    pub fn try_meshkey(&self, arguments: &[&str]) -> Output {
        run(arguments, &url(&Cluster::of_this_run().login, &self.database))
    }

    /// A connection to this house's database: as `superuser`, which row-level security does not bind, or as the
    /// service's login switched to another role.
    pub async fn sql(&self, role: &str) -> tokio_postgres::Client {
        let cluster = Cluster::of_this_run();
        let mut config = if role == "superuser" { cluster.superuser.clone() } else { cluster.login.clone() };
        if !["superuser", LOGIN].contains(&role) {
            config.options(format!("-c role={role}"));
        }
        connect(config.dbname(&self.database)).await
    }

    /// Takes the database out of reach, or gives it back.
    pub async fn set_reachable(&self, reachable: bool) {
        let database = &self.database;
        let db = connect(&Cluster::of_this_run().superuser).await;
        let allow = format!("ALTER DATABASE {database} ALLOW_CONNECTIONS {reachable}");
        db.batch_execute(&allow).await.unwrap();
        let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1";
        if !reachable {
            db.query(end, &[database]).await.unwrap();
            // What it remembers it trusts for the bound.
            let asks = async || (self.fresh().memory.basis() == Basis::Asking).then_some(());
            eventually("it no longer trusts what it remembers", asks).await;
        }
    }

    /// Whether a use of this key is noted or written down.
    pub async fn has_used(&self, id: &str) -> bool {
        let key: meshkey::domain::KeyId = id.parse().unwrap();
        let query = "SELECT last_used_at IS NOT NULL FROM api_keys WHERE id = $1";
        self.server.as_ref().unwrap().house().uses.has(key)
            || self.sql("superuser").await.query_one(query, &[&key.uuid()]).await.unwrap().get(0)
    }

    /// Writes down what was counted.
    pub async fn flush_uses(&self) {
        self.try_flush_uses().await.unwrap();
    }

    /// The same, where it may fail.
    pub async fn try_flush_uses(&self) -> Result<(), meshkey::db::Error> {
        let house = self.server.as_ref().unwrap().house();
        house.uses.flush(&house.store).await
    }

    /// What its verbs stand on.
    pub fn service(&self) -> &meshkey::service::House {
        self.server.as_ref().unwrap().house()
    }

    /// Forgets every use.
    pub async fn forget_uses(&self) {
        self.flush_uses().await;
        self.sql("superuser").await.batch_execute("UPDATE api_keys SET last_used_at = NULL").await.unwrap();
    }

    /// What is told at `/metrics`.
    pub fn metrics(&self) -> String {
        self.server.as_ref().unwrap().board().text().unwrap()
    }

    /// Where it is told, if anywhere.
    pub fn metrics_address(&self) -> Option<std::net::SocketAddr> {
        self.server.as_ref().unwrap().metrics_address()
    }

    /// Stops the service gracefully; the database stays until the house is dropped.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let metrics = self.server.as_ref().and_then(|server| server.board().text().ok()).unwrap_or_default();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        if self.database.is_empty() {
            return;
        }
        let (done, wait) = mpsc::channel();
        let order = (std::mem::take(&mut self.database), done);
        let told = Cluster::of_this_run().drops.send(order).ok().and_then(|()| wait.recv().ok());
        // A test that has failed has said what is wrong with it.
        if let (Some(leak), false) = (
            told.flatten().or_else(canary::heard).or_else(|| canary::find_in_metrics(&metrics)),
            std::thread::panicking(),
        ) {
            panic!("{leak}");
        }
    }
}

impl Org {
    fn printed(base: &str, printed: &Value) -> Self {
        let id = |thing: &Value| thing.as_str().or(thing["id"].as_str()).map(str::to_owned);
        let org = id(&printed["org"]).expect("an org");
        let secret = printed["key"]["secret"].as_str().expect("a secret");
        let admin = Client::new(base, &org).with_key(secret);
        Self { id: org, mesh: id(&printed["mesh"]), admin }
    }
}
/// The service's settings: everything at its default, but small, and on a port that the system picks.
fn settings(database_url: &str, own: &[(&str, &str)]) -> config::Settings {
    let environment = [
        ("MESHKEY_LISTEN", "127.0.0.1:0"),
        ("MESHKEY_DATABASE_URL", database_url),
        ("MESHKEY_ALLOW_FSYNC_OFF", "true"),
        ("MESHKEY_WORKERS", "1"),
        ("MESHKEY_POOL_SIZE", "4"),
        // The tests of one house come from one address.
        ("MESHKEY_FAILED_AUTH_PER_MINUTE", "1000000"),
    ];
    let environment = environment.iter().chain(own).map(|(name, value)| (OsString::from(name), OsString::from(value)));
    config::Settings::load(&ServeFlags::default(), environment).unwrap()
}
