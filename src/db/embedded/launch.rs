//! How a program of PostgreSQL is started: through our own binary, which gives up its rights, asks the kernel to be told
//! when its parent ends, and only then becomes that program.
//!
//! The order matters. To become another user clears the request to the kernel, so that comes second; and a parent that
//! ended before the request was made is never reported, so its pid is checked last. From before the request until the
//! server knows what to do with it, the signal is held back: a shell that starts us in the background has us ignore it, and
//! an ignored signal that is not held back would be lost.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Pid, Uid, getppid};

use super::account::Account;
use super::error::Error;

/// The hidden verb of our binary, which calls [`launch`] with the arguments after it.
pub const LAUNCH_VERB: &str = "postgres-child";

/// The command that starts a program of PostgreSQL as this account, with nothing of our environment.
pub(super) fn command(launcher: &Path, account: Account, cwd: &Path, program: &Path) -> Command {
    let mut command = Command::new(launcher);
    command.env_clear().envs([("LC_ALL", "C"), ("TZ", "UTC"), ("PATH", "/usr/bin:/bin")]);
    command.current_dir(cwd).stdin(Stdio::null());
    // Its own group: an interrupt at the terminal is for us, and we stop the server when we are done with it.
    command.process_group(0);
    command.arg(LAUNCH_VERB).args(["--parent", &std::process::id().to_string()]);
    if let Account::Lesser(uid, gid) = account {
        command.args(["--uid", &uid.to_string(), "--gid", &gid.to_string()]);
    }
    command.arg("--").arg(program);
    command
}

/// Becomes the program that the arguments name. Returns only if that fails, with the reason.
///
/// Call it before any thread is started.
pub fn launch(arguments: impl Iterator<Item = OsString>) -> Error {
    let Some(orders) = Orders::read(arguments) else {
        return Error::Orders;
    };
    let mut command = Command::new(&orders.program);
    command.args(&orders.arguments);
    if let Err(error) = rights::give_up(&mut command, orders.lesser).and_then(|()| orders.follow_parent()) {
        return error;
    }
    Error::Run { cause: command.exec(), program: orders.program }
}

/// What the launcher is told.
struct Orders {
    parent: Pid,
    lesser: Option<(Uid, Gid)>,
    program: OsString,
    arguments: Vec<OsString>,
}

impl Orders {
    fn read(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let (mut parent, mut uid, mut gid) = (None, None, None);
        loop {
            let name = arguments.next()?;
            match name.to_str()? {
                "--parent" => parent = Some(number(&arguments.next()?)?),
                "--uid" => uid = Some(number(&arguments.next()?)?),
                "--gid" => gid = Some(number(&arguments.next()?)?),
                "--" => break,
                _ => return None,
            }
        }
        let lesser = match (uid, gid) {
            (Some(uid), Some(gid)) => Some((Uid::from_raw(uid), Gid::from_raw(gid))),
            (None, None) => None,
            _ => return None,
        };
        let parent = Pid::from_raw(i32::try_from(parent?).ok()?);
        let program = arguments.next()?;
        Some(Self { parent, lesser, program, arguments: arguments.collect() })
    }

    #[cfg(target_os = "linux")]
    fn follow_parent(&self) -> Result<(), Error> {
        use nix::sys::prctl::set_pdeathsig;
        use nix::sys::signal::{SigSet, Signal};

        let failed = |cause: nix::Error| Error::Run { program: self.program.clone(), cause: cause.into() };
        SigSet::from(Signal::SIGINT).thread_block().and_then(|()| set_pdeathsig(Signal::SIGINT)).map_err(failed)?;
        self.ensure_parent()
    }

    #[cfg(not(target_os = "linux"))]
    fn follow_parent(&self) -> Result<(), Error> {
        self.ensure_parent()
    }

    fn ensure_parent(&self) -> Result<(), Error> {
        if getppid() == self.parent { Ok(()) } else { Err(Error::ParentGone) }
    }
}

fn number(text: &OsStr) -> Option<u32> {
    text.to_str()?.parse().ok()
}

#[cfg(target_os = "linux")]
mod rights {
    use super::{Command, Error, Gid, Uid};
    use nix::unistd::{setgid, setgroups, setuid};

    /// Now, because the request to the kernel has to come after it.
    pub(super) fn give_up(_: &mut Command, lesser: Option<(Uid, Gid)>) -> Result<(), Error> {
        let Some((uid, gid)) = lesser else {
            return Ok(());
        };
        setgroups(&[])
            .and_then(|()| setgid(gid))
            .and_then(|()| setuid(uid))
            .map_err(|cause| Error::Rights { uid: uid.as_raw(), cause: cause.into() })
    }
}

#[cfg(not(target_os = "linux"))]
mod rights {
    use super::{Command, CommandExt, Error, Gid, Uid};

    /// With the program, which clears the supplementary groups too.
    #[expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")]
    pub(super) fn give_up(command: &mut Command, lesser: Option<(Uid, Gid)>) -> Result<(), Error> {
        if let Some((uid, gid)) = lesser {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &str) -> Option<Orders> {
        Orders::read(arguments.split(' ').map(OsString::from))
    }

    #[test]
    fn what_we_order_is_what_the_launcher_reads() {
        let account = Account::Lesser(Uid::from_raw(101), Gid::from_raw(104));
        let mut command = command(Path::new("/bin/m"), account, Path::new("/"), Path::new("/pg/postgres"));
        command.args(["-D", "/srv/my data", "--uid"]);
        let mut arguments = command.get_args().map(OsStr::to_owned);
        assert_eq!(arguments.next().as_deref(), Some(OsStr::new(LAUNCH_VERB)));
        let orders = Orders::read(arguments).unwrap();
        assert_eq!(orders.parent, Pid::this());
        assert_eq!(orders.lesser, Some((Uid::from_raw(101), Gid::from_raw(104))));
        assert_eq!(orders.program, "/pg/postgres");
        assert_eq!(orders.arguments, ["-D", "/srv/my data", "--uid"]);
    }

    #[test]
    fn half_an_order_is_none() {
        let legal = "--uid 1 --gid 2 --parent 3 -- postgres -D x";
        assert!(read(legal).is_some());
        for broken in [
            "",
            "--",
            "--parent 3 --",
            "--parent 3 postgres",
            "-- postgres",
            "--uid 1 --parent 3 -- postgres",
            "--uid root --gid 2 --parent 3 -- postgres",
            "--parent 3 --groups 4 -- postgres",
        ] {
            assert!(read(broken).is_none(), "{broken}");
        }
    }

    #[test]
    fn a_stranger_s_child_is_not_launched() {
        let orders = ["--parent", "1", "--", "/bin/false"].map(OsString::from);
        // The parent of a test is never init: cargo, or whoever runs it.
        if getppid() != Pid::from_raw(1) {
            assert!(matches!(launch(orders.into_iter()), Error::ParentGone));
        }
    }
}
