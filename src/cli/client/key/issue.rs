//! `meshkey key issue`.

use clap::Args;
use serde_json::{Map, Value, json};

use super::{
    super::{
        super::{Failure, Outcome},
        ask::Ask,
        connection::Client,
        deliver::Delivery,
        impact,
        print::text,
        when,
    },
    Places,
    terms::{Capabilities, Topics, rate},
    words,
};
use crate::domain::Capability;

/// Issue a key.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey key issue ci --mesh main --cap send --topic deploys > ci.key\n  \
meshkey key issue dashboard -m main -c read --all-topics --expires 2027-06-30 --out-file dashboard.key\n  \
meshkey key issue gateway --org-wide --cap verify --all-topics --expires never --ip 10.0.0.0/8\n\n\
The secret alone goes to stdout, all else to stderr.")]
pub(super) struct Issue {
    /// What people are to call it
    #[arg(value_name = "LABEL")]
    label: String,
    #[command(flatten)]
    capabilities: Capabilities,
    #[command(flatten)]
    topics: Topics,
    /// For the whole org, and every mesh of it, in place of one mesh
    #[arg(long)]
    org_wide: bool,
    /// Its end: 90d, 12h, 2027-01-31, an RFC 3339 time, or never; 90 days if nothing is said
    #[arg(long, short, value_name = "END")]
    expires: Option<String>,
    /// From where it may be used, such as 10.0.0.0/8; may be given several times; from anywhere if nothing is said
    #[arg(long, value_name = "RANGE", value_delimiter = ',')]
    ip: Vec<String>,
    /// How often it may be used: 60/m, 60/m:10 with 10 at once, or none; as often as the issuing key if nothing is said
    #[arg(long, value_name = "RATE")]
    rate: Option<String>,
    /// The member that it is bound to, by e-mail or id: it does no more than that person may, and dies with the membership
    #[arg(long, value_name = "PERSON")]
    user: Option<String>,
    /// Where it is kept, what runs with it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Repeating a request with the same one issues no second key
    #[arg(long, value_name = "TEXT")]
    idempotency_key: Option<String>,
    /// Do all checks and issue nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
    #[command(flatten)]
    delivery: Delivery,
}

impl Issue {
    /// Issues.
    pub(super) async fn run(&self, client: &Client) -> Result<Outcome, Failure> {
        let wish = self.wish(client).await?;
        let org = client.org().await?;
        let mut ask = Ask::post(&["v1", "orgs", &org, "keys"], &wish).dry(self.dry_run);
        if let Some(key) = &self.idempotency_key {
            ask = ask.header("Idempotency-Key", key);
        }
        if client.flags.print_curl || self.dry_run {
            if let Some(answer) = client.act(&ask).await? {
                impact::show(client, &answer).await?;
            }
            return Ok(Outcome::Done);
        }
        self.delivery.fetch(client, &ask, issued).await.map(|_| Outcome::Done)
    }

    async fn wish(&self, client: &Client) -> Result<Value, Failure> {
        if self.capabilities.capabilities.is_empty() {
            let known = Capability::BUILT_IN.map(|known| known.name().to_owned()).join(", ");
            return Err(Failure::Usage(format!("choose what it may do: --cap, several by commas. Known: {known}")));
        }
        let mut wish = Map::new();
        wish.insert("label".into(), json!(self.label));
        wish.insert("capabilities".into(), json!(self.capabilities.capabilities));
        wish.insert("topics".into(), self.topics.chosen()?);
        wish.insert("mesh".into(), self.owner(client).await?);
        if let Some(named) = &self.user {
            wish.insert("user".into(), json!(client.user_id(named).await?));
        }
        let said = [
            ("expires_at", self.expires.as_deref().map(when::end).transpose()?),
            ("note", self.note.as_ref().map(|note| json!(note))),
            ("addresses", Some(&self.ip).filter(|ip| !ip.is_empty()).map(|ip| json!(ip))),
            ("rate", self.rate.as_deref().map(rate).transpose()?),
        ];
        wish.extend(said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Ok(Value::Object(wish))
    }

    /// One mesh, or the whole org, which is said and never implied.
    async fn owner(&self, client: &Client) -> Result<Value, Failure> {
        if self.org_wide {
            if client.flags.mesh.is_some() {
                return Err(Failure::Usage("--mesh and --org-wide say two things: choose one".to_owned()));
            }
            return Ok(Value::Null);
        }
        let unsaid = "choose --mesh NAME or --org-wide: a key is never for the whole org by accident";
        client.mesh().await?.map(Value::String).ok_or_else(|| Failure::Usage(unsaid.to_owned()))
    }
}

/// What was issued, and what it cannot do.
fn issued(key: &Value, places: &Places) -> Vec<String> {
    let mut lines = vec![format!("issued {}", text(key, "label")), String::new()];
    lines.extend(words(key, Some(&places.name(key))));
    lines.push(format!("cannot     {}", cannot(key)));
    lines
}

fn cannot(key: &Value) -> String {
    let held = key["capabilities"].as_array().cloned().unwrap_or_default();
    let is_admin = held.iter().any(|name| name == Capability::Admin.name());
    let lacks = |name: &String| !is_admin && !held.iter().any(|held| held == name.as_str());
    let mut lacking: Vec<String> =
        Capability::BUILT_IN.iter().map(|known| known.name().to_owned()).filter(lacks).collect();
    if key["topics"].is_array() {
        lacking.push("anything on another topic".to_owned());
    }
    if !key["owner"]["mesh"].is_null() {
        lacking.push("anything in another mesh".to_owned());
    }
    if lacking.is_empty() { "be stopped by anything but its end".to_owned() } else { lacking.join(", ") }
}
