//! The third floor, back door: the same verbs from a terminal. What is data goes to stdout, all else to stderr.

mod failure;
mod init;
mod open;
mod org;
mod quickstart;
mod serve;
mod show;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

/// API keys that can do what they must and nothing more, and are dead when they are revoked.
#[derive(Parser)]
#[command(name = "meshkey", version, about, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "First time here?  meshkey quickstart")]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the service; without a database address on a `PostgreSQL` of its own
    Serve(serve::Serve),
    /// Run the service and walk through the main job: issue a narrow key, use it, be refused, revoke it
    Quickstart(quickstart::Quickstart),
    /// Make the first org and print its admin key, straight on the database
    Init(init::Init),
    /// Make, list, suspend and resume orgs, straight on the database
    Org(org::Org),
}

/// Does what the arguments say.
pub async fn run(arguments: Arguments) -> ExitCode {
    let done = match arguments.verb {
        Verb::Serve(serve) => serve.run().await,
        Verb::Quickstart(quickstart) => quickstart.run().await,
        Verb::Init(init) => init.run().await,
        Verb::Org(org) => org.run().await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.code().into()
        }
    }
}
