//! The PostgreSQL of a run: a private one, or the cluster that `TEST_DATABASE_URL` names (as a superuser).

use std::{
    path::PathBuf,
    process::{Command, Output},
    sync::{Mutex, OnceLock, PoisonError, mpsc},
    thread,
};

use meshkey::db::embedded::{Embedded, Settings};
use serde_json::Value;
use tokio_postgres::{Config, NoTls, config::Host};

use crate::{
    canary,
    tools::{tables, texts},
};

const BINARY: &str = env!("CARGO_BIN_EXE_meshkey");
/// The role that the service logs in as.
pub(super) const LOGIN: &str = "meshkey";

/// A database to be dropped, and whom to tell what was found in it that should not be there.
pub(super) type Order = (String, mpsc::Sender<Option<String>>);

static CLUSTER: OnceLock<Cluster> = OnceLock::new();

/// The PostgreSQL of this run.
pub(super) struct Cluster {
    pub(super) superuser: Config,
    pub(super) login: Config,
    /// What `init` printed for the template.
    pub(super) acme: Value,
    pub(super) drops: mpsc::Sender<Order>,
    made: Mutex<mpsc::Receiver<String>>,
}

impl Cluster {
    pub(super) fn of_this_run() -> &'static Self {
        CLUSTER.get_or_init(|| {
            canary::listen();
            let (ready, wait) = mpsc::channel();
            // This thread owns PostgreSQL, and lives as long as the run: a test's own thread would take it along.
            thread::spawn(move || keep(&ready));
            wait.recv().expect("PostgreSQL does not start")
        })
    }

    /// A fresh copy of the template.
    pub(super) fn database(&self) -> String {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.recv().expect("no database is made any more")
    }

    fn start(drops: mpsc::Sender<Order>, made: mpsc::Receiver<String>) -> (Self, Option<Embedded>) {
        let (superuser, login, embedded) = match std::env::var("TEST_DATABASE_URL") {
            Ok(url) => with_login(&url.parse().expect("TEST_DATABASE_URL is no database URL")),
            Err(_) => private(),
        };
        (Self { superuser, login, acme: Value::Null, drops, made: Mutex::new(made) }, embedded)
    }

    async fn make_template(&mut self) {
        let db = connect(&self.superuser).await;
        drop_left_over(&db).await;
        let template = template();
        db.batch_execute(&format!("CREATE DATABASE {template} OWNER {LOGIN}")).await.unwrap();
        let init = ["init", "--org", "acme", "--mesh", "main", "--topic", "deploys", "--topic", "secrets", "--json"];
        self.acme = printed(&run(&init, &url(&self.login, &template)));
    }
}

/// Starts the cluster, makes the template, and then drops the databases of finished tests.
fn keep(ready: &mpsc::Sender<Cluster>) {
    let (drops, orders) = mpsc::channel();
    let (copies, made) = mpsc::sync_channel(1);
    let (mut cluster, embedded) = Cluster::start(drops, made);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(cluster.make_template());
    let superuser = cluster.superuser.clone();
    let maker = superuser.clone();
    thread::spawn(move || keep_making(&maker, &copies));
    ready.send(cluster).unwrap();
    for (database, done) in orders {
        let _ = done.send(runtime.block_on(search(&superuser, &database)));
        runtime.block_on(drop_database(&superuser, &database));
    }
    drop(embedded);
}

/// Copies the template ahead of the tests: to wait for the checkpoint that a copy takes would be half of many a test.
fn keep_making(superuser: &Config, copies: &mpsc::SyncSender<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for number in 0.. {
        let database = format!("{}_{number}", prefix());
        let copy = format!("CREATE DATABASE {database} TEMPLATE {} STRATEGY FILE_COPY OWNER {LOGIN}", template());
        runtime.block_on(async { connect(superuser).await.batch_execute(&copy).await.unwrap() });
        if copies.send(database).is_err() {
            return;
        }
    }
}

