//! `meshkey audit verify`: by the service, of every chain of the installation, or of one in files.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Value, json};

use super::unknown;
use crate::{
    app::Share,
    cli::{
        Failure, Outcome,
        client::{audit, flags::ClientFlags},
        open::open,
        show,
    },
    config::DatabaseFlags,
    domain::{
        Org, Slug,
        audit::{Broken, Report},
    },
    service::{
        audit::{
            offline::{self, Place},
            verify::{Proof, verify_on_host},
        },
        operator::Operator,
    },
};

/// Prove that no event was altered, removed or reordered. Exit code 10 where one was.
#[derive(Args)]
pub(super) struct Verify {
    /// Prove the chains of this installation, straight on the database, in place of asking the service; with --org one
    #[arg(long)]
    on_host: bool,
    /// Prove one chain from exports and archives alone: the oldest file first; - is stdin
    #[arg(long = "file", value_name = "FILE", num_args = 1.., conflicts_with = "on_host")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    client: ClientFlags,
    #[command(flatten)]
    #[command(next_help_heading = "With --on-host")]
    database: DatabaseFlags,
}

impl Verify {
    /// Does it.
    pub(super) async fn run(&self) -> Result<Outcome, Failure> {
        match (self.on_host, self.files.is_empty()) {
            (true, _) => self.on_host().await,
            (false, true) => audit::verify(&self.client).await,
            (false, false) => self.of_files(),
        }
    }

    async fn on_host(&self) -> Result<Outcome, Failure> {
        let wrong = |_| Failure::Usage("--on-host: --org takes the slug of an org".to_owned());
        let org: Option<Slug> = self.client.named_org().map(|org| org.parse()).transpose().map_err(wrong)?;
        let opened = open(&self.database, Share::Existing, self.client.is_table()).await?;
        let (mut told, mut is_whole) = (Vec::new(), true);
        let done = verify_on_host(&opened.house, &Operator::on_this_host(), org.as_ref(), |org, proof| {
            is_whole &= proof.report.whole;
            told.push((org.clone(), proof.clone()));
        })
        .await;
        opened.close().await;
        done.map_err(|refusal| match &org {
            Some(slug) => unknown(slug)(refusal),
            None => refusal.into(),
        })?;
        self.tell_orgs(&told)?;
        Ok(if is_whole { Outcome::Done } else { Outcome::No })
    }

    fn tell_orgs(&self, told: &[(Org, Proof)]) -> Result<(), Failure> {
        if !self.client.is_table() {
            let items: Vec<_> = told.iter().map(|(org, proof)| with_org(org, proof)).collect();
            return show::print(&json!({ "items": items }));
        }
        told.iter()
            .try_for_each(|(org, proof)| show::line(&format!("{:<24} {}", org.slug.as_str(), words(&proof.report))))
    }

    fn of_files(&self) -> Result<Outcome, Failure> {
        let files = self.files.iter().map(|path| open_file(path)).collect::<Result<Vec<_>, _>>()?;
        let unread = |error: io::Error| Failure::Other(format!("the files could not be read: {error}"));
        let checked = offline::verify(files).map_err(unread)?;
        let place = checked.place.and_then(|place| self.place(place));
        let is_whole = checked.report.whole;
        if self.client.is_table() {
            let place = place.map_or_else(String::new, |place| format!(" ({place})"));
            show::line(&format!("{}{place}", words(&checked.report)))?;
        } else {
            let mut told = json!(Proof { report: checked.report, as_of: None });
            told["place"] = json!(place);
            show::print(&told)?;
        }
        Ok(if is_whole { Outcome::Done } else { Outcome::No })
    }

    fn place(&self, (file, line): Place) -> Option<String> {
        Some(format!("{}, line {line}", self.files.get(file)?.display()))
    }
}

fn open_file(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(BufReader::new(file))),
        Err(error) => Err(Failure::Usage(format!("cannot read {}: {error}", path.display()))),
    }
}

fn with_org(org: &Org, proof: &Proof) -> Value {
    let mut told = json!(proof);
    told["org"] = json!({ "id": org.id, "slug": org.slug });
    told
}

/// A report in one line.
fn words(report: &Report) -> String {
    let proved = match (report.first_seq, report.last_seq) {
        (Some(first), Some(last)) => format!("events {first} to {last}, hash {}", report.hash.hex()),
        _ => "no event".to_owned(),
    };
    match &report.broken {
        None => format!("whole   {proved}"),
        Some(Broken { seq, fault, detail }) => {
            format!("BROKEN  at event {seq}: {}: {detail}; proved: {proved}", fault.name())
        }
    }
}
