//! `meshkey migrate`: the schema of the database, shown or brought up to date.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    Failure, Outcome,
    open::{named, stop},
    show,
};
use crate::{
    app::{self, Database, Share},
    config::DatabaseFlags,
    db::migrate::{self, Status},
};

/// The schema of the database.
#[derive(Args)]
pub(super) struct Migrate {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show what was applied and what is pending; changes nothing. Exit code 1 if the history is not ours
    Status(All),
    /// Apply what is pending; processes that start together take turns
    Up(All),
}

#[derive(Args)]
struct All {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

impl Migrate {
    /// Does it.
    pub(super) async fn run(self) -> Result<Outcome, Failure> {
        let (Verb::Status(all) | Verb::Up(all)) = &self.verb;
        let settings = named(&all.database, !all.json)?;
        let database = app::database(&settings, Share::Existing).await?;
        let done = match &self.verb {
            Verb::Status(all) => status(&database, all.json).await,
            Verb::Up(all) => up(&database, all.json).await.map(|()| Outcome::Done),
        };
        stop(database.embedded).await;
        done
    }
}

async fn status(database: &Database, as_json: bool) -> Result<Outcome, Failure> {
    let client = database.migrator.connect().await.map_err(app::Error::from)?;
    let status = migrate::status(&client).await.map_err(app::Error::from)?;
    if as_json {
        let Status { version, applied, pending, unknown, diverged } = &status;
        show::print(&json!({
            "version": version, "newest": migrate::newest(), "applied": applied, "pending": pending, "unknown": unknown,
            "diverged": diverged,
        }))?;
    } else {
        in_words(&status)?;
    }
    Ok(if status.diverged.is_empty() { Outcome::Done } else { Outcome::Unwell })
}

fn in_words(status: &Status) -> Result<(), Failure> {
    let lists = [
        ("applied", &status.applied),
        ("pending", &status.pending),
        ("unknown", &status.unknown),
        ("diverged", &status.diverged),
    ];
    let rows = lists.iter().flat_map(|(word, list)| list.iter().map(|name| vec![(*word).to_owned(), name.clone()]));
    show::table(&rows.collect::<Vec<_>>())?;
    let (told, fix) = verdict(status);
    eprintln!("{told}{}", fix.map(|fix| format!(": {fix}")).unwrap_or_default());
    Ok(())
}

/// The whole of it in a few words, and what to do.
pub(super) fn verdict(status: &Status) -> (String, Option<&'static str>) {
    let count =
        |list: &[String]| if list.len() == 1 { "1 migration".to_owned() } else { format!("{} migrations", list.len()) };
    if !status.diverged.is_empty() {
        let fix = "use the program that made it, or restore the database from before";
        return ("the schema is not the one of this program".to_owned(), Some(fix));
    }
    let pending = "`meshkey migrate up` applies them, and so does `meshkey serve` at its start";
    let newer = "this version can serve it; the newer one knows what it is";
    match (&status.pending[..], &status.unknown[..]) {
        ([], []) => ("the schema is current".to_owned(), None),
        ([], unknown) => (format!("{} of a newer version", count(unknown)), Some(newer)),
        (missing, _) => (format!("{} pending", count(missing)), Some(pending)),
    }
}

async fn up(database: &Database, as_json: bool) -> Result<(), Failure> {
    let outcome = app::migrate(database).await?;
    if as_json {
        return show::print(&json!({ "applied": outcome.applied, "unknown": outcome.unknown }));
    }
    for name in &outcome.applied {
        show::line(&format!("applied  {name}"))?;
    }
    eprintln!("the schema is current");
    Ok(())
}
