//! `cargo bench`: how fast Meshkey is, as ratios to floors that are measured in the same run, in turns, on the same machine.
//!
//! A floor is the least that anybody could do for the same answer: a bare handler, a bare statement. Each row says what it
//! should reach. What is missed is shown, and with `--check` it is also the exit code.

#![allow(
    unreachable_pub,
    clippy::cast_precision_loss,
    reason = "nobody uses a program as a library; counts of a few seconds are far below 2^52"
)]

mod args;
mod bare;
mod guarded;
mod library;
mod listeners;
mod load;
mod process;
mod report;
mod rounds;
mod rows;
mod town;
mod wire;

use std::{error::Error, process::ExitCode};

use clap::Parser as _;

use crate::{
    args::{Args, Own},
    report::Report,
    town::Town,
};

/// What came of it, or why nothing did.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let args = Args::parse();
    // Two of our libraries would each choose a provider, and neither may.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let done = match (args.serve_bare, args.serve) {
        (Some(bytes), _) => bare::serve(&args, bytes).map(|()| ExitCode::SUCCESS),
        (None, Some(Own::Guarded)) => guarded::serve().map(|()| ExitCode::SUCCESS),
        (None, Some(Own::Library)) => library::serve(&args).map(|()| ExitCode::SUCCESS),
        // `cargo test --all-targets` comes without it, and tests time nothing.
        (None, None) if !args.bench => Ok(ExitCode::SUCCESS),
        (None, None) => measure(&args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {}", meshkey::db::connect::chain(error.as_ref()));
        ExitCode::FAILURE
    })
}

fn measure(args: &Args) -> Outcome<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut report = Report::default();
    let town = runtime.block_on(Town::build())?;
    runtime.block_on(rows::all(&town, args, &mut report))?;
    drop(town);
    report.print();
    Ok(if args.check && report.is_missed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
