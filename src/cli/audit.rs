//! `meshkey audit`: prove chains, and take old events away.

mod retain;
mod verify;

use clap::{Args, Subcommand};

use super::{Failure, Outcome, org::unknown};

/// The audit.
#[derive(Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Prove that no event was altered, removed or reordered
    Verify(verify::Verify),
    /// Archive old events of an org in a file and take them away, straight on the database
    Retain(retain::Retain),
}

impl Audit {
    /// Does it.
    pub(super) async fn run(self) -> Result<Outcome, Failure> {
        match self.verb {
            Verb::Verify(verify) => verify.run().await,
            Verb::Retain(retain) => retain.run().await,
        }
    }
}
