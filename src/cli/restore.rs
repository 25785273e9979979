//! `meshkey restore`: an installation from a backup, in an empty data directory.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Failure,
    backup::{
        asked, ensure_embedded,
        file::{Manifest, Reader},
    },
    open::named,
    serve::stopped,
    show,
};
use crate::{
    app,
    config::{DatabaseFlags, Settings},
    db::{
        self,
        connect::Target,
        embedded::{self, Aside},
        migrate, roles,
    },
    service::{
        operator::Operator,
        stock::{self, Stock},
    },
};

/// Make an installation from a backup, in an empty data directory.
#[derive(Args)]
pub(super) struct Restore {
    /// The backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

/// An org as it was restored: what there is of it, and where its audit ends, or breaks.
type Restored = (Stock, Result<i64, i64>);

impl Restore {
    /// Restores it.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let settings = named(&self.database, !self.json)?;
        ensure_embedded(&settings, "restored", "pg_restore, into an empty database that the login of Meshkey owns")?;
        let mut backup = Reader::open(&self.from)?;
        ensure_known(&self.from, backup.manifest())?;
        ensure_old_enough(&settings, backup.manifest())?;
        let interrupted = stopped()?;
        let aside = begin(&settings).await?;
        let done = tokio::select! {
            done = fill(&settings, &aside, &mut backup) => done,
            () = interrupted => Err(Failure::Interrupted),
        };
        let restored = end(aside, done).await?;
        self.tell(&settings, backup.manifest(), &restored)
    }

    fn tell(&self, settings: &Settings, manifest: &Manifest, restored: &[Restored]) -> Result<(), Failure> {
        let data_dir = app::data_dir(settings);
        if self.json {
            let orgs: Vec<_> = restored.iter().map(as_json).collect();
            let told =
                json!({ "data_dir": data_dir, "backup": manifest, "orgs": orgs, "advice": advice(manifest.taken_at) });
            show::print(&told)?;
        } else {
            show::table(&[head()].into_iter().chain(restored.iter().map(row)).collect::<Vec<_>>())?;
            eprintln!("\nrestored into {}\n{}", data_dir.display(), advice(manifest.taken_at));
        }
        match restored.iter().find(|(_, audit)| audit.is_err()) {
            Some((stock, _)) => Err(Failure::Other(format!(
                "the audit of {} is broken, and was so in the backup: somebody has altered it. All is restored as it was",
                stock.org.slug
            ))),
            None => Ok(()),
        }
    }
}

/// Refuses the backup of a newer version.
fn ensure_known(from: &Path, manifest: &Manifest) -> Result<(), Failure> {
    let Manifest { meshkey, schema, .. } = manifest;
    if *schema <= migrate::newest() {
        return Ok(());
    }
    Err(Failure::Unfit(format!(
        "{} has the schema V{schema} of Meshkey {meshkey}, and this one knows V{} at most: restore it with that version \
         or a later one",
        from.display(),
        migrate::newest()
    )))
}

/// Starts an empty server that nobody else sees.
async fn begin(settings: &Settings) -> Result<Aside, Failure> {
    let wanted = app::embedded_settings(settings)?;
    let started = tokio::task::spawn_blocking(move || Aside::start(wanted)).await;
    match started.map_err(|error| Failure::Other(error.to_string()))? {
        Ok(aside) => Ok(aside),
        Err(error @ (embedded::Error::NotEmpty(_) | embedded::Error::InUse { .. })) => {
            Err(Failure::Conflict(error.to_string()))
        }
        Err(error) => Err(app::Error::from(error).into()),
    }
}

/// Puts it in its place if it was filled, and clears it away if not.
async fn end<T>(aside: Aside, done: Result<T, Failure>) -> Result<T, Failure> {
    let is_filled = done.is_ok();
    let end = move || {
        if is_filled {
            return aside.take_place();
        }
        drop(aside);
        Ok(())
    };
    let ended = tokio::task::spawn_blocking(end).await;
    ended.map_err(|error| Failure::Other(error.to_string()))?.map_err(app::Error::from)?;
    done
}

async fn fill(settings: &Settings, aside: &Aside, backup: &mut Reader) -> Result<Vec<Restored>, Failure> {
    let login = Target::from(aside.login()).connect().await.map_err(app::Error::from)?;
    roles::ensure(&login, None).await.map_err(app::Error::from)?;
    let (tools, socket) = aside.tools();
    tools.restore(socket, backup.dump()).await.map_err(app::Error::from)?;
    let superuser = Target::from(aside.superuser()).connect().await.map_err(app::Error::from)?;
    db::snapshot::settle(&superuser).await.map_err(asked)?;
    let database = app::at_socket(socket.to_owned());
    let house = app::house(settings, &database).await?;
    db::snapshot::end_what_opens(&superuser).await.map_err(asked)?;
    let restored = look(&house).await;
    house.store.close();
    restored
}

async fn look(house: &crate::service::House) -> Result<Vec<Restored>, Failure> {
    let operator = Operator::on_this_host();
    let mut restored = Vec::new();
    for stock in stock::count(house, &operator).await? {
        let audit = stock::follow(house, &operator, &stock.org).await?;
        restored.push((stock, audit));
    }
    Ok(restored)
}

/// What a newer server has saved, an older one cannot read.
fn ensure_old_enough(settings: &Settings, manifest: &Manifest) -> Result<(), Failure> {
    let made_by = &manifest.postgres;
    let theirs = made_by.split('.').next().and_then(|text| text.parse::<u32>().ok()).unwrap_or_default();
    let ours = embedded::newest_major(settings.pg_bin.as_deref()).map_err(app::Error::from)?;
    if theirs <= ours {
        return Ok(());
    }
    Err(Failure::Unfit(format!(
        "the backup was made by PostgreSQL {made_by}, and here is {ours}: install PostgreSQL {theirs}, or name the \
         directory of its programs with --pg-bin"
    )))
}

fn head() -> Vec<String> {
    ["ORG", "KEYS", "LIVE", "AUDIT"].map(str::to_owned).to_vec()
}

fn row((stock, audit): &Restored) -> Vec<String> {
    let audit = match audit {
        Ok(last) => format!("whole, ends at {last}"),
        Err(seq) => format!("broken at {seq}"),
    };
    vec![stock.org.slug.to_string(), stock.keys.all.to_string(), stock.keys.live.to_string(), audit]
}

fn as_json((stock, audit): &Restored) -> Value {
    json!({
        "id": stock.org.id, "slug": stock.org.slug, "keys": stock.keys.all, "live": stock.keys.live,
        "audit": { "whole": audit.is_ok(), "last_seq": audit.ok(), "broken_at": audit.err() },
    })
}

/// What nobody may forget.
fn advice(taken_at: OffsetDateTime) -> String {
    let at = taken_at.format(&Rfc3339).unwrap_or_default();
    format!(
        "The backup is of {at}. Every key that was revoked, disabled, narrowed or rotated after that works again as it \
         did then, people are what they were then, open invitations are open, and nobody is signed \
         in. Before this installation serves: compare the audit of each org with an export of it from before the loss, and do again what is missing; where there is none, revoke every key that you cannot answer for"
    )
}
