//! `/setup`: an empty instance is set up by who shows a one-time code. The code comes in the fragment of the link, which no server
//! sees, and goes on in the form. Nobody becomes admin by being first.

mod fields;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Payload},
};
use maud::{Markup, html};

use self::fields::Fields;
use super::{Fault, Form, Page, codes::WrongCode, page::alert};
use crate::{
    domain::OneTimeCode,
    http::guard,
    service::{
        Conflict, House, Refusal,
        founding::Place,
        setup::{self, NotSetUp},
    },
};

/// What prints a link, by where the service runs.
const COMMANDS: [(&str, &str); 3] = [
    ("On the host", "meshkey setup-url"),
    ("With Docker Compose", "docker compose exec meshkey meshkey setup-url"),
    ("In Kubernetes", "kubectl exec deploy/meshkey -- meshkey setup-url"),
];

/// The page: how to get a code, and what it takes to use it.
pub async fn show(house: Data<House>) -> Result<HttpResponse, Fault> {
    if setup::is_set_up(&house).await? {
        return Ok(set_up().answer());
    }
    Ok(page(&Fields::default()).answer())
}

/// Sets it up.
pub async fn finish(house: Data<House>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = Form::read(&request, &mut payload.into_inner(), None).await?;
    // First the code: who has none learns nothing, and takes nobody's time.
    let code = match form.secret("code").parse::<OneTimeCode>() {
        Ok(code) => setup::check(&house, &code).await.map(|()| code),
        Err(_) if setup::is_set_up(&house).await? => Err(NotSetUp::Already),
        Err(_) => Err(NotSetUp::WrongCode),
    };
    let mut fields = Fields::typed(&form);
    let code = match code {
        Ok(code) => code,
        Err(no) => return refused(&house, &request, fields, no),
    };
    let Some((founder, wish)) = fields.read(&form) else {
        return Ok(page(&fields).with_status(StatusCode::UNPROCESSABLE_ENTITY).answer());
    };
    let done = setup::finish(&house, &code, founder, wish, &guard::trail(&house, &request)).await;
    match done {
        Ok(place) => Ok(done_page(&place).answer()),
        Err(no) => refused(&house, &request, fields, no),
    }
}

fn refused(house: &House, request: &HttpRequest, mut fields: Fields, no: NotSetUp) -> Result<HttpResponse, Fault> {
    match no {
        NotSetUp::WrongCode => {
            let wrong = WrongCode::from(house, request);
            fields.complain("code", wrong.words("This code does not work, or not any more: get another."));
            Ok(wrong.answer(page(&fields)))
        }
        NotSetUp::Already => Ok(set_up().with_status(StatusCode::CONFLICT).answer()),
        NotSetUp::Refused(Refusal::Conflict(Conflict::AlreadyExists)) => {
            Ok(set_up().with_status(StatusCode::CONFLICT).answer())
        }
        NotSetUp::Refused(refusal) => Err(refusal.into()),
    }
}

/// Leads to the set-up where nobody can sign in yet: no page shows a form that nobody can pass.
pub async fn ensure_set_up(house: &House) -> Result<(), Fault> {
    if setup::is_set_up(house).await? { Ok(()) } else { Err(Fault::Elsewhere("/setup".to_owned())) }
}

fn page(fields: &Fields) -> Page<'static> {
    let main = html! {
        @if fields.has_faults() { (alert("It is not set up yet: see below what is wrong.")) }
        p { "This instance is not set up yet. To prove that you run this server, paste a set-up code. You become owner of the first org." }
        (how_to_get_a_code())
        form method="post" action="/setup" {
            section {
                h2 { "The code" }
                (fields.code())
            }
            section {
                h2 { "You" }
                (fields.you())
            }
            section {
                h2 { "Your org" }
                (fields.org())
            }
            section {
                h2 { "A first mesh" }
                p.quiet { "An org has meshes, and a mesh has topics. Both can be made later too." }
                (fields.mesh())
            }
            div.actions { button { "Set up" } }
        }
    };
    Page::new("Set up Meshkey", main)
}

/// Hidden by the script where the link has brought a code.
fn how_to_get_a_code() -> Markup {
    html! {
        section data-without="code" {
            h2 { "How to get a code" }
            p { "Run this where the service runs. It prints a link that works once, within 60 minutes." }
            dl.commands {
                @for (at, (place, command)) in COMMANDS.iter().enumerate() {
                    dt { (place) }
                    dd {
                        code id=(format!("command-{at}")) { (command) }
                        " "
                        button.second type="button" hidden data-copy=(format!("command-{at}"))
                            aria-label=(format!("Copy: {command}")) { "Copy" }
                    }
                }
            }
            p.quiet role="status" data-copied {}
        }
    }
}

fn done_page(place: &Place) -> Page<'static> {
    let main = html! {
        p.note role="status" {
            "You are " strong { "owner of " (place.org.name) } ". Nobody else is anything in it yet."
        }
        p { a.button href="/sign-in" { "Sign in" } }
    };
    Page::new("It is set up", main)
}

fn set_up() -> Page<'static> {
    let main = html! {
        p { "This instance is set up, and so this page does nothing more." }
        p { a.button href="/sign-in" { "Sign in" } }
        section {
            h2 { "Locked out?" }
            p { "Who has a shell on the host sees who owns what, and lets people in again:" }
            dl.commands {
                dt { "Who owns and administers what" }
                dd { code { "meshkey admin list" } }
                dt { "A link to set a password anew" }
                dd { code { "meshkey admin reset-password EMAIL" } }
                dt { "One more owner" }
                dd { code { "meshkey admin grant EMAIL --org ORG" } }
            }
        }
    };
    Page::new("Meshkey is set up", main)
}
