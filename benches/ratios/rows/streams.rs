//! Streams: many that are open, and messages that a hundredth of them hear. Against a bare server that holds as many answers open, and
//! hands what it is sent, in as many bytes, to as many, out of its memory and without asking who they are.
//!
//! A delay counts from just before the message is sent, on the clock of the one process that sends and listens, until a listener has
//! read it: in it are the commit, which the bare server does not have, and the time that the listeners before it take. Floor and ours
//! stand one after the other, since both at once would be twice as many connections; and that several times, in turns.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    Outcome,
    args::Args,
    bare,
    listeners::{Listeners, ensure_room},
    process::Process,
    report::{Report, Row, Target},
    rounds::{Pair, quantile},
    town::{FEW, Place, Town, text},
    wire::{Connection, request},
};

/// Over how many topics they are spread.
pub const TOPICS: usize = 100;
/// How many messages a second are sent, to one topic after another.
const RATE: u32 = 100;
/// For how many seconds, while they listen; and before they come.
const SECONDS: (u32, u32) = (5, 1);
/// How many connections send, so that one that waits for its answer holds up no other.
const SENDERS: u32 = 16;
/// How long they are looked at where nothing comes.
const IDLE: Duration = Duration::from_secs(10);
/// How long to wait after they were opened.
const REST: Duration = Duration::from_secs(1);
/// How often, each with a server of its own.
const ROUNDS: usize = 3;
/// No machine is so slow.
const DEADLINE: Duration = Duration::from_mins(10);

/// What was seen once. Delays are in milliseconds, and sorted.
struct Turn {
    /// In KiB, of each stream.
    memory: f64,
    /// In hundredths of a core.
    idle: f64,
    /// How long a message took to be answered: before they came, and while they listened.
    sent: (Vec<f64>, Vec<f64>),
    heard: Vec<f64>,
    /// In microseconds of the server's processor time, for each that heard a message.
    cost: f64,
}

/// Measures them.
pub async fn measure(town: &Town, args: &Args, report: &mut Report) -> Outcome<()> {
    ensure_room(args.streams())?;
    tokio::time::timeout(DEADLINE, measure_in_time(town, args, report)).await?
}

async fn measure_in_time(town: &Town, args: &Args, report: &mut Report) -> Outcome<()> {
    let place = furnished(town).await?;
    let mut pair = Pair { floor: Vec::new(), ours: Vec::new() };
    let bytes = length(town, &place, args).await?;
    for _ in 0..ROUNDS {
        let floor = bare::start(args, bytes)?;
        pair.floor.push(turn(&floor, &place, args, REST).await?);
        drop(floor);
        let ours = start(town, &place, args)?;
        pair.ours.push(turn(&ours, &place, args, IDLE).await?);
    }
    tell(&pair, args, report);
    Ok(())
}

/// A database with topics.
async fn furnished(town: &Town) -> Outcome<Place> {
    let place = town.place("streams", FEW).await?;
    let mesh = "INSERT INTO meshes (org_id, id, slug, name) SELECT id, gen_random_uuid(), 'main', 'main' FROM orgs";
    let topics = format!(
        "INSERT INTO topics (org_id, mesh_id, name) SELECT org_id, id, 't' || n FROM meshes, generate_series(1, {TOPICS}) n"
    );
    town.superuser(place.name).await?.batch_execute(&format!("{mesh}; {topics}")).await?;
    Ok(place)
}

fn start(town: &Town, place: &Place, args: &Args) -> Outcome<Process> {
    let mut command = town.serve(place.name, args.workers)?;
    let most = args.streams().to_string();
    Process::start({
        command.env("MESHKEY_STREAMS", &most).env("MESHKEY_STREAMS_PER_KEY", most);
        command
    })
}

/// How long a message is, as it is heard.
async fn length(town: &Town, place: &Place, args: &Args) -> Outcome<usize> {
    let server = start(town, place, args)?;
    let mut connection = Connection::open(server.address).await?;
    let now = u64::try_from(Duration::from_mins(1).as_nanos())?;
    let sent = connection.json(&message(&place.admin, 1, now), 201).await?;
    let own = json!({"body": now, "rest": ""}).to_string().len();
    Ok(sent.to_string().len().saturating_sub(own) + 2)
}

fn message(admin: &str, topic: usize, body: u64) -> Vec<u8> {
    request("POST", &path(topic, "messages"), admin, Some(&Value::from_iter([("body", body)])))
}

