//! The unit, as systemd reads it, and how much of the machine it leaves open.

use std::{collections::BTreeSet, fs, process::Output};

use meshkey::config::table;
use tempfile::TempDir;

use super::{MESHKEY, clean, is_there, read};

const UNIT: &str = "examples/systemd/meshkey.service";
/// What is put beside it for a database elsewhere.
pub(super) const DROP_IN: &str = "examples/systemd/meshkey.service.d/database.conf";

/// The values of a directive, in the unit or the drop-in.
fn values(text: &str, directive: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.split_once('='));
    lines.filter(|(name, _)| *name == directive).map(|(_, value)| value.to_owned()).collect()
}

#[track_caller]
fn value(text: &str, directive: &str) -> String {
    let values = values(text, directive);
    assert_eq!(values.len(), 1, "{directive}: {values:?}");
    values[0].clone()
}

#[test]
fn its_directives_are_what_the_service_does() {
    let unit = read(UNIT);
    assert_eq!(value(&unit, "Type"), "notify");
    assert_eq!(value(&unit, "Restart"), "on-failure");
    // SIGTERM to its PostgreSQL too would end it before the requests under way are finished.
    assert_eq!(value(&unit, "KillMode"), "mixed");
    let patience: u32 = value(&unit, "TimeoutStopSec").trim_end_matches('s').parse().unwrap();
    assert!(patience >= 20 + 20, "requests have 20 seconds, and the database wants to stop then");
    let refused = clean(MESHKEY).arg("serve").env("MESHKEY_LISTN", "x").output().unwrap();
    assert_eq!(refused.status.code().unwrap().to_string(), value(&unit, "RestartPreventExitStatus"));
    let directory = value(&unit, "StateDirectory");
    assert_eq!(value(&unit, "Environment"), format!("MESHKEY_DATA_DIR=/var/lib/{directory}"));
}

#[test]
fn the_drop_in_passes_on_secrets_by_their_names() {
    let drop_in = read(DROP_IN);
    let secrets: BTreeSet<_> = table::ALL.iter().filter(|setting| setting.secret).map(|setting| setting.name).collect();
    let passed = values(&drop_in, "LoadCredential");
    assert!(!passed.is_empty());
    for credential in passed {
        let (name, path) = credential.split_once(':').unwrap();
        assert!(secrets.contains(name) && path.starts_with("/etc/meshkey/"), "{credential}");
    }
}

/// The unit with our binary in its place, with or without the drop-in, given to a tool of systemd.
fn analyze(with_drop_in: bool, arguments: &[&str]) -> Option<Output> {
    if !is_there("systemd-analyze") {
        eprintln!("not tried: there is no systemd-analyze here");
        return None;
    }
    let dir = TempDir::new().unwrap();
    let unit = dir.path().join("meshkey.service");
    fs::write(&unit, read(UNIT).replace("/usr/local/bin/meshkey", MESHKEY)).unwrap();
    if with_drop_in {
        fs::create_dir(dir.path().join("meshkey.service.d")).unwrap();
        fs::write(dir.path().join("meshkey.service.d/database.conf"), read(DROP_IN)).unwrap();
    }
    Some(clean("systemd-analyze").args(arguments).arg(&unit).output().unwrap())
}

#[test]
fn systemd_understands_every_line() {
    for with_drop_in in [false, true] {
        let Some(said) = analyze(with_drop_in, &["verify", "--man=no"]) else { return };
        assert!(said.status.success() && said.stderr.is_empty(), "{said:?}");
    }
}

/// 0 is closed, 10 open, in the count of systemd itself, which calls less than 2 OK or better.
#[test]
fn little_of_the_machine_is_open_to_it() {
    for (with_drop_in, most) in [(false, "20"), (true, "16")] {
        let threshold = format!("--threshold={most}");
        let Some(said) = analyze(with_drop_in, &["security", "--offline=yes", "--no-pager", &threshold]) else {
            return;
        };
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    }
}
