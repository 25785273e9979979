//! `meshkey member`.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    super::{Failure, Outcome},
    ask::Ask,
    confirm,
    connection::Client,
    flags::ClientFlags,
    impact::count,
    pages::Much,
    print::{Table, facts, text},
    when::told,
};
use crate::domain::UserId;

/// Look at, change and remove the members of the org: what people may do.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey member list --role admin\n  \
meshkey member edit dana@example.com --role viewer --at main=admin\n  \
meshkey member remove dana@example.com --dry-run     what becomes of the keys")]
pub(in crate::cli) struct Member {
    #[command(flatten)]
    client: ClientFlags,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the members
    List {
        /// Only with this role: viewer, member, admin or owner
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
        /// Only with a role at this mesh
        #[arg(long = "at", value_name = "MESH")]
        mesh: Option<String>,
        /// Only with this in the e-mail or name
        #[arg(long, value_name = "TEXT")]
        text: Option<String>,
        #[command(flatten)]
        much: Much,
    },
    /// Show a member, and how many keys it has
    Show(One),
    /// Change what a member may do; its own keys may do no more, at once
    Edit(Edit),
    /// Remove a member; its own keys are revoked
    Remove(Remove),
}

#[derive(Args)]
struct One {
    /// The member, by e-mail or id
    #[arg(value_name = "MEMBER")]
    member: String,
}

#[derive(Args)]
struct Edit {
    #[command(flatten)]
    one: One,
    /// The role at the org: viewer, member, admin or owner
    #[arg(long, value_name = "ROLE", conflicts_with = "no_role")]
    role: Option<String>,
    /// No role at the org
    #[arg(long)]
    no_role: bool,
    /// A role at a mesh, such as main=admin; may be given several times
    #[arg(long = "at", value_name = "MESH=ROLE")]
    meshes: Vec<String>,
    /// A mesh at which it is to have no role
    #[arg(long, value_name = "MESH", value_delimiter = ',')]
    drop_at: Vec<String>,
}

#[derive(Args)]
struct Remove {
    #[command(flatten)]
    one: One,
    /// Revoke the keys that it issued for the org, too
    #[arg(long)]
    revoke_issued: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Do all checks and change nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
}

impl Member {
    /// Does it.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let org = client.org().await?;
        let all = ["v1", "orgs", &org, "members"];
        match &self.verb {
            Verb::List { role, mesh, text, much } => {
                let ask = Ask::get(&all).query("role", role.clone()).query("mesh", mesh.clone());
                client.show_list(&ask.query("text", text.clone()), *much, "user.id", table).await?;
            }
            Verb::Show(one) => {
                let id = client.member_id(&all, &one.member).await?;
                let Some(answer) = client.act(&Ask::get(&[&all[..], &[&id]].concat())).await? else {
                    return Ok(Outcome::Done);
                };
                client.show(&answer, "user.id", words)?;
            }
            Verb::Edit(edit) => edit.run(&client, &all).await?,
            Verb::Remove(remove) => remove.run(&client, &all).await?,
        }
        Ok(Outcome::Done)
    }
}

impl Client {
    /// The member of the org that is meant, by e-mail or id: its id.
    pub(super) async fn user_id(&self, named: &str) -> Result<String, Failure> {
        let org = self.org().await?;
        self.member_id(&["v1", "orgs", &org, "members"], named).await
    }

    /// Who did or issued something: `local` or `system`, a person by its e-mail or id, or a key.
    pub(super) async fn actor_id(&self, named: &str) -> Result<String, Failure> {
        match named {
            "local" | "system" => Ok(named.to_owned()),
            person if person.contains('@') || person.starts_with("user_") => self.user_id(person).await,
            key => self.key_id(key).await,
        }
    }

    /// The same, where the members are.
    async fn member_id(&self, all: &[&str], named: &str) -> Result<String, Failure> {
        if named.parse::<UserId>().is_ok() {
            return Ok(named.to_owned());
        }
        let email = named.trim().to_lowercase();
        let read = self.values(&Ask::get(all).query("text", Some(email.clone()))).await?;
        let meant = read.iter().find(|member| member["user"]["email"] == email);
        let none = || format!("there is no member '{named}'; `meshkey member list` shows them");
        meant.map(|member| text(member, "user.id")).ok_or_else(|| Failure::NotFound(none()))
    }
}

impl Edit {
    async fn run(&self, client: &Client, all: &[&str]) -> Result<(), Failure> {
        let patch = self.patch()?;
        let id = client.member_id(all, &self.one.member).await?;
        let ask = client.edit(&[all, &[&id]].concat(), &patch).await?;
        let Some(answer) = client.act(&ask).await? else { return Ok(()) };
        client.show(&answer, "user.id", words)?;
        client.say_effective(&answer);
        Ok(())
    }

