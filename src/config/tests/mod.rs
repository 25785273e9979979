//! The settings, without a process environment.

mod credentials;
mod precedence;
mod providers;
mod refusals;
mod whole_table;

use std::fs;

use tempfile::TempDir;

use super::*;

const PASSWORD: &str = "hunter2-in-the-url";

/// Loads with these variables and no flags.
fn load(variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    load_with(&ServeFlags::default(), variables)
}

fn load_with(flags: &ServeFlags, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    Settings::load(flags, variables.iter().map(|(name, value)| (name.into(), value.into())))
}

/// What is said to these variables.
fn refusal(variables: &[(&str, &str)]) -> String {
    load(variables).err().map(|error| error.to_string()).expect("refused")
}

fn url(password: &str) -> String {
    format!("postgres://app:{password}@db.example/app")
}

fn file(dir: &TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn database_of(settings: &Settings) -> &str {
    settings.database_url.as_ref().unwrap().reveal()
}
