//! `meshkey key show`.

use clap::Args;
use clap_complete::ArgValueCandidates;

use super::{
    super::{
        super::{Failure, Outcome},
        ask::Ask,
        complete,
        connection::Client,
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
        client.show(&answer, "id", |key| words(key, Some(&places.name(key))))?;
        Ok(Outcome::Done)
    }
}
