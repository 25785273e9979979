//! The real thing: a disk that is full, a database that only reads, no connections left, backends that stand still. What
//! cannot be done is a 503, what can be told is told, nobody is let in who must not be, and all works again by itself.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use futures_util::future::join_all;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    program::{Program, shelter},
    whole::{Snapshot, ensure_whole},
};
use crate::{
    client::Client,
    contract::scene::{Call, Scene},
    house::House,
    promise::{Operation, PROMISE},
    tools::{eventually, id},
};

/// A call of every guarded operation, prepared while everything works.
async fn every_call(scene: &Scene) -> Vec<Call> {
    let mut calls = Vec::new();
    for operation in PROMISE.guarded() {
        calls.push(scene.call(operation).await);
    }
    // An org has one: what it is asked for goes before it is taken away.
    calls.sort_by_key(|call| call.operation.id == "removeWebhook");
    calls
}

fn reads(operation: &Operation) -> bool {
    // Who takes events along is written down before they go out.
    let is_written_down = operation.id == "exportAuditEvents";
    operation.method == "get" && !is_written_down
        || ["explainKey", "verifyKey", "verifyKeys"].contains(&operation.id.as_str())
}

/// Has the service make new connections.
async fn end_connections(house: &House) {
    let end =
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()";
    house.sql("superuser").await.query(end, &[&house.database]).await.unwrap();
}

async fn alter(house: &House, what: &str) {
    let db = house.sql("superuser").await;
    db.batch_execute("SET default_transaction_read_only = off").await.unwrap();
    db.batch_execute(&format!("ALTER DATABASE {} {what}", house.database)).await.unwrap();
}

/// A live key and a revoked one: the one is never refused, and the other never let in, as long as anything is decided.
struct Keys {
    live: Client,
    revoked: Client,
    asker: Client,
}

impl Keys {
    async fn new(admin: &Client) -> Self {
        let wish = json!({ "capabilities": ["read"], "topics": "all" });
        let (live, (key, revoked)) = (admin.issue(wish.clone()).await.1, admin.issue(wish).await);
        admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
        Self { live, revoked, asker: admin.clone() }
    }

    /// Whether decisions are made; that they are right is seen to.
    async fn are_told_apart(&self) -> bool {
        let verify = |of: &Client| json!({ "key": of.secret(), "capability": "read" });
        let mut decided = true;
        for (by, status, code) in [(&self.live, 200, "ok"), (&self.revoked, 401, "revoked")] {
            let own = by.get("/v1/whoami").await;
            assert!([status, 503].contains(&own.status), "{own:?}");
            let told = self.asker.post("/v1/verify", verify(by)).await;
            assert!(told.status == 503 || told.clone().expect(200).body["code"] == code, "{told:?}");
            decided &= own.status != 503 && told.status != 503;
        }
        decided
    }
}

// G-12, P-16
#[tokio::test]
async fn a_database_that_only_reads_is_read_and_written_again_when_it_can_be() {
    let scene = Scene::new().await;
    let keys = Keys::new(&scene.admin).await;
    let (calls, db) = (every_call(&scene).await, scene.house.sql("superuser").await);
    let query = Snapshot::query(&db).await;
    alter(&scene.house, "SET default_transaction_read_only = on").await;
    end_connections(&scene.house).await;
    let db = scene.house.sql("superuser").await;
    let before = Snapshot::take(&db, &query).await;
    for call in &calls {
        let answer = call.by(&scene.admin).await;
        if reads(&call.operation) {
            answer.expect(if call.operation.id == "openSocket" { 101 } else { 200 });
        } else {
            answer.problem(503, "store_unavailable");
        }
    }
    assert!(keys.are_told_apart().await);
    assert!(before.until(&Snapshot::take(&db, &query).await).is_empty());
    // The connections that began as reading ones are still there.
    alter(&scene.house, "SET default_transaction_read_only = off").await;
    for call in &calls {
        eventually(&call.operation.id, async || (call.by(&scene.admin).await.status < 300).then_some(())).await;
    }
    scene.house.forget_uses().await;
    ensure_whole(&db).await;
}

// G-12, P-16
#[tokio::test]
async fn a_database_without_a_connection_left_is_a_503_until_it_has_one() {
    let scene = Scene::new().await;
    let keys = Keys::new(&scene.admin).await;
    let calls = every_call(&scene).await;
    alter(&scene.house, "CONNECTION LIMIT 0").await;
    end_connections(&scene.house).await;
    for call in &calls {
        call.by(&scene.admin).await.problem(503, "store_unavailable");
    }
    assert!(!keys.are_told_apart().await);
    // With fewer than the service would like to have, some are told to come again.
    alter(&scene.house, "CONNECTION LIMIT 2").await;
    let asked = join_all((0..20).map(|_| scene.admin.get("/v1/whoami"))).await;
    assert!(asked.iter().all(|answer| [200, 503].contains(&answer.status)), "{asked:?}");
    alter(&scene.house, "CONNECTION LIMIT -1").await;
    eventually("all connections", async || keys.are_told_apart().await.then_some(())).await;
    for call in &calls {
        call.succeeds_by(&scene.admin).await;
    }
    ensure_whole(&scene.house.sql("superuser").await).await;
}

