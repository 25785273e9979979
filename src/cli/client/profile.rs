//! `meshkey profile`: services under names. They stand in a file that may be shown to anybody; keys do not.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    super::{
        Failure, Outcome,
        show::{line, print},
    },
    connection,
    flags::ClientFlags,
    kept::{Credentials, DEFAULT, Place, Profiles, Settings, ensure_name, unknown},
    print::{Table, facts},
};
use crate::domain::{MeshId, OrgId, Slug, suggest};

/// What a profile can say.
const NAMES: [&str; 3] = ["url", "org", "mesh"];

/// Make, look at and choose profiles.
#[derive(Args)]
pub(in crate::cli) struct Profile {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    client: ClientFlags,
}

#[derive(Subcommand)]
enum Verb {
    /// List them
    List,
    /// Show one; the one that counts if none is named
    Show {
        /// Which one
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
    /// Have this one count where none is named
    Use {
        /// Which one
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Say something in the one that counts, or that --profile names; an empty VALUE takes it away
    Set {
        /// url, org or mesh
        #[arg(value_name = "SETTING")]
        setting: String,
        /// What it is
        #[arg(value_name = "VALUE")]
        value: String,
    },
    /// Delete one that nobody is signed in under
    Delete {
        /// Which one
        #[arg(value_name = "NAME")]
        name: String,
    },
}

impl Profile {
    /// Does it.
    pub(in crate::cli) fn run(self) -> Result<Outcome, Failure> {
        let (flags, place) = (self.client.with_profile()?, Place::needed()?);
        match &self.verb {
            Verb::List => list(&flags, &place),
            Verb::Show { name } => show(&flags, &place, name.as_deref()),
            Verb::Use { name } => choose(&flags, &place, name),
            Verb::Set { setting, value } => set(&flags, &place, setting, value),
            Verb::Delete { name } => delete(&flags, &place, name),
        }?;
        Ok(Outcome::Done)
    }
}

fn told(flags: &ClientFlags, credentials: &Credentials, name: &str, settings: &Settings) -> Result<Value, Failure> {
    let kept = credentials.of(name);
    let Settings { url, org, mesh } = settings;
    Ok(json!({
        "name": name, "url": url, "org": org, "mesh": mesh, "counts": flags.profile()?.name == name,
        "user": kept.and_then(|kept| kept.user.clone()), "key": kept.map(|kept| kept.key.clone()),
        "expires_at": kept.and_then(|kept| kept.expires_at.clone()),
    }))
}

fn list(flags: &ClientFlags, place: &Place) -> Result<(), Failure> {
    let (profiles, credentials) = (Profiles::read(place)?, Credentials::read(place)?);
    let all = profiles.profiles.iter().map(|(name, settings)| told(flags, &credentials, name, settings));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    if !flags.is_table() {
        return print(&json!({ "items": all }));
    }
    let mut table = Table::new(&["", "NAME", "URL", "ORG", "MESH", "SIGNED IN"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for one in &all {
        let mark = if one["counts"] == true { "*" } else { "" };
        let signed =
            if one["key"].is_null() { "no".to_owned() } else { one["user"].as_str().unwrap_or("yes").to_owned() };
        table.row(vec![
            mark.to_owned(),
            text(&one["name"]),
            text(&one["url"]),
            text(&one["org"]),
            text(&one["mesh"]),
            signed,
        ]);
    }
    table.lines().iter().try_for_each(|words| line(words))
}

fn show(flags: &ClientFlags, place: &Place, named: Option<&str>) -> Result<(), Failure> {
    let profiles = Profiles::read(place)?;
    let name = named.unwrap_or(&flags.profile()?.name);
    let settings = profiles.profiles.get(name).ok_or_else(|| unknown(name, ""))?;
    let one = told(flags, &Credentials::read(place)?, name, settings)?;
    if !flags.is_table() {
        return print(&one);
    }
    let text = |member: &str| one[member].as_str().unwrap_or_default().to_owned();
    let lines = facts(&[
        ("name", text("name")),
        ("url", text("url")),
        ("org", text("org")),
        ("mesh", text("mesh")),
        ("person", text("user")),
        ("key", text("key")),
        ("ends", text("expires_at")),
    ]);
    lines.iter().try_for_each(|words| line(words))
}

fn choose(flags: &ClientFlags, place: &Place, name: &str) -> Result<(), Failure> {
    Profiles::change(place, |profiles| {
        if !profiles.profiles.contains_key(name) && name != DEFAULT {
            return Err(unknown(name, ""));
        }
        profiles.profile = Some(name.to_owned());
        Ok(())
    })?;
    say(flags, &format!("From now on {name} counts where no profile is named"));
    Ok(())
}

fn set(flags: &ClientFlags, place: &Place, setting: &str, value: &str) -> Result<(), Failure> {
    let name = &flags.profile()?.name;
    ensure_name(name)?;
    let value = Some(value.to_owned()).filter(|value| !value.is_empty());
    if let Some(value) = &value {
        ensure_fit(flags, setting, value)?;
    }
    Profiles::change(place, |profiles| {
        let settings = profiles.profiles.entry(name.clone()).or_default();
        *match setting {
            "url" => &mut settings.url,
            "org" => &mut settings.org,
            "mesh" => &mut settings.mesh,
            _ => {
                let hint = suggest::hint(setting, NAMES);
                return Err(Failure::Usage(format!(
                    "a profile has no '{setting}'{hint}: it says {}",
                    NAMES.join(", ")
                )));
            }
        } = value;
        Ok(())
    })
}

/// What every command would refuse is not kept.
fn ensure_fit(flags: &ClientFlags, setting: &str, value: &str) -> Result<(), Failure> {
    let is_name = match setting {
        "url" => return connection::service(value, "url", flags).map(drop),
        "org" => value.parse::<OrgId>().is_ok(),
        "mesh" => value.parse::<MeshId>().is_ok(),
        _ => return Ok(()),
    };
    match value.parse::<Slug>() {
        Err(error) if !is_name => {
            Err(Failure::Usage(format!("{setting}: '{value}' is neither an id nor a slug: {error}")))
        }
        _ => Ok(()),
    }
}

fn delete(flags: &ClientFlags, place: &Place, name: &str) -> Result<(), Failure> {
    if Credentials::read(place)?.of(name).is_some() {
        let first = format!("somebody is signed in under {name}: `meshkey logout --profile {name}` first");
        return Err(Failure::Conflict(first));
    }
    Profiles::change(place, |profiles| {
        profiles.profiles.remove(name).ok_or_else(|| unknown(name, ""))?;
        profiles.profile.take_if(|used| used == name);
        Ok(())
    })?;
    say(flags, &format!("{name} is deleted"));
    Ok(())
}

fn say(flags: &ClientFlags, text: &str) {
    if !flags.quiet {
        eprintln!("{text}");
    }
}
