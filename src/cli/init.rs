//! `meshkey init`: the first org.

use clap::Args;
use serde_json::json;

use super::{Failure, open::open, show};
use crate::{
    app::Share,
    config::DatabaseFlags,
    domain::{Slug, TopicName},
    service::operator::{self, Founding, Operator},
};

/// Make the first org and print its admin key.
#[derive(Args)]
pub(super) struct Init {
    /// The org's slug: a-z 0-9 and -, 48 at most
    #[arg(long, value_name = "SLUG")]
    org: Slug,
    /// A mesh to make in it
    #[arg(long, value_name = "SLUG")]
    mesh: Option<Slug>,
    /// A topic to make in that mesh; may be given several times
    #[arg(long = "topic", value_name = "NAME", requires = "mesh")]
    topics: Vec<TopicName>,
    /// Do nothing, and succeed, if there is an org already
    #[arg(long)]
    if_needed: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

impl Init {
    /// Does it.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let opened = open(&self.database, Share::WithServer, !self.json).await?;
        let done = self.init(&opened.house).await;
        opened.close().await;
        done
    }

    async fn init(&self, house: &crate::service::House) -> Result<(), Failure> {
        let wish = Founding { org: self.org.clone(), mesh: self.mesh.clone(), topics: unique(&self.topics) };
        match operator::found_first(house, &Operator::on_this_host(), &wish).await? {
            Some(founded) if self.json => show::print(&show::founded(&founded)),
            Some(founded) => show::founded_in_words(&founded),
            None if self.if_needed && self.json => show::print(&json!({ "already_initialised": true })),
            None if self.if_needed => {
                eprintln!("already initialised: nothing was changed");
                Ok(())
            }
            None => Err(Failure::Conflict(
                "this instance is initialised already; `meshkey org list` shows its orgs, `meshkey org create` makes \
                 another, `meshkey org key` makes an admin key for one whose first is lost"
                    .to_owned(),
            )),
        }
    }
}

fn unique(topics: &[TopicName]) -> Vec<TopicName> {
    let mut kept: Vec<TopicName> = Vec::new();
    for topic in topics {
        if !kept.contains(topic) {
            kept.push(topic.clone());
        }
    }
    kept
}
