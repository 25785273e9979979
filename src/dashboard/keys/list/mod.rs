//! `/orgs/{org}/keys`: the keys that one may see. All that the list shows stands in its address.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use self::{
    filters::{Filters, chips, of_the_org},
    table::Table,
};
use crate::{
    dashboard::{
        Fault,
        org::{Insider, Section},
        page::{lead_to, sentence},
        parts::{paging::more, times::wire},
        query::Query,
    },
    domain::{Capability, Mesh, page::Limit, pasted::Pasted},
    http::guard::AnyKey,
    service::{
        self, House, Refusal,
        listing::{self, Counts, Listing},
    },
};

mod empties;
mod fields;
mod filters;
mod table;
mod views;

/// `/orgs/{org}`: to the list.
pub async fn lead(insider: Insider<AnyKey>) -> HttpResponse {
    lead_to(&insider.at("/keys"))
}

/// The page.
pub async fn show(house: Data<House>, insider: Insider<AnyKey>) -> Result<HttpResponse, Fault> {
    let query = Query::of(&insider.person.request);
    // The text of a key is not looked for by an address, and not shown again: the search above takes it.
    if query
        .text("text")
        .is_some_and(|text| matches!(Pasted::read(text, &house.prefix), Pasted::Secret(_) | Pasted::Broken))
    {
        return Ok(lead_to(&query.without("text").at(&insider.at("/keys"))));
    }
    let person = insider.proof.person().ok_or(Refusal::NoPerson)?;
    let filters = Filters::read(&query, person.user, person.now)?;
    let (counts, meshes) = around(&house, &insider).await?;
    let list = List { insider: &insider, query: &query, filters: &filters, counts, meshes: &meshes };
    let wrong = match &filters.wanted {
        Ok(wanted) => match listing::list(&house, &insider.proof, wanted).await {
            Ok(listing) => {
                let main = list.whole(&house, &listing).await?;
                return insider.show(&house, Section::Keys, "Keys", main).await;
            }
            Err(Refusal::Invalid(faults)) => faults,
            Err(refusal) => return Err(refusal.into()),
        },
        Err(faults) => faults.clone(),
    };
    let main = list.refused(&wrong);
    insider.show_as(&house, StatusCode::UNPROCESSABLE_ENTITY, Section::Keys, "Keys", main).await
}

async fn around(house: &House, insider: &Insider<AnyKey>) -> Result<(Counts, Vec<Mesh>), Fault> {
    let counts = listing::count(house, &insider.proof).await?;
    let meshes = service::meshes::list(house, &insider.proof, None, Limit::MOST, None).await?.items;
    Ok((counts, meshes))
}

/// What stands on the page, besides the keys.
struct List<'a> {
    insider: &'a Insider<AnyKey>,
    query: &'a Query,
    filters: &'a Filters,
    counts: Counts,
    meshes: &'a [Mesh],
}

impl List<'_> {
    fn path(&self) -> String {
        self.insider.at("/keys")
    }

    fn is_admin(&self) -> bool {
        self.insider.proof.rights().allows(&Capability::Admin)
    }

    /// What stands above the keys: what they are, the views, and what can be asked for.
    fn head(&self, listing: Option<&Listing>, faults: &[service::Fault]) -> Markup {
        let path = self.path();
        html! {
            div.head {
                @if self.is_admin() { p.quiet { "Every key that you manage in " (self.insider.proof.org_slug()) "." } }
                @else { p.quiet { "These are your own keys. Keys of others are shown to admins." } }
                a.button href=(self.insider.at("/keys/new")) { "Issue a key" }
            }
            (views::tabs(self.query, &path, self.counts, self.is_admin()))
            (fields::form(self.query, &path, self.meshes, listing, faults))
            (chips(self.query, &path, self.meshes, listing))
        }
    }

    async fn whole(&self, house: &House, listing: &Listing) -> Result<Markup, Fault> {
        let path = self.path();
        let (token, query) = (self.insider.token(), self.query);
        let next = query.with("as_of", &wire(self.filters.as_of));
        Ok(html! {
            (self.head(Some(listing), &[]))
            (self.beside(house).await?)
            @if listing.page.items.is_empty() && listing.page.next.is_none() { (self.empty(house).await?) }
            @else {
                (Table { listing, query, path: &path, token: &token, is_admin: self.is_admin() }.markup())
                (more(listing.page.next.as_deref(), &path, &next))
            }
        })
    }

    /// Keys of the whole org work in a mesh, and are none of it: who looks at those of a mesh is told how many there are.
    async fn beside(&self, house: &House) -> Result<Markup, Fault> {
        let Some(query) = of_the_org(self.query, self.meshes) else { return Ok(html! {}) };
        let person = self.insider.proof.person().ok_or(Refusal::NoPerson)?;
        let Ok(wanted) = Filters::read(&query, person.user, person.now)?.wanted else { return Ok(html! {}) };
        let (count, is_more) = listing::how_many(house, &self.insider.proof, &wanted).await?;
        Ok(html! {
            @if count > 0 {
                p {
                    @if is_more { "More than " }
                    @if count == 1 { "1 key of the whole org works" } @else { (count) " keys of the whole org work" }
                    " here too. " a href=(query.at(&self.path())) { @if count == 1 { "See it" } @else { "See them" } }
                }
            }
        })
    }

    /// What was asked for means nothing: why, and the fields as they were filled in.
    fn refused(&self, faults: &[service::Fault]) -> Markup {
        html! {
            @for fault in faults {
                p.alert role="alert" { a href={ "#filter-" (fault.pointer) } { (sentence(&fault.detail)) } }
            }
            (self.head(None, faults))
        }
    }
}
