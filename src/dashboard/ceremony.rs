//! Passkeys on a page: what its script is told to ask of the browser, and the answer, which comes by a form like any other. Without a
//! script there is no passkey, and the form stays hidden.

use actix_web::{HttpResponse, http::header};
use maud::{Markup, html};
use serde_json::json;

use super::{Fault, Form, page::token, sign_in::onward};
use crate::{
    domain::Place,
    http::{Problem, catalogue},
    service::{
        House,
        passkeys::{Answered, Begun, own},
        sessions::SignedIn,
        sign_in::NotIn,
    },
};

/// What who is not let in hears, whatever was wrong.
pub(super) const WRONG: &str = "That passkey does not open anything here, or it took too long";

/// What a form wants about passkeys.
pub(super) enum Wish<'a> {
    /// To know what to ask of the browser.
    Begin,
    /// To show what the browser has answered.
    Answer(Answered<'a>),
    /// Nothing: it is about something else.
    Nothing,
}

impl<'a> Wish<'a> {
    /// What this form wants.
    pub(super) fn of(form: &'a Form) -> Self {
        match form.text("do") {
            "passkey-begin" => Self::Begin,
            "passkey" => Self::Answer(Answered { handle: form.text("ceremony"), credential: form.text("credential") }),
            _ => Self::Nothing,
        }
    }
}

/// What the browser is to be asked, for the script.
pub(super) fn begun(begun: Result<Begun, NotIn>) -> Result<HttpResponse, Fault> {
    let Begun { handle, options } = begun.map_err(|why| match why {
        NotIn::Refused(refusal) => Fault::from(refusal),
        NotIn::Wrong | NotIn::Later(_) => Problem::of(catalogue::NOT_FOUND).into(),
    })?;
    let begun = json!({ "ceremony": handle.reveal().as_str(), "options": options });
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(begun))
}

/// The form with a button that shows a passkey; nothing where none are offered. `is_filled` where a browser may offer them in a field
/// too.
pub(super) fn button(
    house: &House,
    label: &str,
    (action, form_token, next): (&str, Option<&str>, &Place),
    is_filled: bool,
) -> Markup {
    let Ok(origin) = house.passkeys.origin() else { return html! {} };
    html! {
        form.passkey method="post" action=(action) data-passkey="get" data-origin=(origin) data-filled[is_filled] hidden {
            @if let Some(form_token) = form_token { (token(form_token)) }
            (onward(next)) (fields())
            button.second { (label) }
            p.quiet role="status" data-told {}
        }
    }
}

/// The same for a person who is known: where it has a passkey.
pub(super) async fn own_button(
    house: &House,
    by: &SignedIn,
    label: &str,
    (action, next): (&str, &Place),
) -> Result<Markup, Fault> {
    let has_some = own::count(house, by).await? > 0;
    let form_token = by.secret().form_token();
    let button = || button(house, label, (action, Some(&form_token), next), false);
    Ok(if has_some {
        button()
    } else {
        html! {}
    })
}

/// What the script fills in.
pub(super) fn fields() -> Markup {
    html! {
        input type="hidden" name="do" value="passkey";
        input type="hidden" name="ceremony";
        input type="hidden" name="credential";
    }
}
