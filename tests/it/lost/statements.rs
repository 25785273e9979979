//! The n-th statement fails, for each n and each operation, until there is none left to fail. Each time the answer is a clear
//! 503, nothing is half, the next request works, and the same request again is done once.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio_postgres::Client as Db;

use super::{
    proxy::{Fault, Proxy, Struck},
    whole::{Difference, Snapshot, ensure_whole},
};
use crate::{
    client::{Answer, Client},
    contract::scene::{Call, Scene, fresh},
    promise::{Operation, PROMISE},
    tools::Other,
};

/// More statements than any operation has.
const MOST: usize = 100;

/// A service whose line to its database can be struck, on the ground where every operation can succeed.
struct Attack {
    scene: Scene,
    db: Db,
    proxy: Proxy,
    snapshot: String,
    client: Client,
    _server: Other,
}

/// A request that may be sent again and again, as the same one.
struct Same {
    call: Call,
    key: String,
}

/// What came of a request.
struct Outcome {
    answer: Answer,
    struck: Option<Struck>,
    changed: Difference,
}

impl Attack {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let (proxy, db) = (Proxy::to(&scene.house).await, scene.house.sql("superuser").await);
        // Policies that are there: a change of one is then like any other.
        for place in ["/policy".to_owned(), format!("/meshes/{}/policy", scene.main)] {
            let policy = serde_json::json!({ "longest_overlap": "604000s" });
            scene.admin.patch(&scene.admin.at(&place), policy, "*").await.expect(200);
        }
        let database = &scene.house.database;
        let url = format!("postgresql://meshkey:meshkey@127.0.0.1:{}/{database}?sslmode=disable", proxy.port);
        // With one connection, it is known which one is asked; what is remembered is asked of none.
        let server =
            Other::at(&url, &[("MESHKEY_POOL_SIZE", "1"), ("MESHKEY_WORKERS", "1"), ("MESHKEY_CACHE_KEYS", "0")]).await;
        let client = Client::new(&server.address, "acme").with_key(scene.admin.secret());
        let snapshot = Snapshot::query(&db).await;
        Self { scene, db, proxy, snapshot, client, _server: server }
    }

    async fn prepared(&self, operation: &Operation) -> Same {
        let mut call = self.scene.call(operation).await;
        for name in ["label", "name", "description"] {
            // What is edited is another each time.
            if let (true, Some(text)) =
                (operation.method == "patch", call.body.as_mut().and_then(|body| body.get_mut(name)))
            {
                *text = fresh("edited").into();
            }
        }
        // A key only tightens a policy: shorter each time.
        if let Some(longest) = call.body.as_mut().and_then(|body| body.get_mut("longest_overlap")) {
            static TIMES: AtomicU32 = AtomicU32::new(1);
            *longest = format!("{}s", 600_000 - TIMES.fetch_add(1, Ordering::Relaxed)).into();
        }
        Same { call, key: fresh("same") }
    }

    /// Sends it. Nobody waits for ever.
    async fn send(&self, same: &Same) -> Answer {
        let operation = &same.call.operation;
        let request = same.call.complete(self.client.raw(&operation.method, &same.call.path));
        let is_once = operation.takes("header:Idempotency-Key");
        let request = if is_once { request.header("Idempotency-Key", &same.key) } else { request };
        let answer = tokio::time::timeout(Duration::from_secs(30), request.send());
        answer.await.unwrap_or_else(|_| panic!("{} hangs", operation.id))
    }

    /// Sends it while the `nth` statement is struck.
    async fn strike(&self, before: &Snapshot, same: &Same, nth: usize, fault: Fault) -> Outcome {
        self.proxy.strike(nth, fault);
        let answer = self.send(same).await;
        let struck = self.proxy.rest();
        let changed = before.until(&self.now().await);
        if !changed.is_empty() {
            ensure_whole(&self.db).await;
        }
        Outcome { answer, struck, changed }
    }

    async fn now(&self) -> Snapshot {
        Snapshot::take(&self.db, &self.snapshot).await
    }

    /// Strikes each statement of an operation. That it comes to the next one, and in the end to none, is what shows that the
    /// request after a failure finds everything in order.
    async fn strike_each(&self, operation: &Operation, fault: impl Fn(usize) -> Fault) -> usize {
        let (mut same, mut done) = (self.prepared(operation).await, Vec::new());
        let mut before = self.now().await;
        for nth in 1..MOST {
            let outcome = self.strike(&before, &same, nth, fault(nth)).await;
            let Some(struck) = &outcome.struck else {
                ensure_through(&outcome, &same, &done);
                return nth - 1;
            };
            judge(&outcome, struck, fault(nth));
            if !outcome.changed.is_empty() {
                self.ensure_once(&same).await;
                done.push(outcome.changed);
                same = self.prepared(operation).await;
                before = self.now().await;
            }
        }
        panic!("{} has no end", operation.id);
    }

    /// What was done is not done again.
    async fn ensure_once(&self, same: &Same) {
        let operation = &same.call.operation;
        let before = self.now().await;
        let again = self.send(same).await;
        if operation.takes("header:Idempotency-Key") {
            assert!(again.status < 300 && again.header("idempotent-replayed") == "true", "{again:?}");
            let changed = before.until(&self.now().await);
            assert!(changed.is_empty(), "{} was done twice: {changed:?}", operation.id);
        } else {
            assert!([200, 202, 204, 404, 409].contains(&again.status), "{again:?}");
        }
        ensure_whole(&self.db).await;
    }
}

