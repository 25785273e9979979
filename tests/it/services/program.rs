//! A service as a program: what its page says, in a directory of its own, with the libraries that it needs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

use crate::{
    canary, libraries,
    nemesis::postgres::free_port,
    tools::{self, eventually},
};

/// A service that runs. It is stopped when this is dropped.
pub struct Program {
    pub address: String,
    page: &'static str,
    _child: Child,
    dir: TempDir,
}

fn packages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/services/packages")
}

/// What it needs of its libraries, in its directory, and how it is started.
fn command(page: &str, dir: &Path, port: u16) -> Option<Command> {
    let text = |language| tools::block(&format!("docs/how-to/services/{page}.md"), language);
    // Ends with this process, however that ends.
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshkey"));
    command.arg(meshkey::db::embedded::LAUNCH_VERB).args(["--parent", &std::process::id().to_string(), "--"]);
    if page == "express" {
        let place = libraries::of_npm("express-5.3.0", &packages())?;
        std::os::unix::fs::symlink(place.join("node_modules"), dir.join("node_modules")).unwrap();
        fs::write(dir.join("service.mjs"), text("js")).unwrap();
        command.args(["node", "service.mjs"]).env("PORT", port.to_string());
    } else {
        let place = libraries::of_pip("fastapi-0.165.0", &packages().join("requirements.txt"))?;
        fs::write(dir.join("service.py"), text("python")).unwrap();
        command.args(["python3", "-B", "-m", "uvicorn", "service:app", "--no-proxy-headers", "--port"]);
        command.arg(port.to_string()).env("PYTHONPATH", place);
    }
    Some(command)
}

impl Program {
    /// None where its libraries cannot be had, which is said.
    pub async fn start(page: &'static str, meshkey: &str, key: &str) -> Option<Self> {
        let (dir, port) = (tempfile::tempdir().unwrap(), free_port());
        let mut command = command(page, dir.path(), port)?;
        let said = fs::File::create(dir.path().join("said")).unwrap();
        command.env("MESHKEY_URL", meshkey).env("MESHKEY_VERIFY_KEY", key).env("NODE_ENV", "production");
        command.current_dir(dir.path()).stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said);
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let address = format!("127.0.0.1:{port}");
        eventually(page, async || {
            if let Some(end) = child.try_wait().unwrap() {
                panic!("{page} ended with {end}: {}", fs::read_to_string(dir.path().join("said")).unwrap());
            }
            TcpStream::connect(&address).await.ok()
        })
        .await;
        Some(Self { address, page, _child: child, dir })
    }

    /// The body that tells this code.
    pub fn body_of(&self, code: &str) -> Value {
        if self.page == "express" { json!({ "code": code }) } else { json!({ "detail": code }) }
    }

    /// Panics if a secret is in what it has said, or if it has said nothing of what nobody decided.
    pub fn ensure_it_told_nothing(&self) {
        let said = fs::read_to_string(self.dir.path().join("said")).unwrap();
        assert!(said.contains("no decision: "), "{said}");
        // Who puts a key into a URL has it in the log of the server: that is no doing of the guard's.
        let said: Vec<_> = said.lines().filter(|line| !line.contains("?access_token=")).collect();
        canary::ensure_none(self.page, &said.join("\n"));
    }
}
