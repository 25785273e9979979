//! The command line over HTTP, as a process against a real service.
//!
//! What it prints is held against transcripts under `cli/snapshots`; `INSTA_UPDATE=always cargo test cli` writes them anew,
//! and the difference is to be read.

mod audit;
mod completion;
mod effective;
mod exit_codes;
mod formats;
mod names;
mod rates;
mod relay;
pub mod shell;
mod story;
mod topics;
mod unseen;