    fn patch(&self) -> Result<Value, Failure> {
        let mut patch = Map::new();
        patch.extend(self.role.as_ref().map(|role| ("role".to_owned(), json!(role))));
        patch.extend(self.no_role.then(|| ("role".to_owned(), Value::Null)));
        let mut meshes = Map::new();
        for one in &self.meshes {
            let wrong =
                || Failure::Usage(format!("--at '{one}': expected a mesh and a role there, such as main=admin"));
            let (mesh, role) = one.split_once('=').ok_or_else(wrong)?;
            meshes.insert(mesh.to_owned(), json!(role));
        }
        for mesh in &self.drop_at {
            if meshes.insert(mesh.clone(), Value::Null).is_some() {
                return Err(Failure::Usage(format!("{mesh} is there twice")));
            }
        }
        patch.extend((!meshes.is_empty()).then(|| ("meshes".to_owned(), Value::Object(meshes))));
        if patch.is_empty() {
            return Err(Failure::Usage("say what is to be changed; --help lists what can be".to_owned()));
        }
        Ok(Value::Object(patch))
    }
}

impl Remove {
    async fn run(&self, client: &Client, all: &[&str]) -> Result<(), Failure> {
        let id = client.member_id(all, &self.one.member).await?;
        let issued = self.revoke_issued.then_some("true");
        let ask = Ask::new(Method::DELETE, &[all, &[&id]].concat()).query("revoke_issued", issued);
        if client.flags.print_curl {
            return client.act(&ask.dry(self.dry_run)).await.map(drop);
        }
        if self.dry_run || !self.yes {
            let tried = client.ask(&ask.clone().dry(true)).await?;
            if self.dry_run {
                return client.show(&tried, "member.user.id", removal);
            }
            let told = tried.value()?;
            for words in removal(&told) {
                eprintln!("{words}");
            }
            let email = text(&told["member"], "user.email");
            confirm::typed(&format!("{email} is to be removed."), &email, "--yes")?;
        }
        let removed = client.ask(&ask).await?;
        client.show(&removed, "member.user.id", removal)?;
        client.say_effective(&removed);
        Ok(())
    }
}

fn table(members: &[Value]) -> Vec<String> {
    let mut table = Table::new(&["E-MAIL", "NAME", "ROLE", "AT MESHES", "ID"]);
    for member in members {
        let role = if member["user"]["suspended"] == true { "suspended".to_owned() } else { role(member) };
        table.row(vec![
            text(member, "user.email"),
            text(member, "user.name"),
            role,
            places(member),
            text(member, "user.id"),
        ]);
    }
    table.lines()
}

fn words(member: &Value) -> Vec<String> {
    let keys = &member["keys"];
    let number = |kind: &str| keys[kind].as_u64().unwrap_or_default();
    let told_keys = if keys.is_object() {
        format!("{} of its own, {} that it issued", number("personal"), number("issued"))
    } else {
        String::new()
    };
    facts(&[
        ("member", format!("{}  {}", text(member, "user.email"), text(member, "user.id"))),
        ("name", text(member, "user.name")),
        (
            "e-mail",
            if member["user"]["email_verified"] == true { "verified".to_owned() } else { "not verified".to_owned() },
        ),
        ("state", if member["user"]["suspended"] == true { "suspended".to_owned() } else { "active".to_owned() }),
        ("role", role(member)),
        ("at", places(member)),
        ("keys", told_keys),
        ("since", told(&text(member, "since"), "")),
    ])
}

fn role(member: &Value) -> String {
    if member["role"].is_null() { "none".to_owned() } else { text(member, "role") }
}

/// `main admin, other viewer`.
fn places(member: &Value) -> String {
    let meshes = member["meshes"].as_array().into_iter().flatten();
    meshes.map(|at| format!("{} {}", text(at, "mesh.slug"), text(at, "role"))).collect::<Vec<_>>().join(", ")
}

fn removal(removal: &Value) -> Vec<String> {
    let told = |kind: &str, what: &str| {
        let keys = &removal["keys"][kind];
        let becomes = if keys["revoked"] == true { "revoked" } else { "kept" };
        let labels = keys["first"].as_array().into_iter().flatten().map(|key| text(key, "label"));
        let labels = labels.collect::<Vec<_>>().join(", ");
        format!("{} {what}: {becomes}  {labels}", count(keys["count"].as_u64().unwrap_or_default(), "key"))
            .trim()
            .to_owned()
    };
    let done = if removal["dry_run"] == true { "would be removed" } else { "removed" };
    let member = &removal["member"];
    vec![
        format!("{done}  {}  {}", text(member, "user.email"), text(member, "user.id")),
        told("personal", "of its own"),
        told("issued", "that it issued"),
    ]
}
