//! From asking one of three replicas to revoke a key until it answers, which is when no replica accepts the key any more:
//! that is looked at each time. Against the one statement, committed durably.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use deadpool_postgres::Pool;
use meshkey::db::store::{APP, begin};
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    Outcome,
    args::Args,
    load::Load,
    process::Process,
    report::{Report, Row, Target},
    rounds::quantile,
    rows::sql,
    town::{ASKER, Place, Town, id, text},
    wire::{Connection, request},
};

/// How many keys there are.
const KEYS: u32 = 6000;
/// How many replicas there are.
const REPLICAS: usize = 3;
/// How many requests a second each replica answers besides, where it is under load.
const BESIDES: f64 = 300.0;
/// The keys from here on are those that are asked for besides.
const OTHERS: u32 = KEYS - 2000;
/// How many keys are revoked, quiet and under load: enough for a p99.
const REVOCATIONS: u32 = 300;
/// No revocation may take longer than the bound, in milliseconds.
const BOUND: f64 = 2000.0;

/// Measures without load, and under load.
pub async fn measure(town: &Town, args: &Args, report: &mut Report) -> Outcome<()> {
    let place = town.place("replicas", KEYS).await?;
    let start = |_| Process::start(town.serve(place.name, args.workers)?);
    let replicas = (0..REPLICAS).map(start).collect::<Outcome<Vec<_>>>()?;
    let addresses: Vec<SocketAddr> = replicas.iter().map(|replica| replica.address).collect();
    let pool = town.target(place.name).as_role(APP).pool(1)?;
    let mut street = Street { place, addresses, next: ASKER + 1, pool };
    let quiet = street.revoke_many().await?;
    quiet.tell("revoked on three replicas", report);
    let mut under_way = JoinSet::new();
    for address in &street.addresses {
        let load = besides(*address, args);
        under_way.spawn(async move { while load.pace(BESIDES).await.is_ok() {} });
    }
    let busy = street.revoke_many().await?;
    under_way.shutdown().await;
    busy.tell("the same, each answering 300/s besides", report);
    Ok(())
}

/// The replicas, and the keys that are still alive.
struct Street {
    place: Place,
    addresses: Vec<SocketAddr>,
    next: u32,
    pool: Pool,
}

/// Delays in milliseconds, sorted.
struct Delays {
    ours: Vec<f64>,
    floor: Vec<f64>,
}

impl Delays {
    fn tell(&self, name: &str, report: &mut Report) {
        for (what, hundredths, limit) in [("p50", 50, 10.0), ("p99", 99, 50.0), ("longest", 100, BOUND)] {
            let (ours, floor) = (quantile(&self.ours, hundredths), Some(quantile(&self.floor, hundredths)));
            report.row(Row { name: format!("{name}: {what}"), unit: "ms", ours, floor, target: Target::Under(limit) });
        }
    }
}

impl Street {
    async fn revoke_many(&mut self) -> Outcome<Delays> {
        let mut replicas = Vec::new();
        for address in &self.addresses {
            replicas.push(Connection::open(*address).await?);
        }
        let (mut ours, mut floor) = (Vec::new(), Vec::new());
        for turn in 0..REVOCATIONS as usize {
            floor.push(self.bare().await?);
            ours.push(self.revoke(&mut replicas, turn % REPLICAS).await?);
        }
        floor.sort_by(f64::total_cmp);
        ours.sort_by(f64::total_cmp);
        Ok(Delays { ours, floor })
    }

    fn key(&mut self) -> Outcome<u32> {
        self.next += 1;
        if self.next < OTHERS { Ok(self.next) } else { Err("there are too few keys".into()) }
    }

    /// Everywhere it is accepted; then it is revoked somewhere; then it is accepted nowhere.
    async fn revoke(&mut self, replicas: &mut [Connection], at: usize) -> Outcome<f64> {
        let key = self.key()?;
        for replica in &mut *replicas {
            ensure_accepts(replica, key, true).await?;
        }
        let path = format!("/v1/orgs/{}/keys/{}/revoke", self.place.org, id(key));
        let revoke = request("POST", &path, &self.place.admin, Some(&json!({})));
        let start = Instant::now();
        replicas[at].json(&revoke, 200).await?;
        let lasted = start.elapsed().as_secs_f64() * 1000.0;
        for replica in replicas {
            ensure_accepts(replica, key, false).await?;
        }
        Ok(lasted)
    }

    async fn bare(&mut self) -> Outcome<f64> {
        let (key, org) = (id(self.key()?).uuid(), self.place.org);
        let mut client = self.pool.get().await?;
        let start = Instant::now();
        let transaction = begin(&mut client, org).await?;
        let revoke = transaction.prepare_cached(sql("keys", "REVOKE")).await?;
        let nobody: (Option<Uuid>, Option<&str>) = (None, None);
        transaction.execute(&revoke, &[&org.uuid(), &vec![key], &"local", &nobody.0, &nobody.1]).await?;
        transaction.commit().await?;
        Ok(start.elapsed().as_secs_f64() * 1000.0)
    }
}

/// What a replica answers besides.
fn besides(address: SocketAddr, args: &Args) -> Load {
    let requests: Arc<[Vec<u8>]> = (OTHERS..KEYS).map(question).collect();
    Load { address, requests, connections: 2, lasts: args.turn(), status: 200 }
}

fn question(key: u32) -> Vec<u8> {
    request("POST", "/v1/verify", &text(ASKER), Some(&json!({"key": text(key), "capability": "read"})))
}

async fn ensure_accepts(replica: &mut Connection, key: u32, accepts: bool) -> Outcome<()> {
    let verdict = replica.json(&question(key), 200).await?;
    if verdict["allowed"] == accepts { Ok(()) } else { Err(format!("a wrong answer: {verdict}").into()) }
}
