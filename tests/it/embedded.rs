//! The embedded PostgreSQL: it keeps what was written, dies with us, and survives `kill -9` of either side.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use meshkey::db::embedded::{self, Embedded, Error, LAUNCH_VERB, Settings};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use tempfile::TempDir;
use tokio_postgres::{Config, NoTls};

const MESHKEY: &str = env!("CARGO_BIN_EXE_meshkey");

/// A directory that the account of the server can pass through.
fn shelter() -> TempDir {
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap()
}

fn start(data_dir: &Path) -> Result<Embedded, Error> {
    Embedded::start(Settings { durable: false, ..settings(data_dir) })
}

fn settings(data_dir: &Path) -> Settings {
    Settings { data_dir: data_dir.to_owned(), launcher: MESHKEY.into(), bin: None, durable: true }
}

/// The first column of the first row, or what went wrong.
fn ask(config: &Config, sql: &str) -> Result<Option<String>, tokio_postgres::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        let answers = client.simple_query(sql).await?;
        Ok(answers.iter().find_map(|answer| match answer {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    })
}

fn tell(config: &Config, sql: &str) {
    ask(config, sql).unwrap();
}

fn answer(config: &Config, sql: &str) -> String {
    ask(config, sql).unwrap().unwrap()
}

fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(done) = attempt() {
            return done;
        }
        assert!(Instant::now() < deadline, "{what} has not come true");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn postmaster(data_dir: &Path) -> Pid {
    let text = fs::read_to_string(data_dir.join("data/postmaster.pid")).unwrap();
    Pid::from_raw(text.lines().next().unwrap().trim().parse().unwrap())
}

/// Gone, or ended and not yet waited for.
fn has_ended(pid: Pid) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default().is_empty()
}

/// A whole house in a process of its own.
struct House(Child);

