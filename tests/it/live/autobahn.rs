//! The test suite that implementations of RFC 6455 are measured by, on the frames of ours. It is written for Python 2.7, and says that
//! it was skipped where there is none; what it would find first is tried in `frames.rs` besides.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use meshkey::http::{
    Problem,
    socket::wire::{End, Frame, Wire},
};
use serde_json::{Value, json};

use crate::libraries::{self, skipped};

/// The longest message of the suite.
const MOST: usize = 16 * 1024 * 1024;
/// Compression, which is not offered.
const LEFT_OUT: [&str; 2] = ["12.*", "13.*"];
const RUN: &str = "import site, sys
site.addsitedir(sys.argv.pop(1))
from autobahntestsuite.wstest import run
sys.exit(run())";

/// Says back what is said.
async fn echo(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    let (answer, mut wire) = Wire::open(&request, payload, &[], MOST)?;
    actix_web::rt::spawn(async move {
        loop {
            let said = match wire.next().await {
                Ok(Frame::Text(text)) => wire.text(text).await,
                Ok(Frame::Binary(bytes)) => wire.binary(bytes).await,
                Ok(Frame::Alive) => Ok(()),
                Err(End::Broke(code)) => return wire.close(code, "").await,
                Err(End::Gone) => return,
            };
            if said.is_err() {
                return;
            }
        }
    });
    Ok(answer)
}

/// A Python of the kind that the suite takes.
fn python() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let named = env::split_paths(&path).map(|dir| dir.join("python2.7"));
    let home = PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".pyenv/versions");
    let kept = fs::read_dir(home).into_iter().flatten().flatten().map(|entry| entry.path().join("bin/python2.7"));
    // What pyenv puts into the path may stand for nothing.
    named
        .chain(kept)
        .find(|python| Command::new(python).arg("--version").output().is_ok_and(|seen| seen.status.success()))
}

#[actix_web::test]
async fn the_frames_pass_the_suite() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/live/autobahn.txt");
    let Some(python) = python() else { return skipped("the Autobahn suite, because there is no Python 2.7") };
    let Some(suite) = libraries::of_old_pip("autobahn", &python, &list) else { return };
    let server = HttpServer::new(|| App::new().default_service(web::get().to(echo))).workers(1).disable_signals();
    // The suite waits half a second for the connection to be closed; by itself the server reads on for up to one.
    let server = server.client_disconnect_timeout(Duration::ZERO);
    let server = server.bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    let serving = actix_web::rt::spawn(server);
    let dir = tempfile::tempdir().unwrap();
    let spec = json!({
        "servers": [{ "agent": "meshkey", "url": format!("ws://{address}") }],
        "outdir": dir.path().join("reports"),
        "cases": ["*"],
        "exclude-cases": LEFT_OUT,
        "exclude-agent-cases": {},
    });
    fs::write(dir.path().join("spec.json"), spec.to_string()).unwrap();
    let mut wstest = Command::new(python);
    wstest.args(["-c", RUN]).arg(suite).args(["-m", "fuzzingclient", "-s", "spec.json"]).current_dir(&dir);
    let output = actix_web::rt::task::spawn_blocking(move || wstest.output().unwrap()).await.unwrap();
    handle.stop(false).await;
    serving.await.unwrap().unwrap();
    let report = fs::read(dir.path().join("reports/index.json"));
    let report: Value = serde_json::from_slice(&report.unwrap_or_else(|_| panic!("{output:?}"))).unwrap();
    let cases = report["meshkey"].as_object().unwrap();
    assert!(cases.len() > 290, "only {} cases", cases.len());
    let is_well = |case: &Value| {
        let is_passed =
            case["behavior"] == "OK" || case["behavior"] == "INFORMATIONAL" || case["behavior"] == "NON-STRICT";
        is_passed && ["OK", "INFORMATIONAL"].iter().any(|end| case["behaviorClose"] == *end)
    };
    let failed: BTreeMap<_, _> = cases.iter().filter(|(_, case)| !is_well(case)).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}
