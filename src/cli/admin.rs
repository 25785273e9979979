//! `meshkey admin`: people and policies, by who has a shell on the host. The way back in for who is locked out.

mod policy;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    Failure,
    open::{Opened, open},
    password::PasswordFlags,
    show,
};
use crate::{
    app::Share,
    config::LinkFlags,
    db::people::Admin as Listed,
    domain::{Email, Slug, User, role::Role},
    http::view::DoneView,
    service::{
        Settled,
        admin::{self, NotDone},
        operator::Operator,
    },
};

/// People and policies, straight on the database; every change is audited as `local`.
#[derive(Args)]
pub(super) struct Admin {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List who owns or administers which org
    List(All),
    /// Make a person owner or admin of an org; who is not there is made, and a link to set a password is printed
    Grant(Grant),
    /// Take from a person all that it is in an org
    Revoke(At),
    /// Let a person do nothing at all, anywhere, until it is resumed
    Suspend(One),
    /// Let a suspended person in again
    Resume(One),
    /// Set a person's password, or print a link by which the person does; takes away all other ways in
    ResetPassword(Reset),
    /// Show the policy of an org or of a mesh, or change it: no rule binds the host
    Policy(policy::Policy),
}

#[derive(Args)]
struct All {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: LinkFlags,
}

#[derive(Args)]
struct One {
    /// The person's address for e-mail
    email: Email,
    #[command(flatten)]
    all: All,
}

#[derive(Args)]
struct At {
    /// The org's slug
    #[arg(long, value_name = "SLUG")]
    org: Slug,
    #[command(flatten)]
    one: One,
}

#[derive(Args)]
struct Grant {
    /// As what
    #[arg(long, value_name = "ROLE", default_value = "owner", value_parser = role)]
    role: Role,
    #[command(flatten)]
    at: At,
}

#[derive(Args)]
struct Reset {
    #[command(flatten)]
    password: PasswordFlags,
    /// Also turn the second factor off, with its recovery codes
    #[arg(long)]
    without_second_factor: bool,
    /// Also revoke the keys that are bound to the person, in every org
    #[arg(long)]
    revoke_keys: bool,
    #[command(flatten)]
    one: One,
}

fn role(text: &str) -> Result<Role, String> {
    let role = text.parse().ok().filter(|role| [Role::Owner, Role::Admin].contains(role));
    role.ok_or_else(|| "on the host people are made owner or admin; all else is for these to do".to_owned())
}

impl Admin {
    /// Does it.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (Verb::List(all)
        | Verb::Grant(Grant { at: At { one: One { all, .. }, .. }, .. })
        | Verb::Revoke(At { one: One { all, .. }, .. })
        | Verb::Suspend(One { all, .. })
        | Verb::Resume(One { all, .. })
        | Verb::ResetPassword(Reset { one: One { all, .. }, .. })
        | Verb::Policy(policy::Policy { all, .. })) = &self.verb;
        let opened = open(&all.host, Share::Existing, !all.json).await?;
        let done = self.act(&opened, all.json).await;
        opened.close().await;
        done
    }

    async fn act(&self, opened: &Opened, as_json: bool) -> Result<(), Failure> {
        match &self.verb {
            Verb::List(_) => list(opened, as_json).await,
            Verb::Grant(wish) => grant(opened, wish, as_json).await,
            Verb::Revoke(at) => revoke(opened, at, as_json).await,
            Verb::Suspend(one) => suspend(opened, &one.email, true, as_json).await,
            Verb::Resume(one) => suspend(opened, &one.email, false, as_json).await,
            Verb::ResetPassword(wish) => reset(opened, wish, as_json).await,
            Verb::Policy(wish) => wish.act(opened, as_json).await,
        }
    }
}

async fn list(opened: &Opened, as_json: bool) -> Result<(), Failure> {
    let listed = admin::list(&opened.house, &Operator::on_this_host()).await?;
    if as_json {
        return show::print(&json!({ "items": listed.iter().map(listed_as_json).collect::<Vec<_>>() }));
    }
    if listed.is_empty() {
        eprintln!("nobody; `meshkey admin grant EMAIL --org ORG` makes somebody owner of an org");
    }
    let row = |one: &Listed| {
        let factor = if one.has_second_factor { "second factor" } else { "password alone" };
        let state = if one.is_suspended { "suspended" } else { "active" };
        let cells = [one.org.as_str(), one.role.name(), one.email.as_str(), state, factor, one.name.as_str()];
        cells.map(str::to_owned).to_vec()
    };
    show::table(&listed.iter().map(row).collect::<Vec<_>>())
}

fn listed_as_json(one: &Listed) -> Value {
    json!({
        "user": { "id": one.user, "email": one.email, "name": one.name, "suspended": one.is_suspended },
        "org": one.org, "role": one.role.name(), "second_factor": one.has_second_factor,
    })
}

fn person(user: &User) -> Value {
    json!({ "id": user.id, "email": user.email, "name": user.name })
}

/// Who was concerned, whether it holds everywhere, and what else there is to say.
fn told(mut value: Value, settled: Option<&Settled>, more: Value) -> Value {
    if let (Value::Object(members), Value::Object(more)) = (&mut value, more) {
        members.extend(more);
    }
    json!(DoneView::new(&value, settled))
}

fn say(words: &str, settled: Option<&Settled>) {
    eprintln!("{words}");
    if let Some(settled) = settled {
        eprintln!("{}", show::settled(settled));
    }
}

