//! The first org and its owner as the settings say: made where the database is empty, and never where it is not.

use std::{fs, path::Path};

use serde::Deserialize;
use tracing::{info, warn};
use zeroize::Zeroizing;

use super::Error;
use crate::{
    config::Settings,
    domain::{Email, OneTimeCode, Slug, Title, TopicName, User, UserId, password::Password},
    service::{
        House,
        founding::{Founding, unique},
        operator::Operator,
        people::{NewPerson, name_of},
        setup,
    },
};

/// The slug of an org that is given none.
const ORG: &str = "main";

/// What the file may say.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    org: Option<Slug>,
    name: Option<Title>,
    mesh: Option<Slug>,
    #[serde(default)]
    topics: Vec<TopicName>,
    admin_email: Option<Email>,
    admin_name: Option<Title>,
}

/// Does what the settings say, if they say anything; with who has no password yet, and the code to set one.
pub(super) async fn apply(settings: &Settings, house: &House) -> Result<Option<(User, OneTimeCode)>, Error> {
    let named = [&settings.bootstrap_file, &settings.bootstrap_admin_password_file];
    if settings.bootstrap_admin_email.is_none() && named.iter().all(|file| file.is_none()) {
        return Ok(None);
    }
    if setup::is_set_up(house).await? {
        in_vain();
        return Ok(None);
    }
    let wish = read(settings)?;
    let founding = founding(settings, house, wish).await?;
    let Some(place) = setup::bootstrap(house, &Operator::on_this_host(), &founding).await? else {
        in_vain();
        return Ok(None);
    };
    info!(org = %place.org.id, "the first org was made as the bootstrap settings say");
    Ok(place.owner.and_then(|(user, code)| Some((user, code?))))
}

fn in_vain() {
    warn!("bootstrap settings found but this instance is already initialised; ignored");
}

fn wrong(what: impl std::fmt::Display) -> Error {
    Error::Bootstrap(what.to_string())
}

fn text(setting: &str, path: &Path) -> Result<Zeroizing<String>, Error> {
    let read = fs::read_to_string(path).map(Zeroizing::new);
    read.map_err(|cause| wrong(format!("{setting} names {}, which cannot be read: {cause}", path.display())))
}

fn read(settings: &Settings) -> Result<Wish, Error> {
    let Some(path) = &settings.bootstrap_file else { return Ok(Wish::default()) };
    let wish = toml::from_str(&text("bootstrap_file", path)?);
    wish.map_err(|error| wrong(format!("bootstrap_file {}: {}", path.display(), error.message())))
}

async fn founding(settings: &Settings, house: &House, wish: Wish) -> Result<Founding, Error> {
    if wish.mesh.is_none() && !wish.topics.is_empty() {
        return Err(wrong("bootstrap_file names topics and no mesh: a topic is in a mesh"));
    }
    let org = wish.org.map_or_else(|| ORG.parse(), Ok).map_err(wrong)?;
    let owner = owner(settings, house, wish.admin_email, wish.admin_name).await?;
    Ok(Founding { org, name: wish.name, mesh: wish.mesh, topics: unique(&wish.topics), owner: Some(owner) })
}

async fn owner(
    settings: &Settings,
    house: &House,
    in_file: Option<Email>,
    name: Option<Title>,
) -> Result<NewPerson, Error> {
    let email = match (settings.bootstrap_admin_email.as_deref().map(str::parse::<Email>).transpose(), in_file) {
        (Err(error), _) => return Err(wrong(format!("bootstrap_admin_email: {error}"))),
        (Ok(Some(one)), Some(other)) if one != other => {
            return Err(wrong("bootstrap_admin_email and admin_email in bootstrap_file differ: unset one of them"));
        }
        (Ok(one), other) => one.or(other),
    };
    let nobody = "the bootstrap settings name nobody who is to own the org: set bootstrap_admin_email";
    let email = email.ok_or_else(|| wrong(nobody))?;
    let name = name.map_or_else(|| name_of(&email), Ok)?;
    let password = match &settings.bootstrap_admin_password_file {
        Some(path) => {
            let typed = text("bootstrap_admin_password_file", path)?;
            let typed = Zeroizing::new(typed.trim_end_matches(['\r', '\n']).to_owned());
            let fit = Password::new(typed, &email, &name);
            let fit = fit.map_err(|unfit| wrong(format!("bootstrap_admin_password_file: {unfit}")))?;
            Some(house.passwords.hash(&fit).await?)
        }
        None => None,
    };
    Ok(NewPerson { id: UserId::new(), email, name, password })
}
