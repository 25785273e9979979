//! Archiving a place, or undoing that: one shape of question, with what it would do, and one answer.

use actix_web::{HttpResponse, http::StatusCode};
use maud::{Markup, html};

use crate::{
    dashboard::{
        Fault, Form,
        done::told,
        org::{Insider, Section},
        page::{lead_to, token},
        wrong::Wrong,
    },
    service::{House, Refusal, Settled},
};

/// A place that is to be archived, or unarchived.
pub(super) struct Question {
    /// What kind of place it is.
    pub(super) what: &'static str,
    /// What it is called.
    pub(super) name: String,
    /// Whether it is archived now.
    pub(super) is_archived: bool,
    /// The path of its page.
    pub(super) here: String,
}

impl Question {
    /// Asks, after what it would do.
    pub(super) async fn ask<N>(
        &self,
        house: &House,
        insider: &Insider<N>,
        impact: &Markup,
        wrong: Option<&Wrong>,
    ) -> Result<HttpResponse, Fault> {
        let (verb, to) = if self.is_archived { ("Unarchive", "unarchived") } else { ("Archive", "archived") };
        let Self { what, name, here, .. } = self;
        let main = html! {
            @if let Some(wrong) = wrong { (wrong.markup()) }
            section {
                (impact)
                form method="post" action={ (here) "/archive" } {
                    (token(&insider.token()))
                    input type="hidden" name="to" value=(to);
                    div.actions { button.danger[!self.is_archived] { (verb) " the " (what) } a href=(here) { "Cancel" } }
                }
            }
        };
        let status = wrong.map_or(StatusCode::OK, |wrong| wrong.status);
        insider.show_as(house, status, Section::Meshes, &format!("{verb} {name}?"), main).await
    }

    /// Leads to the page of the place, which says that it was done.
    pub(super) fn done<N>(&self, insider: &Insider<N>, is_to_be: bool, settled: Option<&Settled>) -> HttpResponse {
        lead_to(&told(insider, &self.here, if is_to_be { "archived" } else { "unarchived" }, settled))
    }

    /// Why it was not done, for the page that asks again.
    pub(super) fn wrong(&self, refusal: Refusal) -> Result<Wrong, Fault> {
        Wrong::of(refusal, &format!("{}/archive", self.here))
    }
}

/// What a form says that the place is to be.
pub(super) fn is_to_be(form: &Form) -> bool {
    form.text("to") == "archived"
}
