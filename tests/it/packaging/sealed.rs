//! A service as it is held in a container and by the unit: another user, no rights, and nothing but its own directory to
//! write to.

use std::{
    fs::{self, Permissions},
    io::{BufRead as _, BufReader},
    os::unix::{fs::PermissionsExt as _, fs::chown, process::CommandExt as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::{Pid, User, geteuid},
};

use super::{MESHKEY, clean};
use crate::tools::shelter;

/// What is run: the root made read-only, but for the one directory; then a user without rights.
const SEAL: &str = r#"mount --make-rprivate / && mount --bind "$1" "$1" && mount -o remount,bind,ro / || exit 99
if touch /tmp/meshkey-seal 2>/dev/null && [ "$(stat -c %d /tmp)" = "$(stat -c %d /)" ]; then exit 98; fi
exec setpriv --reuid="$2" --regid="$3" --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs -- "$4" serve --listen 127.0.0.1:0"#;

/// Whether this process may make a name space of its own.
fn can_seal() -> bool {
    let probe = || Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
    geteuid().is_root() && probe().is_ok_and(|status| status.success())
}

fn sealed(dir: &Path, user: &User) -> Command {
    let mut command = clean("unshare");
    command.args(["--mount", "sh", "-c", SEAL, "sh"]).arg(dir);
    command.args([user.uid.to_string(), user.gid.to_string()]).arg(MESHKEY);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    command
}

/// Waits until it serves, and ends it.
fn ensure_serves(mut child: Child) {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let is_ready = lines.any(|line| line.unwrap().starts_with("meshkey ready on "));
    // `setpriv` and the shell have become the service.
    let _ = killpg(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM);
    let end = child.wait().unwrap();
    assert!(is_ready && end.success(), "it does not serve where it cannot write: {end}");
}

/// The unit: its own PostgreSQL, in its own directory, and all else closed.
#[test]
fn it_runs_its_own_database_with_nothing_but_its_directory_to_write_to() {
    if !can_seal() {
        return eprintln!("not tried: this takes root, and a name space for mounts");
    }
    let dir = shelter();
    let user = User::from_name("nobody").unwrap().expect("an account without rights");
    let state = dir.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, Permissions::from_mode(0o700)).unwrap();
    chown(&state, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    ensure_serves(sealed(&state, &user).env("MESHKEY_DATA_DIR", &state).spawn().unwrap());
}
