//! `meshkey replicas`: who may remember keys, by who has a shell on the host.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::{
    Failure,
    open::{Opened, open},
    show,
};
use crate::{
    app::Share,
    config::DatabaseFlags,
    db::fresh::poll::Listed,
    service::{operator::Operator, replicas},
};

/// The running services that may decide from memory, straight on the database.
#[derive(Args)]
pub(super) struct Replicas {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List them, with their last beat and what they have not yet applied
    List(List),
}

#[derive(Args)]
struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

impl Replicas {
    /// Does it.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let Verb::List(list) = &self.verb;
        let opened = open(&list.database, Share::Existing, !list.json).await?;
        let done = list.show(&opened).await;
        opened.close().await;
        done
    }
}

impl List {
    async fn show(&self, opened: &Opened) -> Result<(), Failure> {
        let listed = replicas::list(&opened.house, &Operator::on_this_host()).await?;
        if self.json {
            return show::print(&json!({ "items": listed.iter().map(as_json).collect::<Vec<_>>() }));
        }
        if listed.is_empty() {
            eprintln!("none: no service runs on this database");
            return Ok(());
        }
        let head = ["NAME", "BOOT ID", "BEAT", "LAST BEAT", "HOLD", "SERVER", "BEHIND"].map(str::to_owned).to_vec();
        show::table(&std::iter::once(head).chain(listed.iter().map(as_row)).collect::<Vec<_>>())
    }
}

/// How long ago it beat, by the clock of the database alone.
fn seconds_since_beat(listed: &Listed) -> f64 {
    (listed.now - listed.seen_at).as_seconds_f64().max(0.0)
}

fn as_row(listed: &Listed) -> Vec<String> {
    let replica = &listed.replica;
    vec![
        replica.name.chars().map(|one| if one.is_control() { '\u{FFFD}' } else { one }).collect(),
        replica.boot.to_string(),
        replica.beat.to_string(),
        format!("{:.1} s ago", seconds_since_beat(listed)),
        format!("{:?}", replica.hold),
        if listed.is_here { "this" } else { "another" }.to_owned(),
        listed.behind.map_or("unknown".to_owned(), |behind| behind.to_string()),
    ]
}

fn as_json(listed: &Listed) -> Value {
    let (replica, at) = (&listed.replica, |moment: time::OffsetDateTime| moment.format(&Rfc3339).ok());
    json!({
        "name": replica.name,
        "boot_id": replica.boot.to_string(),
        "beat": replica.beat,
        "started_at": at(listed.started_at),
        "last_beat_at": at(listed.seen_at),
        "seconds_since_beat": seconds_since_beat(listed),
        "hold_seconds": replica.hold.as_secs_f64(),
        "on_this_server": listed.is_here,
        "changes_behind": listed.behind,
    })
}