/// What went through untouched is what those were that were done although something failed.
fn ensure_through(outcome: &Outcome, same: &Same, done: &[Difference]) {
    let operation = &same.call.operation;
    assert!(operation.successes.contains(&outcome.answer.status), "{}: {:?}", operation.id, outcome.answer);
    assert_eq!(outcome.changed.is_empty(), !is_changing(operation), "{}: {:?}", operation.id, outcome.changed);
    for one in done {
        assert_eq!(one, &outcome.changed, "{}: half of it was done", operation.id);
    }
}

/// Done and said so, or not done and said so; only who was cut off behind a commit may not know.
fn judge(outcome: &Outcome, struck: &Struck, fault: Fault) {
    let Outcome { answer, changed, .. } = outcome;
    if answer.status < 300 {
        // What was read to its end loses nothing with the transaction that it was read in.
        let was_read = struck.0 == "ROLLBACK" && changed.is_empty();
        assert!(was_read || fault == Fault::Error("40001"), "{}: {answer:?}", struck.0);
        return;
    }
    answer.problem(503, "store_unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    let may_be_done = struck.was_commit() && fault == Fault::CutAfter;
    assert!(may_be_done || changed.is_empty(), "{}: {changed:?} was done, and yet {answer:?}", struck.0);
}

/// Those that change nothing although they are sent as `POST`.
const QUESTIONS: [&str; 3] = ["explainKey", "verifyKey", "verifyKeys"];

/// Answers that are under way when something fails: they end unfinished, as `audit::export` tests.
const STREAMS: [&str; 3] = ["exportAuditEvents", "followTopic", "openSocket"];

/// Those that have nothing to do on this ground, where every key has the end that its policy asks for, as tests/it/policies/spread.rs
/// shows; and one that leaves a call for the background to make.
/// And one whose tickets nobody misses: whoever got none asks for another, and in half a minute each is over.
const IDLE: [&str; 4] = ["giveTicket", "spreadKeyEnds", "spreadMeshKeyEnds", "testWebhook"];

fn is_changing(operation: &Operation) -> bool {
    let is_idle = [&QUESTIONS[..], &IDLE].concat().contains(&operation.id.as_str());
    operation.method != "get" && !is_idle
}

/// Strikes every statement of these operations, which come from the contract: a new one cannot be forgotten.
async fn strike_all(is_wanted: impl Fn(&Operation) -> bool, fault: impl Fn(usize) -> Fault + Copy) {
    let (attack, mut statements) = (Attack::new().await, BTreeMap::new());
    for operation in PROMISE.guarded().filter(|operation| is_wanted(operation)) {
        statements.insert(&operation.id, attack.strike_each(operation, fault).await);
    }
    println!("{} statements, {statements:?}", statements.values().sum::<usize>());
    let few = statements.iter().find(|(_, count)| **count < 2);
    assert!(few.is_none() && statements.len() > 20, "nothing is proved: {statements:?}");
}

// G-29, G-12, P-16
#[tokio::test]
async fn a_connection_cut_before_any_statement_leaves_nothing_half() {
    strike_all(|operation| !STREAMS.contains(&operation.id.as_str()), |_| Fault::CutBefore).await;
}

// G-29, G-35
#[tokio::test]
async fn a_connection_cut_behind_any_statement_leaves_nothing_half() {
    strike_all(|operation| operation.method != "get", |_| Fault::CutAfter).await;
}

/// The disk is full, it only reads, an administrator ends it, in another's way, no connections, idle for too long, too slow.
const FAULTS: [Fault; 7] = [
    Fault::Error("53100"),
    Fault::Error("25006"),
    Fault::Shutdown,
    Fault::Error("40001"),
    Fault::Error("53300"),
    Fault::Error("25P03"),
    Fault::Error("57014"),
];

// G-29, G-12, P-16
#[tokio::test]
async fn an_error_of_the_server_at_any_statement_leaves_nothing_half() {
    strike_all(|operation| operation.method != "get", |nth| FAULTS[nth % FAULTS.len()]).await;
}

// G-29
#[tokio::test]
async fn each_error_of_the_server_at_any_statement_leaves_nothing_half() {
    let attack = Attack::new().await;
    for fault in FAULTS {
        attack.strike_each(PROMISE.named("issueKey"), |_| fault).await;
    }
}
