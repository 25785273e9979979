//! Who issues, and the page with the form.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};
use uuid::Uuid;

use super::{
    aside::aside,
    filled::{Filled, Wrong},
    sheet::Sheet,
    templates,
};
use crate::{
    dashboard::{
        Fault,
        org::{Insider, Section},
        page::sentence,
        parts::times::with_times,
        visitor::then,
    },
    domain::{Capability, Member, Owner, Place, Role, Title, page::Limit},
    http::{
        guard::{AnyKey, InOrg, Oneself, Within, may},
        oauth::PublicUrl,
    },
    service::{Admitted, House, ground::Ground, members, surroundings},
};

/// What is said beside the form.
#[derive(Default)]
pub(super) struct Saying<'a> {
    pub(super) wrong: &'a [Wrong],
    pub(super) left_out: &'a [String],
    pub(super) is_by_link: bool,
    /// The person has to show once more who it is.
    pub(super) is_stale: bool,
    /// All checks are passed, and nothing was issued.
    pub(super) is_fine: bool,
}

/// Who issues, by one of two doors, with the proof that the API demands there.
pub(super) struct Desk {
    pub(super) insider: Insider<AnyKey>,
    /// A key of the person's own.
    pub(super) is_own: bool,
    /// Whether it could issue others.
    is_admin: bool,
    pub(super) proof: Admitted,
    members: Vec<Member>,
    /// Who may do more.
    others: Vec<Title>,
}

impl Desk {
    /// Who is no admin anywhere issues its own.
    pub(super) async fn open(house: &House, insider: Insider<AnyKey>, wants_own: bool) -> Result<Self, Fault> {
        let is_admin = insider.proof.rights().allows(&Capability::Admin);
        let is_own = wants_own || !is_admin;
        let proof = if is_own {
            insider.admit::<Oneself>(house).await?
        } else {
            insider.admit::<Within<may::Admin>>(house).await?
        };
        let is_whole = insider.proof.rights().is_whole(insider.proof.org());
        let members = if is_whole && !is_own {
            let proof = insider.admit::<InOrg<may::Admin>>(house).await?;
            let wanted = members::Wanted { limit: Limit::MOST, ..members::Wanted::default() };
            members::list(house, &proof, &wanted).await?.items
        } else {
            Vec::new()
        };
        let others = if is_admin { Vec::new() } else { surroundings::who_to_ask(house, &insider.proof).await? };
        Ok(Self { insider, is_own, is_admin, proof, members, others })
    }

    /// The page.
    pub(super) async fn show(
        &self,
        house: &House,
        status: StatusCode,
        filled: &Filled,
        ground: &Ground,
        saying: &Saying<'_>,
    ) -> Result<HttpResponse, Fault> {
        let (path, once) = (self.insider.at("/keys/new"), Uuid::now_v7().simple().to_string());
        let token = self.insider.token();
        // What looks like a key is not sent back, into the page and into what is made of it.
        let filled = &filled.without_keys();
        let sheet = Sheet {
            path: &path,
            org: self.insider.proof.org_slug(),
            form_token: &token,
            once: &once,
            filled,
            ground,
            members: &self.members,
            wrong: saying.wrong,
        };
        let main = html! {
            (said(saying, filled, &path))
            // Enter in a field takes the first button of its form, which is to be no template.
            button.unseen form="issue" name="do" value="issue" tabindex="-1" aria-hidden="true" { "Issue" }
            (self.doors())
            (templates::tiles(ground, &filled.begun, (self.is_admin && !self.is_own, self.is_owner())))
            div.split {
                (sheet.markup())
                (aside(&sheet, &self.base()))
            }
        };
        let title = if self.is_own { "A new key of yours" } else { "A new key" };
        self.insider.show_as(house, status, Section::Keys, title, main).await
    }

    fn is_owner(&self) -> bool {
        let org = Owner::Org(self.insider.proof.org());
        let person = self.insider.proof.person();
        person.is_some_and(|person| person.memberships.iter().any(|part| part.role == Role::Owner && part.at == org))
    }

    /// Whose key it is to be. To choose sends the form along, so that nothing typed is lost.
    fn doors(&self) -> Markup {
        html! {
            @if self.is_admin {
                div.doors role="group" aria-label="Whose key" {
                    button form="issue" name="door" value="org" aria-current=[(!self.is_own).then_some("true")] { "For the org" }
                    button form="issue" name="door" value="me" aria-current=[self.is_own.then_some("true")] { "For myself" }
                }
            }
            @if self.is_own {
                p {
                    "A key of yours: it never does more than you may."
                    @if !self.is_admin && !self.others.is_empty() {
                        " For a key that does more, or that outlives people, ask " strong { (self.others.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")) } "."
                    }
                }
            }
        }
    }

    /// Where the API is, as the browser knows it.
    fn base(&self) -> String {
        let request = &self.insider.person.request;
        match request.app_data::<Data<PublicUrl>>() {
            Some(url) => url.origin().to_owned(),
            None => format!("http://{}", request.connection_info().host()),
        }
    }
}

/// What is said above the form.
fn said(saying: &Saying<'_>, filled: &Filled, path: &str) -> Markup {
    html! {
        @if !saying.wrong.is_empty() {
            div.alert.wide role="alert" tabindex="-1" {
                p { strong { "The key was not issued." } }
                ul {
                    @for wrong in saying.wrong {
                        @let words = with_times(&sentence(&wrong.words));
                        li { @if wrong.field.is_empty() { (words) } @else { a href={ "#" (wrong.field) } { (words) } } }
                    }
                }
            }
        }
        @if saying.is_stale {
            div.alert.wide role="alert" tabindex="-1" {
                p { "The key was not issued yet: this matters more than most, and it is a while since you showed that it is you." }
                p { a data-keep href=(then("/confirm", &back(filled, path).parse().unwrap_or_default())) { "Confirm that it is you" } " What is filled in here is kept." }
            }
        }
        @if saying.is_fine {
            p.note.wide role="alert" tabindex="-1" { "All checks are passed, and nothing was issued yet." }
        }
        @if saying.is_by_link || !saying.left_out.is_empty() {
            div.note.warn.wide {
                @if saying.is_by_link { p { "A link has filled this form in. Look at every field before you issue the key." } }
                @if !saying.left_out.is_empty() { ul { @for text in saying.left_out { li { (text) } } } }
            }
        }
    }
}

/// The page to come back to, with what can stand in an address.
fn back(filled: &Filled, path: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let can = filled.can.join(",");
    let names = filled.words().collect::<Vec<_>>().join(",");
    let all = [
        ("for", if filled.is_own { "me" } else { "" }),
        ("name", &filled.name),
        ("note", &filled.note),
        ("mesh", &filled.mesh),
        ("cap", &can),
        ("topic", &names),
        ("expires", &filled.expires),
        ("rate", &filled.rate),
    ];
    query.extend_pairs(all.into_iter().filter(|(_, text)| !text.is_empty()));
    let whole = format!("{path}?{}", query.finish());
    // Longer than a place may be, it is the plain page, and what the script has kept.
    if whole.parse::<Place>().is_ok() { whole } else { path.to_owned() }
}
