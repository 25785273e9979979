//! A page of 50 keys out of very many, against the same page out of few.

use std::{net::SocketAddr, time::Instant};

use crate::{
    Outcome,
    args::Args,
    process::Process,
    report::{Report, Row, Target},
    rounds::{alternate, quantile},
    town::{Place, Town},
    wire::{Connection, request},
};

/// The ways of listing that are measured.
const LISTS: [(&str, &str); 3] = [
    ("the newest first", ""),
    ("by label", "&sort=label"),
    ("active ones, by their end", "&sort=expires_at&status=active"),
];

/// Measures each way.
pub async fn measure(town: &Town, few: &Place, many: &Place, args: &Args, report: &mut Report) -> Outcome<()> {
    let (small, large) =
        (Process::start(town.serve(few.name, args.workers)?)?, Process::start(town.serve(many.name, args.workers)?)?);
    for (words, query) in LISTS {
        let mut floor = Walk::new(small.address, few, query).await?;
        let mut ours = Walk::new(large.address, many, query).await?;
        let walked = alternate(args.rounds, async || floor.walk(args).await, async || ours.walk(args).await).await?;
        let (p99, floor) = walked.medians(|delays| quantile(delays, 99) / 1000.0);
        let name = format!("page of 50 out of {} keys, {words}: p99", many.keys);
        report.row(Row { name, unit: "ms", ours: p99, floor: Some(floor), target: Target::Under(5.0) });
    }
    Ok(())
}

/// One reader, who reads page after page, and at the end from the beginning again.
struct Walk<'a> {
    connection: Connection,
    place: &'a Place,
    query: &'static str,
    cursor: Option<String>,
}

impl<'a> Walk<'a> {
    async fn new(address: SocketAddr, place: &'a Place, query: &'static str) -> Outcome<Self> {
        Ok(Self { connection: Connection::open(address).await?, place, query, cursor: None })
    }

    /// Walks on for a turn. Gives the delays in microseconds, sorted.
    async fn walk(&mut self, args: &Args) -> Outcome<Vec<f64>> {
        let (start, mut delays) = (Instant::now(), Vec::new());
        while start.elapsed() < args.turn() {
            let from = self.cursor.take().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let path = format!("/v1/orgs/{}/keys?limit=50{}{from}", self.place.org, self.query);
            let page = request("GET", &path, &self.place.admin, None);
            let asked = Instant::now();
            let page = self.connection.json(&page, 200).await?;
            delays.push(asked.elapsed().as_secs_f64() * 1e6);
            self.cursor = page["next"].as_str().map(str::to_owned);
        }
        delays.sort_by(f64::total_cmp);
        Ok(delays)
    }
}
