//! `meshkey whoami`.

use clap::Args;

use super::{
    super::{Failure, Outcome},
    ask::Ask,
    connection::Client,
    flags::ClientFlags,
    key::words,
    print::text,
};

/// Show which key this is and what it may do.
#[derive(Args)]
pub(in crate::cli) struct Whoami {
    #[command(flatten)]
    client: ClientFlags,
}

impl Whoami {
    /// Asks.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        let client = Client::open(&self.client)?;
        let Some(answer) = client.act(&Ask::get(&["v1", "whoami"])).await? else { return Ok(Outcome::Done) };
        client.show(&answer, "key.id", |own| {
            let mesh = Some(text(own, "mesh.slug")).filter(|slug| !slug.is_empty());
            let place = mesh.map_or_else(|| text(own, "org.slug"), |mesh| format!("{}/{mesh}", text(own, "org.slug")));
            words(&own["key"], Some(&place))
        })?;
        Ok(Outcome::Done)
    }
}
