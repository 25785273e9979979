//! `meshkey audit list`, `export`, and `verify` over HTTP.

use std::{
    fs::OpenOptions,
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;
use serde_json::Value;

use super::{
    super::{Failure, Outcome},
    ask::Ask,
    complete,
    connection::Client,
    flags::ClientFlags,
    pages::Much,
    print::{Table, text},
    stream,
    when::{ago, moment, told},
};

/// Which events are wanted.
#[derive(Args)]
struct Wanted {
    /// Only what this key did, or this person (by e-mail), or local, or system
    #[arg(long, value_name = "ACTOR", add = ArgValueCandidates::new(complete::keys))]
    actor: Option<String>,
    /// Only this, such as key.revoked
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Only what was done to this: a key, a person by e-mail, or the id of an org, a mesh, an invitation or a gate
    #[arg(long, value_name = "SUBJECT", add = ArgValueCandidates::new(complete::keys))]
    subject: Option<String>,
    /// Only from this address or range
    #[arg(long, value_name = "RANGE")]
    address: Option<String>,
    /// Only this request
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Only from this time on: 7d for the last seven days, 2027-01-31, or an RFC 3339 time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// What is named by its id alone.
const ID_KINDS: [&str; 5] = ["org_", "mesh_", "user_", "inv_", "gate_"];

impl Wanted {
    async fn put(&self, client: &Client, ask: Ask) -> Result<Ask, Failure> {
        let actor = match self.actor.as_deref() {
            Some(named) => Some(client.actor_id(named).await?),
            None => None,
        };
        let subject = match self.subject.as_deref() {
            Some(id) if ID_KINDS.iter().any(|kind| id.starts_with(kind)) => Some(id.to_owned()),
            Some(named) => Some(client.actor_id(named).await?),
            None => None,
        };
        let time = |time: &Option<String>| time.as_deref().map(|time| moment(time, ago)).transpose();
        let ask = ask.query("actor", actor).query("action", self.action.as_deref()).query("subject", subject);
        let ask = ask.query("address", self.address.as_deref()).query("request_id", self.request_id.as_deref());
        let ask = ask.query("mesh", client.flags.named_mesh());
        Ok(ask.query("since", time(&self.since)?).query("until", time(&self.until)?))
    }
}

/// List events, the newest first.
#[derive(Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    much: Much,
    #[command(flatten)]
    client: ClientFlags,
}

impl List {
    /// Lists.
    pub(in crate::cli) async fn run(&self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let org = client.org().await?;
        let ask = self.wanted.put(&client, Ask::get(&["v1", "orgs", &org, "audit"])).await?;
        client.show_list(&ask, self.much, "id", table).await?;
        Ok(Outcome::Done)
    }
}

fn table(events: &[Value]) -> Vec<String> {
    let mut table = Table::new(&["SEQ", "WHEN", "ACTOR", "ACTION", "SUBJECT", "CHANGED", "FROM"]);
    for event in events {
        let actor = text(event, "actor.id");
        let changed = event["after"].as_object().map(|after| after.keys().cloned().collect::<Vec<_>>().join(" "));
        table.row(vec![
            text(event, "seq"),
            told(&text(event, "at"), ""),
            if actor.is_empty() { text(event, "actor.kind") } else { actor },
            text(event, "action"),
            text(event, "subject.id"),
            changed.filter(|_| !event["before"].is_null()).unwrap_or_default(),
            text(event, "address"),
        ]);
    }
    table.lines()
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line of JSON for each event: what `audit verify --file` proves
    Jsonl,
    /// For spreadsheets
    Csv,
}

/// Export events, the oldest first; all of them, unless some are chosen.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey audit export --out-file audit.jsonl\n  \
meshkey audit export --since 30d --format csv > audit.csv\n  \
meshkey audit verify --file audit.jsonl       proves it, without the service")]
pub(in crate::cli) struct Export {
    #[command(flatten)]
    wanted: Wanted,
    /// The form
    #[arg(long, value_name = "FORM", default_value = "jsonl")]
    format: Format,
    /// Write into this new file, which only you can read, in place of stdout
    #[arg(long, value_name = "FILE")]
    out_file: Option<PathBuf>,
    #[command(flatten)]
    client: ClientFlags,
}

impl Export {
    /// Exports, as it comes: however many events there are, few are held at once.
    pub(in crate::cli) async fn run(&self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let org = client.org().await?;
        let format = if self.format == Format::Csv { "csv" } else { "jsonl" };
        let ask = Ask::get(&["v1", "orgs", &org, "audit", "export"]).query("format", Some(format));
        let ask = self.wanted.put(&client, ask).await?;
        if client.flags.print_curl {
            return client.act(&ask).await.map(|_| Outcome::Done);
        }
        let mut events = client.stream(&ask).await?;
        match &self.out_file {
            None => pour(&mut events, &mut io::stdout()).await?,
            Some(path) => save(&client, &mut events, path).await?,
        }
        Ok(Outcome::Done)
    }
}

async fn save(client: &Client, events: &mut reqwest::Response, path: &Path) -> Result<(), Failure> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = made.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::Usage(format!("{} exists: name another", path.display())),
        _ => Failure::Usage(format!("cannot write to {}: {error}", path.display())),
    })?;
    let done = match pour(events, &mut file).await {
        Ok(()) => {
            file.sync_all().map_err(|error| Failure::Other(format!("cannot write to {}: {error}", path.display())))
        }
        failed => failed,
    };
    if done.is_err() {
        // Half an export must not be taken for a whole one.
        let _ = std::fs::remove_file(path);
    }
    done?;
    client.say(&format!("exported to {}", path.display()));
    Ok(())
}

async fn pour(events: &mut reqwest::Response, out: &mut impl Write) -> Result<(), Failure> {
    let cut = |why| Failure::Unavailable(format!("the export was cut off and is not whole: {why}"));
    stream::pour(events, out).await?.map_err(cut)
}

/// Asks the service to walk its chain; gives the report.
pub(in crate::cli) async fn verify(flags: &ClientFlags) -> Result<Outcome, Failure> {
    let client = Client::open(flags)?;
    let org = client.org().await?;
    let Some(answer) = client.act(&Ask::get(&["v1", "orgs", &org, "audit", "verify"])).await? else {
        return Ok(Outcome::Done);
    };
    let is_whole = answer.value()?["whole"] == true;
    client.show(&answer, "whole", |report| vec![words(report)])?;
    Ok(if is_whole { Outcome::Done } else { Outcome::No })
}

/// A report in one line.
fn words(report: &Value) -> String {
    let proved = match text(report, "last_seq").as_str() {
        "" => "no event".to_owned(),
        last => format!("events {} to {last}, hash {}", text(report, "first_seq"), text(report, "hash")),
    };
    if report["broken"].is_null() {
        return format!("whole   {proved}");
    }
    let broken = &report["broken"];
    let place = format!("at event {}: {}: {}", text(broken, "seq"), text(broken, "fault"), text(broken, "detail"));
    format!("BROKEN  {place}; proved: {proved}")
}
