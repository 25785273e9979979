//! `meshkey backup`: the embedded database in one file, as it was at one moment, while it is in use.

pub(super) mod file;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use self::file::{Manifest, Writer};
use super::{
    Failure,
    open::{named, stop},
    serve::stopped,
    show,
};
use crate::{
    app::{self, Database, Share},
    config::{DatabaseFlags, Settings},
    db::{
        self,
        connect::Target,
        embedded::{self, Tools},
        snapshot::{self, Snapshot},
    },
};

/// Save the embedded database in one file, while it is in use.
#[derive(Args)]
pub(super) struct Backup {
    /// The file to make; there must be none of that name
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

impl Backup {
    /// Saves it.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let settings = named(&self.database, !self.json)?;
        ensure_embedded(
            &settings,
            "saved",
            "pg_dump --format=custom --file=FILE DATABASE, as a role that row-level \
                         security does not bind (a superuser, or one with BYPASSRLS)",
        )?;
        let interrupted = stopped()?;
        let writer = Writer::begin(&self.to)?;
        let database = app::database(&settings, Share::Existing).await?;
        let done = tokio::select! {
            done = save(&settings, &database, writer) => done,
            () = interrupted => Err(Failure::Interrupted),
        };
        stop(database.embedded).await;
        let (manifest, written) = done?;
        self.tell(&manifest, &written)
    }

    fn tell(&self, manifest: &Manifest, written: &file::Written) -> Result<(), Failure> {
        let path = std::path::absolute(&self.to).unwrap_or_else(|_| self.to.clone());
        if self.json {
            let mut told = json!(manifest);
            told["file"] = json!(path);
            told["bytes"] = json!(written.bytes);
            told["sha256"] = json!(written.sha256);
            return show::print(&told);
        }
        let Manifest { taken_at, orgs, keys, schema, .. } = manifest;
        let at = taken_at.format(&Rfc3339).unwrap_or_default();
        eprintln!("saved what there was at {at}: orgs {orgs}, keys {keys}, schema V{schema}, {} bytes", written.bytes);
        eprintln!("It holds no key's text, but whoever can write it can make keys: keep it like the database itself.");
        show::line(&path.display().to_string())
    }
}

/// Refuses another database than the embedded one.
pub(super) fn ensure_embedded(settings: &Settings, verb: &str, instead: &str) -> Result<(), Failure> {
    if settings.database_url.is_none() {
        return Ok(());
    }
    let (origin, place) = (settings.origin(&crate::config::table::DATABASE_URL), app::database_in_words(settings));
    Err(Failure::Usage(format!(
        "{origin} names a database of your own, {place}, and only the embedded one is {verb} by this command: use what \
         its provider offers, or {instead}"
    )))
}

async fn save(
    settings: &Settings,
    database: &Database,
    mut writer: Writer,
) -> Result<(Manifest, file::Written), Failure> {
    let socket = database.socket.as_deref().ok_or_else(|| Failure::Other("the database has no socket".to_owned()))?;
    let wanted = app::embedded_settings(settings)?;
    let tools = Tools::of(&wanted.data_dir, wanted.bin.as_deref(), &wanted.launcher).map_err(app::Error::from)?;
    let superuser = Target::from(embedded::superuser_at(socket));
    let mut client = superuser.connect().await.map_err(app::Error::from)?;
    let snapshot = snapshot::take(&mut client).await.map_err(asked)?;
    let manifest = manifest(&snapshot)?;
    writer.head(&manifest)?;
    tools.dump(socket, &snapshot.id, |piece| writer.keep(piece)).await.map_err(app::Error::from)?;
    drop(snapshot);
    Ok((manifest, writer.finish()?))
}

fn manifest(snapshot: &Snapshot<'_>) -> Result<Manifest, Failure> {
    let nothing = "the database has no schema yet: there is nothing to save";
    Ok(Manifest {
        meshkey: env!("CARGO_PKG_VERSION").to_owned(),
        postgres: snapshot.server.clone(),
        schema: snapshot.schema.ok_or_else(|| Failure::NotFound(nothing.to_owned()))?,
        taken_at: snapshot.at,
        orgs: snapshot.orgs,
        keys: snapshot.keys,
    })
}

/// What to make of a database that could not be asked.
pub(super) fn asked(error: db::Error) -> Failure {
    crate::service::Refusal::from(error).into()
}
