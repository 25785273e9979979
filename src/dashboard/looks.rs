//! `/account/looks`: light or dark, and whether single letters are shortcuts (WCAG 2.2, 2.1.4). Both stand in a cookie of the
//! browser, so that a page comes as it is wanted, and nothing flashes.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::header};
use maud::{Markup, html};

use super::{
    Page,
    page::{lead_to, token},
    routes::is_shown,
    visitor::{Person, Sent, is_asked, with_cookie},
};
use crate::domain::Place;

const COOKIE: &str = "__Host-meshkey-looks";
const KEPT_FOR: Duration = Duration::from_hours(365 * 24);
const THEMES: [(Theme, &str, &str); 3] =
    [(Theme::Auto, "auto", "As the system has it"), (Theme::Light, "light", "Light"), (Theme::Dark, "dark", "Dark")];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

/// How the browser wants its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looks {
    theme: Theme,
    has_no_shortcuts: bool,
}

impl Looks {
    /// As the cookie of the request says. What it does not know is as if it were not there.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let lines = request.headers().get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let value = pairs.find(|(name, _)| *name == COOKIE).map_or("", |(_, value)| value);
        let (theme, shortcuts) = value.split_once('.').unwrap_or((value, ""));
        Self { theme: named(theme), has_no_shortcuts: shortcuts == "off" }
    }

    /// The theme, where it is not that of the system.
    #[must_use]
    pub fn theme(self) -> Option<&'static str> {
        let known = THEMES.iter().find(|(theme, _, _)| *theme == self.theme && *theme != Theme::Auto);
        known.map(|(_, name, _)| *name)
    }

    /// The button in the head of a page that goes on to the next theme. With its script the page stays as it is, with what is typed.
    #[must_use]
    pub fn switch(self, form_token: &str) -> Markup {
        let at = THEMES.iter().position(|(theme, _, _)| *theme == self.theme).unwrap_or_default();
        let (now, next) = (THEMES[at].1, THEMES[(at + 1) % THEMES.len()].1);
        html! {
            form method="post" action="/account/looks" data-theme-switch {
                (token(form_token))
                @if self.has_shortcuts() { input type="hidden" name="shortcuts" value="on"; }
                input type="hidden" name="stay" value="yes";
                button.plain name="theme" value=(next) { "Theme: " span { (now) } }
            }
        }
    }

    /// Whether single letters are shortcuts.
    #[must_use]
    pub const fn has_shortcuts(self) -> bool {
        !self.has_no_shortcuts
    }
}

fn named(text: &str) -> Theme {
    THEMES.iter().find(|(_, name, _)| *name == text).map_or(Theme::Auto, |(theme, _, _)| *theme)
}

/// The form.
pub async fn show(person: Person) -> HttpResponse {
    let form_token = person.token();
    let looks = Looks::of(&person.request);
    let is_saved = is_asked(&person.request, "saved");
    let main = html! {
        @if is_saved { p.note role="status" { "Saved in this browser." } }
        section.narrow { (form(looks, &form_token)) }
    };
    Page::new("Look and keyboard", main).signed(person.signed(&form_token)).answer()
}

fn form(looks: Looks, form_token: &str) -> Markup {
    html! {
        form method="post" action="/account/looks" {
            (token(form_token))
            fieldset {
                legend { "Colours" }
                @for (theme, name, words) in THEMES {
                    label.choice for={ "theme-" (name) } {
                        input type="radio" id={ "theme-" (name) } name="theme" value=(name) checked[looks.theme == theme];
                        span { (words) }
                    }
                }
            }
            fieldset {
                legend { "Keyboard" }
                label.choice for="shortcuts" {
                    input type="checkbox" id="shortcuts" name="shortcuts" value="on" checked[looks.has_shortcuts()];
                    span { "Single letters are shortcuts. Press " kbd { "?" } " on a page of an org to see them." }
                }
            }
            div.actions { button { "Save" } a href="/account" { "Back to the account" } }
        }
    }
}

/// Keeps it in the browser; and leads back to the page whose head says so.
pub async fn change(sent: Sent<Person>) -> HttpResponse {
    let came_from = || {
        let referer = sent.by.request.headers().get(header::REFERER)?.to_str().ok()?;
        let (_, rest) = referer.split_once("://")?;
        rest.find('/').and_then(|slash| rest[slash..].parse::<Place>().ok())
    };
    // What only takes forms cannot be led to.
    let came_from = || came_from().filter(|place| is_shown(place.as_str()));
    let saved = "/account/looks?saved";
    let next = if sent.form.text("stay") == "yes" { came_from() } else { None };
    let next = next.as_ref().map_or(saved, Place::as_str);
    let theme = named(sent.form.text("theme"));
    let theme = THEMES.iter().find(|(known, _, _)| *known == theme).map_or("auto", |(_, name, _)| *name);
    let shortcuts = if sent.form.text("shortcuts") == "on" { "on" } else { "off" };
    with_cookie(lead_to(next), COOKIE, &format!("{theme}.{shortcuts}"), KEPT_FOR)
}
