//! `meshkey key disable` and `meshkey key enable`.

use clap::Args;
use clap_complete::ArgValueCandidates;

use super::super::{
    super::{Failure, Outcome},
    ask::Ask,
    complete,
    connection::Client,
    impact,
    print::text,
};

/// Stop a key for the time being, or let it work again.
#[derive(Args)]
pub(super) struct Pause {
    /// Which key
    #[arg(value_name = "KEY", add = ArgValueCandidates::new(complete::keys))]
    key: String,
    /// Do all checks and change nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
}

impl Pause {
    /// Does it.
    pub(super) async fn run(&self, client: &Client, verb: &'static str) -> Result<Outcome, Failure> {
        let (org, id) = (client.org().await?, client.key_id(&self.key).await?);
        let ask = Ask::act(&["v1", "orgs", &org, "keys", &id, verb]).dry(self.dry_run);
        let Some(answer) = client.act(&ask).await? else { return Ok(Outcome::Done) };
        if self.dry_run {
            return impact::show(client, &answer).await.map(|()| Outcome::Done);
        }
        client.show(&answer, "status", |key| {
            vec![format!("{}  {}  {}", text(key, "label"), text(key, "id"), text(key, "status"))]
        })?;
        if verb == "disable" {
            client.say_effective(&answer);
        }
        Ok(Outcome::Done)
    }
}
