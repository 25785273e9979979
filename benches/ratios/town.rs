//! What there is to measure against: a private PostgreSQL that flushes to disk, and two databases in it, one with few keys
//! and one with many.

#[path = "town/keys.rs"]
mod keys;

use std::{
    ffi::OsString,
    fs::{File, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::Command,
};

use meshkey::{
    app,
    config::{ServeFlags, Settings},
    db::{
        connect::Target,
        embedded::{self, Embedded},
    },
    domain::OrgId,
    service::{
        House,
        founding::Founding,
        operator::{self, Operator},
    },
};
use tempfile::TempDir;
use tokio_postgres::{Client, Config, NoTls};

use super::Outcome;
pub use keys::{ASKER, id, text};

/// Meshkey, as it was built for this run.
pub const MESHKEY: &str = env!("CARGO_BIN_EXE_meshkey");
/// How many connections to the database a server has, which is what it has where nothing is said.
pub const POOL: usize = 16;
/// How many keys a small database holds.
pub const FEW: u32 = 1000;

/// The PostgreSQL and what lies in it. Gone when it is dropped.
pub struct Town {
    // The server first: it ends before its directory does.
    embedded: Embedded,
    dir: TempDir,
}

/// A database with one org in it that has keys.
pub struct Place {
    /// Its name.
    pub name: &'static str,
    /// The org.
    pub org: OrgId,
    /// The text of its admin key.
    pub admin: String,
    /// How many keys the org has.
    pub keys: u32,
}

impl Town {
    /// Starts it.
    pub async fn build() -> Outcome<Self> {
        // The account that PostgreSQL runs as, where we are root, has to pass.
        let mut builder = tempfile::Builder::new();
        let dir = builder.prefix("meshkey-bench-").permissions(Permissions::from_mode(0o755)).tempdir()?;
        let settings = embedded::Settings {
            data_dir: dir.path().join("data"),
            launcher: PathBuf::from(MESHKEY),
            bin: None,
            durable: true,
        };
        let embedded = tokio::task::spawn_blocking(|| Embedded::start(settings)).await??;
        Ok(Self { embedded, dir })
    }

    /// A new database with an org that has so many keys, made by SQL.
    pub async fn place(&self, name: &'static str, keys: u32) -> Outcome<Place> {
        let superuser = self.superuser("postgres").await?;
        superuser.batch_execute(&format!("CREATE DATABASE {name} OWNER meshkey")).await?;
        let house = self.house(name, &[]).await?;
        let (org, admin) = found(&house, "bench").await?;
        house.store.close();
        let place = Place { name, org, admin, keys };
        keys::fill(&self.superuser(name).await?, &place).await?;
        Ok(place)
    }

    /// A house in this process, on this database.
    pub async fn house(&self, name: &str, settings: &[(&str, &str)]) -> Outcome<House> {
        let own = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment = self.environment(name).into_iter().chain(own);
        let environment = environment.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let settings = Settings::load(&ServeFlags::default(), environment)?;
        let database = app::database(&settings, app::Share::Alone).await?;
        Ok(app::house(&settings, &database).await?)
    }

    /// How Meshkey is started on this database. It listens on loopback, on a port that the system picks.
    pub fn serve(&self, name: &str, workers: u16) -> Outcome<Command> {
        let mut command = Command::new(MESHKEY);
        command.arg("serve").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.environment(name)).env("MESHKEY_WORKERS", workers.to_string());
        command.stderr(File::options().create(true).append(true).open(self.dir.path().join("log"))?);
        Ok(command)
    }

    fn environment(&self, name: &str) -> Vec<(String, String)> {
        let socket = self.embedded.socket_dir().display();
        [
            ("MESHKEY_LISTEN", "127.0.0.1:0".to_owned()),
            ("MESHKEY_DATABASE_URL", format!("host={socket} user=meshkey dbname={name}")),
            ("MESHKEY_POOL_SIZE", POOL.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The way to this database for the service's login.
    pub fn target(&self, name: &str) -> Target {
        Target::from(self.embedded.login().dbname(name).clone())
    }

    /// A connection that nothing is hidden from.
    pub async fn superuser(&self, name: &str) -> Outcome<Client> {
        let mut config: Config = self.embedded.superuser();
        let (client, connection) = config.dbname(name).connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

/// Makes an org: its id, and the text of its first admin key.
pub async fn found(house: &House, slug: &str) -> Outcome<(OrgId, String)> {
    let wish = Founding::of(slug.parse()?);
    let founded = operator::found(house, &Operator::on_this_host(), &wish).await;
    let founded = founded.map_err(|refusal| format!("{refusal:?}"))?;
    Ok((founded.place.org.id, founded.key.secret.reveal().to_owned()))
}