async fn grant(opened: &Opened, wish: &Grant, as_json: bool) -> Result<(), Failure> {
    let At { org, one: One { email, .. } } = &wish.at;
    let role = wish.role;
    let done = admin::grant(&opened.house, &Operator::on_this_host(), (email, org), role).await;
    let already = format!("{email} is {} of {org} already", role.name());
    let done = done.map_err(|no| refused(no, email, org, &already))?;
    let url = done.value.code.as_ref().map(|code| opened.origin.reset(code));
    if as_json {
        let more = json!({ "org": org, "role": role.name(), "reset_url": url.as_ref().map(|url| url.as_str()) });
        return show::print(&told(json!({ "user": person(&done.value.user) }), done.settled.as_ref(), more));
    }
    say(&format!("{email} is {} of {org}", role.name()), done.settled.as_ref());
    if done.value.is_given_anew {
        eprintln!(
            "nobody had shown that this address is theirs: whoever had the account is out of it, its password gone and its keys revoked"
        );
    }
    done.value.code.as_ref().map_or(Ok(()), |code| show::reset_link(opened, email, code))
}

async fn revoke(opened: &Opened, at: &At, as_json: bool) -> Result<(), Failure> {
    let At { org, one: One { email, .. } } = at;
    let done = admin::revoke(&opened.house, &Operator::on_this_host(), (email, org)).await;
    let done = done.map_err(|no| refused(no, email, org, ""))?;
    if as_json {
        let more = json!({ "org": org, "role": null });
        return show::print(&told(json!({ "user": person(&done.value) }), done.settled.as_ref(), more));
    }
    say(&format!("{email} is nothing in {org} any more"), done.settled.as_ref());
    Ok(())
}

async fn suspend(opened: &Opened, email: &Email, suspended: bool, as_json: bool) -> Result<(), Failure> {
    let done = admin::suspend(&opened.house, &Operator::on_this_host(), email, suspended).await;
    let state = if suspended { "suspended already" } else { "not suspended" };
    let done = done.map_err(|no| refused(no, email, "", &format!("{email} is {state}")))?;
    let (user, ownerless) = &done.value;
    if as_json {
        let more = json!({ "suspended": suspended, "orgs_without_owner": ownerless });
        return show::print(&told(json!({ "user": person(user) }), done.settled.as_ref(), more));
    }
    let words = if suspended { "suspended: it may do nothing, and is signed out" } else { "resumed: it may sign in" };
    say(&format!("{email} is {words}"), done.settled.as_ref());
    for org in ownerless {
        eprintln!("{org} has no owner now who may do anything: `meshkey admin grant EMAIL --org {org}` makes one");
    }
    Ok(())
}

async fn reset(opened: &Opened, wish: &Reset, as_json: bool) -> Result<(), Failure> {
    let (email, text) = (&wish.one.email, wish.password.read()?);
    let also = admin::Also { second_factor: wish.without_second_factor, keys: wish.revoke_keys };
    let done = admin::reset(&opened.house, &Operator::on_this_host(), email, text, also).await;
    let admin::Reset { user, code, passkeys, identities, keys, settled } =
        done.map_err(|no| refused(no, email, "", ""))?;
    if as_json {
        let url = code.as_ref().map(|code| opened.origin.reset(code));
        let reset_url = url.as_ref().map(|url| url.as_str());
        let more = json!({
            "reset_url": reset_url, "passkeys_removed": passkeys, "identities_removed": identities,
            "keys": keys, "keys_revoked": also.keys,
        });
        return show::print(&told(json!({ "user": person(&user) }), settled.as_ref(), more));
    }
    eprintln!("{email} is signed out everywhere");
    if passkeys > 0 {
        eprintln!("its passkeys are removed ({passkeys}), since somebody else may have added one");
    }
    match identities {
        0 => {}
        1 => eprintln!("1 identity is disconnected: the person connects it again once it is signed in"),
        many => eprintln!("{many} identities are disconnected: the person connects them again once it is signed in"),
    }
    match (keys, &settled) {
        (0, _) => {}
        (keys, Some(settled)) => eprintln!("its personal keys are revoked ({keys}): {}", show::settled(settled)),
        (keys, None) => eprintln!("its personal keys go on working ({keys}): --revoke-keys revokes them"),
    }
    if let Some(code) = &code {
        return show::reset_link(opened, email, code);
    }
    eprintln!("the password is set");
    Ok(())
}

/// What to say where it was not done.
fn refused(no: NotDone, email: &Email, org: impl std::fmt::Display, already: &str) -> Failure {
    let settled = |settled: Settled| format!(" ({})", show::settled(&settled));
    match no {
        NotDone::NoPerson => Failure::NotFound(format!(
            "nobody has the address {email}; `meshkey admin list` shows who owns or administers an org"
        )),
        NotDone::NoOrg => {
            Failure::NotFound(format!("there is no org '{org}'; `meshkey org list` shows those there are"))
        }
        NotDone::NotThere => Failure::NotFound(format!("{email} is nothing in {org}")),
        NotDone::AlreadySo(so) => Failure::Conflict(format!("{already}{}", so.map_or_else(String::new, settled))),
        NotDone::LastOwner => Failure::Conflict(format!(
            "{email} is the last owner of {org}: grant another first, `meshkey admin grant EMAIL --org {org}`"
        )),
        NotDone::Unfit(unfit) => Failure::Unfit(unfit.to_string()),
        NotDone::Refused(refusal) => refusal.into(),
    }
}
