//! The load: some connections, each with one request under way, on a thread of its own. Either as fast as it goes, or at a
//! fixed rate; then a delay counts from when a request was due, so that no stall of the server hides the requests that it
//! has kept waiting.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{runtime, task::JoinSet};

use super::{Outcome, rounds::quantile, wire::Connection};

/// Waits below this are none for a timer.
const COARSE: Duration = Duration::from_millis(4);

/// What is asked, by whom, for how long.
#[derive(Clone)]
pub struct Load {
    /// Whom.
    pub address: SocketAddr,
    /// What: each connection goes through all of it, from a place of its own.
    pub requests: Arc<[Vec<u8>]>,
    /// How many connections.
    pub connections: u16,
    /// For how long.
    pub lasts: Duration,
    /// The status of every answer.
    pub status: u16,
}

/// What was seen.
pub struct Seen {
    /// Answers each second.
    pub rate: f64,
    /// Delays in microseconds, sorted.
    pub delays: Vec<f64>,
    /// The share of its time for which the thread of the load was busy, where the system tells it.
    pub busy: Option<f64>,
}

impl Seen {
    /// The delay that 99 in a hundred stay below, in microseconds.
    pub fn p99(&self) -> f64 {
        quantile(&self.delays, 99)
    }

    /// The delay in the middle.
    pub fn p50(&self) -> f64 {
        quantile(&self.delays, 50)
    }
}

impl Load {
    /// As many requests as are answered.
    pub async fn saturate(&self) -> Outcome<Seen> {
        self.run(None).await
    }

    /// So many requests a second, whether they are answered or not.
    pub async fn pace(&self, rate: f64) -> Outcome<Seen> {
        self.run(Some(Duration::from_secs_f64(f64::from(self.connections) / rate))).await
    }

    async fn run(&self, every: Option<Duration>) -> Outcome<Seen> {
        let load = self.clone();
        tokio::task::spawn_blocking(move || {
            runtime::Builder::new_current_thread().enable_all().build()?.block_on(load.on_this_thread(every))
        })
        .await?
    }

    async fn on_this_thread(self, every: Option<Duration>) -> Outcome<Seen> {
        let mut clients = JoinSet::new();
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            connections.push(Connection::open(self.address).await?);
        }
        let (start, worked) = (Instant::now(), worked());
        for (number, connection) in (0..).zip(connections) {
            clients.spawn(client(self.clone(), connection, number, start, every));
        }
        let mut delays = Vec::new();
        while let Some(client) = clients.join_next().await {
            delays.extend(client??);
        }
        let lasted = start.elapsed().as_secs_f64();
        let busy = worked.zip(self::worked()).map(|(before, after)| (after - before) / lasted);
        delays.sort_by(f64::total_cmp);
        Ok(Seen { rate: delays.len() as f64 / lasted, delays, busy })
    }
}

async fn client(
    load: Load,
    mut connection: Connection,
    number: u32,
    start: Instant,
    every: Option<Duration>,
) -> Outcome<Vec<f64>> {
    let mut delays = Vec::new();
    let mut due = start + every.unwrap_or_default() * number / u32::from(load.connections);
    let mut next = load.requests.iter().cycle().skip(number as usize * 7919 % load.requests.len());
    while due < start + load.lasts {
        wait_until(due, every).await;
        let Some(request) = next.next() else { break };
        let answer = connection.ask(request).await?;
        let now = Instant::now();
        if answer.status != load.status {
            return Err(answer.in_words().into());
        }
        delays.push(now.duration_since(due).as_secs_f64() * 1e6);
        due = every.map_or(now, |every| due + every);
    }
    Ok(delays)
}

/// Timers are too coarse for delays of microseconds: what is left of a wait is spent looking at the clock. Where requests
/// are rare nobody minds a millisecond, and the core is left to others.
async fn wait_until(due: Instant, every: Option<Duration>) {
    while let Some(left) = due.checked_duration_since(Instant::now()) {
        if every.is_some_and(|every| every > COARSE) {
            tokio::time::sleep(left).await;
        } else if left > COARSE {
            tokio::time::sleep(left.saturating_sub(COARSE / 2)).await;
        } else {
            tokio::task::yield_now().await;
        }
    }
}

/// For how many seconds this thread has worked so far.
fn worked() -> Option<f64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(told.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}
