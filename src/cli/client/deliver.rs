//! Handing a new secret over: to stdout, which then holds nothing else, or into a file that only its owner can read.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    super::{Failure, show::line},
    answer::Answer,
    ask::Ask,
    connection::Client,
    flags::Form,
    key::Places,
};

/// Where a new secret goes.
#[derive(Args)]
pub(super) struct Delivery {
    /// Write the new secret into this new file, which only you can read, in place of stdout
    #[arg(long, value_name = "FILE")]
    out_file: Option<PathBuf>,
    /// Write it there though the file exists
    #[arg(long, requires = "out_file")]
    force: bool,
}

/// A place that was found fit before anything was issued: a secret that cannot be kept must not be made.
enum Place {
    Stdout,
    File(NewFile),
}

/// A file that is written under a name of its own, and takes the place of another only when it is whole.
struct NewFile {
    file: File,
    written: PathBuf,
    wanted: PathBuf,
}

impl Delivery {
    /// Asks for a new secret and hands it over; gives the answer. What is said to people comes from `in_words`.
    pub(super) async fn fetch(
        &self,
        client: &Client,
        ask: &Ask,
        in_words: impl FnOnce(&Value, &Places) -> Vec<String>,
    ) -> Result<Answer, Failure> {
        let place = self.ready()?;
        let answer = match client.ask(ask).await {
            Ok(answer) => answer,
            Err(failure) => {
                place.drop_unused();
                return Err(failure);
            }
        };
        // From here on the secret is made: whatever fails, it is handed over first.
        let places = Places::of(client, &[answer.value()?]).await.unwrap_or_default();
        place.hand_over(client, &answer, |key| in_words(key, &places))?;
        Ok(answer)
    }

    /// Makes the place ready.
    fn ready(&self) -> Result<Place, Failure> {
        let Some(path) = &self.out_file else { return Ok(Place::Stdout) };
        ensure_private(path)?;
        // What is there is lost only when there is something better.
        let written = if self.force { path.with_added_extension("new") } else { path.clone() };
        let made = OpenOptions::new().write(true).mode(0o600).create_new(true).open(&written);
        let file = made.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists if self.force => {
                Failure::Usage(format!("{} exists, left by another run: remove it", written.display()))
            }
            ErrorKind::AlreadyExists => {
                Failure::Usage(format!("{} exists: name another, or --force to replace it", path.display()))
            }
            _ => Failure::Usage(format!("cannot write to {}: {error}", written.display())),
        })?;
        Ok(Place::File(NewFile { file, written, wanted: path.clone() }))
    }
}

/// In a directory that everyone may write to, everyone may put another file in its place.
fn ensure_private(path: &Path) -> Result<(), Failure> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mode = fs::metadata(parent).map(|found| found.permissions().mode());
    let mode = mode.map_err(|error| Failure::Usage(format!("cannot write into {}: {error}", parent.display())))?;
    let (is_open_to_all, is_sticky) = (mode & 0o002 != 0, mode & 0o1000 != 0);
    if is_open_to_all && !is_sticky {
        return Err(Failure::Usage(format!("everyone may write into {}: choose another directory", parent.display())));
    }
    Ok(())
}

impl Place {
    /// Takes an unused file away again.
    fn drop_unused(self) {
        if let Self::File(file) = self {
            let _ = fs::remove_file(file.written);
        }
    }

    /// Hands the secret of the answer over; what is said to people comes from `in_words`.
    fn hand_over(
        self,
        client: &Client,
        answer: &Answer,
        in_words: impl FnOnce(&Value) -> Vec<String>,
    ) -> Result<(), Failure> {
        let value = answer.value()?;
        let (form, secret) = (client.flags.form(), value["secret"].as_str());
        if form == Form::Table {
            for words in in_words(&value) {
                client.say(&words);
            }
        }
        let done = match (self, secret) {
            (Self::File(file), Some(secret)) => file.keep(client, secret).and_then(|()| match form {
                Form::Table => Ok(()),
                _ => without_secret(client, answer, &value),
            }),
            (place, None) => {
                place.drop_unused();
                client.say("\nNo secret: this request was answered before. If that secret is lost, rotate the key.");
                if client.flags.is_table() { Ok(()) } else { client.show(answer, "id", |_| Vec::new()) }
            }
            (Self::Stdout, Some(secret)) if form == Form::Table => {
                client.say("\nThe secret, shown once, goes to stdout:\n");
                line(secret)
            }
            (Self::Stdout, Some(_)) => client.show(answer, "secret", |_| Vec::new()),
        };
        done.map_err(|failure| lost(&value, &failure))
    }
}

impl NewFile {
    fn keep(mut self, client: &Client, secret: &str) -> Result<(), Failure> {
        let text = Zeroizing::new(format!("{secret}\n"));
        let done = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_all());
        let done = done.and_then(|()| fs::rename(&self.written, &self.wanted));
        done.map_err(|error| Failure::Other(format!("cannot write to {}: {error}", self.wanted.display())))?;
        client.say(&format!("\nThe secret, shown to nobody, is in {}", self.wanted.display()));
        Ok(())
    }
}

fn without_secret(client: &Client, answer: &Answer, value: &Value) -> Result<(), Failure> {
    let mut value = value.clone();
    value["secret"] = Value::Null;
    let bare = Answer { status: answer.status, text: value.to_string(), etag: None, retry: None, named: Vec::new() };
    client.show(&bare, "id", |_| Vec::new())
}

fn lost(key: &Value, why: &Failure) -> Failure {
    let id = super::print::text(key, "id");
    Failure::Other(format!("{why}\nThe key {id} was made and its secret is lost: rotate or revoke it"))
}
