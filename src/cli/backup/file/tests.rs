//! A backup is read as it was written, or refused.

use std::{fs, io::Read as _, os::unix::fs::PermissionsExt as _, path::PathBuf};

use tempfile::TempDir;
use time::macros::datetime;

use super::*;
use crate::cli::Failure;

fn manifest() -> Manifest {
    Manifest {
        meshkey: "0.1.0".to_owned(),
        postgres: "15.18".to_owned(),
        schema: 2,
        taken_at: datetime!(2026-11-22 00:46:55.210425 UTC),
        orgs: 1,
        keys: 3,
    }
}

/// A backup of these bytes.
fn written(dir: &TempDir, dump: &[u8]) -> PathBuf {
    let path = dir.path().join("it.backup");
    let mut writer = Writer::begin(&path).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(writer.head(&manifest()).is_ok());
    writer.keep(dump).unwrap();
    assert!(writer.finish().is_ok());
    path
}

/// Why these bytes are refused as a backup.
fn refusal(dir: &TempDir, bytes: &[u8]) -> String {
    let path = dir.path().join("other.backup");
    fs::write(&path, bytes).unwrap();
    match Reader::open(&path) {
        Err(Failure::Unfit(why)) => why.replace(path.to_str().unwrap(), "IT"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("taken"),
    }
}

#[test]
fn what_was_written_is_read() {
    let dir = TempDir::new().unwrap();
    for dump in [&b"PGDMP and more"[..], b"", &vec![b'\n'; 200_000]] {
        let path = written(&dir, dump);
        let mut reader = Reader::open(&path).unwrap_or_else(|failure| panic!("{failure}"));
        let mut read = Vec::new();
        reader.dump().read_to_end(&mut read).unwrap();
        assert_eq!((reader.manifest(), &*read), (&manifest(), dump));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn nothing_is_written_over_and_nothing_unfinished_is_left() {
    let dir = TempDir::new().unwrap();
    let path = written(&dir, b"first");
    let before = fs::read(&path).unwrap();
    assert!(matches!(Writer::begin(&path), Err(Failure::Conflict(_))));
    let other = dir.path().join("late.backup");
    let mut late = Writer::begin(&other).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(late.head(&manifest()).is_ok());
    fs::write(&other, "somebody was faster").unwrap();
    assert!(matches!(late.finish(), Err(Failure::Conflict(_))));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_to_string(&other).unwrap(), "somebody was faster");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn a_backup_that_lacks_any_of_its_end_is_refused() {
    let dir = TempDir::new().unwrap();
    let whole = fs::read(written(&dir, b"PGDMP and more")).unwrap();
    let head = FIRST.len() + 1;
    for length in 0..whole.len() {
        let why = refusal(&dir, &whole[..length]);
        let expected = if length < head { "is no backup of Meshkey" } else { "cut off" };
        assert!(why.contains(expected), "{length}: {why}");
    }
}

#[test]
fn a_backup_of_which_any_byte_was_altered_is_refused() {
    let dir = TempDir::new().unwrap();
    let whole = fs::read(written(&dir, b"PGDMP and more")).unwrap();
    for at in 0..whole.len() {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        let why = refusal(&dir, &altered);
        assert!(["altered", "no backup", "cut off", "form "].iter().any(|word| why.contains(word)), "{at}: {why}");
    }
    let mut longer = whole.clone();
    longer.extend(b"\n");
    assert_eq!(refusal(&dir, &longer), format!("IT {}", "was cut off: it has a beginning and no end"));
}

#[test]
fn a_backup_of_a_form_to_come_is_refused() {
    let dir = TempDir::new().unwrap();
    let whole = String::from_utf8(fs::read(written(&dir, b"dump")).unwrap()).unwrap();
    let newer = whole.replacen("backup 1", "backup 2", 1);
    assert!(refusal(&dir, newer.as_bytes()).contains("form 2"));
}
