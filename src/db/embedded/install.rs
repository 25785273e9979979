//! What to type where PostgreSQL is missing.

use std::fs;

/// Distributions by their id, or the id they say they are like, and what they type.
const BY_ID: &[(&str, &str)] = &[
    ("debian", "run `apt-get install postgresql`"),
    ("ubuntu", "run `apt-get install postgresql`"),
    ("fedora", "run `dnf install postgresql-server`"),
    ("rhel", "run `dnf install postgresql-server`"),
    ("centos", "run `dnf install postgresql-server`"),
    ("amzn", "run `dnf install postgresql15-server`"),
    ("alpine", "run `apk add postgresql`"),
    ("arch", "run `pacman -S postgresql`"),
    ("suse", "run `zypper install postgresql-server`"),
];

/// The advice for this machine.
pub(super) fn advice() -> &'static str {
    if cfg!(target_os = "macos") {
        return "run `brew install postgresql@17`";
    }
    let release = fs::read_to_string("/etc/os-release")
        .or_else(|_| fs::read_to_string("/usr/lib/os-release"))
        .unwrap_or_default();
    advice_for(&release)
}

/// The advice for a machine that describes itself so (os-release(5)): by its own id first, then by those it is like.
fn advice_for(os_release: &str) -> &'static str {
    let value = |name: &str| {
        os_release
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(|value| value.trim_matches(['"', '\'']).to_owned())
            .unwrap_or_default()
    };
    let ids = format!("{} {}", value("ID"), value("ID_LIKE"));
    ids.split_whitespace()
        .find_map(|id| BY_ID.iter().find(|(known, _)| *known == id))
        .map_or("install the package of the PostgreSQL server", |(_, advice)| advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_is_told_its_own_package() {
        let table = [
            ("ID=debian\nVERSION_ID=\"12\"", "apt-get install postgresql"),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"", "apt-get install postgresql"),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", "dnf install postgresql-server"),
            ("ID_LIKE=\"suse opensuse\"\nID=\"opensuse-leap\"", "zypper install postgresql-server"),
            ("ID=alpine", "apk add postgresql"),
            ("ID=arch", "pacman -S postgresql"),
            ("", "the package of the PostgreSQL server"),
            ("ID=plan9", "the package of the PostgreSQL server"),
        ];
        for (release, expected) in table {
            assert!(advice_for(release).contains(expected), "{release}: {}", advice_for(release));
        }
    }
}