/// Says what was not tried, where the harness would keep it to itself.
fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// Backends that stand still, until this is dropped.
struct Still(Vec<Pid>);

impl Still {
    async fn of(house: &House) -> Self {
        let all = "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND usename = 'meshkey'";
        let rows = house.sql("superuser").await.query(all, &[&house.database]).await.unwrap();
        let still = Self(rows.iter().map(|row| Pid::from_raw(row.get(0))).collect());
        still.0.iter().for_each(|pid| kill(*pid, Signal::SIGSTOP).unwrap());
        still
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        for pid in &self.0 {
            let _ = kill(*pid, Signal::SIGCONT);
        }
    }
}

// G-12
#[tokio::test]
async fn a_connection_that_stands_still_is_waited_for_once() {
    if std::env::var_os("TEST_DATABASE_URL").is_some() {
        return skipped("backends that stand still, because they may be those of another machine");
    }
    let house = House::new().await;
    let keys = Keys::new(&house.admin()).await;
    join_all((0..20).map(|_| keys.live.get("/v1/whoami"))).await;
    let still = Still::of(&house).await;
    assert!(still.0.len() > 1, "nothing is proved");
    let asked = join_all(still.0.iter().map(|_| keys.live.get("/v1/whoami"))).await;
    assert!(asked.iter().all(|answer| [200, 503].contains(&answer.status)), "{asked:?}");
    assert!(asked.iter().any(|answer| answer.status == 503), "nobody has met one that stands still");
    // They still do; and nobody meets them again.
    for _ in 0..8 {
        assert!(keys.are_told_apart().await);
    }
    drop(still);
    ensure_whole(&house.sql("superuser").await).await;
}

/// A small disk, gone when this is dropped.
struct Disk {
    dir: TempDir,
}

impl Disk {
    /// None where there can be none, which is said.
    fn small() -> Option<Self> {
        let dir = shelter();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=120m,mode=0755", "tmpfs"]).arg(dir.path());
        let output = mount.output();
        if output.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(Self { dir });
        }
        skipped(&format!("a full disk, because none can be mounted here: {output:?}"));
        None
    }

    fn filler(&self) -> PathBuf {
        self.dir.path().join("filler")
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let mut file = fs::File::create(self.filler()).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.dir.path()).status();
    }
}

/// Issues keys until one cannot be; gives those that could.
async fn issue_until_refused(admin: &Client) -> Vec<String> {
    let wish = json!({ "label": "n", "note": "n".repeat(900), "capabilities": ["read"], "topics": "all" });
    let mut issued = Vec::new();
    for _ in 0..2000 {
        let answer = admin.post(&admin.at("/keys"), wish.clone()).await;
        if answer.status != 201 {
            answer.problem(503, "store_unavailable");
            return issued;
        }
        issued.push(id(&answer.body));
    }
    panic!("a disk without an end");
}

// G-29, G-12
#[tokio::test]
async fn a_full_disk_is_a_503_and_nothing_of_what_was_answered_is_lost() {
    let Some(disk) = Disk::small() else { return };
    let program = Program::serve(&Path::new(disk.dir.path()).join("m"), &[]);
    let first = program.tell(&["init", "--org", "acme", "--mesh", "main", "--topic", "deploys", "--json"]);
    let admin = program.client(first["key"]["secret"].as_str().unwrap());
    let keys = Keys::new(&admin).await;
    disk.fill();
    let issued = issue_until_refused(&admin).await;
    assert!(keys.are_told_apart().await, "what can be read is told");
    // Where not even its log can grow, PostgreSQL ends, and cannot begin again.
    let db = program.sql().await.unwrap();
    let _ =
        db.batch_execute("SELECT pg_switch_wal(); CREATE TABLE x (); SELECT pg_switch_wal(); CREATE TABLE y ()").await;
    eventually("its end", async || (!keys.are_told_apart().await).then_some(())).await;
    disk.empty();
    eventually("its return", async || keys.are_told_apart().await.then_some(())).await;
    admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    for key in &issued {
        let kept: Value = admin.get(&admin.at(&format!("/keys/{key}"))).await.expect(200).body;
        assert_eq!(kept["status"], "active");
    }
    ensure_whole(&program.sql().await.unwrap()).await;
}
