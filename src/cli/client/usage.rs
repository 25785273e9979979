//! `meshkey usage`.

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;
use serde_json::Value;

use super::{
    super::{Failure, Outcome},
    ask::Ask,
    complete,
    connection::Client,
    flags::ClientFlags,
    print::{Table, text},
    when::{ago, moment, told},
};

/// By what uses are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Hour,
    Day,
    Key,
    Capability,
    Topic,
    /// ok, or the reason for a no
    #[value(alias = "reason")]
    Outcome,
    /// Of one key alone
    Address,
}

impl By {
    const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Key => "key",
            Self::Capability => "capability",
            Self::Topic => "topic",
            Self::Outcome => "outcome",
            Self::Address => "address",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Key => "KEY",
            Self::Capability => "CAPABILITY",
            Self::Topic => "TOPIC",
            Self::Outcome => "OUTCOME",
            Self::Address => "ADDRESS",
        }
    }

    /// What stands where nothing was named.
    const fn nothing(self) -> &'static str {
        match self {
            Self::Address => "(unknown)",
            _ => "(none)",
        }
    }
}

/// Show what keys were used for: one key, or all that you may manage.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey usage                              by key, over the last day\n  \
meshkey usage ci --by topic --since 7d\n  \
meshkey usage ci --by reason               what was allowed, and why the rest was not")]
pub(in crate::cli) struct Usage {
    /// Which key; all of them if none is said
    #[arg(value_name = "KEY", add = ArgValueCandidates::new(complete::keys))]
    key: Option<String>,
    /// By what; by key if no key is said, and else by outcome
    #[arg(long, value_name = "WHAT")]
    by: Option<By>,
    /// From this time on: 7d for the last seven days, 2027-01-31, or an RFC 3339 time; 35 days back at most
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: String,
    /// Until this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// How many at most; hours and days come whole
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    #[command(flatten)]
    client: ClientFlags,
}

impl Usage {
    /// Asks.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let (org, key) = (client.org().await?, self.key.as_deref());
        let by = self.by.unwrap_or(if key.is_some() { By::Outcome } else { By::Key });
        let ask = match key {
            Some(named) => Ask::get(&["v1", "orgs", &org, "keys", &client.key_id(named).await?, "usage"]),
            None => Ask::get(&["v1", "orgs", &org, "usage"]).query("mesh", client.flags.named_mesh()),
        };
        let until = self.until.as_deref().map(|time| moment(time, ago)).transpose()?;
        let ask = ask.query("since", Some(moment(&self.since, ago)?)).query("until", until);
        let ask = ask.query("by", Some(by.name())).query("limit", Some(self.limit.to_string()));
        let Some(answer) = client.act(&ask).await? else { return Ok(Outcome::Done) };
        client.show(&answer, "total.allowed", |usage| table(usage, by))?;
        if client.flags.is_table() {
            let usage = answer.value()?;
            let complete = told(&text(&usage, "complete_to"), "");
            client.say(&format!("from {} to {}, complete to {complete}", text(&usage, "since"), text(&usage, "until")));
        }
        Ok(Outcome::Done)
    }
}

fn table(usage: &Value, by: By) -> Vec<String> {
    let mut table = Table::new(&[by.title(), "ALLOWED", "DENIED"]);
    let mut row = |name: String, counts: &Value| table.row(vec![name, text(counts, "allowed"), text(counts, "denied")]);
    for item in usage["items"].as_array().into_iter().flatten() {
        row(name(item, by), item);
    }
    if usage["rest"]["allowed"] != 0 || usage["rest"]["denied"] != 0 {
        row("(all others)".to_owned(), &usage["rest"]);
    }
    row("total".to_owned(), &usage["total"]);
    table.lines()
}

fn name(item: &Value, by: By) -> String {
    let named = match text(item, "label") {
        label if by == By::Key && !label.is_empty() => label,
        _ => text(item, by.name()),
    };
    match named.as_str() {
        "" => by.nothing().to_owned(),
        "*" => "(others)".to_owned(),
        _ => named,
    }
}
