//! Where this machine keeps its PostgreSQL. Debian's, Red Hat's and Homebrew's programs are not in `PATH`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::Error;
use super::install;

/// The oldest major version that the schema can live on.
pub(super) const OLDEST: u32 = 15;

/// Directories below which each version has one of its own, with its programs in `bin`, and how its name begins.
const SHELVES: &[(&str, &str)] = &[
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql"),
    ("/usr/local/opt", "postgresql"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
];

/// A server's version: the text, and the numbers by which versions are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    major: u32,
    minor: u32,
    text: String,
}

impl Version {
    /// Reads the answer of `postgres --version`, such as `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    fn read(answer: &str) -> Option<Self> {
        let text = answer.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        let mut numbers = text.split(|c: char| !c.is_ascii_digit());
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(0);
        Some(Self { major, minor, text: text.to_owned() })
    }

    /// The version as it names itself.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where to look.
pub(super) struct Places {
    explicit: Option<PathBuf>,
    usual: Vec<PathBuf>,
}

impl Places {
    /// The directory that was named alone, else `PATH` and where the platforms put it.
    pub(super) fn of_this_machine(named: Option<&Path>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let shelved = SHELVES.iter().flat_map(|(shelf, prefix)| versions_on(Path::new(shelf), prefix));
        Self {
            explicit: named.and_then(|dir| std::path::absolute(dir).ok()),
            usual: std::env::split_paths(&path).filter(|dir| dir.is_absolute()).chain(shelved).collect(),
        }
    }

    fn all(&self) -> Vec<&Path> {
        match &self.explicit {
            Some(dir) => vec![dir],
            None => self.usual.iter().map(PathBuf::as_path).collect(),
        }
    }
}

fn versions_on(shelf: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(shelf) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join("bin"))
        .collect()
}

/// The programs of one installed version.
#[derive(Debug)]
pub(super) struct Binaries {
    /// Which version they are.
    pub(super) version: Version,
    dir: PathBuf,
}

impl Binaries {
    /// The newest at these places; for a cluster that is there already, the newest of the major that made it.
    pub(super) fn find(places: &Places, pinned: Option<u32>, cluster: &Path) -> Result<Self, Error> {
        let found: Vec<Self> = places.all().into_iter().filter_map(Self::in_dir).collect();
        if found.is_empty() {
            return Err(places
                .explicit
                .clone()
                .map_or_else(|| Error::NotInstalled { install: install::advice() }, Error::NotInThere));
        }
        let newest = found
            .into_iter()
            .filter(|binaries| pinned.is_none_or(|major| major == binaries.version.major))
            .max_by(|one, other| one.version.cmp(&other.version));
        newest.ok_or_else(|| Error::MajorMissing { cluster: cluster.to_owned(), major: pinned.unwrap_or(OLDEST) })
    }

    fn in_dir(dir: &Path) -> Option<Self> {
        if !are_in(dir) {
            return None;
        }
        let answer = Command::new(dir.join("postgres")).arg("--version").env_clear().output().ok()?;
        let version = Version::read(&String::from_utf8_lossy(&answer.stdout))?;
        (version.major >= OLDEST).then(|| Self { version, dir: dir.to_owned() })
    }

    /// The path of one of them.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The path of one that belongs to the client's programs, which some platforms package apart.
    pub(super) fn tool(&self, name: &'static str) -> Result<PathBuf, Error> {
        let path = self.program(name);
        if path.is_file() {
            return Ok(path);
        }
        Err(Error::ToolMissing { tool: name, dir: self.dir.clone(), major: self.version.major })
    }

    /// Where they are.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The major version they are of.
    pub(super) fn major(&self) -> u32 {
        self.version.major
    }
}

/// Whether this directory holds the programs of a server.
pub(super) fn are_in(dir: &Path) -> bool {
    dir.join("initdb").is_file() && dir.join("postgres").is_file()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A directory whose `postgres` claims to be of this version.
    fn shelf(versions: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let dir = tempfile::tempdir().unwrap();
        let bins = versions.iter().map(|version| bin(dir.path(), version)).collect();
        (dir, bins)
    }

    fn bin(shelf: &Path, version: &str) -> PathBuf {
        let bin = shelf.join(version).join("bin");
        fs::create_dir_all(&bin).unwrap();
        for program in ["postgres", "initdb"] {
            let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version} (Test)'\n");
            fs::write(bin.join(program), script).unwrap();
            fs::set_permissions(bin.join(program), fs::Permissions::from_mode(0o755)).unwrap();
        }
        bin
    }

    fn find(explicit: Option<&Path>, usual: Vec<PathBuf>, pinned: Option<u32>) -> Result<String, String> {
        let places = Places { explicit: explicit.map(Path::to_owned), usual };
        Binaries::find(&places, pinned, Path::new("/srv/data"))
            .map(|binaries| binaries.version.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_version_is_read_from_what_postgres_says() {
        let read = |answer| Version::read(answer).map(|v| (v.major, v.minor, v.text));
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)";
        assert_eq!(read(debian), Some((15, 18, "15.18".to_owned())));
        assert_eq!(read("postgres (PostgreSQL) 18beta2"), Some((18, 0, "18beta2".to_owned())));
        assert_eq!(read("postgres (PostgreSQL)"), None);
    }

    #[test]
    fn the_newest_is_taken_unless_the_cluster_needs_another() {
        let (shelf, bins) = shelf(&["15.9", "15.18", "16.2", "14.1"]);
        assert_eq!(find(None, bins.clone(), None), Ok("16.2".to_owned()));
        assert_eq!(find(None, bins.clone(), Some(15)), Ok("15.18".to_owned()));
        assert_eq!(find(Some(&bins[0]), bins.clone(), None), Ok("15.9".to_owned()));
        assert!(find(None, bins, Some(17)).unwrap_err().contains("install PostgreSQL 17"));
        assert_eq!(versions_on(shelf.path(), "16").len(), 1);
    }

    #[test]
    fn finding_none_says_what_to_do() {
        let (_shelf, old) = shelf(&["14.1"]);
        let nothing = find(None, old.clone(), None).unwrap_err();
        assert!(nothing.contains("DATABASE_URL") && nothing.contains("install"), "{nothing}");
        assert!(find(Some(&old[0]), old.clone(), Some(15)).unwrap_err().contains("MESHKEY_PG_BIN is"));
    }
}
