//! `meshkey key`.

mod can;
mod denials;
mod edit;
mod issue;
mod list;
mod pause;
mod revoke;
mod rotate;
mod show;
mod terms;
mod verify;
mod words;

use clap::{Args, Subcommand};

use super::{
    super::{Failure, Outcome},
    connection::Client,
    flags::ClientFlags,
};

pub(super) use words::{Places, topics, words};

/// Issue, look at, change and end keys; ask what one may do.
#[derive(Args)]
#[command(after_help = "KEY is an id, the beginning of one (at least 8 characters after key_), or a label.\n\n\
Examples:\n  \
meshkey key issue ci --mesh main --cap send --topic deploys --expires 90d > ci.key\n  \
meshkey key verify --cap send --topic deploys < ci.key\n  \
meshkey key revoke ci --reason leaked\n\n\
Exit codes: 0 done or yes, 10 the answer is no, 2 usage, 3 key not accepted, 4 not allowed, 5 not found,\n\
6 conflict, 7 refused, 8 out of reach, 9 too often")]
pub(in crate::cli) struct Key {
    #[command(flatten)]
    client: ClientFlags,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Issue a key: what it may do and where must be said; prints its secret, once
    #[command(visible_alias = "create")]
    Issue(issue::Issue),
    /// List the keys that you may manage
    List(list::List),
    /// Show a key
    Show(show::Show),
    /// Change a key: its label, note, rights, topics, addresses, rate or end
    Edit(edit::Edit),
    /// Give a key a new secret; the old one lives on for a while
    Rotate(rotate::Rotate),
    /// Stop a key for the time being
    Disable(pause::Pause),
    /// Let a disabled key work again
    Enable(pause::Pause),
    /// End keys for good
    Revoke(revoke::Revoke),
    /// Ask whether a key may do something; the key comes on stdin or from a file
    Verify(verify::Verify),
    /// Ask whether a key may do something, by its id or label: no secret needed
    Can(can::Can),
    /// Explain why a key may do something or not, and what would change that
    Explain(can::Can),
    /// Show what was denied to a key lately, and why
    Denials(denials::Denials),
    /// Find out which key this is; the key comes on stdin or from a file
    Find(verify::Find),
}

impl Key {
    /// Does it.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        match &self.verb {
            Verb::Issue(issue) => issue.run(&client).await,
            Verb::List(list) => list.run(&client).await,
            Verb::Show(show) => show.run(&client).await,
            Verb::Edit(edit) => edit.run(&client).await,
            Verb::Rotate(rotate) => rotate.run(&client).await,
            Verb::Disable(pause) => pause.run(&client, "disable").await,
            Verb::Enable(pause) => pause.run(&client, "enable").await,
            Verb::Revoke(revoke) => revoke.run(&client).await,
            Verb::Verify(verify) => verify.run(&client).await,
            Verb::Can(can) => can.run(&client, false).await,
            Verb::Explain(can) => can.run(&client, true).await,
            Verb::Denials(denials) => denials.run(&client).await,
            Verb::Find(find) => find.run(&client).await,
        }
    }
}
