//! What a decision costs in process, with nothing around it: time, allocations, and the memory of what is remembered. A
//! program of its own, because its allocator counts, which costs whatever else is measured.

#![allow(
    unreachable_pub,
    dead_code,
    unused_imports,
    clippy::cast_precision_loss,
    reason = "nobody uses a program as a library; what is shared is not all used; counts are far below 2^52"
)]

#[path = "../ratios/report.rs"]
mod report;
#[path = "../ratios/rounds.rs"]
mod rounds;
#[path = "../ratios/town.rs"]
mod town;

use std::{
    error::Error,
    hint::black_box,
    process::ExitCode,
    time::{Duration, Instant},
};

use allocation_counter::measure;
use clap::Parser;
use meshkey::{
    domain::{
        Capability, Owner, Requirement, Secret, SecretHash, audit::Trail, credential::Circumstances, usage::Door,
    },
    service::{
        Admitted, Demand, House, Reach, admit,
        fresh::{Basis, Held},
        verify::{MOST_QUESTIONS, Question, verify},
    },
};
use tokio::runtime::Runtime;

use report::{Report, Row, Target};
use rounds::median;
use town::{ASKER, Place, Town, text};

/// What came of it, or why nothing did.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many decisions are a round.
const DECISIONS: u32 = 500_000;
/// How many rounds.
const ROUNDS: u32 = 9;
/// How many keys are remembered at first: enough that every table is there.
const FEW: u32 = 1000;
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

/// Measure decisions in process.
#[derive(Parser)]
struct Args {
    /// End with 1 where a target is missed
    #[arg(long)]
    check: bool,
    /// How many keys there are, and are remembered
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(2000..=20_000_000))]
    keys: u32,
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    // `cargo test --all-targets` comes without it, and tests time nothing.
    if !args.bench {
        return ExitCode::SUCCESS;
    }
    // Two of our libraries would each choose a provider, and neither may.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut report = Report::default();
    if let Err(error) = all(&args, &mut report) {
        eprintln!("error: {}", meshkey::db::connect::chain(error.as_ref()));
        return ExitCode::FAILURE;
    }
    report.print();
    if args.check && report.is_missed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn all(args: &Args, report: &mut Report) -> Outcome<()> {
    // One thread: what is remembered is then allocated by the thread that counts.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let town = runtime.block_on(Town::build())?;
    let place = runtime.block_on(town.place("remembered", args.keys))?;
    // Room for more than there are: what is forgotten early, because one part of the memory is full, is not measured here.
    let most = (2 * args.keys).to_string();
    let house = runtime.block_on(town.house(place.name, &[("MESHKEY_CACHE_KEYS", &most)]))?;
    let reader = Reader { runtime, house, place };
    let done = reader.measure(args.keys, report);
    reader.runtime.block_on(reader.house.fresh.stop());
    drop(reader);
    drop(town);
    done
}

/// A house that remembers.
struct Reader {
    runtime: Runtime,
    house: House,
    place: Place,
}

impl Reader {
    fn measure(&self, keys: u32, report: &mut Report) -> Outcome<()> {
        let asker = self.runtime.block_on(self.begin())?;
        self.remember(&asker, 1..FEW)?;
        let few = self.time(FEW)?;
        let unwritten = count(|| self.remember(&asker, FEW..keys))?;
        let freed = count(|| self.write_uses())?;
        let each = |bytes: i64| bytes as f64 / f64::from(keys - FEW);
        let (remembered, bytes) = (self.house.fresh.memory.len(), each(unwritten + freed));
        let many = self.time(keys)?;
        let row = |name: String, unit, ours, floor, target| Row { name, unit, ours, floor, target };
        let name = format!("decision by one of {remembered} remembered keys");
        report.row(row(name, "ns", many, None, Target::Under(1000.0)));
        report.row(row(format!("the same, against one of {FEW}"), "ns", many, Some(few), Target::Told));
        let name = "allocations of a decision".to_owned();
        report.row(row(name, "", self.allocations()? as f64, None, Target::Under(1.0)));
        report.row(row("memory of a remembered key".to_owned(), "bytes", bytes, None, Target::Under(512.0)));
        let name = "the same, while a use of it is not yet written down".to_owned();
        report.row(row(name, "bytes", each(unwritten), None, Target::Told));
        Ok(())
    }

