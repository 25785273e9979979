//! The account: who one is, and where one is signed in.

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};

use super::{
    Fault, Page, identities,
    page::{lead_to, token},
    parts::times::moment,
    password,
    visitor::{Person, Sent},
};
use crate::{
    db::signed_in::Part,
    domain::{Role, session::Session},
    service::{
        House,
        me::{self, Shown},
        openid,
        passkeys::own,
        second_factor::{self, Standing},
        sessions,
    },
};

/// The page.
pub async fn show(house: Data<House>, person: Person) -> Result<HttpResponse, Fault> {
    let list = sessions::list(&house, &person.by).await?;
    let standing = second_factor::show(&house, &person.by).await?;
    let passkeys = own::count(&house, &person.by).await?;
    let identities = openid::list(&house, person.by.user()).await?;
    let form_token = person.token();
    let (known, _) = me::show(&house, Shown::Session(person.by.secret().hash())).await?;
    let main = html! {
        (password::on_account(&person.request))
        section {
            h2 { "You" }
            dl.facts {
                dt { "Name" } dd { (person.by.name()) }
                dt { "E-mail" } dd { (person.by.email()) }
                dt { "Where" } dd { (parts(&known.parts)) }
                dt { "Keys that end" } dd { a href="/account/notices" { "Mail about them" } }
                dt { "Pages" } dd { a href="/account/looks" { "Look and keyboard" } }
            }
        }
        section {
            h2 { "Signing in" }
            dl.facts {
                dt { "Password" } dd { a href="/account/password" { "Change the password" } }
                dt { "Second factor" } dd { (factor(&standing)) }
                dt { "Passkeys" } dd { (passkeys_of(&house, passkeys)) }
                (identities::on_account(&house, &identities))
            }
        }
        section {
            h2 { "Where you are signed in" }
            ul.rows { @for session in &list { (row(session, &person, &form_token)) } }
            @if list.len() > 1 {
                form method="post" action="/account/sessions" {
                    (token(&form_token))
                    button.danger name="end" value="others" { "Sign out everywhere else" }
                }
            }
        }
    };
    Ok(Page::new("Your account", main).signed(person.signed(&form_token)).answer())
}

/// As what one is in which org or mesh.
fn parts(parts: &[Part]) -> Markup {
    html! {
        @if parts.is_empty() { "You are no member of any org: an invitation lets you in." }
        @for part in parts {
            div {
                "You are " (role(part.role)) " of " a href={ "/orgs/" (part.org_slug) "/keys" } { (part.org_slug) }
                @if let Some((_, mesh)) = &part.mesh { "/" (mesh) }
            }
        }
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer",
        Role::Member => "a member",
        Role::Admin => "an admin",
        Role::Owner => "owner",
    }
}

fn factor(standing: &Standing) -> Markup {
    html! {
        @match standing {
            Standing::On(codes) => {
                "On, with " (codes) " recovery " (if *codes == 1 { "code" } else { "codes" }) " left · "
                a href="/account/second-factor" { "Turn it off" }
            },
            Standing::Off | Standing::Begun(_) => { "Off · " a href="/account/second-factor" { "Turn it on" } },
        }
    }
}

fn passkeys_of(house: &House, count: usize) -> Markup {
    let why_not = house.passkeys.origin().err();
    html! {
        @if count > 0 { (count) " · " a href="/account/passkeys" { "See to your passkeys" } }
        @else if let Some(why) = why_not { "None can be added here: " (why.to_string()) "." }
        @else { "None · " a href="/account/passkeys" { "Add a passkey" } }
    }
}

fn row(session: &Session, person: &Person, form_token: &str) -> Markup {
    let address = session.address.map_or_else(|| "an unknown address".to_owned(), |address| address.to_string());
    let agent = called(&session.agent);
    let is_this = session.id == person.by.session();
    html! {
        li {
            div {
                div { (agent) @if is_this { " " span.mark { "this one" } } }
                div.quiet {
                    "From " (address) " · signed in " (moment(session.created_at)) " · last seen " (moment(session.seen_at))
                }
            }
            @if !is_this {
                form method="post" action="/account/sessions" {
                    (token(form_token))
                    input type="hidden" name="end" value=(session.id);
                    button.second aria-label={ "Sign out " (agent) " from " (address) } { "Sign out" }
                }
            }
        }
    }
}

/// What a browser is called by people; what nobody knows is shown as it calls itself.
fn called(agent: &str) -> String {
    // Each browser says that it is those after it too.
    let browsers =
        [("Firefox/", "Firefox"), ("Edg/", "Edge"), ("OPR/", "Opera"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    let systems = [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "an iPhone"),
        ("iPad", "an iPad"),
        ("Mac OS", "a Mac"),
        ("Linux", "Linux"),
    ];
    let find =
        |known: &[(&str, &'static str)]| known.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name);
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        _ if agent.is_empty() => "A browser without a name".to_owned(),
        _ => agent.chars().take(80).collect(),
    }
}

/// Ends one session, or all others.
pub async fn end(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    let (by, which) = (&sent.by.by, sent.form.text("end"));
    if which == "others" {
        sessions::end_others(&house, by).await?;
    } else if let Ok(session) = which.parse() {
        sessions::end(&house, by, session).await?;
    }
    Ok(lead_to("/account"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_as_people_call_them() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (agent, name) in [
            (format!("Mozilla/5.0 (X11; Linux x86_64) {webkit} Chrome/140.0.0.0 Safari/537.36"), "Chrome on Linux"),
            (format!("Mozilla/5.0 (Windows NT 10.0) {webkit} Chrome/140.0 Safari/537.36 Edg/140.0"), "Edge on Windows"),
            ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0".to_owned(), "Firefox on Android"),
            (
                format!("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) {webkit} Safari/604.1"),
                "Safari on an iPhone",
            ),
            ("curl/8.0".to_owned(), "curl/8.0"),
            (String::new(), "A browser without a name"),
        ] {
            assert_eq!(called(&agent), name);
        }
        assert_eq!(called(&"x".repeat(200)).len(), 80);
    }
}