impl House {
    fn spawn(data_dir: &Path) -> Command {
        let mut command = Command::new(MESHKEY);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir);
        command.env_remove("DATABASE_URL").stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
        command
    }

    fn open(data_dir: &Path) -> Self {
        let mut child = Self::spawn(data_dir).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let is_ready = lines.any(|line| line.unwrap().starts_with("meshkey ready"));
        assert!(is_ready, "the house did not open: {:?}", child.wait());
        Self(child)
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_restart_keeps_what_was_written() {
    let dir = shelter();
    let data_dir = dir.path().join("some/where");
    let server = start(&data_dir).unwrap();
    assert!(server.version().starts_with(|c: char| c.is_ascii_digit()));
    tell(&server.login(), "CREATE TABLE kept AS SELECT 42 AS answer");
    server.stop();
    let server = start(&data_dir).unwrap();
    assert_eq!(answer(&server.login(), "SELECT answer FROM kept"), "42");
}

#[test]
fn a_killed_server_comes_back_with_what_was_written() {
    let dir = shelter();
    let data_dir = dir.path().join("m");
    let server = Embedded::start(settings(&data_dir)).unwrap();
    tell(&server.login(), "CREATE TABLE kept AS SELECT 42 AS answer");
    for _ in 0..3 {
        let before = postmaster(&data_dir);
        kill(before, Signal::SIGKILL).unwrap();
        eventually("its end", || has_ended(before).then_some(()));
        let kept = eventually("its return", || ask(&server.login(), "SELECT answer FROM kept").ok().flatten());
        assert_eq!(kept, "42");
        assert_ne!(postmaster(&data_dir), before);
    }
}

#[test]
fn a_killed_house_takes_its_server_along() {
    let dir = shelter();
    let data_dir = dir.path().join("m");
    let mut house = House::open(&data_dir);
    let login = embedded::running(&data_dir).unwrap();
    tell(&login, "CREATE TABLE kept AS SELECT 42 AS answer");
    let server = postmaster(&data_dir);
    house.kill();
    eventually("the end of the server", || has_ended(server).then_some(()));
    assert!(embedded::running(&data_dir).is_none());
    let server = start(&data_dir).unwrap();
    assert_eq!(answer(&server.login(), "SELECT answer FROM kept"), "42");
}

#[test]
fn a_house_and_a_server_that_are_killed_together_start_again() {
    let dir = shelter();
    let data_dir = dir.path().join("m");
    let mut house = House::open(&data_dir);
    tell(&embedded::running(&data_dir).unwrap(), "CREATE TABLE kept AS SELECT 42 AS answer");
    kill(postmaster(&data_dir), Signal::SIGKILL).unwrap();
    house.kill();
    let server = start(&data_dir).unwrap();
    assert_eq!(answer(&server.login(), "SELECT answer FROM kept"), "42");
}

#[test]
fn a_server_that_was_left_behind_is_stopped_first() {
    let dir = shelter();
    let data_dir = dir.path().join("m");
    start(&data_dir).unwrap().stop();
    let mut left_behind = leave_behind(&data_dir);
    let server = start(&data_dir).unwrap();
    assert!(left_behind.try_wait().unwrap().is_some());
    assert_eq!(answer(&server.login(), "SELECT 42"), "42");
}

/// A server that nobody holds a lock for, as after a kill where the kernel does not tell it of its parent's end.
fn leave_behind(data_dir: &Path) -> Child {
    let data_dir = data_dir.canonicalize().unwrap();
    let cluster = data_dir.join("data");
    let options = fs::read_to_string(cluster.join("postmaster.opts")).unwrap();
    let mut command = Command::new(MESHKEY);
    command.args([LAUNCH_VERB, "--parent", &std::process::id().to_string()]);
    if geteuid().is_root() {
        let owner = fs::metadata(&cluster).unwrap();
        command.args(["--uid", &owner.uid().to_string(), "--gid", &owner.gid().to_string()]);
    }
    command.args(["--", options.split(' ').next().unwrap(), "-D"]).arg(&cluster);
    command.arg("-k").arg(data_dir.join("run")).args(["-c", "listen_addresses="]);
    let child = command.stderr(Stdio::null()).spawn().unwrap();
    let is_ready = || fs::read_to_string(cluster.join("postmaster.pid")).is_ok_and(|text| text.contains("ready"));
    eventually("a server that was left behind", || is_ready().then_some(()));
    child
}

#[test]
fn the_end_of_its_parent_is_not_lost_before_the_server_listens() {
    // Of two windows of a few instructions, nothing can be seen from outside but the mask of what is started in them.
    let mut command = Command::new(MESHKEY);
    command.args([LAUNCH_VERB, "--parent", &std::process::id().to_string(), "--"]);
    let output = command.args(["/bin/grep", "SigBlk", "/proc/self/status"]).output().unwrap();
    let mask = String::from_utf8(output.stdout).unwrap();
    let mask = u64::from_str_radix(mask.trim_start_matches("SigBlk:").trim(), 16).unwrap();
    assert_ne!(mask & (1 << (Signal::SIGINT as u64 - 1)), 0, "{mask:x}");
}

#[test]
fn who_comes_second_is_told_who_is_there() {
    let dir = shelter();
    let data_dir = dir.path().join("m");
    let _server = start(&data_dir).unwrap();
    let Err(Error::InUse { path, pid, since }) = start(&data_dir) else {
        panic!("two servers in one directory");
    };
    assert_eq!((path, pid), (data_dir.canonicalize().unwrap(), std::process::id()));
    assert!(since.ends_with('Z'), "{since}");
}

#[test]
fn a_running_server_is_found_and_a_stopped_one_is_not() {
    let dir = shelter();
    let data_dir = dir.path().join("m");
    assert!(embedded::running(&data_dir).is_none());
    let server = start(&data_dir).unwrap();
    let login = embedded::running(&data_dir).unwrap();
    assert_eq!(answer(&login, "SELECT current_user || '@' || current_database()"), "meshkey@meshkey");
    server.stop();
    assert!(embedded::running(&data_dir).is_none());
}

#[test]
fn the_login_may_make_roles_and_is_no_superuser() {
    let dir = shelter();
    let server = start(&dir.path().join("m")).unwrap();
    let rights = "SELECT format('%s %s %s %s', rolsuper, rolbypassrls, rolcreaterole, rolcreatedb) \
                  FROM pg_roles WHERE rolname = current_user";
    assert_eq!(answer(&server.login(), rights), "f f t f");
    assert_eq!(answer(&server.superuser(), "SHOW is_superuser"), "on");
    assert_eq!(answer(&server.superuser(), "SHOW listen_addresses"), "");
}

#[test]
fn what_a_crash_left_undone_is_done_by_the_next_start() {
    let dir = shelter();
    let data_dir = dir.path().join("m");
    let server = start(&data_dir).unwrap();
    tell(&server.superuser(), "DROP DATABASE meshkey");
    server.stop();
    fs::create_dir(data_dir.join("data.init.1")).unwrap();
    let server = start(&data_dir).unwrap();
    assert_eq!(answer(&server.login(), "SELECT 42"), "42");
}

#[test]
fn a_deep_data_directory_has_its_socket_elsewhere() {
    let dir = shelter();
    let data_dir = dir.path().join("deep".repeat(25));
    let server = start(&data_dir).unwrap();
    let socket_dir: PathBuf = server.socket_dir().to_owned();
    assert!(socket_dir.starts_with("/tmp"), "{}", socket_dir.display());
    assert_eq!(fs::metadata(&socket_dir).unwrap().mode() & 0o777, 0o700);
    assert!(embedded::running(&data_dir).is_some());
    server.stop();
    assert!(!socket_dir.exists());
}

#[test]
fn nothing_is_made_where_the_account_of_the_server_cannot_go() {
    if !geteuid().is_root() {
        return;
    }
    let closed = shelter();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let Err(Error::Closed { dir, .. }) = start(&closed.path().join("some/where")) else {
        panic!("a server behind a closed door");
    };
    assert_eq!(dir, closed.path().canonicalize().unwrap());
    assert_eq!(fs::read_dir(closed.path()).unwrap().count(), 0);
}

#[test]
fn a_directory_in_which_others_may_write_is_refused() {
    let dir = shelter();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let Err(error) = start(dir.path()) else {
        panic!("others could plant links there");
    };
    assert!(error.to_string().contains("chmod go-w"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_house_without_programs_says_what_to_do() {
    let dir = shelter();
    let mut house = House::spawn(&dir.path().join("m"));
    let output = house.env("MESHKEY_PG_BIN", dir.path()).stderr(Stdio::piped()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(told.contains("MESHKEY_PG_BIN is") && told.contains("initdb"), "{told}");
}
