//! The third floor, back door: the same verbs from a terminal. What is data goes to stdout, all else to stderr.

mod admin;
mod audit;
mod backup;
mod client;
mod config;
mod doctor;
mod failure;
mod healthcheck;
mod init;
mod man;
mod migrate;
mod notify;
mod open;
mod org;
mod password;
mod probe;
mod quickstart;
mod replicas;
mod restore;
mod rules;
mod serve;
mod setup_url;
mod show;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::CompleteEnv;

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
    /// Run the service; without a database address on a PostgreSQL of its own
    Serve(serve::Serve),
    /// Run the service and walk through the main job: issue a narrow key, use it, be refused, revoke it
    Quickstart(quickstart::Quickstart),
    /// Make the first org and print its admin key, straight on the database
    Init(init::Init),
    /// Print a link by which an empty instance is set up in a browser
    SetupUrl(setup_url::SetupUrl),
    /// See who owns what, let people in and out, reset a password, straight on the database
    Admin(admin::Admin),
    /// Make, list, suspend and resume orgs, straight on the database
    Org(org::Org),
    /// List the running services that may decide from memory, straight on the database
    Replicas(replicas::Replicas),
    /// Show, check and explain the settings
    Config(config::Config),
    /// Look at everything that the service needs, and say what to do about what is wrong
    Doctor(doctor::Doctor),
    /// Ask a running service whether it can decide: exit code 0 or 1
    Healthcheck(healthcheck::Healthcheck),
    /// Show or bring up to date the schema of the database
    Migrate(migrate::Migrate),
    /// Save the embedded database in one file, while it is in use
    Backup(backup::Backup),
    /// Make an installation from such a file, in an empty data directory
    Restore(restore::Restore),
    /// Sign this terminal in: a page in the browser says what it may do
    Login(client::login::Login),
    /// Revoke the key that `meshkey login` got, and forget it
    Logout(client::logout::Logout),
    /// Show who is signed in here, or print the key
    Auth(client::auth::Auth),
    /// Make, look at and choose profiles: where a service is, under a name
    Profile(client::profile::Profile),
    /// Issue, look at, change and end keys; ask what one may do
    Key(client::key::Key),
    /// Make, look at, rename and archive meshes
    Mesh(client::mesh::Mesh),
    /// Make, look at and archive topics; send to one and follow it; see who can reach it
    Topic(client::topic::Topic),
    /// Declare what your own services may be asked for; list and retire it
    Capability(client::capability::Capability),
    /// Make, look at, change and delete gates: by what gateways let pass
    Gate(client::gate::Gate),
    /// Look at and change the policies of the org and its meshes, and at the keys that do not comply
    Policy(client::policy::Policy),
    /// Look at, change and remove the members of the org: what people may do
    Member(client::member::Member),
    /// Invite somebody to the org, or to a mesh of it, and print the link, which works once
    Invite(client::invitation::Invite),
    /// Look at, withdraw and send anew invitations
    Invitation(client::invitation::Invitation),
    /// Prove the chains of events; archive old events and take them away
    Audit(audit::Audit),
    /// Say where the org wants to hear, by HTTP, that keys end soon
    Webhook(client::webhook::Webhook),
    /// Show what keys were used for: one key, or all that you may manage
    Usage(client::usage::Usage),
    /// Show which key this is and what it may do
    Whoami(client::whoami::Whoami),
    /// Send any request, and print what is answered
    Api(client::api::Api),
    /// Print what a shell needs for completion: source <(meshkey completion bash)
    Completion {
        /// The shell
        shell: client::complete::Shell,
    },
    /// Print the manual page, or write those of all verbs into a directory
    Man(man::Man),
}

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It was done; the answer is yes.
    Done,
    /// It was done, and what was looked at is not as it should be: that was said.
    Unwell,
    /// The answer is no: never the same as that nobody could be asked (U-7).
    No,
}

impl Outcome {
    fn code(self) -> ExitCode {
        match self {
            Self::Done => ExitCode::SUCCESS,
            Self::Unwell => ExitCode::FAILURE,
            Self::No => 10.into(),
        }
    }
}

/// Answers a shell that asks for completions, and ends; otherwise does nothing.
pub fn complete() {
    CompleteEnv::with_factory(Arguments::command).complete();
}

/// Refuses a key on the command line: every process can read it, and the shell's history keeps it (U-5). It is not said
/// again in the error.
pub fn refuse_secrets(arguments: impl Iterator<Item = OsString>) -> Result<(), ExitCode> {
    let is_word = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let holds_one = |argument: OsString| {
        let text = argument.to_string_lossy().into_owned();
        text.split(|it| !is_word(it)).any(|word| word.parse::<crate::domain::Secret>().is_ok())
    };
    if !arguments.into_iter().any(holds_one) {
        return Ok(());
    }
    eprintln!(
        "error: there is a key on the command line, where every process can read it and the shell's history keeps it: \
         give it on stdin or in a file, and rotate this one"
    );
    Err(2.into())
}

/// Does what the arguments say.
pub async fn run(arguments: Arguments) -> ExitCode {
    let done = match arguments.verb {
        Verb::Serve(serve) => serve.run().await.map(|()| Outcome::Done),
        Verb::Quickstart(quickstart) => quickstart.run().await.map(|()| Outcome::Done),
        Verb::Init(init) => init.run().await.map(|()| Outcome::Done),
        Verb::SetupUrl(setup_url) => setup_url.run().await.map(|()| Outcome::Done),
        Verb::Admin(admin) => admin.run().await.map(|()| Outcome::Done),
        Verb::Org(org) => org.run().await.map(|()| Outcome::Done),
        Verb::Replicas(replicas) => replicas.run().await.map(|()| Outcome::Done),
        Verb::Config(config) => config.run().map(|()| Outcome::Done),
        Verb::Doctor(doctor) => doctor.run().await,
        Verb::Healthcheck(healthcheck) => healthcheck.run().await,
        Verb::Migrate(migrate) => migrate.run().await,
        Verb::Backup(backup) => backup.run().await.map(|()| Outcome::Done),
        Verb::Restore(restore) => restore.run().await.map(|()| Outcome::Done),
        Verb::Login(login) => login.run().await,
        Verb::Logout(logout) => logout.run().await,
        Verb::Auth(auth) => auth.run().await,
        Verb::Profile(profile) => profile.run(),
        Verb::Key(key) => key.run().await,
        Verb::Mesh(mesh) => mesh.run().await,
        Verb::Topic(topic) => topic.run().await,
        Verb::Capability(capability) => capability.run().await,
        Verb::Gate(gate) => gate.run().await,
        Verb::Policy(policy) => policy.run().await,
        Verb::Member(member) => member.run().await,
        Verb::Invite(invite) => invite.run().await,
        Verb::Invitation(invitation) => invitation.run().await,
        Verb::Audit(audit) => audit.run().await,
        Verb::Webhook(webhook) => webhook.run().await,
        Verb::Usage(usage) => usage.run().await,
        Verb::Whoami(whoami) => whoami.run().await,
        Verb::Api(api) => api.run().await,
        Verb::Completion { shell } => client::complete::completion(shell),
        Verb::Man(man) => man.run(),
    };
    match done {
        Ok(outcome) => outcome.code(),
        Err(failure) => {
            failure.tell();
            failure.code().into()
        }
    }
}
