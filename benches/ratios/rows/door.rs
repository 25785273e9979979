//! A key that was asked for before, at two doors: verify, and the guard. Each against a bare handler.

use std::{net::SocketAddr, sync::Arc};

use serde_json::json;

use crate::{
    Outcome,
    args::Args,
    bare, guarded,
    load::{Load, Seen},
    process::Process,
    report::{Report, Row, Target},
    rounds::{Pair, alternate},
    town::{ASKER, FEW, Place, Town, text},
    wire::{Connection, request},
};

/// The share of the slower one's requests at which delays are compared.
const SHARE: f64 = 0.5;

/// `POST /v1/verify`.
pub async fn verify(town: &Town, few: &Place, args: &Args, report: &mut Report) -> Outcome<()> {
    let ours = Process::start(town.serve(few.name, args.workers)?)?;
    let asker = text(ASKER);
    let question = |number| {
        let body = json!({"key": text(number), "capability": "read", "topic": "deploys"});
        request("POST", "/v1/verify", &asker, Some(&body))
    };
    let requests: Arc<[Vec<u8>]> = (1..FEW).map(question).collect();
    measure("verify, asked before", &ours, requests, args, report).await
}

/// A guarded route.
pub async fn guard(town: &Town, few: &Place, args: &Args, report: &mut Report) -> Outcome<()> {
    let ours = guarded::start(&town.serve(few.name, args.workers)?)?;
    let requests: Arc<[Vec<u8>]> = (1..FEW).map(|number| request("GET", guarded::PATH, &text(number), None)).collect();
    measure("guard, asked before", &ours, requests, args, report).await
}

/// A route without a guard: what routing, the middleware and its headers cost.
pub async fn open(town: &Town, few: &Place, args: &Args, report: &mut Report) -> Outcome<()> {
    let ours = Process::start(town.serve(few.name, args.workers)?)?;
    measure("open route", &ours, Arc::new([request("GET", bare::OPEN, "", None)]), args, report).await
}

async fn measure(
    door: &str,
    ours: &Process,
    requests: Arc<[Vec<u8>]>,
    args: &Args,
    report: &mut Report,
) -> Outcome<()> {
    let bytes = length(ours.address, &requests).await?;
    let floor = bare::start(args, bytes)?;
    let load = |address: SocketAddr| Load {
        address,
        requests: Arc::clone(&requests),
        connections: args.connections,
        lasts: args.turn(),
        status: 200,
    };
    let (to_floor, to_ours) = (load(floor.address), load(ours.address));
    let fast = alternate(
        args.rounds,
        async || Turn::of(&floor, to_floor.saturate()).await,
        async || Turn::of(ours, to_ours.saturate()).await,
    )
    .await?;
    let (rate, floor_rate) = fast.medians(|turn| turn.seen.rate);
    let name = |what: &str| format!("{door}: {what}");
    report.row(Row {
        name: name("requests"),
        unit: "/s",
        ours: rate,
        floor: Some(floor_rate),
        target: Target::AtLeast(0.85),
    });
    let row = |what, target, (ours, floor)| Row { name: name(what), unit: "us", ours, floor: Some(floor), target };
    report.row(row("processor time of the server", Target::Told, fast.medians(Turn::cost)));
    let paced = rate.min(floor_rate) * SHARE;
    let steady =
        alternate(args.rounds, async || to_floor.pace(paced).await, async || to_ours.pace(paced).await).await?;
    report.row(row("p50 at half of that rate", Target::Told, steady.medians(Seen::p50)));
    report.row(row("p99 at half of that rate", Target::AtMost(1.5), steady.medians(Seen::p99)));
    report.note(who_was_busy(door, &fast));
    Ok(())
}

/// How long the answer to the first request is.
async fn length(address: SocketAddr, requests: &[Vec<u8>]) -> Outcome<usize> {
    let mut connection = Connection::open(address).await?;
    let answer = connection.ask(&requests[0]).await?;
    if answer.status == 200 { Ok(answer.body.len()) } else { Err(answer.in_words().into()) }
}

/// One turn, and for how many seconds the server has worked in it.
struct Turn {
    seen: Seen,
    worked: f64,
}

impl Turn {
    async fn of(server: &Process, load: impl Future<Output = Outcome<Seen>>) -> Outcome<Self> {
        let before = server.worked().unwrap_or(f64::NAN);
        let seen = load.await?;
        Ok(Self { seen, worked: server.worked().unwrap_or(f64::NAN) - before })
    }

    /// Microseconds of the server's processor time for each answer.
    fn cost(&self) -> f64 {
        self.worked / self.seen.delays.len() as f64 * 1e6
    }

    /// The cores that the server has filled.
    fn filled(&self) -> f64 {
        self.worked * self.seen.rate / self.seen.delays.len() as f64
    }
}

/// The floor is the server's and not the load's where the server has no time left.
fn who_was_busy(door: &str, fast: &Pair<Turn>) -> String {
    let (ours, floor) = fast.medians(Turn::filled);
    let (load_of_ours, load_of_floor) = fast.medians(|turn| turn.seen.busy.unwrap_or(f64::NAN));
    format!(
        "{door}: the bare server filled {floor:.2} cores while its load filled {load_of_floor:.2} of one; ours {ours:.2}, \
         its load {load_of_ours:.2}"
    )
}
