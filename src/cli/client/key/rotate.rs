//! `meshkey key rotate`.

use clap::Args;
use clap_complete::ArgValueCandidates;
use serde_json::json;

use super::{
    super::{
        super::{Failure, Outcome},
        ask::Ask,
        complete,
        connection::Client,
        deliver::Delivery,
        impact, when,
    },
    Places, words,
};

/// Give a key a new secret.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey key rotate ci > ci.key                 the old secret lives for 24 h more\n  \
meshkey key rotate ci --overlap 0s > ci.key    the old secret is dead at once\n  \
meshkey key rotate ci --finish                 ends the old secret's time now")]
pub(super) struct Rotate {
    /// Which key
    #[arg(value_name = "KEY", add = ArgValueCandidates::new(complete::keys))]
    key: String,
    /// How long the old secret lives on: 0s to 7d; 24 hours if nothing is said
    #[arg(long, value_name = "TIME")]
    overlap: Option<String>,
    /// End the old secret's time now, in place of making a new one
    #[arg(long, conflicts_with_all = ["overlap", "out_file", "idempotency_key"])]
    finish: bool,
    /// Repeating a request with the same one makes no second secret
    #[arg(long, value_name = "TEXT")]
    idempotency_key: Option<String>,
    /// Do all checks and change nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
    #[command(flatten)]
    delivery: Delivery,
}

impl Rotate {
    /// Rotates.
    pub(super) async fn run(&self, client: &Client) -> Result<Outcome, Failure> {
        let ask = self.ask(client).await?;
        if client.flags.print_curl || self.dry_run {
            if let Some(answer) = client.act(&ask).await? {
                impact::show(client, &answer).await?;
            }
            return Ok(Outcome::Done);
        }
        if self.finish {
            let answer = client.ask(&ask).await?;
            let places = Places::of(client, &[answer.value()?]).await?;
            client.show(&answer, "id", |key| words(key, Some(&places.name(key))))?;
            client.say_effective(&answer);
            return Ok(Outcome::Done);
        }
        let answer = self.delivery.fetch(client, &ask, |key, places| words(key, Some(&places.name(key)))).await?;
        // With an overlap nothing ends now.
        if self.overlap.as_deref().and_then(when::span).is_some_and(time::Duration::is_zero) {
            client.say_effective(&answer);
        }
        Ok(Outcome::Done)
    }

    async fn ask(&self, client: &Client) -> Result<Ask, Failure> {
        let (org, id) = (client.org().await?, client.key_id(&self.key).await?);
        let path = ["v1", "orgs", &org, "keys", &id, "rotate"];
        let ask = match &self.overlap {
            _ if self.finish => Ask::act(&["v1", "orgs", &org, "keys", &id, "rotate", "finish"]),
            Some(overlap) => Ask::post(&path, &json!({ "overlap": overlap })),
            None => Ask::act(&path),
        };
        let ask = ask.dry(self.dry_run);
        Ok(match &self.idempotency_key {
            Some(key) => ask.header("Idempotency-Key", key),
            None => ask,
        })
    }
}
