//! `meshkey topic`.

mod follow;
mod send;

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use serde_json::{Map, Value, json};

use super::{
    super::{Failure, Outcome},
    ask::Ask,
    complete,
    connection::Client,
    flags::ClientFlags,
    mesh::state,
    pages::Much,
    print::{Table, facts, text},
    when::told,
};

/// Make, look at and archive topics; send to one and follow it; see who can reach it.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey topic create deploys --mesh main\n  \
meshkey topic send deploys --text 'all is well'\n  \
meshkey topic follow deploys -o json | jq .body         each message as it comes\n  \
meshkey topic access deploys --mesh main --cap send     who can send here, and through what")]
pub(in crate::cli) struct Topic {
    #[command(flatten)]
    client: ClientFlags,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    #[command(flatten)]
    Manage(Manage),
    #[command(flatten)]
    Talk(Talk),
}

/// What is done with messages.
#[derive(Subcommand)]
enum Talk {
    /// Send a message, once
    Send(send::Send),
    /// Print each message as it is sent, until it is interrupted
    Follow(follow::Follow),
}

/// What is done with topics.
#[derive(Subcommand)]
enum Manage {
    /// List the topics of a mesh
    List {
        /// Archived ones, in place of the others
        #[arg(long)]
        archived: bool,
        #[command(flatten)]
        much: Much,
    },
    /// Show a topic
    Show(One),
    /// Make a topic
    Create {
        /// Its name, for ever: a-z 0-9 . _ -, 64 at most; a # before it is dropped
        #[arg(value_name = "NAME")]
        name: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Change what a topic is said to be for
    Describe {
        #[command(flatten)]
        one: One,
        /// What it is for; empty for nothing
        #[arg(value_name = "TEXT")]
        description: String,
    },
    /// Stop a topic; its name stays reserved
    Archive(One),
    /// Let an archived topic work again
    Unarchive(One),
    /// Show who can send, read and write here, and through what
    Access {
        #[command(flatten)]
        one: One,
        /// Only keys that hold this
        #[arg(long, short, value_name = "CAPABILITY", add = ArgValueCandidates::new(complete::capabilities))]
        cap: Option<String>,
        /// Only keys with these statuses, by commas
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        #[command(flatten)]
        much: Much,
    },
}

#[derive(Args)]
struct One {
    /// The topic
    #[arg(value_name = "TOPIC", add = ArgValueCandidates::new(complete::topics))]
    name: String,
}

impl One {
    fn name(&self) -> &str {
        self.name.strip_prefix('#').unwrap_or(&self.name)
    }
}

impl Topic {
    /// Does it.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        match &self.verb {
            Verb::Manage(verb) => verb.run(&client).await,
            Verb::Talk(Talk::Send(send)) => send.run(&client).await,
            Verb::Talk(Talk::Follow(follow)) => follow.run(&client).await,
        }
    }
}

impl Manage {
    async fn run(&self, client: &Client) -> Result<Outcome, Failure> {
        let (org, mesh) = (client.org().await?, client.the_mesh().await?);
        let all = ["v1", "orgs", &org, "meshes", &mesh, "topics"];
        let ask = match self {
            Self::List { archived, much } => {
                let ask = Ask::get(&all).query("archived", Some(archived.to_string()));
                client.show_list(&ask, *much, "name", table).await?;
                return Ok(Outcome::Done);
            }
            Self::Access { one, cap, status, much } => {
                let ask = Ask::get(&[&all[..], &[one.name(), "access"]].concat());
                return access(
                    client,
                    &ask.query("capability", cap.as_deref()).query("status", status.as_deref()),
                    *much,
                )
                .await;
            }
            Self::Create { name, description } => Ask::post(&all, &wish(name, description.as_ref())),
            Self::Show(one) => Ask::get(&[&all[..], &[one.name()]].concat()),
            Self::Archive(one) => Ask::act(&[&all[..], &[one.name(), "archive"]].concat()),
            Self::Unarchive(one) => Ask::act(&[&all[..], &[one.name(), "unarchive"]].concat()),
            Self::Describe { one, description } => {
                client.edit(&[&all[..], &[one.name()]].concat(), &json!({ "description": description })).await?
            }
        };
        let Some(answer) = client.act(&ask).await? else { return Ok(Outcome::Done) };
        client.show(&answer, "name", words)?;
        Ok(Outcome::Done)
    }
}

/// The mesh whose messages are meant.
async fn own_mesh(client: &Client) -> Result<String, Failure> {
    client.ensure_own_org().await?;
    client.the_mesh().await
}

impl Client {
    /// What is sent and read in a mesh is so in the key's own org alone.
    pub(super) async fn ensure_own_org(&self) -> Result<(), Failure> {
        let Some(named) = self.flags.named_org() else { return Ok(()) };
        let own = self.own().await?;
        if [text(own, "org.slug"), text(own, "org.id")].contains(&named) {
            return Ok(());
        }
        let own = text(own, "org.slug");
        Err(Failure::NotFound(format!("the key is of the org '{own}': it cannot send or read in '{named}'")))
    }
}

fn wish(name: &str, description: Option<&String>) -> Value {
    let mut wish = Map::new();
    wish.insert("name".into(), json!(name));
    wish.extend(description.map(|text| ("description".to_owned(), json!(text))));
    Value::Object(wish)
}

fn table(topics: &[Value]) -> Vec<String> {
    let mut table = Table::new(&["TOPIC", "MESSAGES", "STATE", "DESCRIPTION"]);
    for topic in topics {
        let name = format!("#{}", text(topic, "name"));
        table.row(vec![name, text(topic, "last_seq"), state(topic), text(topic, "description")]);
    }
    table.lines()
}

fn access_table(items: &[Value]) -> Vec<String> {
    let mut table = Table::new(&["LABEL", "MAY", "THROUGH", "STATUS", "LAST USED", "EXPIRES", "ID"]);
    for item in items {
        table.row(vec![
            text(item, "key.label"),
            text(item, "may"),
            through(item),
            text(item, "key.status"),
            told(&text(item, "key.last_used_at"), "never"),
            told(&text(item, "key.expires_at"), "never"),
            text(item, "key.id"),
        ]);
    }
    table.lines()
}

async fn access(client: &Client, ask: &Ask, much: Much) -> Result<Outcome, Failure> {
    let found = client.show_list(ask, much, "key.id", access_table).await?;
    if found.is_some_and(|found| found.rest.get("complete") == Some(&json!(false))) {
        client.say("there may be others: keys that you may not manage are not shown");
    }
    Ok(Outcome::Done)
}

/// `org key, admin, ci.*`: what lets it in.
fn through(item: &Value) -> String {
    let topics = match text(item, "through.topics").as_str() {
        "all" => "all topics".to_owned(),
        pattern => format!("#{pattern}"),
    };
    let parts = [format!("{} key", text(item, "through.owner")), text(item, "through.capability"), topics];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn words(topic: &Value) -> Vec<String> {
    facts(&[
        ("topic", format!("#{}", text(topic, "name"))),
        ("for", text(topic, "description")),
        ("messages", text(topic, "last_seq")),
        ("state", state(topic)),
        ("made", told(&text(topic, "created_at"), "")),
    ])
}
