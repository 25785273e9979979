//! What is filled in at the set-up: kept as it was typed, but for the password; and what is wrong with it, at its place.

use std::{fmt::Display, str::FromStr};

use maud::{Markup, html};
use zeroize::Zeroizing;

use super::super::{Form, fields::Field};
use crate::{
    domain::{Email, Slug, Title, TopicName, password::Password},
    service::{founding::Founding, setup::Founder},
};

/// The fields that are kept.
const KEPT: [&str; 7] = ["code", "name", "email", "org", "org_name", "mesh", "topic"];

/// What was typed, and what is wrong.
#[derive(Default)]
pub(super) struct Fields {
    typed: Vec<(&'static str, Zeroizing<String>)>,
    faults: Vec<(&'static str, String)>,
}

impl Fields {
    /// As it was sent.
    pub(super) fn typed(form: &Form) -> Self {
        Self { typed: KEPT.map(|name| (name, form.secret(name))).into(), faults: Vec::new() }
    }

    fn text(&self, name: &str) -> &str {
        self.typed.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text.as_str())
    }

    /// Says what is wrong with a field.
    pub(super) fn complain(&mut self, name: &'static str, fault: impl Display) {
        self.faults.push((name, fault.to_string()));
    }

    /// Whether anything is wrong.
    pub(super) const fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        let parsed = self.text(name).trim().parse();
        parsed.map_err(|fault| self.complain(name, fault)).ok()
    }

    /// The same for a field that may be left empty.
    fn optional<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        if self.text(name).trim().is_empty() { None } else { self.parsed(name) }
    }

    /// Who sets it up, and what is to be founded; otherwise every fault is noted.
    pub(super) fn read(&mut self, form: &Form) -> Option<(Founder, Founding)> {
        let (name, email) = (self.parsed::<Title>("name"), self.parsed::<Email>("email"));
        let (org, org_name) = (self.parsed::<Slug>("org"), self.optional::<Title>("org_name"));
        let (mesh, topic) = (self.optional::<Slug>("mesh"), self.optional::<TopicName>("topic"));
        if topic.is_some() && self.text("mesh").trim().is_empty() {
            self.complain("mesh", "a topic is in a mesh: name one, or leave the topic out");
        }
        // All that is wrong is said at once, also of a password whose person is not known yet.
        let of_whom = email.clone().or_else(|| "-@-".parse().ok()).zip(name.clone().or_else(|| "-".parse().ok()))?;
        let password = Password::new(form.secret("password"), &of_whom.0, &of_whom.1);
        let password = password.map_err(|fault| self.complain("password", fault)).ok();
        if self.has_faults() {
            return None;
        }
        let (name, email) = (name?, email?);
        let founding = Founding { org: org?, name: org_name, mesh, topics: topic.into_iter().collect(), owner: None };
        Some((Founder { email, name, password: password? }, founding))
    }

    fn field<'a>(&'a self, name: &'static str, label: &'a str) -> Field<'a> {
        let faults = self.faults.iter().find(|(known, _)| *known == name).map(|(_, fault)| fault.as_str());
        Field::new(name, label).with_text(self.text(name)).with_fault(faults)
    }

    /// The field of the code.
    pub(super) fn code(&self) -> Markup {
        let hint = "28 letters and digits, in groups or without. The link brings it along.";
        self.field("code", "Set-up code").with_hint(hint).filled_by("off").from_fragment().markup()
    }

    /// Who it is.
    pub(super) fn you(&self) -> Markup {
        html! {
            (self.field("name", "Your name").filled_by("name").markup())
            (self.field("email", "E-mail").of_kind("email").filled_by("username")
                .with_hint("You sign in with it.").markup())
            (self.field("password", "Password").of_kind("password").filled_by("new-password")
                .with_hint("At least 12 characters.").markup())
        }
    }

    /// The org.
    pub(super) fn org(&self) -> Markup {
        html! {
            (self.field("org", "Short name").filled_by("off")
                .with_hint("In addresses and commands, such as acme: a-z, 0-9 and -.").markup())
            (self.field("org_name", "Name (optional)").filled_by("organization")
                .with_hint("For people, such as Acme Ltd.").markup())
        }
    }

    /// The first mesh and its first topic.
    pub(super) fn mesh(&self) -> Markup {
        html! {
            (self.field("mesh", "Mesh (optional)").filled_by("off").with_hint("Such as main.").markup())
            (self.field("topic", "Topic (optional)").filled_by("off").with_hint("Such as deploys.").markup())
        }
    }
}