/// Looks through all of a database for a secret.
async fn search(superuser: &Config, database: &str) -> Option<String> {
    let open = format!("ALTER DATABASE {database} ALLOW_CONNECTIONS true");
    connect(superuser).await.batch_execute(&open).await.unwrap();
    let db = connect(superuser.clone().dbname(database)).await;
    for table in tables(&db).await {
        let rows = texts(&db, &format!("SELECT t::text FROM {table} t")).await.join("\n");
        if let Some(leak) = canary::find(&rows) {
            return Some(format!("a secret in {table}: {leak}"));
        }
    }
    None
}

async fn drop_database(superuser: &Config, database: &str) {
    let drop = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
    if let Err(fault) = connect(superuser).await.batch_execute(&drop).await {
        eprintln!("{database} stays: {fault}");
    }
}

/// Drops what earlier runs have left on somebody else's cluster: databases that bear the number of a process that is gone.
async fn drop_left_over(db: &tokio_postgres::Client) {
    let rows = db.query(r"SELECT datname FROM pg_database WHERE datname LIKE 'it\_%'", &[]).await.unwrap();
    for name in rows.iter().map(|row| row.get::<_, String>(0)) {
        if name.split('_').nth(1).is_some_and(is_gone) {
            db.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await.unwrap();
        }
    }
}

/// Whether there is no process of that number.
fn is_gone(process: &str) -> bool {
    process.parse::<u32>().is_ok_and(|id| !PathBuf::from(format!("/proc/{id}")).exists())
}

/// A cluster of our own, in a directory that the next run clears away.
fn private() -> (Config, Config, Option<Embedded>) {
    clear_away();
    let data_dir = std::env::temp_dir().join(directory(std::process::id()));
    let embedded =
        Embedded::start(Settings { data_dir, launcher: PathBuf::from(BINARY), durable: false, bin: None }).unwrap();
    (embedded.superuser(), embedded.login(), Some(embedded))
}

/// Somebody else's cluster: the service's login is made there.
fn with_login(superuser: &Config) -> (Config, Config, Option<Embedded>) {
    let make = format!(
        "DO $$ BEGIN CREATE ROLE {LOGIN} LOGIN CREATEROLE PASSWORD '{LOGIN}';
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { connect(superuser).await.batch_execute(&make).await.unwrap() });
    let login = superuser.clone().user(LOGIN).password(LOGIN).clone();
    (superuser.clone(), login, None)
}

/// Removes what earlier runs have left: their process is gone, and their PostgreSQL with it.
fn clear_away() {
    let left = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for entry in left {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.strip_prefix("meshkey-it-").is_some_and(is_gone) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn directory(process: u32) -> String {
    format!("meshkey-it-{process}")
}

pub(super) fn prefix() -> String {
    format!("it_{}", std::process::id())
}

fn template() -> String {
    format!("{}_template", prefix())
}
/// Runs the command line as an operator would, with nothing else in its environment.
pub(super) fn run(arguments: &[&str], database_url: &str) -> Output {
    Command::new(BINARY)
        .args(arguments)
        .args(["--database-url", database_url])
        .env_clear()
        .env("MESHKEY_ALLOW_FSYNC_OFF", "true")
        .output()
        .inspect(|output| {
            canary::ensure_none("a command's messages", &String::from_utf8_lossy(&output.stderr));
        })
        .unwrap()
}

#[track_caller]
pub(super) fn printed(output: &Output) -> Value {
    assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}
/// A connection that is served until its client is dropped.
pub(super) async fn connect(config: &Config) -> tokio_postgres::Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
/// The same as a URL, for the service.
pub(super) fn url(config: &Config, database: &str) -> String {
    let host = match config.get_hosts().first().expect("a host") {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    };
    let mut parts = vec![("host", host), ("user", config.get_user().unwrap_or(LOGIN).to_owned())];
    parts.extend(config.get_ports().first().map(|port| ("port", port.to_string())));
    parts.extend(config.get_password().map(|text| ("password", String::from_utf8_lossy(text).into_owned())));
    format!("postgresql:///{database}?{}", serde_urlencoded::to_string(parts).unwrap().replace('+', "%20"))
}
