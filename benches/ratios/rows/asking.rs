//! A key that is not remembered: the database is asked. Against a bare loop of the same prepared query.

use std::time::{Duration, Instant};

use deadpool_postgres::Pool;
use futures_util::{TryStreamExt as _, stream::FuturesUnordered};
use meshkey::{
    db::store::APP,
    domain::{Secret, audit::Trail},
    service::{Demand, House, Reach, admit},
};

use crate::{
    Outcome,
    args::Args,
    report::{Report, Row, Target},
    rounds::alternate,
    town::{FEW, POOL, Place, Town, text},
};

/// What the guard asks for a route that any live key may use.
const DEMAND: Demand<'static> = Demand {
    capability: None,
    reach: Reach::Within,
    org: None,
    mesh: None,
    topic: None,
    own_key: None,
    own_user: None,
    claims: None,
    acts_in_mesh: false,
    counts: true,
};

/// Measures decisions, and how they depend on the number of keys.
pub async fn measure(town: &Town, few: &Place, many: &Place, args: &Args, report: &mut Report) -> Outcome<()> {
    let bench = Bench { tasks: args.connections.into(), lasts: args.turn() };
    let house = town.house(many.name, FORGETFUL).await?;
    let pool = town.target(many.name).as_role(APP).pool(POOL)?;
    let asked = alternate(
        args.rounds,
        async || bench.queries(&pool, many.keys).await,
        async || bench.decisions(&house, many.keys).await,
    )
    .await?;
    let (ours, floor) = asked.medians(|rate| *rate);
    let name = "not remembered: decisions".to_owned();
    report.row(Row { name, unit: "/s", ours, floor: Some(floor), target: Target::AtLeast(0.7) });

    let small = town.house(few.name, FORGETFUL).await?;
    let sized = alternate(
        args.rounds,
        async || bench.decisions(&small, FEW).await,
        async || bench.decisions(&house, FEW).await,
    )
    .await?;
    let (ours, floor) = sized.medians(|rate| *rate);
    let name = format!("the same of {} keys, against {} keys", many.keys, few.keys);
    report.row(Row { name, unit: "/s", ours, floor: Some(floor), target: Target::Told });
    house.store.close();
    small.store.close();
    Ok(())
}

/// The settings of a house that remembers nothing.
const FORGETFUL: &[(&str, &str)] = &[("MESHKEY_CACHE_KEYS", "0")];

struct Bench {
    tasks: u32,
    lasts: Duration,
}

impl Bench {
    async fn decisions(&self, house: &House, keys: u32) -> Outcome<f64> {
        self.rate(keys, async |secret| {
            let admitted = admit(house, &secret, &DEMAND, Trail::default()).await;
            admitted.map(drop).map_err(|rejection| format!("{:?}", rejection.why).into())
        })
        .await
    }

    async fn queries(&self, pool: &Pool, keys: u32) -> Outcome<f64> {
        self.rate(keys, async |secret| bare(pool, secret).await).await
    }

    /// How many a second, by so many tasks, which share a thread as those of a server's worker do.
    async fn rate(&self, keys: u32, work: impl AsyncFn(Secret) -> Outcome<()>) -> Outcome<f64> {
        let start = Instant::now();
        let task = async |task: u32| {
            let mut done = 0_u32;
            while start.elapsed() < self.lasts {
                let number = (task + done * self.tasks) % (keys - 1) + 1;
                work(text(number).parse().map_err(|_| "no secret")?).await?;
                done += 1;
            }
            Outcome::Ok(done)
        };
        let done: FuturesUnordered<_> = (0..self.tasks).map(task).collect();
        let all: Vec<u32> = done.try_collect().await?;
        Ok(f64::from(all.iter().sum::<u32>()) / start.elapsed().as_secs_f64())
    }
}

/// The least that anybody could do: the statement, and a look at whether there is a row.
async fn bare(pool: &Pool, secret: Secret) -> Outcome<()> {
    let client = pool.get().await?;
    let statement = client.prepare_cached(crate::rows::sql("lookup", "LOOKUP")).await?;
    let hash = secret.hash();
    let rows = client.query(&statement, &[&vec![hash.as_bytes()]]).await?;
    if rows.len() == 1 { Ok(()) } else { Err("no row".into()) }
}
