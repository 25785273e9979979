//! `meshkey audit`: look at it, take it along, prove chains, and take old events away.

mod retain;
mod verify;

use clap::{Args, Subcommand};

use super::{Failure, Outcome, client::audit, org::unknown};

/// See who changed what, export it, and prove that nothing of it was altered.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey audit list --subject ci --since 7d\n  \
meshkey audit export --out-file audit.jsonl\n  \
meshkey audit verify                          the service walks its chain\n  \
meshkey audit verify --file audit.jsonl       this program walks it, without the service")]
pub(super) struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List events, the newest first
    List(audit::List),
    /// Export events, the oldest first, as JSON lines or for spreadsheets
    Export(audit::Export),
    /// Prove that no event was altered, removed or reordered
    Verify(verify::Verify),
    /// Archive old events of an org in a file and take them away, straight on the database
    Retain(retain::Retain),
}

impl Audit {
    /// Does it.
    pub(super) async fn run(self) -> Result<Outcome, Failure> {
        match self.verb {
            Verb::List(list) => list.run().await,
            Verb::Export(export) => export.run().await,
            Verb::Verify(verify) => verify.run().await,
            Verb::Retain(retain) => retain.run().await,
        }
    }
}
