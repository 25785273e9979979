//! A file of settings to begin with.

use toml::Value;

use super::{
    openid::{self, FIELDS},
    table::{self, Fallback, Setting},
};

/// A file with every setting in it, each with what it decides, at its default, and commented out.
#[must_use]
pub fn example() -> String {
    let head = "# Settings of Meshkey: `meshkey serve --config FILE`, or MESHKEY_CONFIG. Each stands here with its default.\n\
                # A flag and an environment variable count more than this file; a name that is no setting is an error.\n";
    let flat = table::ALL
        .iter()
        .fold(head.to_owned(), |text, setting| format!("{text}\n{}", entry(setting, &setting.variable())));
    let head = "# A provider of OpenID Connect by which people may sign in; a table for each, at the end of the file\n";
    FIELDS.iter().fold(format!("{flat}\n{head}#[openid.example]\n"), |text, field| {
        format!("{text}{}", entry(field, &openid::in_docs(field).1[0]))
    })
}

fn entry(setting: &Setting, variable: &str) -> String {
    let (name, doc, value) = (setting.name, setting.doc, toml(sample(setting)));
    let mut told = format!("# {doc}\n");
    if let Fallback::Words(words) = setting.fallback {
        told = format!("{told}# Default: {words}\n");
    }
    if setting.secret {
        told = format!("{told}# Holds a password: better in a file of its own, named by {variable}_FILE\n");
    }
    format!("{told}#{name} = {value}\n")
}

/// The default, or what could stand there.
fn sample(setting: &Setting) -> &'static str {
    match (setting.fallback, setting.name) {
        (Fallback::Value(text), _) => text,
        (_, "data_dir") => "/var/lib/meshkey",
        (_, "pg_bin") => "/usr/lib/postgresql/15/bin",
        (_, "trusted_proxies") => "10.0.0.0/8",
        (_, "workers") => "4",
        (_, "replica_name") => "meshkey-1",
        (_, "otlp_endpoint") => "http://127.0.0.1:4318",
        (_, "public_url") => "https://keys.example.org",
        (_, "bootstrap_admin_email") => "dana@example.com",
        (_, "bootstrap_admin_password_file") => "/etc/meshkey/password",
        (_, "bootstrap_file") => "/etc/meshkey/bootstrap.toml",
        (_, "smtp_url") => "smtps://user:password@mail.example.org",
        (_, "mail_from") => "Meshkey <keys@example.org>",
        (_, "metrics_listen") => "127.0.0.1:9464",
        (_, "title") => "Example",
        (_, "issuer") => "https://login.example.org",
        (_, "client_id") => "meshkey",
        (_, "client_secret") => "secret",
        _ => "postgres://user:password@host/name",
    }
}

/// As TOML writes it: numbers and truth bare, all else quoted.
fn toml(text: &str) -> String {
    let is_bare = text.parse::<i64>().is_ok() || text.parse::<bool>().is_ok();
    if is_bare { text.to_owned() } else { Value::from(text).to_string() }
}
