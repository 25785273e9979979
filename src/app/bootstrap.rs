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
    if !is_wanted(settings) {
        return Ok(None);
    }
    if setup::is_set_up(house).await? {
        in_vain();
        return Ok(None);
    }
    let (mut founding, password) = read(settings)?;
    if let (Some(owner), Some(password)) = (&mut founding.owner, password) {
        owner.password = Some(house.passwords.hash(&password).await?);
    }
    let Some(place) = setup::bootstrap(house, &Operator::on_this_host(), &founding).await? else {
        in_vain();
        return Ok(None);
    };
    info!(org = %place.org.id, "the first org was made as the bootstrap settings say");
    Ok(place.owner.and_then(|(user, code)| Some((user, code?))))
}

/// What would be wrong with the bootstrap settings if the database were empty; on one that is not they are ignored.
#[must_use]
pub fn doubt(settings: &Settings) -> Option<String> {
    is_wanted(settings).then(|| read(settings).err()).flatten().map(|error| error.to_string())
}

fn is_wanted(settings: &Settings) -> bool {
    let named = [&settings.bootstrap_file, &settings.bootstrap_admin_password_file];
    settings.bootstrap_admin_email.is_some() || named.iter().any(|file| file.is_some())
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

/// What is to be founded, and the password of who is to own it: all that is in the settings and the files that they name.
fn read(settings: &Settings) -> Result<(Founding, Option<Password>), Error> {
    let wish = in_file(settings)?;
    if wish.mesh.is_none() && !wish.topics.is_empty() {
        return Err(wrong("bootstrap_file names topics and no mesh: a topic is in a mesh"));
    }
    let org = wish.org.map_or_else(|| ORG.parse(), Ok).map_err(wrong)?;
    let (owner, password) = owner(settings, wish.admin_email, wish.admin_name)?;
    let founding = Founding { org, name: wish.name, mesh: wish.mesh, topics: unique(&wish.topics), owner: Some(owner) };
    Ok((founding, password))
}

fn in_file(settings: &Settings) -> Result<Wish, Error> {
    let Some(path) = &settings.bootstrap_file else { return Ok(Wish::default()) };
    let text = text("bootstrap_file", path)?;
    toml::from_str(&text).map_err(|error| {
        let begin = error.span().map_or(0, |span| span.start);
        let line = text.get(..begin).unwrap_or_default().matches('\n').count() + 1;
        wrong(format!("bootstrap_file {}, line {line}: {}", path.display(), error.message()))
    })
}

fn owner(
    settings: &Settings,
    in_file: Option<Email>,
    name: Option<Title>,
) -> Result<(NewPerson, Option<Password>), Error> {
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
            Some(fit.map_err(|unfit| wrong(format!("bootstrap_admin_password_file: {unfit}")))?)
        }
        None => None,
    };
    Ok((NewPerson { id: UserId::new(), email, name, password: None }, password))
}
