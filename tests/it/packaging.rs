//! What Meshkey is packed in: the image, the composition, the unit. There is no container engine and no systemd in a test;
//! so the files are read, and what they have done is done by hand.

mod compose;
mod credentials;
mod dockerfile;
mod login;
#[cfg(target_os = "linux")]
mod notify;
#[cfg(target_os = "linux")]
mod sealed;
mod unit;

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use meshkey::config::table;

const MESHKEY: &str = env!("CARGO_BIN_EXE_meshkey");

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

/// A program with nothing of this process's environment but the way to other programs.
fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir("/");
    command
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// Each word of a text that looks like a variable of ours.
fn variables(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("MESHKEY_")).collect()
}

/// P-19: a variable that nobody knows would end the start.
#[test]
fn every_variable_in_what_we_are_packed_in_is_a_setting() {
    let known: BTreeSet<String> = table::ALL.iter().flat_map(table::Setting::variables).collect();
    let files = ["Dockerfile", "docker-compose.yml", "examples/systemd/meshkey.service", unit::DROP_IN];
    for file in files {
        let text = read(file);
        assert!(!variables(&text).is_empty(), "{file} names none");
        for variable in variables(&text) {
            assert!(known.contains(variable), "{file} names {variable}, which is no setting");
        }
    }
}

#[test]
fn what_the_binary_needs_of_a_system_is_what_the_base_of_the_image_has() {
    // What distroless/cc has: libc, libm, libgcc, and the loader.
    let has = ["linux-vdso", "libc.so", "libm.so", "libgcc_s.so", "ld-linux", "ld64.so"];
    if cfg!(target_env = "musl") || !cfg!(target_os = "linux") {
        return;
    }
    let listed = String::from_utf8(clean("ldd").arg(MESHKEY).output().unwrap().stdout).unwrap();
    let file = |line: &str| Path::new(line.split_whitespace().next().unwrap()).file_name().unwrap().to_owned();
    let needed: Vec<_> = listed.lines().map(|line| file(line).into_string().unwrap()).collect();
    assert!(needed.iter().any(|name| name.starts_with("libc.so")), "{listed}");
    for name in needed {
        assert!(has.iter().any(|known| name.starts_with(known)), "{name} is not in the image\n{listed}");
    }
}
