//! `meshkey admin policy`.

use clap::Args;
use serde_json::{Value, json};

use super::{
    super::{
        Failure,
        client::policy::{changed, words},
        open::Opened,
        rules::patch,
        show,
    },
    All,
};
use crate::{
    domain::{Slug, suggest},
    http::policies::{ChangedView, PolicyPatch, PolicyView},
    service::{
        Refusal,
        house::Mode,
        operator::Operator,
        policies::{NoPlace, change_on_host, place_on_host, show_on_host},
    },
};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
meshkey admin policy acme\n  \
meshkey admin policy acme longest_life=off --dry-run\n  \
meshkey admin policy acme --mesh main note_required=off")]
pub(super) struct Policy {
    /// The org's slug
    org: Slug,
    #[arg(value_name = "RULE=VALUE")]
    #[arg(
        help = "A rule and what it is to say, such as longest_life=90d, note_required=on or org_keys_by=owners; off for nothing"
    )]
    rules: Vec<String>,
    /// The policy of this mesh, by slug or id
    #[arg(long, value_name = "MESH")]
    mesh: Option<String>,
    /// Show how many keys would not comply, and change nothing
    #[arg(long, short = 'n', requires = "rules")]
    dry_run: bool,
    #[command(flatten)]
    pub(super) all: All,
}

impl Policy {
    /// Shows it, or changes it where rules are said.
    pub(super) async fn act(&self, opened: &Opened, as_json: bool) -> Result<(), Failure> {
        let wish = patch(&self.rules)?;
        let (house, by) = (&opened.house, Operator::on_this_host());
        let owner = place_on_host(house, &by, &self.org, self.mesh.as_deref()).await.map_err(|no| self.unknown(no))?;
        if self.rules.is_empty() {
            let policy = json!(PolicyView::from(show_on_host(house, &by, owner).await?));
            return self.tell(&policy, as_json, words);
        }
        let wish: PolicyPatch = serde_json::from_value(wish).map_err(|error| Failure::Usage(error.to_string()))?;
        let mode = if self.dry_run { Mode::Dry } else { Mode::Real };
        let done = change_on_host(house, &by, owner, &wish.into(), mode).await.map_err(refused)?;
        if self.dry_run && !as_json {
            eprintln!("a dry run: nothing was changed");
        }
        self.tell(&json!(ChangedView::new(done, mode)), as_json, changed)
    }

    fn tell(&self, policy: &Value, as_json: bool, in_words: fn(&Value, bool) -> Vec<String>) -> Result<(), Failure> {
        if as_json {
            return show::print(policy);
        }
        in_words(policy, self.mesh.is_some()).iter().try_for_each(|line| show::line(line))
    }

    fn unknown(&self, no: NoPlace) -> Failure {
        let Self { org, mesh, .. } = self;
        match no {
            NoPlace::NoOrg => {
                Failure::NotFound(format!("there is no org '{org}'; `meshkey org list` shows those there are"))
            }
            NoPlace::NoMesh(known) => {
                let named = mesh.as_deref().unwrap_or_default();
                let hint = suggest::hint(named, known.iter().map(Slug::as_str));
                Failure::NotFound(format!("there is no mesh '{named}' in {org}{hint}"))
            }
            NoPlace::Refused(refusal) => refusal.into(),
        }
    }
}

/// What no rule can say, in words.
fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Invalid(faults) => {
            let words =
                faults.iter().map(|fault| format!("{}: {}", fault.pointer.trim_start_matches('/'), fault.detail));
            Failure::Unfit(words.collect::<Vec<_>>().join("\n"))
        }
        other => other.into(),
    }
}
