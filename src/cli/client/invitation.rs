//! `meshkey invite` and `meshkey invitation`.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    super::{Failure, Outcome},
    ask::Ask,
    connection::Client,
    flags::ClientFlags,
    pages::Much,
    print::{Table, facts, text},
    when::{self, told},
};

/// Invite somebody to the org, or to a mesh of it, and print the link, which works once.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey invite dana@example.com --role member --mesh main\n  \
meshkey invite erin@example.com --role admin --expires 2d --field link")]
pub(in crate::cli) struct Invite {
    #[command(flatten)]
    client: ClientFlags,
    /// Whom
    #[arg(value_name = "EMAIL")]
    email: String,
    /// As what: viewer, member, admin or owner
    #[arg(long, value_name = "ROLE")]
    role: String,
    /// How long the link works: 7d, 12h, 2027-01-31 or an RFC 3339 time; 30 days at most
    #[arg(long, value_name = "END")]
    expires: Option<String>,
}

/// Look at, withdraw and send anew invitations.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  meshkey invitation list --status open\n  meshkey invitation resend inv_01m7xpkrpre4ma4jz41b93y214"
)]
pub(in crate::cli) struct Invitation {
    #[command(flatten)]
    client: ClientFlags,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the invitations, the newest first
    List {
        /// Only of this status: open, accepted, withdrawn or expired
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        #[command(flatten)]
        much: Much,
    },
    /// Show an invitation
    Show(One),
    /// Take an invitation back: its link opens nothing any more
    Withdraw(One),
    /// Make another link, and send it; the one before opens nothing any more
    Resend(One),
}

#[derive(Args)]
struct One {
    /// The invitation, by its id or by whom it invites
    #[arg(value_name = "INVITATION")]
    invitation: String,
}

impl Invite {
    /// Does it.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let org = client.org().await?;
        let mut wish = Map::new();
        wish.insert("email".into(), json!(self.email));
        wish.insert("role".into(), json!(self.role));
        wish.extend(self.client.named_mesh().map(|mesh| ("mesh".to_owned(), json!(mesh))));
        if let Some(end) = &self.expires {
            wish.insert("expires_at".into(), when::end(end)?);
        }
        let ask = Ask::post(&["v1", "orgs", &org, "invitations"], &Value::Object(wish));
        show(&client, &ask, "link").await
    }
}

impl Invitation {
    /// Does it.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let org = client.org().await?;
        let all = ["v1", "orgs", &org, "invitations"];
        match &self.verb {
            Verb::List { status, much } => {
                client.show_list(&Ask::get(&all).query("status", status.clone()), *much, "id", table).await?;
                Ok(Outcome::Done)
            }
            Verb::Show(one) => {
                let id = invitation_id(&client, &all, &one.invitation).await?;
                show(&client, &Ask::get(&[&all[..], &[&id]].concat()), "id").await
            }
            Verb::Withdraw(one) => {
                let id = invitation_id(&client, &all, &one.invitation).await?;
                show(&client, &Ask::new(Method::DELETE, &[&all[..], &[&id]].concat()), "id").await
            }
            Verb::Resend(one) => {
                let id = invitation_id(&client, &all, &one.invitation).await?;
                show(&client, &Ask::act(&[&all[..], &[&id, "resend"]].concat()), "link").await
            }
        }
    }
}

/// The invitation that is meant. Of those for one address it is the one that may still be accepted, if there is just one such.
async fn invitation_id(client: &Client, all: &[&str], named: &str) -> Result<String, Failure> {
    if !named.contains('@') {
        return Ok(named.to_owned());
    }
    let email = named.trim().to_lowercase();
    let found = client.values(&Ask::get(all)).await?;
    let theirs: Vec<&Value> = found.iter().filter(|one| one["email"] == email).collect();
    let open: Vec<&Value> = theirs.iter().copied().filter(|one| one["status"] == "open").collect();
    match if open.is_empty() { &theirs[..] } else { &open[..] } {
        [] => Err(Failure::NotFound(format!("nobody invited '{named}'; `meshkey invitation list` shows who is"))),
        [one] => Ok(text(one, "id")),
        several => {
            let lines =
                |one: &&Value| format!("  {}  {}  {}", text(one, "id"), text(one, "status"), text(one, "mesh.slug"));
            let lines: Vec<String> = several.iter().map(lines).collect();
            Err(Failure::Usage(format!(
                "'{named}' was invited more than once: give the id of one\n{}",
                lines.join("\n")
            )))
        }
    }
}

async fn show(client: &Client, ask: &Ask, value: &str) -> Result<Outcome, Failure> {
    let Some(answer) = client.act(ask).await? else { return Ok(Outcome::Done) };
    client.show(&answer, value, words)?;
    Ok(Outcome::Done)
}

fn table(invitations: &[Value]) -> Vec<String> {
    let mut table = Table::new(&["E-MAIL", "ROLE", "MESH", "STATUS", "MAIL", "ENDS", "ID"]);
    for one in invitations {
        let member = |name: &str| text(one, name);
        let end = told(&member("expires_at"), "");
        table.row(vec![
            member("email"),
            member("role"),
            member("mesh.slug"),
            member("status"),
            member("mail"),
            end,
            member("id"),
        ]);
    }
    table.lines()
}

fn words(one: &Value) -> Vec<String> {
    let reason = text(one, "mail_reason");
    let mail = if reason.is_empty() { text(one, "mail") } else { format!("{}: {reason}", text(one, "mail")) };
    let place = text(one, "mesh.slug");
    facts(&[
        ("invitation", format!("{}  {}", text(one, "email"), text(one, "id"))),
        ("role", text(one, "role")),
        ("to", if place.is_empty() { "the org".to_owned() } else { format!("the mesh {place}") }),
        ("status", text(one, "status")),
        ("mail", mail),
        ("ends", told(&text(one, "expires_at"), "")),
        ("link", text(one, "link")),
    ])
}
