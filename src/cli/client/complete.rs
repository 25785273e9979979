//! Completion with names: what the key that asks may see is offered, kept for a minute, and a failure is silence.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::PathBuf,
    time::Duration,
};

use clap::{FromArgMatches as _, ValueEnum};
use clap_complete::{CompletionCandidate, env::Shells};
use serde_json::Value;

use super::{
    super::{Failure, Outcome, show::line},
    ask::Ask,
    connection::Client,
    flags::ClientFlags,
    print::text,
};
use crate::domain::Capability;

/// How long names are kept.
const KEPT: Duration = Duration::from_mins(1);
/// How long somebody who pressed a key waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// The capabilities that every org has, and those that this one has declared.
pub(super) fn capabilities() -> Vec<CompletionCandidate> {
    Capability::BUILT_IN.iter().map(|known| CompletionCandidate::new(known.name())).chain(declared()).collect()
}

/// The capabilities that the org has declared.
pub(super) fn declared() -> Vec<CompletionCandidate> {
    names("capabilities", "name")
}

/// The gates of the org.
pub(super) fn gates() -> Vec<CompletionCandidate> {
    names("gates", "name")
}

/// The meshes of the org.
pub(super) fn meshes() -> Vec<CompletionCandidate> {
    names("meshes", "slug")
}

/// The topics of the mesh that MESHKEY_MESH names, or that of the key.
pub(super) fn topics() -> Vec<CompletionCandidate> {
    names("topics", "name")
}

/// The labels of the keys.
pub(super) fn keys() -> Vec<CompletionCandidate> {
    names("keys", "label")
}

fn names(what: &str, member: &str) -> Vec<CompletionCandidate> {
    let Some(found) = kept_or_asked(what) else { return Vec::new() };
    let items = found["items"].as_array().cloned().unwrap_or_default();
    let help = |item: &Value| Some(text(item, "id")).filter(|id| !id.is_empty()).map(Into::into);
    items.iter().map(|item| CompletionCandidate::new(text(item, member)).help(help(item))).collect()
}

fn kept_or_asked(what: &str) -> Option<Value> {
    let flags = flags()?;
    let place = cache(&flags, what);
    if let Some(kept) = place.as_ref().and_then(kept) {
        return Some(kept);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let asked = async { tokio::time::timeout(PATIENCE, ask(&flags, what)).await.ok()?.ok() };
    let text = runtime.block_on(asked)?;
    if let Some(place) = &place {
        keep(place, &text);
    }
    serde_json::from_str(&text).ok()
}

/// The service that the environment names: what stands on the unfinished line is not looked at.
fn flags() -> Option<ClientFlags> {
    let command = <ClientFlags as clap::Args>::augment_args(clap::Command::new("meshkey"));
    ClientFlags::from_arg_matches(&command.try_get_matches_from(["meshkey"]).ok()?).ok()?.settled().ok()
}

async fn ask(flags: &ClientFlags, what: &str) -> Result<String, Failure> {
    let client = Client::open(flags)?;
    let org = client.org().await?;
    let ask = match what {
        "topics" => Ask::get(&["v1", "orgs", &org, "meshes", &client.the_mesh().await?, "topics"]),
        _ => Ask::get(&["v1", "orgs", &org, what]),
    };
    let ask = if what == "keys" { ask.query("status", Some("active,rotating,disabled")) } else { ask };
    Ok(client.ask(&ask.query("limit", Some("200"))).await?.text)
}

/// Names of one service, org and key are another's business: the place is named after all that leads to them.
fn cache(flags: &ClientFlags, what: &str) -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let base = base.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
    let client = Client::open(flags).ok()?;
    let mut hasher = DefaultHasher::new();
    (flags.named_url(), flags.named_org(), flags.named_mesh(), client.secret().ok()?).hash(&mut hasher);
    Some(base.join("meshkey").join(format!("{what}-{:016x}.json", hasher.finish())))
}

fn kept(place: &PathBuf) -> Option<Value> {
    let age = fs::metadata(place).ok()?.modified().ok()?.elapsed().ok()?;
    let text = fs::read_to_string(place).ok().filter(|_| age < KEPT)?;
    serde_json::from_str(&text).ok()
}

fn keep(place: &PathBuf, text: &str) {
    let Some(dir) = place.parent() else { return };
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    let file =
        made.and_then(|()| fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(place));
    if let Ok(mut file) = file {
        let _ = file.write_all(text.as_bytes());
    }
}

/// A shell that completion is there for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

/// Prints what a shell is to read for completion.
pub(in crate::cli) fn completion(shell: Shell) -> Result<Outcome, Failure> {
    let name = shell.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let shells = Shells::builtins();
    let known = shells.completer(&name).ok_or_else(|| Failure::Other(format!("no completion for {name}")))?;
    let mut script = Vec::new();
    let failed = |error: std::io::Error| Failure::Other(error.to_string());
    known.write_registration("COMPLETE", "meshkey", "meshkey", "meshkey", &mut script).map_err(failed)?;
    line(String::from_utf8_lossy(&script).trim_end()).map(|()| Outcome::Done)
}
