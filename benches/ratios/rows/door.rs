//! A key that was asked for before, at every door. Each against a bare handler that reads the same and answers as many bytes.

use std::{net::SocketAddr, sync::Arc};

use serde_json::json;

use crate::{
    Outcome,
    args::Args,
    bare, guarded, library,
    load::{Load, Seen},
    process::Process,
    report::{Report, Row, Target},
    rounds::{Pair, alternate},
    town::{ASKER, FEW, Place, Town, text},
    wire::{Connection, form, request},
};

/// The share of the slower one's requests at which delays are compared.
const SHARE: f64 = 0.5;
/// How many questions a batch has.
const BATCH: u32 = 100;

/// `POST /v1/verify`.
pub async fn verify(town: &Town, few: &Place, args: &Args, report: &mut Report) -> Outcome<()> {
    let ours = Process::start(town.serve(few.name, args.workers)?)?;
    let asker = text(ASKER);
    let question = |number| {
        let body = json!({"key": text(number), "capability": "read", "topic": "deploys"});
        request("POST", "/v1/verify", &asker, Some(&body))
    };
    let requests: Arc<[Vec<u8>]> = (1..FEW).map(question).collect();
    measure("verify, asked before", &ours, requests, true, args, report).await
}

/// A guarded route.
pub async fn guard(town: &Town, few: &Place, args: &Args, report: &mut Report) -> Outcome<()> {
    let ours = guarded::start(&town.serve(few.name, args.workers)?)?;
    let requests: Arc<[Vec<u8>]> = (1..FEW).map(|number| request("GET", guarded::PATH, &text(number), None)).collect();
    measure("guard, asked before", &ours, requests, true, args, report).await
}

/// A route without a guard: what routing, the middleware and its headers cost.
pub async fn open(town: &Town, few: &Place, args: &Args, report: &mut Report) -> Outcome<()> {
    let ours = Process::start(town.serve(few.name, args.workers)?)?;
    measure("open route", &ours, Arc::new([request("GET", bare::OPEN, "", None)]), true, args, report).await
}

/// The doors for which no target was set: a batch, introspection, a gateway, and the guard as a library.
pub async fn others(town: &Town, few: &Place, args: &Args, report: &mut Report) -> Outcome<()> {
    let mesh = "INSERT INTO meshes (org_id, id, slug, name) SELECT id, gen_random_uuid(), 'main', 'main' FROM orgs";
    town.superuser(few.name).await?.batch_execute(mesh).await?;
    let ours = Process::start(town.serve(few.name, args.workers)?)?;
    let asker = text(ASKER);
    let question = |number: u32| json!({"key": text(number), "capability": "read", "topic": "deploys"});
    let batch = |first: u32| {
        let items: Vec<_> = (first..first + BATCH).map(question).collect();
        request("POST", bare::BATCH, &asker, Some(&json!({ "items": items })))
    };
    let batches: Arc<[Vec<u8>]> = (0..9).map(|number| batch(1 + number * BATCH)).collect();
    measure("a batch of 100, asked before", &ours, batches, false, args, report).await?;
    let form = |number| {
        let token = text(number);
        form(bare::INTROSPECT, &asker, &format!("token={token}&capability=read&topic=deploys"))
    };
    let forms: Arc<[Vec<u8>]> = (1..FEW).map(form).collect();
    measure("introspect, asked before", &ours, forms, false, args, report).await?;
    let gateway = |number| request("GET", bare::GATE, &text(number), None);
    let gateways: Arc<[Vec<u8>]> = (1..FEW).map(gateway).collect();
    measure("forward-auth, asked before", &ours, gateways, false, args, report).await?;
    drop(ours);
    let ours = library::start(&town.serve(few.name, args.workers)?, args)?;
    let requests: Arc<[Vec<u8>]> = (1..FEW).map(|number| request("GET", guarded::PATH, &text(number), None)).collect();
    measure("the library, asked before", &ours, requests, false, args, report).await
}

async fn measure(
    door: &str,
    ours: &Process,
    requests: Arc<[Vec<u8>]>,
    is_targeted: bool,
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
        target: if is_targeted { Target::AtLeast(0.85) } else { Target::Told },
    });
    let row = |what, target, (ours, floor)| Row { name: name(what), unit: "us", ours, floor: Some(floor), target };
    report.row(row("processor time of the server", Target::Told, fast.medians(Turn::cost)));
    let paced = rate.min(floor_rate) * SHARE;
    let steady =
        alternate(args.rounds, async || to_floor.pace(paced).await, async || to_ours.pace(paced).await).await?;
    report.row(row("p50 at half of that rate", Target::Told, steady.medians(Seen::p50)));
    let slow = if is_targeted { Target::AtMost(1.5) } else { Target::Told };
    report.row(row("p99 at half of that rate", slow, steady.medians(Seen::p99)));
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
