//! The README and the docs tell the truth: what they say to type runs, in order, and answers what they print.
//!
//! A block marked `sh` is typed into one shell; a block marked `text` or `json` right behind it is what it prints. What is
//! new each time (ids, secrets, times, the port) is masked on both sides. A line `…` stands for any lines, and `…` at the
//! end of a line for the rest of it. What is not to be run is marked otherwise.

mod compare;
mod errors;
mod guides;
mod page;
mod verbs;

use std::{
    fs::{self, File, Permissions},
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use self::{
    compare::ensure_alike,
    page::{Step, read, steps},
};

const MESHKEY: &str = env!("CARGO_BIN_EXE_meshkey");
/// What stands before each block's output.
const MARK: char = '\u{1e}';
/// The address and the key, as the pages write them.
const WRITTEN: [&str; 2] = ["http://127.0.0.1:7700", "mshk_…"];

#[test]
fn the_readme_is_true() {
    let steps = steps(&read("README.md"));
    let (first, rest) = steps.split_first().unwrap();
    assert_eq!(first.command, "./run quickstart\n");
    let house = House::open("quickstart");
    ensure_alike(first, &house.told);
    let admin = house.told.lines().find_map(|line| line.trim().strip_prefix("export ADMIN=")).unwrap();
    let rest: Vec<_> = rest.iter().filter(|step| step.command != "./run test\n").collect();
    house.type_in(&rest, admin);
}

#[test]
fn the_tutorial_is_true() {
    let steps = steps(&read("docs/tutorial.md"));
    let (first, rest) = steps.split_first().unwrap();
    assert_eq!(first.command, "meshkey serve\n");
    let house = House::open("serve");
    ensure_alike(first, &house.told);
    house.type_in(&rest.iter().collect::<Vec<_>>(), "");
}

#[test]
fn the_api_by_example_is_true() {
    let steps = steps(&read("docs/reference/http.md"));
    let house = House::open("serve");
    house.type_in(&steps.iter().collect::<Vec<_>>(), "");
}

/// A server in a process of its own, with what it has said until it was ready.
struct House {
    server: Child,
    told: String,
    base: String,
    home: TempDir,
}

impl House {
    fn open(verb: &str) -> Self {
        // The account that PostgreSQL runs as, where we are root, has to pass.
        let home = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
        let log = File::create(home.path().join("log")).unwrap();
        let mut server = clean(MESHKEY, home.path()).arg(verb).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let (mut told, mut lines) = (String::new(), BufReader::new(server.stdout.take().unwrap()).lines());
        let ready = lines.find_map(|line| {
            let line = line.unwrap();
            told.extend([&line, "\n"]);
            line.strip_prefix("meshkey ready on ").map(|rest| rest.split(' ').next().unwrap().to_owned())
        });
        let Some(base) = ready else {
            let log = fs::read_to_string(home.path().join("log")).unwrap();
            panic!("meshkey {verb} ended: {:?}, having said\n{told}{log}", server.wait());
        };
        Self { server, told, base, home }
    }

    /// Types all blocks into one shell, and looks at what each has printed.
    fn type_in(&self, steps: &[&Step], admin: &str) {
        let pages = |command: &str| command.replace(WRITTEN[0], &self.base).replace(WRITTEN[1], admin);
        let log = || fs::read_to_string(self.home.path().join("log")).unwrap();
        type_in(steps, clean("bash", self.home.path()), pages, log);
    }
}

/// Types all blocks into this shell, each as `pages` gives it, and looks at what it has printed; where one fails, shows
/// what is in `log`.
fn type_in(steps: &[&Step], mut bash: Command, pages: impl Fn(&str) -> String, log: impl Fn() -> String) {
    let block = |(number, step): (usize, &&Step)| format!("printf '{MARK}'\n: {number}\n{}", pages(&step.command));
    let typed: String = steps.iter().enumerate().map(block).collect();
    let tools = "curl --json '' --version > /dev/null && jq --version > /dev/null ||\
                 { echo 'the examples need curl 7.82 or later, and jq'; exit 1; }";
    let output = bash.args(["-c", &format!("set -euo pipefail\nexec 2>&1\n{tools}\n{typed}")]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let printed: Vec<&str> = said.split(MARK).skip(1).collect();
    if !output.status.success() {
        let step = steps[printed.len().max(1) - 1];
        panic!(
            "the block of line {} failed:\n{}\nand printed\n{}\n\nthe log:\n{}",
            step.line,
            step.command,
            printed.last().unwrap_or(&said.as_str()),
            log()
        );
    }
    for (step, printed) in steps.iter().zip(printed) {
        ensure_alike(step, printed);
    }
}

/// A command of which nothing depends on who runs the tests.
fn clean(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    let ours = Path::new(MESHKEY).parent().unwrap().display();
    command.env_clear().env("PATH", format!("{ours}:{}", std::env::var("PATH").unwrap_or_default()));
    command.env("HOME", home).env("MESHKEY_DATA_DIR", home.join("data")).env("MESHKEY_LISTEN", "127.0.0.1:0");
    command.current_dir(home).stdin(Stdio::null());
    command
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.server.id().try_into().unwrap()), Signal::SIGTERM);
        let deadline = Instant::now() + Duration::from_mins(1);
        while Instant::now() < deadline && matches!(self.server.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
