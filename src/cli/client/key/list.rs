//! `meshkey key list`.

use clap::Args;
use clap_complete::ArgValueCandidates;
use serde_json::Value;

use super::{
    super::{
        super::{Failure, Outcome},
        ask::Ask,
        complete,
        connection::Client,
        impact::count,
        pages::Much,
        print::{Table, text},
        when::{ago, ahead, moment, told},
    },
    Places, topics,
};

/// The statuses of keys that still end some day.
const NOT_DEAD: &str = "active,rotating,disabled";

/// List the keys that you may manage.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey key list --mesh main --cap admin\n  \
meshkey key list --expiring 14d --exit-code     exits with 10 if there are any\n  \
meshkey key list --unused 90d -o value          ids alone, one a line")]
pub(super) struct List {
    /// Only with these statuses, by commas: active, rotating, disabled, expired, revoked
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Only keys that hold this
    #[arg(long, short, value_name = "CAPABILITY", add = ArgValueCandidates::new(complete::capabilities))]
    cap: Option<String>,
    /// Only keys that reach this topic
    #[arg(long, short, value_name = "TOPIC", add = ArgValueCandidates::new(complete::topics))]
    topic: Option<String>,
    /// Only keys of the whole org
    #[arg(long)]
    org_wide: bool,
    /// Only keys that this key, this person (by e-mail), or `local` issued
    #[arg(long, value_name = "KEY", add = ArgValueCandidates::new(complete::keys))]
    issued_by: Option<String>,
    /// Only keys that are bound to this person, by e-mail or id
    #[arg(long, value_name = "PERSON")]
    user: Option<String>,
    /// Only keys that end within this time, such as 14d, and have not ended
    #[arg(long, value_name = "TIME")]
    expiring: Option<String>,
    /// Only keys that were not used for this time, such as 90d
    #[arg(long, value_name = "TIME")]
    unused: Option<String>,
    /// Only keys with this in the label
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// created_at, label, expires_at, last_used_at, status or uses; - before it turns it round
    #[arg(long, value_name = "ORDER", allow_hyphen_values = true)]
    sort: Option<String>,
    #[command(flatten)]
    much: Much,
    /// Exit with 10 if there are any
    #[arg(long)]
    exit_code: bool,
}

impl List {
    /// Lists.
    pub(super) async fn run(&self, client: &Client) -> Result<Outcome, Failure> {
        let ask = self.ask(client).await?;
        if client.flags.print_curl {
            client.act(&ask).await?;
            return Ok(Outcome::Done);
        }
        let found = client.pages(&ask, self.much).await?;
        let keys: Vec<Value> = found.items.iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect();
        let places = Places::of(client, &keys).await?;
        client.list(&found.items, "id", |keys| table(keys, &places))?;
        if client.flags.is_table() {
            let mesh = client.flags.named_mesh().filter(|_| !self.org_wide);
            let place = mesh.map_or_else(String::new, |mesh| format!(" in mesh {mesh}"));
            client.say(&format!("{}{place}", count(found.items.len() as u64, "key")));
        }
        client.say_if_more(&found);
        Ok(if self.exit_code && !found.items.is_empty() { Outcome::No } else { Outcome::Done })
    }

    async fn ask(&self, client: &Client) -> Result<Ask, Failure> {
        let org = client.org().await?;
        let before = self.expiring.as_deref().map(|time| moment(time, ahead)).transpose()?;
        let since = self.unused.as_deref().map(|time| moment(time, ago)).transpose()?;
        let issuer = match self.issued_by.as_deref() {
            Some(named) => Some(client.actor_id(named).await?),
            None => None,
        };
        let user = match &self.user {
            Some(named) => Some(client.user_id(named).await?),
            None => None,
        };
        let mesh = if self.org_wide { Some("-".to_owned()) } else { client.flags.named_mesh() };
        let status = self.status.as_deref().or(before.as_ref().map(|_| NOT_DEAD));
        let sort = self.sort.as_deref().or(before.as_ref().map(|_| "expires_at"));
        let ask = Ask::get(&["v1", "orgs", &org, "keys"]).query("status", status).query("mesh", mesh);
        let ask = ask.query("capability", self.cap.as_deref()).query("topic", self.topic.as_deref());
        let ask = ask
            .query("issued_by", issuer)
            .query("user", user)
            .query("expires_before", before)
            .query("unused_since", since);
        Ok(ask.query("text", self.text.as_deref()).query("sort", sort))
    }
}

fn table(keys: &[Value], places: &Places) -> Vec<String> {
    let mut table = Table::new(&["LABEL", "CAN", "WHERE", "TOPICS", "LAST USED", "EXPIRES", "STATUS", "ID"]);
    for key in keys {
        table.row(vec![
            text(key, "label"),
            text(key, "capabilities"),
            places.name(key),
            topics(&key["topics"]),
            told(&text(key, "last_used_at"), "never"),
            told(&text(key, "expires_at"), "never"),
            text(key, "status"),
            text(key, "id"),
        ]);
    }
    table.lines()
}
