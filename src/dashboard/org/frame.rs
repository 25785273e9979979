//! What stands around every page of an org: where one is, where one can go, and the search.

use actix_web::HttpRequest;
use maud::{Markup, html};

use crate::{
    dashboard::{page::token, query::Query},
    domain::{Capability, Membership, Role, person::SignedIn},
    service::{Admitted, surroundings::Surroundings},
};

/// The parts of an org.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Keys.
    Keys,
    /// Those that end soon.
    Expiring,
    /// Meshes and their topics.
    Meshes,
    /// People, and who is invited.
    Members,
    /// What keys were used for.
    Usage,
    /// What was changed.
    Audit,
    /// What may be handed out at all.
    Policy,
}

impl Section {
    /// Each with its name and where it is within the org; and whether it is for admins alone.
    const ALL: [(Self, &'static str, &'static str, bool); 7] = [
        (Self::Keys, "Keys", "/keys", false),
        (Self::Expiring, "Expiring soon", "/expiring", false),
        (Self::Meshes, "Meshes", "/meshes", true),
        (Self::Members, "Members", "/members", true),
        (Self::Usage, "Usage", "/usage", true),
        (Self::Audit, "Audit", "/audit", true),
        (Self::Policy, "Policy", "/policy", true),
    ];
}

/// What a frame shows.
pub(super) struct Frame<'a> {
    pub(super) around: &'a Surroundings,
    pub(super) by: &'a Admitted,
    pub(super) section: Section,
    pub(super) token: &'a str,
    pub(super) request: &'a HttpRequest,
}

impl Frame<'_> {
    pub(super) fn markup(&self) -> Markup {
        let org = self.by.org_slug();
        let rights = self.by.rights();
        let (is_admin, is_whole) = (rights.allows(&Capability::Admin), rights.is_whole(self.by.org()));
        html! {
            div.places {
                (self.orgs())
                (self.meshes())
                form.search role="search" method="post" action={ "/orgs/" (org) "/search" } autocomplete="off" data-swap="wipe" {
                    (token(self.token))
                    label.unseen for="search" { "Search keys, or paste one" }
                    input type="search" id="search" name="text" placeholder="Name, id or key" autocomplete="off"
                        autocapitalize="none" spellcheck="false" data-shortcut="/" data-secret;
                    button.second { "Search" }
                }
            }
            nav.sections aria-label=(org) {
                @for (section, name, path, is_for_admins) in Section::ALL {
                    @let is_here = section == self.section;
                    @if !is_for_admins || is_admin && (section != Section::Members || is_whole) {
                        a href={ "/orgs/" (org) (path) } aria-current=[is_here.then_some("page")] {
                            (name)
                            @if section == Section::Expiring && self.around.expiring > 0 {
                                " " span.badge { (self.around.expiring) @if self.around.expiring >= 200 { "+" } }
                            }
                        }
                    }
                }
            }
        }
    }

    fn orgs(&self) -> Markup {
        let org = self.by.org_slug();
        let role = self.by.person().map(role_in).unwrap_or_default();
        html! {
            details.switch {
                summary { span.unseen { "Org: " } (org) }
                div.menu {
                    p.quiet { "You are " strong { (role) } "." }
                    @for other in self.around.orgs.iter().filter(|other| *other != org) {
                        a href={ "/orgs/" (other) "/keys" } { (other) }
                    }
                    a href="/account" { "Your account" }
                    @if let Some(person) = self.by.person() {
                        a href={ "/orgs/" (org) "/members/" (person.user) "/remove" } { "Leave " (org) "…" }
                    }
                }
            }
        }
    }

    /// The meshes: to choose one is to see its keys.
    fn meshes(&self) -> Markup {
        let org = self.by.org_slug();
        let query = Query::of(self.request);
        let named = self.request.match_info().get("mesh").or_else(|| query.text("mesh"));
        let is_named = |id: String, slug: &str| named == Some(slug) || named == Some(id.as_str());
        let here = self.around.meshes.iter().find(|mesh| is_named(mesh.id.to_string(), mesh.slug.as_str()));
        html! {
            details.switch {
                summary {
                    span.unseen { "Mesh: " }
                    @match here { Some(mesh) => (mesh.slug), None => "All meshes" }
                }
                div.menu {
                    a href={ "/orgs/" (org) "/keys" } { "All meshes" }
                    @for mesh in &self.around.meshes {
                        a href={ "/orgs/" (org) "/keys?mesh=" (mesh.slug) } { (mesh.slug) }
                    }
                }
            }
        }
    }
}

/// As what a person is in the org, the strongest first.
fn role_in(person: &SignedIn) -> String {
    let strongest = |is_wanted: fn(&Membership) -> bool| {
        person.memberships.iter().filter(|one| is_wanted(one)).map(|membership| membership.role).max().map(Role::name)
    };
    match (strongest(|one| one.at.mesh().is_none()), strongest(|one| one.at.mesh().is_some())) {
        (Some(everywhere), None) => format!("{everywhere} of {}", person.org_slug),
        (None, Some(there)) => format!("{there} of a mesh of {}", person.org_slug),
        (Some(everywhere), Some(there)) => format!("{everywhere} of {}, and {there} of a mesh", person.org_slug),
        (None, None) => format!("nothing in {}", person.org_slug),
    }
}
