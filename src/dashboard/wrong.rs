//! A form that was refused: why, in the words of the API, and at which field. The page shows the form again with it, and with what
//! was typed.

use actix_web::{ResponseError as _, http::StatusCode};
use maud::{Markup, html};

use super::{Fault, errors::words, page::sentence, query::Query, visitor::then};
use crate::{
    domain::suggest,
    http::{
        Problem,
        problem::{Item, Place},
    },
    service::Refusal,
};

/// Why a form was refused.
#[derive(Debug)]
pub struct Wrong {
    /// As the API answers.
    pub status: StatusCode,
    text: String,
    faults: Vec<(String, String)>,
    confirm: Option<String>,
}

impl Wrong {
    /// What a person has caused and can put right; `here` is the page with the form. All else is a page of its own.
    pub fn of(refusal: Refusal, here: &str) -> Result<Self, Fault> {
        let is_theirs = matches!(
            refusal,
            Refusal::NotFresh
                | Refusal::Invalid(_)
                | Refusal::Conflict(_)
                | Refusal::AlreadySo(..)
                | Refusal::OwnerOnly(_)
                | Refusal::Exceeds(_)
                | Refusal::Policy(_)
                | Refusal::Denied(_)
                | Refusal::Stale
                | Refusal::KeyReused
        );
        if !is_theirs {
            return Err(refusal.into());
        }
        let confirm = matches!(refusal, Refusal::NotFresh).then(|| then("/confirm", &here.parse().unwrap_or_default()));
        let is_stale = matches!(refusal, Refusal::Stale);
        let problem = Problem::from(refusal);
        let faults = problem.errors().iter().map(|item| (field(item), sentence(&item.detail))).collect();
        let text = match &confirm {
            Some(_) => "This takes somebody who has just shown who they are. Nothing was done yet.".to_owned(),
            None if is_stale => {
                "Somebody changed it since you opened this page. Look at what there is now, and send it again."
                    .to_owned()
            }
            None => sentence(words(&problem).1),
        };
        Ok(Self { status: problem.status_code(), text, faults, confirm })
    }

    /// Fields that were not filled in as they may be: the name of each and what is wrong.
    #[must_use]
    pub fn fields(faults: Vec<(&str, String)>) -> Self {
        let faults: Vec<_> = faults.into_iter().map(|(name, why)| (name.to_owned(), sentence(&why))).collect();
        let text = faults.first().map(|(_, why)| why.clone()).unwrap_or_default();
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, text, faults, confirm: None }
    }

    /// What is wrong with this field.
    #[must_use]
    pub fn at(&self, name: &str) -> Option<&str> {
        self.faults.iter().find(|(known, _)| known == name).map(|(_, why)| why.as_str())
    }

    /// What is said before the form: with links to the fields that it is about.
    #[must_use]
    pub fn markup(&self) -> Markup {
        html! {
            // Where the answer is a page of its own, it begins here; a script that puts it into the page does the same.
            div.alert.wide tabindex="-1" autofocus role="alert" {
                (if self.faults.is_empty() { self.text.as_str() } else { "Nothing was done yet. Put this right:" })
                @if !self.faults.is_empty() {
                    ul {
                        @for (name, why) in &self.faults {
                            li { @if name.is_empty() { (why) } @else { a href={ "#" (name) } { (why) } } }
                        }
                    }
                }
                @if let Some(path) = &self.confirm { " " a data-keep href=(path) { "Confirm that it is you" } }
            }
        }
    }
}

/// The field that an item is about.
fn field(item: &Item) -> String {
    match &item.place {
        Some(Place::Pointer(pointer)) => pointer.trim_start_matches("#/").trim_start_matches('#').replace('/', "-"),
        Some(Place::Parameter(name)) => name.clone(),
        None => String::new(),
    }
}

/// Refuses a query that says what the page does not know: a filter that is not applied would look as if it were.
pub fn ensure_known(query: &Query, known: &[&str]) -> Result<(), Fault> {
    if let Some((name, _)) = query.pairs().find(|(_, value)| value.contains('\0')) {
        return Err(Refusal::invalid(name, "a NUL character is no part of any text").into());
    }
    let Some(stranger) = query.stranger(known) else { return Ok(()) };
    let hint = suggest::hint(stranger, known.iter().copied());
    let shown: String = stranger.chars().take(64).collect();
    Err(Refusal::invalid(shown.clone(), format!("this page knows no '{shown}'{hint}")).into())
}