    /// Begins to beat, and waits until what is remembered is trusted. Gives who may ask about keys.
    async fn begin(&self) -> Outcome<Admitted> {
        self.house.fresh.begin();
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.house.fresh.memory.basis() != Basis::Memory {
            if Instant::now() > deadline {
                return Err("nothing is remembered: the beats do not come through".into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let admitted = admit(&self.house, &secret(ASKER)?, &DEMAND, Trail::default()).await;
        admitted.map_err(|rejection| format!("{:?}", rejection.why).into())
    }

    /// Asks about these keys, so that they are remembered.
    fn remember(&self, asker: &Admitted, keys: std::ops::Range<u32>) -> Outcome<()> {
        let keys: Vec<u32> = keys.collect();
        for batch in keys.chunks(MOST_QUESTIONS) {
            let questions = batch.iter().map(|key| question(*key)).collect::<Outcome<Vec<_>>>()?;
            let verdicts =
                self.runtime.block_on(verify(&self.house, asker, Door::Verify, &questions, |_| String::new()));
            let verdicts = verdicts.map_err(|refusal| format!("{refusal:?}"))?;
            if let Some(denial) = verdicts.into_iter().find_map(|verdict| verdict.denial) {
                return Err(format!("denied: {denial:?}").into());
            }
        }
        Ok(())
    }

    /// Writes down what was counted, as is done every ten seconds.
    fn write_uses(&self) -> Outcome<()> {
        Ok(self.runtime.block_on(self.house.uses.flush(&self.house.store))?)
    }

    /// Whether the key may do what is wanted, by what is remembered of it.
    fn decide(&self, hash: &SecretHash, wanted: &Requirement) -> bool {
        self.house.fresh.memory.holder(hash, None).is_some_and(|recalled| {
            let held = Held::from(recalled);
            let at = Circumstances { now: held.now, from: None, is_place_archived: false };
            held.known.credential.decide(wanted, &at).is_ok()
        })
    }

    fn wanted(&self) -> Requirement {
        Requirement { within: Owner::Org(self.place.org), capability: Capability::Read, topic: None }
    }

    /// Nanoseconds for a decision by a key of many, taken in an order that no processor guesses.
    fn time(&self, keys: u32) -> Outcome<f64> {
        let hashes = (1..keys).map(|key| Ok(secret(key)?.hash())).collect::<Outcome<Vec<_>>>()?;
        let wanted = self.wanted();
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let (start, mut allowed) = (Instant::now(), 0);
            for number in 0..DECISIONS {
                let at = number.wrapping_mul(2_654_435_761) as usize % hashes.len();
                allowed += u32::from(self.decide(black_box(&hashes[at]), black_box(&wanted)));
            }
            rounds.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(DECISIONS));
            if allowed < DECISIONS / 100 * 99 {
                return Err(format!("only {allowed} of {DECISIONS} were remembered and trusted").into());
            }
        }
        Ok(median(rounds.into_iter()))
    }

    fn allocations(&self) -> Outcome<u64> {
        let (hash, wanted) = (secret(1)?.hash(), self.wanted());
        let mut allowed = false;
        let counted = measure(|| allowed = black_box(self.decide(&hash, &wanted)));
        if allowed { Ok(counted.count_total) } else { Err("it is not remembered".into()) }
    }
}

fn secret(number: u32) -> Outcome<Secret> {
    text(number).parse().map_err(|_| "no secret".into())
}

fn question(key: u32) -> Outcome<Question> {
    let secret = Some(secret(key)?);
    Ok(Question { secret, capability: Some(Capability::Read), mesh: None, topic: None, address: None, at_least: None })
}

/// How many bytes more there are afterwards.
fn count(work: impl FnOnce() -> Outcome<()>) -> Outcome<i64> {
    let mut done = Ok(());
    let counted = measure(|| done = work());
    done.map(|()| counted.bytes_current)
}
