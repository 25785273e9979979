//! Libraries that others wrote, as they are. Each is fetched once, from its own registry, into the directory of the build.
//! Where that cannot be done it is said.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Says what was not tried, where the harness would keep it to itself.
pub fn skipped(what: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED: {what}");
}

/// Where the packages of the lock in `list` are, which npm fetches; none where they cannot be had.
pub fn of_npm(name: &str, list: &Path) -> Option<PathBuf> {
    library(name, |place| {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(list.join(file), place.join(file))?;
        }
        let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        let impatiently = ["--fetch-retries=1", "--fetch-timeout=20000", "--prefix"];
        Command::new("npm").args(npm).args(impatiently).arg(place).output()
    })
}

/// The same of a list for pip.
pub fn of_pip(name: &str, list: &Path) -> Option<PathBuf> {
    library(name, |place| {
        let pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--no-compile"];
        let impatiently = ["--retries", "1", "--timeout", "20", "--target"];
        Command::new("python3").args(pip).args(impatiently).arg(place).arg("-r").arg(list).output()
    })
}

/// The same for a Python that others have left behind, and with it what is to be built for it.
pub fn of_old_pip(name: &str, python: &Path, list: &Path) -> Option<PathBuf> {
    library(name, |place| {
        let pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--disable-pip-version-check"];
        let impatiently = ["--retries", "1", "--timeout", "20", "--target"];
        Command::new(python).args(pip).args(impatiently).arg(place).arg("-r").arg(list).output()
    })
}

/// Where a library is, fetched by `fetch` into an empty directory if it was not yet.
fn library(name: &str, fetch: impl FnOnce(&Path) -> io::Result<Output>) -> Option<PathBuf> {
    let build = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let place = build.join(name);
    if place.exists() {
        return Some(place);
    }
    let fresh = tempfile::tempdir_in(build).unwrap();
    match fetch(fresh.path()) {
        Ok(output) if output.status.success() => {}
        cause => {
            skipped(&format!("{name}, because it cannot be fetched: {cause:?}"));
            return None;
        }
    }
    // Another run may have been quicker: what it has fetched is the same.
    drop(fs::rename(fresh.keep(), &place));
    Some(place)
}
