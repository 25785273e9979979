//! `meshkey key show`.

use clap::Args;
use clap_complete::ArgValueCandidates;
use serde_json::Value;

use super::{
    super::{
        super::{Failure, Outcome},
        ask::Ask,
        complete,
        connection::Client,
        print::text,
    },
    Places, words,
};

/// Show a key.
#[derive(Args)]
pub(super) struct Show {
    /// Which key
    #[arg(value_name = "KEY", add = ArgValueCandidates::new(complete::keys))]
    key: String,
}

impl Show {
    /// Shows.
    pub(super) async fn run(&self, client: &Client) -> Result<Outcome, Failure> {
        let (org, id) = (client.org().await?, client.key_id(&self.key).await?);
        let ask = Ask::get(&["v1", "orgs", &org, "keys", &id]);
        let Some(answer) = client.act(&ask).await? else { return Ok(Outcome::Done) };
        let places = Places::of(client, &[answer.value()?]).await?;
        let person = person(client, &org, &answer.value()?).await?;
        client.show(&answer, "id", |key| {
            let mut told = key.clone();
            if let Some(person) = person {
                told["user"] = person.into();
            }
            words(&told, Some(&places.name(key)))
        })?;
        Ok(Outcome::Done)
    }
}

/// The person that a key is bound to, by e-mail; who may not see the members sees the id.
async fn person(client: &Client, org: &str, key: &Value) -> Result<Option<String>, Failure> {
    let id = text(key, "user");
    if id.is_empty() || !client.flags.is_table() {
        return Ok(None);
    }
    match client.ask(&Ask::get(&["v1", "orgs", org, "members", &id])).await {
        Ok(answer) => Ok(Some(format!("{}  {id}", text(&answer.value()?, "user.email")))),
        Err(Failure::Refused { .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}
