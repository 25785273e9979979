//! `meshkey config`: the settings, and where each came from.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Failure, show};
use crate::{
    app,
    config::{Origin, Provider, ServeFlags, Setting, Settings, example, openid, table},
};

/// The settings: what they are, whether they would do, and a file to begin with.
#[derive(Args)]
pub(super) struct Config {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show every setting, its value, and where that came from; never a secret
    Show(Show),
    /// Check the settings as `serve` would, without opening anything: exit code 0 or 2
    Validate(Flags),
    /// Print the path of the file of settings
    Path(Flags),
    /// Print a file with every setting and its default, commented out
    Example,
}

#[derive(Args)]
struct Show {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Args)]
struct Flags {
    #[command(flatten)]
    flags: ServeFlags,
}

impl Config {
    /// Does it.
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.verb {
            Verb::Show(show) => show.run(),
            Verb::Validate(flags) => validate(&flags.flags),
            Verb::Path(flags) => path(&flags.flags),
            Verb::Example => show::line(example().trim_end()),
        }
    }
}

fn load(flags: &ServeFlags) -> Result<Settings, Failure> {
    Ok(Settings::load(flags, std::env::vars_os())?)
}

/// Whether `serve` would take these settings.
pub(super) fn validate(flags: &ServeFlags) -> Result<(), Failure> {
    let settings = load(flags)?;
    app::check(&settings).map_err(|error| Failure::Usage(error.to_string()))?;
    for warning in settings.warnings() {
        eprintln!("warning: {warning}");
    }
    if let Some(doubt) = app::bootstrap::doubt(&settings) {
        eprintln!("warning: {doubt}; where the database is empty, `meshkey serve` would end by this");
    }
    eprintln!("the settings are good: {}", in_words(&settings));
    Ok(())
}

/// How many were given, and in which file.
pub(super) fn in_words(settings: &Settings) -> String {
    let given = table::ALL.iter().filter(|setting| *settings.origin(setting) != Origin::Default).count();
    let file = settings.file().map_or("no file".to_owned(), |file| file.display().to_string());
    let providers = match settings.providers.len() {
        0 => String::new(),
        1 => ", and one provider of OpenID Connect".to_owned(),
        many => format!(", and {many} providers of OpenID Connect"),
    };
    format!("{file}, {given} of {} given, all others at their default{providers}", table::ALL.len())
}

fn path(flags: &ServeFlags) -> Result<(), Failure> {
    match load(flags)?.file() {
        Some(path) => show::line(&path.display().to_string()),
        None => Err(Failure::NotFound(
            "there is no file of settings: --config FILE or MESHKEY_CONFIG names one, `meshkey config example` prints one"
                .to_owned(),
        )),
    }
}

impl Show {
    fn run(self) -> Result<(), Failure> {
        let settings = load(&self.flags.flags)?;
        if self.json {
            let flat = table::ALL.iter().map(|setting| as_json(&settings, setting));
            let shown: Vec<_> = flat.chain(of_providers(&settings, provider_as_json)).collect();
            return show::print(&json!({ "file": settings.file(), "settings": shown }));
        }
        let head = ["SETTING", "VALUE", "FROM"].map(str::to_owned).to_vec();
        let rows = table::ALL.iter().map(|setting| row(&settings, setting));
        let rows = rows.chain(of_providers(&settings, provider_row));
        show::table(&[head].into_iter().chain(rows).collect::<Vec<_>>())
    }
}

/// What holds, as text; `None` for a secret, and where nothing has a value.
fn value(settings: &Settings, setting: &Setting) -> Option<String> {
    match (settings.text(setting), setting.name) {
        (Some(text), _) => Some(text.to_owned()),
        (None, "data_dir") => Some(app::data_dir(settings).display().to_string()),
        (None, "workers") => Some(settings.workers.to_string()),
        (None, _) => None,
    }
}

fn is_set(settings: &Settings, setting: &Setting) -> bool {
    *settings.origin(setting) != Origin::Default
}

fn row(settings: &Settings, setting: &Setting) -> Vec<String> {
    let value = match value(settings, setting) {
        Some(value) => value,
        None if is_set(settings, setting) => "set".to_owned(),
        None => setting.fallback.words().to_owned(),
    };
    vec![setting.name.to_owned(), value, settings.origin(setting).to_string()]
}

fn as_json(settings: &Settings, setting: &Setting) -> Value {
    json!({
        "name": setting.name, "value": value(settings, setting), "secret": setting.secret,
        "set": is_set(settings, setting), "origin": origin(settings.origin(setting)),
    })
}

/// Every field of every provider.
fn of_providers<T>(settings: &Settings, told: fn(&Provider, &Setting) -> T) -> impl Iterator<Item = T> {
    settings.providers.iter().flat_map(move |provider| openid::FIELDS.iter().map(move |field| told(provider, field)))
}

fn provider_row(provider: &Provider, field: &Setting) -> Vec<String> {
    let is_set = *provider.origin(field) != Origin::Default;
    let otherwise = if is_set { "set" } else { field.fallback.words() };
    let value = provider.text(field).unwrap_or_else(|| otherwise.to_owned());
    vec![provider.key(field), value, provider.origin(field).to_string()]
}

fn provider_as_json(provider: &Provider, field: &Setting) -> Value {
    json!({
        "name": provider.key(field), "value": provider.text(field), "secret": field.secret,
        "set": *provider.origin(field) != Origin::Default, "origin": origin(provider.origin(field)),
    })
}

fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::Flag(name) => json!({ "kind": "flag", "name": name }),
        Origin::Environment(name) => json!({ "kind": "variable", "name": name }),
        Origin::Credential(name) => json!({ "kind": "credential", "name": name }),
        Origin::File { path, line } => json!({ "kind": "file", "path": path, "line": line }),
        Origin::Default => json!({ "kind": "default" }),
    }
}
