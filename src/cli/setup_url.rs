//! `meshkey setup-url`: the link by which an empty instance is set up in a browser.

use clap::Args;
use serde_json::json;

use super::{
    Failure,
    open::{Opened, open},
    show,
};
use crate::{
    app::Share,
    config::LinkFlags,
    domain::{OneTimeCode, Org},
    service::{
        operator::{self, Operator},
        setup,
    },
};

/// Print a link by which an empty instance is set up in a browser: once, within 60 minutes.
#[derive(Args)]
pub(super) struct SetupUrl {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: LinkFlags,
}

impl SetupUrl {
    /// Does it.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let opened = open(&self.host, Share::WithServer, !self.json).await?;
        let done = self.make(&opened).await;
        opened.close().await;
        done
    }

    async fn make(&self, opened: &Opened) -> Result<(), Failure> {
        let by = Operator::on_this_host();
        match setup::new_code(&opened.house, &by).await? {
            Some(code) => self.show(opened, &code),
            None => Err(set_up_already(&operator::list(&opened.house, &by).await?)),
        }
    }

    fn show(&self, opened: &Opened, code: &OneTimeCode) -> Result<(), Failure> {
        let url = opened.origin.setup(code);
        if self.json {
            let (url, code) = (url.as_str(), code.reveal());
            return show::print(&json!({ "url": url, "code": code.as_str(), "valid_minutes": 60 }));
        }
        eprintln!("Open this link in a browser to set the instance up. It works once, within 60 minutes:\n");
        show::line(&url)
    }
}

fn set_up_already(orgs: &[Org]) -> Failure {
    let names: Vec<_> = orgs.iter().map(|org| org.slug.as_str()).collect();
    let first = names.first().copied().unwrap_or("acme");
    Failure::Conflict(format!(
        "this instance is set up already: {}; `meshkey admin list` shows who owns what, `meshkey admin grant EMAIL --org \
         {first}` lets somebody in, `meshkey admin reset-password EMAIL` helps who is locked out",
        names.join(", ")
    ))
}
