//! Chips: what a key is and may do, each with a word and a shape, never by colour alone.

pub use crate::domain::standing::Standing;
use crate::domain::{Capability, CapabilitySet, Slug, TopicScope, key::Status};
use maud::{Markup, html};

impl Standing {
    /// The word, the shape before it, the class, and what it means and asks for.
    const fn words(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::As(Status::Revoked) => {
                ("revoked", "✕", "dead", "It is dead for good. Issue a new one if it is missed.")
            }
            Self::As(Status::Expired) => {
                ("expired", "◌", "dead", "Its end has passed. Give it a later one, or let it be.")
            }
            Self::As(Status::Disabled) => {
                ("disabled", "‖", "held", "It is stopped for the time being. Enable it to go on.")
            }
            Self::As(Status::Rotating) => {
                ("rotating", "↻", "busy", "Two secrets live. End the overlap when nobody uses the old one.")
            }
            Self::Expiring => {
                ("expiring soon", "◔", "warn", "It ends within 14 days. Rotate it, or give it a later end.")
            }
            Self::Unused => ("unused", "○", "warn", "Nobody has used it for 90 days. Revoke it if nobody misses it."),
            Self::As(Status::Active) => ("active", "●", "good", "It is neither stopped nor over."),
        }
    }

    /// The chip, which says why and what to do to who points at it or comes there by the keyboard.
    #[must_use]
    pub fn chip(self) -> Markup {
        let (word, shape, class, why) = self.words();
        html! {
            span.when tabindex="0" {
                span.chip.(class) { span aria-hidden="true" { (shape) } " " (word) }
                span.tip { (why) }
            }
        }
    }

    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.words().0
    }
}

/// What a key may do. `admin` stands out, since it includes all others.
#[must_use]
pub fn capabilities(set: &CapabilitySet) -> Markup {
    html! {
        span.chips {
            @for capability in set.iter() {
                @if *capability == Capability::Admin { strong.chip.heavy { "◆ admin" } }
                @else { span.chip { (capability.to_string().replace('_', " ")) } }
            }
        }
    }
}

/// Where a key works. The widest is the heaviest.
#[must_use]
pub fn place(mesh: Option<&Slug>, topics: &TopicScope) -> Markup {
    html! {
        span.place {
            @match mesh {
                Some(mesh) => { "mesh " strong { (mesh) } },
                None => strong.chip.heavy { "Whole org" },
            }
            " "
            @match topics.patterns() {
                None => strong.chip.heavy { "All topics" },
                Some(patterns) => {
                    @for pattern in patterns.iter().take(2) { span.chip.topic { "#" (pattern) } " " }
                    @if patterns.len() > 2 { span.quiet { "+" (patterns.len() - 2) } }
                },
            }
        }
    }
}