fn path(topic: usize, what: &str) -> String {
    format!("/v1/meshes/main/topics/t{topic}/{what}")
}

/// By one key and to one topic after another.
fn streams(args: &Args) -> Vec<Vec<u8>> {
    let keys = (1..FEW).cycle();
    let one = |(number, key)| request("GET", &path(1 + number % TOPICS, "stream"), &text(key), None);
    (0..args.streams()).zip(keys).map(one).collect()
}

async fn turn(server: &Process, place: &Place, args: &Args, idle: Duration) -> Outcome<Turn> {
    let since = Instant::now();
    let before = send(server, place, since, SECONDS.1).await?;
    let empty = server.resident().unwrap_or(f64::NAN);
    let listeners = Listeners::open(server.address, streams(args), since).await?;
    tokio::time::sleep(REST).await;
    let memory = (server.resident().unwrap_or(f64::NAN) - empty) * 1024.0 / args.streams() as f64;
    let worked = worked(server);
    tokio::time::sleep(idle).await;
    let idle = (self::worked(server) - worked) / idle.as_secs_f64() * 100.0;
    let worked = self::worked(server);
    let sent = send(server, place, since, SECONDS.0).await?;
    let heard = listeners.have_heard((SECONDS.0 * RATE) as usize * args.streams() / TOPICS).await?;
    let cost = (self::worked(server) - worked) / heard.len() as f64 * 1e6;
    Ok(Turn { memory, idle, sent: (before, sent), heard, cost })
}

fn worked(server: &Process) -> f64 {
    server.worked().unwrap_or(f64::NAN)
}

/// Sends for so many seconds, each message when it is due; and how long each took to be answered.
async fn send(server: &Process, place: &Place, since: Instant, seconds: u32) -> Outcome<Vec<f64>> {
    let (mut senders, start) = (JoinSet::new(), Instant::now());
    for sender in 0..SENDERS {
        let mut connection = Connection::open(server.address).await?;
        let own: Vec<_> = (sender..seconds * RATE).step_by(SENDERS as usize).collect();
        let admin = place.admin.clone();
        senders.spawn(async move {
            let mut delays = Vec::new();
            for number in own {
                tokio::time::sleep_until((start + Duration::from_secs(1) * number / RATE).into()).await;
                let now = since.elapsed();
                let request = message(&admin, 1 + number as usize % TOPICS, u64::try_from(now.as_nanos())?);
                let answer = connection.ask(&request).await?;
                if answer.status != 201 {
                    return Err(answer.in_words().into());
                }
                delays.push(since.elapsed().saturating_sub(now).as_secs_f64() * 1e3);
            }
            Outcome::Ok(delays)
        });
    }
    let mut delays = Vec::new();
    while let Some(own) = senders.join_next().await {
        delays.extend(own??);
    }
    delays.sort_by(f64::total_cmp);
    Ok(delays)
}

fn tell(pair: &Pair<Turn>, args: &Args, report: &mut Report) {
    let row = |name: String, unit, (ours, floor)| Row { name, unit, ours, floor: Some(floor), target: Target::Told };
    report.row(row(
        format!("{} idle streams: memory of each", args.streams()),
        "KiB",
        pair.medians(|turn| turn.memory),
    ));
    let (idle, _) = pair.medians(|turn| turn.idle);
    let name = "the same: processor time of the server".to_owned();
    report.row(Row { name, unit: "% of a core", ours: idle, floor: None, target: Target::Told });
    let each = args.streams() / TOPICS;
    for (what, hundredths) in [("p50", 50), ("p99", 99)] {
        let name = format!("{RATE} messages/s to {each} of them each: {what}");
        report.row(row(name, "ms", pair.medians(|turn| quantile(&turn.heard, hundredths))));
    }
    let name = "the same: processor time for each who hears it".to_owned();
    report.row(row(name, "us", pair.medians(|turn| turn.cost)));
    let (sent, of_floor) = pair.medians(|turn| quantile(&turn.sent.1, 50));
    let (before, _) = pair.medians(|turn| quantile(&turn.sent.0, 50));
    report.note(format!(
        "streams: a message was answered after {sent:.2} ms (the bare server: {of_floor:.2} ms), and before anybody listened after \
         {before:.2} ms; medians"
    ));
}
