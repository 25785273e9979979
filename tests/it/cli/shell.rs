//! A terminal of somebody who holds a key: commands, their answers, and transcripts of both.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::LazyLock,
};

use regex::Regex;
use tempfile::TempDir;

use crate::client::Client;

pub const MESHKEY: &str = env!("CARGO_BIN_EXE_meshkey");

/// A terminal.
pub struct Shell {
    /// Its working directory.
    pub dir: TempDir,
    base: String,
    log: String,
}

/// How a command ended.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The only line of stdout.
    #[track_caller]
    pub fn line(&self) -> &str {
        let line = self.out.strip_suffix('\n').unwrap_or_else(|| panic!("{self:?}"));
        assert!(!line.contains('\n'), "{self:?}");
        line
    }
}

impl Shell {
    /// A terminal whose key is that of `client`, in the file `token`.
    pub fn of(client: &Client) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), format!("{}\n", client.secret())).unwrap();
        Self { dir, base: client.base().to_owned(), log: String::new() }
    }

    /// A file in the working directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The command, with nothing of this process's environment that would steer it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let steering = std::env::vars().map(|(name, _)| name);
        for name in steering.filter(|name| name.starts_with("MESHKEY_") || name.to_lowercase().ends_with("_proxy")) {
            command.env_remove(name);
        }
        command.env("MESHKEY_URL", &self.base).env("MESHKEY_TOKEN_FILE", "token").env_remove("COLUMNS");
        command.env("XDG_CONFIG_HOME", self.path("config")).current_dir(self.dir.path());
        command
    }

    /// Runs the program with these words.
    pub fn run(&self, line: &str) -> Said {
        self.run_with(line, "", &[])
    }

    pub fn run_with(&self, line: &str, stdin: &str, environment: &[(&str, &str)]) -> Said {
        let mut command = self.command(MESHKEY);
        command.args(words(line)).envs(environment.iter().copied());
        finish(command, stdin)
    }

    /// Runs it, and writes both down.
    pub fn type_in(&mut self, line: &str) -> Said {
        self.type_with(line, None)
    }

    /// The same, with this file as stdin.
    pub fn type_with(&mut self, line: &str, from: Option<&str>) -> Said {
        let stdin = from.map(|name| self.read(name)).unwrap_or_default();
        let said = self.run_with(line, &stdin, &[]);
        let from = from.map_or(String::new(), |name| format!(" < {name}"));
        writeln!(self.log, "$ meshkey {line}{from}").unwrap();
        for (stream, text) in [("", &said.out), ("2> ", &said.err)] {
            for line in text.lines() {
                writeln!(self.log, "{}", format!("{stream}{line}").trim_end()).unwrap();
            }
        }
        writeln!(self.log, "[exit {}]\n", said.code.unwrap_or(-1)).unwrap();
        said
    }

    /// Everything that was typed and printed, without what is another on each run.
    pub fn transcript(&self) -> String {
        let text = self.log.replace(&self.base, "http://127.0.0.1:7700");
        mask(&text)
    }
}

/// Ends a command and gives all that it said.
pub fn finish(mut command: Command, stdin: &str) -> Said {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Who does not read its stdin closes it.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Words between spaces; single quotes keep them together.
fn words(line: &str) -> Vec<String> {
    let (mut all, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for it in line.chars() {
        match it {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => all.extend(word.take()),
            _ => word.get_or_insert_default().push(it),
        }
    }
    all.extend(word);
    all
}

static MASKS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let masks = [
        (r"after \d+ ms: \d+ replicas? knows?(; \d+ did not answer and trust nothing any more)?", "after MS: REPLICAS"),
        (r"mshk_[0-9A-Za-z]{49}", "mshk_SECRET"),
        (r"mshk_[0-9A-Za-z]{8}", "mshk_HINT"),
        (r"(key|org|mesh|evt|gate)_[0-9a-hjkmnp-tv-z]{26}", "${1}_ID"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"\b\d+ (s|min|h) ago", "just now"),
        // Columns are as wide as what stood in them before it was masked.
        (r" {2,}", "  "),
    ];
    masks.into_iter().map(|(mask, put)| (Regex::new(mask).unwrap(), put)).collect()
});

/// Puts one word for each thing that differs from run to run.
pub fn mask(text: &str) -> String {
    let masked = MASKS.iter().fold(text.to_owned(), |text, (mask, put)| mask.replace_all(&text, *put).into_owned());
    masked.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
