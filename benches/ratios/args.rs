//! What can be asked of the program.

use std::time::Duration;

use clap::{Parser, ValueEnum};

use super::rows::TOPICS;

/// A program that guards a route of its own.
#[derive(Clone, Copy, ValueEnum)]
pub enum Own {
    /// With the guard of a server.
    Guarded,
    /// With the guard alone.
    Library,
}

/// Measure Meshkey against its floors, in about eight minutes.
#[derive(Parser, Clone)]
#[command(name = "ratios", max_term_width = 100)]
pub struct Args {
    /// End with 1 where a target is missed
    #[arg(long)]
    pub check: bool,
    /// Only these groups of rows: verify, guard, open, doors, asking, revoke, list, issue, streams, start
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// How many rounds; each is one turn of the floor and one of ours
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// How long a turn lasts, in milliseconds
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    pub turn: u64,
    /// How many connections ask at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub connections: u16,
    /// Threads that answer, in each server: one, so that the load has a core of its own on a small machine
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub workers: u16,
    /// How many keys the large table holds
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(20_000..=50_000_000))]
    pub keys: u32,
    /// How many streams are open, in hundreds of which each hears the same
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u16).range(100..=25_000))]
    streams: u16,
    #[arg(long, hide = true)]
    pub bench: bool,
    #[arg(long, hide = true)]
    pub serve_bare: Option<usize>,
    #[arg(long, hide = true)]
    pub serve: Option<Own>,
}

impl Args {
    /// How long a turn lasts.
    pub fn turn(&self) -> Duration {
        Duration::from_millis(self.turn)
    }

    /// How many streams are open: as many of each topic.
    pub fn streams(&self) -> usize {
        usize::from(self.streams) / TOPICS * TOPICS
    }

    /// Whether this group of rows is wanted.
    pub fn wants(&self, group: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|one| one == group)
    }
}
