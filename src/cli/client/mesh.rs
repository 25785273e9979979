//! `meshkey mesh`.

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    super::{Failure, Outcome},
    ask::Ask,
    complete,
    connection::Client,
    flags::ClientFlags,
    pages::Much,
    print::{Table, facts, text},
    when::told,
};

/// Make, look at, rename and archive meshes, and see who is connected.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  meshkey mesh create main\n  meshkey mesh list\n  meshkey mesh peers main\n  meshkey mesh archive old"
)]
pub(in crate::cli) struct Mesh {
    #[command(flatten)]
    client: ClientFlags,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the meshes
    List {
        /// Archived ones, in place of the others
        #[arg(long)]
        archived: bool,
        #[command(flatten)]
        much: Much,
    },
    /// Show a mesh
    Show(One),
    /// List who is connected, by streams and sockets, as far as the key may read what they follow
    Peers {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        much: Much,
    },
    /// Make a mesh
    Create {
        /// How it is called in paths: a-z 0-9 and -, 48 at most
        #[arg(value_name = "SLUG")]
        slug: String,
        /// What people are to call it
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
    },
    /// Change what people call a mesh
    Rename {
        #[command(flatten)]
        one: One,
        /// What people are to call it
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Stop a mesh: every key of it is denied until it is unarchived
    Archive(One),
    /// Let an archived mesh work again
    Unarchive(One),
}

#[derive(Args)]
struct One {
    /// The mesh, by slug or id
    #[arg(value_name = "SLUG", add = ArgValueCandidates::new(complete::meshes))]
    slug: String,
}

impl Mesh {
    /// Does it.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let org = client.org().await?;
        let all = ["v1", "orgs", &org, "meshes"];
        let ask = match &self.verb {
            Verb::List { archived, much } => {
                let ask = Ask::get(&all).query("archived", Some(archived.to_string()));
                client.show_list(&ask, *much, "slug", table).await?;
                return Ok(Outcome::Done);
            }
            Verb::Peers { one, much } => {
                client.ensure_own_org().await?;
                let ask = Ask::get(&["v1", "meshes", &one.slug, "peers"]);
                client.show_list(&ask, *much, "key.id", peers).await?;
                return Ok(Outcome::Done);
            }
            Verb::Create { slug, name } => Ask::post(&all, &wish(slug, name.as_ref())),
            Verb::Show(one) => Ask::get(&[&all[..], &[&one.slug]].concat()),
            Verb::Archive(one) => Ask::act(&[&all[..], &[&one.slug, "archive"]].concat()),
            Verb::Unarchive(one) => Ask::act(&[&all[..], &[&one.slug, "unarchive"]].concat()),
            Verb::Rename { one, name } => {
                let path = [&all[..], &[&one.slug]].concat();
                client.edit(&path, &json!({ "name": name })).await?
            }
        };
        let Some(answer) = client.act(&ask).await? else { return Ok(Outcome::Done) };
        client.show(&answer, "slug", words)?;
        if matches!(self.verb, Verb::Archive(_)) {
            client.say_effective(&answer);
        }
        Ok(Outcome::Done)
    }
}

impl Client {
    /// A merge patch of what is there now.
    pub(super) async fn edit(&self, place: &[&str], patch: &Value) -> Result<Ask, Failure> {
        let seen = self.ask(&Ask::new(Method::GET, place)).await?;
        Ok(Ask::patch(place, patch, &seen.etag.unwrap_or_default()))
    }
}

fn wish(slug: &str, name: Option<&String>) -> Value {
    let mut wish = Map::new();
    wish.insert("slug".into(), json!(slug));
    wish.extend(name.map(|name| ("name".to_owned(), json!(name))));
    Value::Object(wish)
}

fn table(meshes: &[Value]) -> Vec<String> {
    let mut table = Table::new(&["SLUG", "NAME", "STATE", "ID"]);
    for mesh in meshes {
        table.row(vec![text(mesh, "slug"), text(mesh, "name"), state(mesh), text(mesh, "id")]);
    }
    table.lines()
}

fn peers(peers: &[Value]) -> Vec<String> {
    let mut table = Table::new(&["KEY", "ID", "PERSON", "CONNECTED", "FOLLOWS"]);
    for peer in peers {
        let topics = peer["topics"].as_array().map_or(&[][..], Vec::as_slice);
        let follows: Vec<_> = topics.iter().map(|one| format!("#{}", text(one, "topic"))).collect();
        let (label, person) = (text(peer, "key.label"), text(peer, "user.name"));
        table.row(vec![label, text(peer, "key.id"), person, told(&text(peer, "since"), ""), follows.join(" ")]);
    }
    table.lines()
}

/// Whether a mesh or topic is in use.
pub(super) fn state(thing: &Value) -> String {
    let archived = text(thing, "archived_at");
    if archived.is_empty() { "active".to_owned() } else { format!("archived {}", told(&archived, "")) }
}

fn words(mesh: &Value) -> Vec<String> {
    facts(&[
        ("mesh", format!("{}  {}", text(mesh, "slug"), text(mesh, "id"))),
        ("name", text(mesh, "name")),
        ("state", state(mesh)),
        ("made", told(&text(mesh, "created_at"), "")),
    ])
}
