//! From the start of the process to its readiness, where the schema is there already; and what it takes of the memory.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    Outcome,
    args::Args,
    process::Process,
    report::{Report, Row, Target},
    rounds::median,
    town::{MESHKEY, Place, Town},
};

/// How often it is started.
const STARTS: u32 = 7;
/// How long it has nothing to do before its memory is looked at.
const REST: Duration = Duration::from_secs(2);

/// Measures both.
pub fn measure(town: &Town, few: &Place, args: &Args, report: &mut Report) -> Outcome<()> {
    let (mut ready, mut spawned) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        spawned.push(spawn()?);
        ready.push(milliseconds(Process::start(town.serve(few.name, args.workers)?)?.ready_after));
    }
    let name = "start to ready, with the schema there".to_owned();
    let (ours, floor) = (median(ready.into_iter()), Some(median(spawned.into_iter())));
    report.row(Row { name, unit: "ms", ours, floor, target: Target::Under(300.0) });

    let idle = Process::start(town.serve(few.name, args.workers)?)?;
    std::thread::sleep(REST);
    if let Some(ours) = idle.resident() {
        let name = "memory when idle".to_owned();
        report.row(Row { name, unit: "MiB", ours, floor: None, target: Target::Under(40.0) });
    }
    Ok(())
}

/// The floor: a process that starts and ends.
fn spawn() -> Outcome<f64> {
    let start = Instant::now();
    Command::new(MESHKEY).arg("--version").stdout(Stdio::null()).status()?;
    Ok(milliseconds(start.elapsed()))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
