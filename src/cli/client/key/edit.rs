//! `meshkey key edit`: narrowing is free, widening is said.

use clap::Args;
use clap_complete::ArgValueCandidates;
use serde_json::{Map, Value, json};

use super::{
    super::{
        super::{Failure, Outcome},
        ask::Ask,
        complete,
        connection::Client,
        impact,
        print::text,
        when,
    },
    Places,
    terms::{Topics, rate},
    words,
};

/// Change a key.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey key edit ci --drop-cap read\n  \
meshkey key edit ci --add-topic builds --widen\n  \
meshkey key edit ci --expires 30d")]
pub(super) struct Edit {
    /// Which key
    #[arg(value_name = "KEY", add = ArgValueCandidates::new(complete::keys))]
    key: String,
    /// What people are to call it
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// Where it is kept, what runs with it; empty for nothing
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// What it may do from now on, in place of all before; several by commas
    #[arg(long = "cap", short, value_name = "CAPABILITY", value_delimiter = ',', add = ArgValueCandidates::new(complete::capabilities))]
    capabilities: Vec<String>,
    /// What it may do besides
    #[arg(long, value_name = "CAPABILITY", value_delimiter = ',', conflicts_with = "capabilities", add = ArgValueCandidates::new(complete::capabilities))]
    add_cap: Vec<String>,
    /// What it may do no more
    #[arg(long, value_name = "CAPABILITY", value_delimiter = ',', conflicts_with = "capabilities", add = ArgValueCandidates::new(complete::capabilities))]
    drop_cap: Vec<String>,
    #[command(flatten)]
    topics: Topics,
    /// A topic or pattern that it reaches besides
    #[arg(long, value_name = "TOPIC", value_delimiter = ',', conflicts_with_all = ["topics", "all_topics"], add = ArgValueCandidates::new(complete::topics))]
    add_topic: Vec<String>,
    /// A topic or pattern that it reaches no more
    #[arg(long, value_name = "TOPIC", value_delimiter = ',', conflicts_with_all = ["topics", "all_topics"], add = ArgValueCandidates::new(complete::topics))]
    drop_topic: Vec<String>,
    /// Its end: 90d, 12h, 2027-01-31, an RFC 3339 time, or never
    #[arg(long, short, value_name = "END")]
    expires: Option<String>,
    /// From where it may be used, in place of all before; may be given several times
    #[arg(long, value_name = "RANGE", value_delimiter = ',', conflicts_with = "any_ip")]
    ip: Vec<String>,
    /// It may be used from anywhere
    #[arg(long)]
    any_ip: bool,
    /// How often it may be used: 60/m, 60/m:10 with 10 at once, or none
    #[arg(long, value_name = "RATE")]
    rate: Option<String>,
    /// Allow the key more than before
    #[arg(long)]
    widen: bool,
    /// Do all checks and change nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
}

impl Edit {
    /// Edits what was looked at, and nothing else: if somebody else changes it meanwhile, nothing is done.
    pub(super) async fn run(&self, client: &Client) -> Result<Outcome, Failure> {
        let before = client.key(&self.key).await?;
        let (key, etag) = (before.value()?, before.etag.unwrap_or_default());
        let patch = self.patch(&key)?;
        let (org, id) = (client.org().await?, text(&key, "id"));
        let ask = Ask::patch(&["v1", "orgs", &org, "keys", &id], &patch, &etag);
        if client.flags.print_curl {
            client.act(&ask.dry(self.dry_run)).await?;
            return Ok(Outcome::Done);
        }
        let mut takes_away = false;
        if self.dry_run || !self.widen {
            let tried = client.ask(&ask.clone().dry(true)).await?;
            if self.dry_run {
                return impact::show(client, &tried).await.map(|()| Outcome::Done);
            }
            let impact = &tried.value()?["impact"];
            ensure_no_gain(impact)?;
            takes_away = !text(impact, "loses").is_empty();
        }
        let after = client.ask(&ask).await?;
        let places = Places::of(client, &[after.value()?]).await?;
        client.show(&after, "id", |key| words(key, Some(&places.name(key))))?;
        if takes_away {
            client.say_effective(&after);
        }
        Ok(Outcome::Done)
    }

    fn patch(&self, key: &Value) -> Result<Value, Failure> {
        let capabilities = changed(&key["capabilities"], &self.capabilities, &self.add_cap, &self.drop_cap)?;
        let topics = match self.topics.said() {
            Some(topics) => Some(topics),
            None => self.topics_changed(key)?,
        };
        let addresses = if self.any_ip { Some(Value::Null) } else { said(&self.ip) };
        let note = self.note.as_ref().map(|note| if note.is_empty() { Value::Null } else { json!(note) });
        let members = [
            ("label", self.label.as_ref().map(|label| json!(label))),
            ("note", note),
            ("capabilities", capabilities),
            ("topics", topics),
            ("addresses", addresses),
            ("expires_at", self.expires.as_deref().map(when::end).transpose()?),
            ("rate", self.rate.as_deref().map(rate).transpose()?),
        ];
        let patch: Map<_, _> =
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        if patch.is_empty() {
            return Err(Failure::Usage("nothing to change: say what, such as --label or --expires".to_owned()));
        }
        Ok(Value::Object(patch))
    }

    fn topics_changed(&self, key: &Value) -> Result<Option<Value>, Failure> {
        if key["topics"].is_string() && !(self.add_topic.is_empty() && self.drop_topic.is_empty()) {
            let why = "the key reaches all topics: --topic NAME says which it is to reach from now on";
            return Err(Failure::Usage(why.to_owned()));
        }
        changed(&key["topics"], &[], &self.add_topic, &self.drop_topic)
    }
}

fn said(list: &[String]) -> Option<Value> {
    Some(list).filter(|list| !list.is_empty()).map(|list| json!(list))
}

/// The list as it is to be, if something was said of it.
fn changed(before: &Value, all: &[String], add: &[String], drop: &[String]) -> Result<Option<Value>, Failure> {
    if !all.is_empty() {
        return Ok(said(all));
    }
    if add.is_empty() && drop.is_empty() {
        return Ok(None);
    }
    let bare = |name: &String| name.trim_start_matches('#').to_owned();
    let mut list: Vec<String> =
        before.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    for name in drop.iter().map(bare) {
        let place = list.iter().position(|one| *one == name);
        let known = || crate::domain::suggest::hint(&name, list.iter().map(String::as_str));
        let place = place.ok_or_else(|| Failure::Usage(format!("the key does not have '{name}'{}", known())))?;
        list.remove(place);
    }
    list.extend(add.iter().map(bare));
    Ok(Some(json!(list)))
}

fn ensure_no_gain(impact: &Value) -> Result<(), Failure> {
    let gains = text(impact, "gains");
    if gains.is_empty() {
        return Ok(());
    }
    Err(Failure::Usage(format!("this would give the key more than it has ({gains}): --widen says yes")))
}
