//! Laws that hold for every row of the table.

use std::path::Path;

use clap::{Args as _, Command, FromArgMatches as _};

use super::*;

#[test]
fn every_setting_is_heard_from_each_of_its_sources() {
    let dir = TempDir::new().unwrap();
    for setting in table::ALL {
        let value = sample(setting.name);
        for name in setting.variables() {
            let text = if name.ends_with("_FILE") { file(&dir, "value", value) } else { value.to_owned() };
            let origin = Origin::Environment(name.clone());
            let settings = with_database(setting, &[(&name, &text)]);
            assert_eq!(*settings.origin(setting), origin);
        }
        let path = file(&dir, "meshkey.toml", &format!("{} = '{value}'", setting.name));
        let settings = with_database(setting, &[("MESHKEY_CONFIG", &path)]);
        assert_eq!(*settings.origin(setting), Origin::File { path: path.into(), line: 1 });
    }
}

#[test]
fn every_flag_is_a_setting_and_is_heard() {
    for name in flag_names() {
        let setting = table::ALL.iter().find(|setting| setting.name == name).expect("a setting");
        let matches = ServeFlags::augment_args(Command::new("serve"))
            .try_get_matches_from(["serve", &setting.flag(), sample(setting.name)])
            .unwrap();
        let flags = ServeFlags::from_arg_matches(&matches).unwrap();
        let settings = load_with(&flags, &[]).unwrap();
        assert_eq!(*settings.origin(setting), Origin::Flag(setting.flag()));
    }
}

/// Each flag but `--config`, which is no setting.
fn flag_names() -> Vec<String> {
    let command = ServeFlags::augment_args(Command::new("serve"));
    let names = command.get_arguments().map(|flag| flag.get_id().to_string());
    names.filter(|name| name != "config").collect()
}

/// A value that is not the default.
fn sample(name: &str) -> &'static str {
    match name {
        "listen" => "[::1]:8000",
        "pool_size"
        | "workers"
        | "max_live_keys"
        | "cache_keys"
        | "failed_auth_per_minute"
        | "streams"
        | "streams_per_key" => "3",
        "bound" | "outage_grace" | "send_timeout" => "3s",
        "session_idle" | "session_life" => "30m",
        "replica_name" => "one",
        "public_url" => "https://keys.example",
        "smtp_url" => "smtp://mail.example:2525",
        "mail_from" => "keys@mail.example",
        "otlp_endpoint" => "http://localhost:4318",
        "otlp_ratio" => "0.25",
        "metrics_listen" => "[::1]:9000",
        "trusted_proxies" => "10.0.0.0/8",
        "allow_fsync_off" | "webhook_private" => "true",
        "key_prefix" => "acme1",
        "bootstrap_admin_email" => "dana@example.com",
        "log" => "warn,meshkey=debug",
        "log_format" => "text",
        _ => "/tmp/somewhere",
    }
}

/// Loads these variables, with the database that the setting for migrations needs.
fn with_database(setting: &Setting, variables: &[(&str, &str)]) -> Settings {
    let mut variables = variables.to_vec();
    if setting.name == table::MIGRATE_DATABASE_URL.name {
        variables.push(("DATABASE_URL", "postgres://db.example/app"));
    }
    if setting.name == table::SMTP_URL.name {
        variables.extend([("MESHKEY_MAIL_FROM", "keys@mail.example"), ("MESHKEY_PUBLIC_URL", "https://keys.example")]);
    }
    load(&variables).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_name_is_spelled_once() {
    let mut names: Vec<String> = table::ALL.iter().flat_map(Setting::variables).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn the_docs_list_exactly_the_settings_there_are() {
    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/settings.md")).unwrap();
    let written: Vec<&str> = docs.lines().filter(|line| line.starts_with("| `")).collect();
    let flags = flag_names();
    let flat = table::ALL.iter().map(|setting| row(setting, &flags));
    let expected: Vec<String> = flat.chain(openid::FIELDS.iter().map(row_of_provider)).collect();
    assert_eq!(written, expected, "docs/reference/settings.md should hold:\n{}\n", expected.join("\n"));
}

fn row(setting: &Setting, flags: &[String]) -> String {
    let has_flag = flags.iter().any(|name| name == setting.name);
    let flag = if has_flag { format!("`{}`", setting.flag()) } else { "none".to_owned() };
    written(setting.name, &flag, &setting.variables(), setting)
}

fn row_of_provider(field: &Setting) -> String {
    let (key, variables) = openid::in_docs(field);
    written(&key, "none", &variables, field)
}

fn written(name: &str, flag: &str, variables: &[String], setting: &Setting) -> String {
    let variables = variables.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let fallback = match setting.fallback {
        table::Fallback::Value(text) => format!("`{text}`"),
        table::Fallback::Words(text) => text.to_owned(),
    };
    format!("| `{name}` | {flag} | {variables} | {fallback} | {} |", setting.doc)
}

#[test]
fn the_example_holds_every_setting_and_is_legal_as_it_is_and_in_force() {
    let dir = TempDir::new().unwrap();
    let nothing = load(&[("MESHKEY_CONFIG", &file(&dir, "example.toml", &example()))]).unwrap();
    assert!(table::ALL.iter().all(|setting| *nothing.origin(setting) == Origin::Default));
    let in_force: String = example().lines().filter(|line| !line.starts_with("# ")).collect::<Vec<_>>().join("\n");
    let all = load(&[("MESHKEY_CONFIG", &file(&dir, "all.toml", &in_force.replace("\n#", "\n")))]).unwrap();
    for setting in table::ALL {
        assert!(matches!(all.origin(setting), Origin::File { .. }), "{}", setting.name);
        if let table::Fallback::Value(text) = setting.fallback {
            assert_eq!(all.text(setting), Some(text));
        }
    }
    let [example] = &all.providers[..] else { panic!("one provider") };
    assert!(openid::FIELDS.iter().all(|field| matches!(example.origin(field), Origin::File { .. })));
}
