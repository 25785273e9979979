//! Killed in the midst of work, at moments that nobody chose: what was acknowledged is there, once, and nothing is half.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

use futures_util::future::join_all;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{
    known::Known,
    program::{Program, shelter},
    whole::ensure_whole,
};
use crate::{client::Client, tools::eventually};

/// Whom it hits.
#[derive(Debug, Clone, Copy)]
enum Victim {
    Server,
    Backend,
    Postmaster,
    Both,
    /// Nobody is killed: all of PostgreSQL stands still until every client was told that it does.
    Stillness,
}

const VICTIMS: [Victim; 5] = [Victim::Server, Victim::Backend, Victim::Postmaster, Victim::Both, Victim::Stillness];
const CLIENTS: usize = 4;

/// The clients' work, until they are stopped or not answered.
#[derive(Default)]
struct Work {
    acknowledged: AtomicUsize,
    one_more: Notify,
    is_over: AtomicBool,
}

impl Work {
    async fn go_on(&self, known: &mut Known, by: &Client) {
        while !self.is_over.load(Relaxed) {
            let deed = known.wish();
            match known.ask(by, &deed).await {
                Ok(answer) if answer.status < 300 => known.learn(&deed, &answer),
                Ok(answer) => {
                    // Not made, or not known to be; or made, and not known to hold everywhere.
                    assert_eq!(answer.status, 503, "{answer:?}");
                    let code = answer.body["code"].as_str().unwrap();
                    assert!(["store_unavailable", "revocation_unconfirmed"].contains(&code), "{answer:?}");
                    known.doubt = Some(deed);
                    return;
                }
                Err(_) => {
                    known.doubt = Some(deed);
                    return;
                }
            }
            self.acknowledged.fetch_add(1, Relaxed);
            self.one_more.notify_one();
        }
    }

    /// Strikes once so much was acknowledged, while the others wait for an answer.
    async fn strike(&self, after: usize, victim: Victim, program: &mut Program, backend: Option<Pid>) {
        while self.acknowledged.load(Relaxed) < after {
            self.one_more.notified().await;
        }
        match victim {
            Victim::Server => program.kill(),
            Victim::Backend => kill(backend.expect("a backend"), Signal::SIGKILL).unwrap(),
            Victim::Postmaster => program.kill_postmaster(),
            Victim::Both => {
                program.kill_postmaster();
                program.kill();
            }
            Victim::Stillness => program.send_postgres(Signal::SIGSTOP),
        }
        self.is_over.store(true, Relaxed);
    }
}

// G-29, G-35, L-15
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_was_acknowledged_outlives_kill_9_and_nothing_is_half() {
    let seed = std::env::var("SEED").map_or_else(|_| rand::rng().next_u64(), |seed| seed.parse().unwrap());
    println!("SEED={seed}");
    let mut dice = StdRng::seed_from_u64(seed);
    let dir = shelter();
    let data_dir = dir.path().join("m");
    let mut program = Program::serve(&data_dir, &[]);
    let first = program.tell(&["init", "--org", "acme", "--mesh", "main", "--topic", "deploys", "--json"]);
    let secrets = admins(&program.client(first["key"]["secret"].as_str().unwrap())).await;
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| Known::new(StdRng::seed_from_u64(dice.next_u64()))).collect();
    let extra = VICTIMS[dice.random_range(0..4)];
    for victim in VICTIMS.into_iter().chain([extra]) {
        round(victim, &mut program, &secrets, &mut clients, dice.random_range(20..80)).await;
        program = ensure_kept(program, victim, &data_dir, &secrets, &mut clients).await;
    }
    assert!(clients.iter().all(|known| known.len() > 20), "nothing is proved");
}

/// A key for each client, so that none waits for another's.
async fn admins(first: &Client) -> Vec<String> {
    let wish = json!({ "capabilities": ["admin"], "topics": "all", "expires_at": Value::Null });
    let issued = join_all((0..CLIENTS).map(|_| first.issue(wish.clone()))).await;
    issued.into_iter().map(|(_, holder)| holder.secret().to_owned()).collect()
}

async fn round(victim: Victim, program: &mut Program, secrets: &[String], clients: &mut [Known], after: usize) {
    let db = program.sql().await.unwrap();
    let busy = "SELECT pid FROM pg_stat_activity WHERE usename = 'meshkey' ORDER BY state_change DESC LIMIT 1";
    for secret in secrets {
        program.client(secret).get("/v1/whoami").await.expect(200);
    }
    let backend = db.query_opt(busy, &[]).await.unwrap().map(|row| Pid::from_raw(row.get(0)));
    let work = Work::default();
    let asking: Vec<_> = secrets.iter().map(|secret| program.client(secret)).collect();
    let tasks = clients.iter_mut().zip(&asking).map(|(known, by)| work.go_on(known, by));
    tokio::join!(work.strike(after, victim, program, backend), join_all(tasks));
    if let Victim::Stillness = victim {
        // Who was answered had committed before, and waited for the replicas alone.
        assert!(clients.iter().any(|known| known.doubt.is_some()), "answers without a database");
        return program.send_postgres(Signal::SIGCONT);
    }
    // Whichever of them dies, PostgreSQL ends every connection.
    eventually("the end of it", async || db.is_closed().then_some(())).await;
}

/// Starts what does not start by itself, asks again for what is in doubt, and looks at everything.
async fn ensure_kept(
    program: Program,
    victim: Victim,
    data_dir: &Path,
    secrets: &[String],
    clients: &mut [Known],
) -> Program {
    let program = match victim {
        Victim::Server | Victim::Both => {
            drop(program);
            Program::serve(data_dir, &[])
        }
        _ => program,
    };
    let first = program.client(&secrets[0]);
    eventually("a return", async || (first.get("/readyz").await.status == 200).then_some(())).await;
    let db = eventually("the database", async || program.sql().await).await;
    ensure_whole(&db).await;
    let doubts: Vec<_> = clients.iter().filter_map(|known| known.doubt.clone()).collect();
    println!("{victim:?} in the midst of {doubts:?}");
    for (known, secret) in clients.iter_mut().zip(secrets) {
        let by = program.client(secret);
        known.settle(&by).await;
        known.ensure_kept(&by, &db).await;
    }
    ensure_whole(&db).await;
    program
}
