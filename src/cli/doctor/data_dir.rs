//! The data directory of the embedded database: whether it is there, ours alone, and not full.

use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::finding::{Finding, Report};
use crate::{app, config::Settings, db::embedded};

const CHECK: &str = "data directory";
/// With less than this the database may stop at any moment.
const LITTLE: u64 = 100 * 1024 * 1024;
/// With less than this somebody should look.
const NOT_MUCH: u64 = 1024 * 1024 * 1024;

/// Looks at it. Answers whether there is a database to go on with.
pub(super) fn look(settings: &Settings, report: &mut Report) -> bool {
    if settings.database_url.is_some() {
        return true;
    }
    let dir = app::data_dir(settings);
    if !embedded::is_there(&dir) {
        let told = format!("there is no installation in {}", dir.display());
        let fix = "`meshkey init` or `meshkey serve` makes one; --data-dir or DATABASE_URL names another";
        report.add(Finding::warn(CHECK, told).fix(fix));
        return false;
    }
    report.add(judge(&dir));
    true
}

fn judge(dir: &Path) -> Finding {
    // Whoever runs it there was let in.
    if embedded::running_at(dir).is_none()
        && let Err(error) = embedded::ensure_fit(dir)
    {
        return Finding::fail(CHECK, error.to_string());
    }
    let free = match free(dir) {
        Ok(free) => free,
        Err(error) => {
            return Finding::warn(CHECK, format!("{}: how much is free is not known: {error}", dir.display()));
        }
    };
    let told = format!("{}, {} MiB free", dir.display(), free / (1024 * 1024));
    let fix = "make room, or move it to a larger disk: PostgreSQL stops when its disk is full";
    match free {
        ..LITTLE => Finding::fail(CHECK, told).fix(fix),
        LITTLE..NOT_MUCH => Finding::warn(CHECK, told).fix(fix),
        _ => Finding::ok(CHECK, told),
    }
}

/// How many bytes are free for who has no special rights.
fn free(dir: &Path) -> nix::Result<u64> {
    let disk = statvfs(dir)?;
    #[allow(clippy::useless_conversion, reason = "how wide they are depends on the platform")]
    Ok(u64::from(disk.blocks_available()) * u64::from(disk.fragment_size()))
}
