//! `meshkey org`: orgs, by who has a shell on the host.

use std::str::FromStr;

use clap::{Args, Subcommand};
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use super::{
    Failure,
    open::{Opened, open},
    show,
};
use crate::{
    app::Share,
    config::DatabaseFlags,
    domain::Slug,
    http::view::DoneView,
    service::{
        Refusal,
        founding::Founding,
        operator::{self, Operator},
    },
};

/// Orgs, straight on the database; every change is audited as `local`.
#[derive(Args)]
pub(super) struct Org {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make an org and print its first admin key once
    Create(One),
    /// List the orgs
    List(All),
    /// Deny every key of an org, until it is resumed
    Suspend(One),
    /// Let the keys of a suspended org work again
    Resume(One),
    /// Print a new admin key of an org whose first is lost
    Key(Rescue),
}

#[derive(Args)]
struct One {
    /// The org's slug
    slug: Slug,
    #[command(flatten)]
    all: All,
}

#[derive(Args)]
struct All {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

#[derive(Args)]
struct Rescue {
    /// How long it lives: a number and h or d, or never
    #[arg(long, value_name = "TIME", default_value = "24h")]
    life: Life,
    #[command(flatten)]
    one: One,
}

/// How long a key made on the host lives; for ever without a time.
#[derive(Clone, Copy)]
struct Life(Option<time::Duration>);

impl FromStr for Life {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a life is a number and h or d, such as 24h or 90d, or never";
        if text == "never" {
            return Ok(Self(None));
        }
        let unit = text.chars().last().and_then(|unit| "hd".find(unit)).ok_or(wrong)?;
        let number: u16 = text[..text.len() - 1].parse().map_err(|_| wrong)?;
        let hours = i64::from(number) * [1, 24][unit];
        if hours == 0 { Err(wrong) } else { Ok(Self(Some(time::Duration::hours(hours)))) }
    }
}

impl Org {
    /// Does it.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (Verb::Create(One { all, .. })
        | Verb::List(all)
        | Verb::Suspend(One { all, .. })
        | Verb::Resume(One { all, .. })
        | Verb::Key(Rescue { one: One { all, .. }, .. })) = &self.verb;
        let opened = open(&all.database, Share::Existing, !all.json).await?;
        let done = self.act(&opened).await;
        opened.close().await;
        done
    }

    async fn act(&self, opened: &Opened) -> Result<(), Failure> {
        match &self.verb {
            Verb::Create(one) => create(opened, one).await,
            Verb::List(all) => list(opened, all.json).await,
            Verb::Suspend(one) => suspend(opened, one, true).await,
            Verb::Resume(one) => suspend(opened, one, false).await,
            Verb::Key(rescue) => key(opened, rescue).await,
        }
    }
}

/// What to say where there is no such org.
pub(super) fn unknown(slug: &Slug) -> impl Fn(Refusal) -> Failure {
    let text = format!("there is no org '{slug}'; `meshkey org list` shows those there are");
    move |refusal| match refusal {
        Refusal::NotFound => Failure::NotFound(text.clone()),
        other => other.into(),
    }
}

async fn create(opened: &Opened, one: &One) -> Result<(), Failure> {
    let wish = Founding::of(one.slug.clone());
    let founded = operator::found(&opened.house, &Operator::on_this_host(), &wish).await?;
    if one.all.json {
        show::print(&show::founded(&founded, &opened.origin))
    } else {
        show::founded_in_words(&founded, &opened.origin)
    }
}

async fn list(opened: &Opened, as_json: bool) -> Result<(), Failure> {
    let orgs = operator::list(&opened.house, &Operator::on_this_host()).await?;
    if as_json {
        return show::print(&json!({ "items": orgs }));
    }
    for org in orgs {
        let state = if org.suspended_at.is_some() { "suspended" } else { "active" };
        show::line(&format!("{:<24} {:<9} {}", org.slug.as_str(), state, org.id))?;
    }
    Ok(())
}

async fn suspend(opened: &Opened, one: &One, suspended: bool) -> Result<(), Failure> {
    let by = Operator::on_this_host();
    let org = operator::suspend(&opened.house, &by, &one.slug, suspended).await.map_err(unknown(&one.slug))?;
    if one.all.json {
        return show::print(&json!(DoneView::new(&org.value, org.settled.as_ref())));
    }
    let said = if suspended { "suspended: every key of it is denied" } else { "resumed: its keys work again" };
    eprintln!("{} is {said}", org.value.slug);
    if let Some(settled) = &org.settled {
        eprintln!("{}", show::settled(settled));
    }
    Ok(())
}

async fn key(opened: &Opened, rescue: &Rescue) -> Result<(), Failure> {
    let (one, by) = (&rescue.one, Operator::on_this_host());
    let issued = operator::rescue(&opened.house, &by, &one.slug, rescue.life.0).await.map_err(unknown(&one.slug))?;
    if one.all.json {
        return show::print(&show::issued(&issued));
    }
    let end = issued.key.key.terms.expires_at.and_then(|end| end.truncate_to_second().format(&Rfc3339).ok());
    let end = end.map_or("It never ends".to_owned(), |end| format!("It ends at {end}"));
    eprintln!("An admin key of {}, shown once. {end}:\n", one.slug);
    show::line(issued.secret.reveal())
}
