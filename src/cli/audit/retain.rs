//! `meshkey audit retain`: old events go from the database into a file.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::{ArgGroup, Args};
use serde_json::json;
use time::{Duration, format_description::well_known::Rfc3339};

use super::unknown;
use crate::{
    app::Share,
    cli::{Failure, Outcome, open::open, show},
    config::DatabaseFlags,
    domain::{Moment, Slug},
    service::{
        House,
        audit::retain::{self, Error, Found, Old},
        operator::Operator,
    },
};

/// Archive old events of an org in a file and take them away. What is left still proves, and so it does together with
/// the archives, from the start.
#[derive(Args)]
#[command(group(ArgGroup::new("old").required(true)))]
pub(super) struct Retain {
    /// The org's slug
    #[arg(long, value_name = "SLUG")]
    org: Slug,
    /// Take away what is older than this: a number and h or d, such as 365d
    #[arg(long, value_name = "TIME", group = "old")]
    keep: Option<Age>,
    /// Take away what happened before this time, such as 2027-01-01T00:00:00Z
    #[arg(long, value_name = "TIME", group = "old")]
    before: Option<Moment>,
    /// The file to make; it must not be there yet
    #[arg(long, value_name = "FILE", required_unless_present = "dry_run")]
    archive: Option<PathBuf>,
    /// Only tell what would be taken away
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

/// How old events may become.
#[derive(Debug, Clone, Copy)]
struct Age(Duration);

impl FromStr for Age {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected a number and h or d, such as 365d";
        let (number, hours) = match (text.strip_suffix('d'), text.strip_suffix('h')) {
            (Some(days), _) => (days, 24),
            (_, Some(hours)) => (hours, 1),
            _ => return Err(wrong),
        };
        let number: u32 = number.parse().map_err(|_| wrong)?;
        if number == 0 { Err(wrong) } else { Ok(Self(Duration::hours(i64::from(number) * hours))) }
    }
}

impl Retain {
    /// Does it.
    pub(super) async fn run(&self) -> Result<Outcome, Failure> {
        let opened = open(&self.database, Share::Existing, !self.json).await?;
        let done = self.retain(&opened.house).await;
        opened.close().await;
        let found = done.map_err(|error| self.failure(error))?;
        self.tell(&found)?;
        Ok(Outcome::Done)
    }

    async fn retain(&self, house: &House) -> Result<Found, Error> {
        match &self.archive {
            Some(path) if !self.dry_run => self.take_away(house, path).await,
            _ => retain::archive(house, &Operator::on_this_host(), &self.org, self.old(), &mut io::sink()).await,
        }
    }

    async fn take_away(&self, house: &House, path: &Path) -> Result<Found, Error> {
        let by = Operator::on_this_host();
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let archived = self.archived(house, &by, &file, path).await;
        let found = match archived {
            Ok(found) if found.events > 0 => found,
            // Nothing in it is gone from the database: it is no archive.
            other => {
                let _ = fs::remove_file(path);
                return other;
            }
        };
        retain::take_away(house, &by, &found).await?;
        Ok(found)
    }

    /// Writes the archive, makes sure that it is on the disk, and reads it again.
    async fn archived(&self, house: &House, by: &Operator, file: &File, path: &Path) -> Result<Found, Error> {
        let found = retain::archive(house, by, &self.org, self.old(), &mut BufWriter::new(file)).await?;
        file.sync_all()?;
        File::open(parent(path))?.sync_all()?;
        retain::prove(&found, BufReader::new(File::open(path)?))?;
        Ok(found)
    }

    fn old(&self) -> Old {
        match (self.before, self.keep) {
            (Some(time), _) => Old::Before(time.get()),
            // One of them must be said.
            (None, keep) => Old::Than(keep.map_or(Duration::MAX, |age| age.0)),
        }
    }

    fn failure(&self, error: Error) -> Failure {
        match error {
            Error::Refused(refusal) => unknown(&self.org)(refusal),
            Error::Archive(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Failure::Conflict("the archive is there already: nothing is overwritten; name another file".to_owned())
            }
            Error::Meanwhile => Failure::Conflict(error.to_string()),
            Error::Archive(_) | Error::Broken(_) | Error::Unproved => Failure::Other(error.to_string()),
        }
    }

    fn tell(&self, found: &Found) -> Result<(), Failure> {
        let archive = self.archive.as_ref().filter(|_| !self.dry_run && found.events > 0);
        let before = found.before.format(&Rfc3339).unwrap_or_default();
        if self.json {
            return show::print(&json!({
                "org": { "id": found.org.id, "slug": found.org.slug }, "dry_run": self.dry_run, "before": before,
                "events": found.events, "through": found.through.seq, "hash": found.through.hash,
                "archive": archive.map(|path| path.display().to_string()),
            }));
        }
        let (slug, through) = (&self.org, found.through.seq);
        match (found.events, archive) {
            (0, _) => eprintln!("{slug} has no events from before {before}: nothing was taken away"),
            (1, None) => eprintln!("event {through} of {slug}, from before {before}, would be taken away"),
            (n, None) => eprintln!("{n} events of {slug}, up to event {through}, would be taken away"),
            (n, Some(path)) => {
                eprintln!("{n} events of {slug}, up to event {through}, are now in {} alone", path.display());
            }
        }
        Ok(())
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}
