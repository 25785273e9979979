//! `meshkey init`: the first org.

use clap::Args;
use serde_json::json;

use super::{
    Failure,
    open::{Opened, open},
    password::PasswordFlags,
    show,
};
use crate::{
    app::Share,
    config::LinkFlags,
    domain::{Email, Slug, Title, TopicName, UserId, password::Password},
    service::{
        founding::{Founding, unique},
        operator::{self, Operator},
        people::{NewPerson, name_of},
    },
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
    /// The address of a person who is to own it, and signs in with it
    #[arg(long, value_name = "EMAIL")]
    email: Option<Email>,
    /// What that person is called; as the address begins, if nothing is said
    #[arg(long, value_name = "NAME", requires = "email")]
    name: Option<Title>,
    #[command(flatten)]
    password: PasswordFlags,
    /// Do nothing, and succeed, if there is an org already
    #[arg(long)]
    if_needed: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: LinkFlags,
}

impl Init {
    /// Does it.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let opened = open(&self.host, Share::WithServer, !self.json).await?;
        let done = self.init(&opened).await;
        opened.close().await;
        done
    }

    async fn init(&self, opened: &Opened) -> Result<(), Failure> {
        let wish = Founding {
            org: self.org.clone(),
            name: None,
            mesh: self.mesh.clone(),
            topics: unique(&self.topics),
            owner: self.owner(opened).await?,
        };
        match operator::found_first(&opened.house, &Operator::on_this_host(), &wish).await? {
            Some(founded) if self.json => show::print(&show::founded(&founded, &opened.origin)),
            Some(founded) => show::founded_in_words(&founded, &opened.origin),
            None if self.if_needed && self.json => show::print(&json!({ "already_initialised": true })),
            None if self.if_needed => {
                eprintln!("already initialised: nothing was changed");
                Ok(())
            }
            None => Err(Failure::Conflict(
                "this instance is initialised already; `meshkey org list` shows its orgs, `meshkey org create` makes \
                 another, `meshkey org key` makes an admin key for one whose first is lost, `meshkey admin grant` makes \
                 somebody its owner"
                    .to_owned(),
            )),
        }
    }

    async fn owner(&self, opened: &Opened) -> Result<Option<NewPerson>, Failure> {
        let Some(email) = &self.email else {
            let text = "--password-file is the password of a person: --email says whose";
            return self.password.read()?.map_or(Ok(None), |_| Err(Failure::Usage(text.to_owned())));
        };
        let name = match &self.name {
            Some(name) => name.clone(),
            None => name_of(email)?,
        };
        let password = match self.password.read()? {
            Some(text) => Some(Password::new(text, email, &name).map_err(|unfit| Failure::Unfit(unfit.to_string()))?),
            None => None,
        };
        let password = match &password {
            Some(password) => Some(opened.house.passwords.hash(password).await?),
            None => None,
        };
        Ok(Some(NewPerson { id: UserId::new(), email: email.clone(), name, password }))
    }
}
