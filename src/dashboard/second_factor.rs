//! The second factor: turned on with an app, and turned off.

use actix_web::{HttpResponse, web::Data};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{Markup, html};
use qrcode::{QrCode, render::svg};

use super::{
    Fault, Page,
    page::{alert, lead_to, token},
    sign_in::{code_field, refused},
    visitor::{Person, Sent, browser},
};
use crate::{
    domain::second_factor::{FactorSecret, RecoveryCode},
    http::{Problem, catalogue},
    service::{
        House,
        second_factor::{self, Standing},
        sessions::Browser,
    },
};

const TITLE: &str = "Second factor";
const WRONG: &str = "The code is wrong. Wait for the next one, and see that the clock of your device is right";

/// The page: what there is to be done next. For who has shown a short while ago who it is.
pub async fn show(house: Data<House>, person: Person) -> Result<HttpResponse, Fault> {
    person.ensure_fresh()?;
    let standing = second_factor::show(&house, &person.by).await?;
    let token = person.token();
    Ok(page(&person, &token, &standing, None)?.answer())
}

/// Begins, confirms, or ends one.
pub async fn change(house: Data<House>, sent: Sent<Person>) -> Result<HttpResponse, Fault> {
    let Sent { by: person, form } = sent;
    person.ensure_fresh()?;
    let (by, browser) = (&person.by, browser(&house, &person.request));
    match form.text("do") {
        "begin" => second_factor::begin(&house, by).await?,
        "end" => second_factor::end(&house, by, &browser).await?,
        "codes" => return renew(&house, &person, &browser).await,
        "confirm" => return confirm(&house, &person, form.text("code"), &browser).await,
        _ => return Err(Problem::new(catalogue::INVALID_REQUEST, "the form does not say what is to be done").into()),
    }
    Ok(lead_to("/account/second-factor"))
}

async fn confirm(house: &House, person: &Person, code: &str, browser: &Browser) -> Result<HttpResponse, Fault> {
    let token = person.token();
    match second_factor::confirm(house, &person.by, code, browser).await {
        Ok(codes) => Ok(codes_page(person, &token, "The second factor is on.", &codes).answer()),
        Err(why) => {
            let standing = second_factor::show(house, &person.by).await?;
            let again = page(person, &token, &standing, Some(WRONG))?;
            refused(why, WRONG, |_| again)
        }
    }
}

/// New recovery codes, in place of the old ones.
async fn renew(house: &House, person: &Person, browser: &Browser) -> Result<HttpResponse, Fault> {
    let token = person.token();
    match second_factor::renew_codes(house, &person.by, browser).await? {
        Some(codes) => Ok(codes_page(person, &token, "The old recovery codes open nothing any more.", &codes).answer()),
        None => Ok(lead_to("/account/second-factor")),
    }
}

fn codes_page<'a>(person: &'a Person, form_token: &'a str, done: &str, codes: &[RecoveryCode]) -> Page<'a> {
    Page::new("Your recovery codes", shown_once(done, codes)).signed(person.signed(form_token))
}

fn page<'a>(
    person: &'a Person,
    form_token: &'a str,
    standing: &Standing,
    wrong: Option<&str>,
) -> Result<Page<'a>, Fault> {
    let main = match standing {
        Standing::Off => off(form_token),
        Standing::Begun(secret) => begun(person, form_token, secret)?,
        Standing::On(codes) => on(form_token, *codes),
    };
    let main = html! { @if let Some(wrong) = wrong { (alert(wrong)) } (main) };
    Ok(Page::new(TITLE, main).signed(person.signed(form_token)))
}

fn off(form_token: &str) -> Markup {
    html! {
        p {
            "With a second factor your password alone opens nothing: each time you sign in you also type six digits that an "
            "authenticator app on your phone shows."
        }
        form method="post" action="/account/second-factor" {
            (token(form_token))
            div.actions { button name="do" value="begin" { "Turn it on" } a href="/account" { "Cancel" } }
        }
    }
}

fn begun(person: &Person, form_token: &str, secret: &FactorSecret) -> Result<Markup, Fault> {
    let text = secret.reveal();
    let groups: Vec<&str> = (0..text.len() / 4).filter_map(|at| text.get(at * 4..at * 4 + 4)).collect();
    let picture = picture(person, secret).ok_or_else(|| Problem::of(catalogue::INTERNAL))?;
    Ok(html! {
        section {
            h2 { "1. Show this to your authenticator app" }
            img.qr src=(picture) alt="A QR code with the text below, for an authenticator app" width="208" height="208";
            p { "Or type it in:" br; code { (groups.join(" ")) } }
        }
        section {
            h2 { "2. Type what the app shows now" }
            form.narrow method="post" action="/account/second-factor" {
                (token(form_token))
                (code_field("Code", "Six digits. They change every 30 seconds."))
                div.actions { button name="do" value="confirm" { "Turn it on" } a href="/account" { "Cancel" } }
            }
        }
    })
}

fn picture(person: &Person, secret: &FactorSecret) -> Option<String> {
    let code = QrCode::new(secret.address(person.by.email())?.as_bytes()).ok()?;
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(208, 208).quiet_zone(true).build();
    Some(format!("data:image/svg+xml;base64,{}", STANDARD.encode(drawn)))
}

fn shown_once(done: &str, codes: &[RecoveryCode]) -> Markup {
    html! {
        p.note role="status" { (done) }
        p {
            "When you do not have your phone, one of these codes opens your account instead. Each does so once. "
            strong { "They are shown this one time: " }
            "print them, or keep them where you keep passwords."
        }
        section { ol.codes { @for code in codes { li { code { (*code.reveal()) } } } } }
        p { a.button href="/account" { "I have kept them" } }
    }
}

fn on(form_token: &str, codes: i64) -> Markup {
    html! {
        p { "It is on. You have " (codes) " recovery " (if codes == 1 { "code" } else { "codes" }) " left." }
        p { "New codes take the place of the old ones. For another phone, turn it off and on again." }
        form method="post" action="/account/second-factor" {
            (token(form_token))
            div.actions {
                button.second name="do" value="codes" { "New recovery codes" }
                button.danger name="do" value="end" { "Turn it off" }
                a href="/account" { "Cancel" }
            }
        }
    }
}
