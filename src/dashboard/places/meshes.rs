//! `/orgs/{org}/meshes`: the meshes that one may see, with what is in each; archived ones apart. And a new one.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use crate::{
    dashboard::{
        Fault, Form,
        done::told,
        fields::Field,
        org::{Insider, Section},
        page::{lead_to, token},
        parts::{
            asking::{asked, is_of_the_org, person},
            once::{nothing, once},
            paging::{empty, more},
            times::ago,
        },
        query::Query,
        visitor::Sent,
        wrong::{Wrong, ensure_known},
    },
    domain::{
        Mesh, Slug, Title,
        page::{Limit, Page},
    },
    http::guard::{InOrg, Within, may},
    service::{House, meshes, places},
};

/// The page.
pub async fn show(house: Data<House>, insider: Insider<Within<may::Admin>>) -> Result<HttpResponse, Fault> {
    let query = Query::of(&insider.person.request);
    ensure_known(&query, &["cursor"])?;
    page(&house, &insider, &query, None).await
}

/// What was filled in and refused.
struct Typed<'a> {
    form: &'a Form,
    wrong: Wrong,
}

async fn page<N>(
    house: &House,
    insider: &Insider<N>,
    query: &Query,
    typed: Option<&Typed<'_>>,
) -> Result<HttpResponse, Fault> {
    let by = &insider.proof;
    let (live, archived) = (
        meshes::list(house, by, Some(false), Limit::default(), query.text("cursor")).await?,
        meshes::list(house, by, Some(true), Limit::MOST, None).await?,
    );
    let mut listed = Vec::new();
    for page in [&live, &archived] {
        listed.extend(page.items.iter().map(|mesh| mesh.id));
    }
    let counts = places::of_meshes(house, by, &listed).await?;
    let path = insider.at("/meshes");
    let table = |caption: &str, page: &Page<Mesh>| -> Result<Markup, Fault> {
        let now = person(by)?.now;
        Ok(html! {
            div.scroll {
                table.cards {
                    caption { (caption) }
                    thead {
                        tr {
                            th scope="col" { "Mesh" }
                            th scope="col" { "Name" }
                            th.number scope="col" { "Topics" }
                            th.number scope="col" { "Keys that work" }
                            th scope="col" { "Made" }
                        }
                    }
                    tbody {
                        @for mesh in &page.items {
                            @let count = counts.get(&mesh.id);
                            tr {
                                th scope="row" { a href={ (path) "/" (mesh.slug) } { (mesh.slug) } }
                                td data-label="Name" { bdi { (mesh.name) } }
                                td.number data-label="Topics" { (number(count.map(|count| count.topics))) }
                                td.number data-label="Keys that work" { (number(count.map(|count| count.keys))) }
                                td data-label="Made" { (ago(mesh.created_at, now)) }
                            }
                        }
                    }
                }
            }
        })
    };
    let is_of_the_org = is_of_the_org(by);
    let main = html! {
        @if let Some(Typed { wrong, .. }) = typed { (wrong.markup()) }
        @if live.items.is_empty() {
            (empty("No meshes yet", &html! { "A mesh holds topics, and keys that work in it alone. Make the first one below." }))
        } @else { (table("Meshes, the newest first", &live)?) }
        (more(live.next.as_deref(), &path, query))
        @if !archived.items.is_empty() {
            details open[live.items.is_empty()] {
                summary { "Archived (" (archived.items.len()) @if archived.next.is_some() { "+" } ")" }
                p { "Keys of an archived mesh are refused. They work again when it is unarchived." }
                (table("Archived meshes, the newest first", &archived)?)
            }
        }
        @if is_of_the_org { (form(&path, &insider.token(), typed)) } @else {
            p.quiet { "Meshes are made and archived by admins of the org: ask " (asked(house, insider).await?) "." }
        }
    };
    let status = typed.map_or(StatusCode::OK, |typed| typed.wrong.status);
    insider.show_as(house, status, Section::Meshes, "Meshes", main).await
}

/// A count; of what one may not see there is none.
fn number(count: Option<i64>) -> Markup {
    html! { @match count { Some(count) => (count), None => span { "–" span.unseen { "not shown to you" } } } }
}

fn form(path: &str, form_token: &str, typed: Option<&Typed<'_>>) -> Markup {
    let text = |name: &str| typed.map_or("", |typed| typed.form.shown(name));
    let fault = |name: &str| typed.and_then(|typed| typed.wrong.at(name));
    let slug = Field::new("slug", "Slug")
        .with_text(text("slug"))
        .with_fault(fault("slug"))
        .filled_by("off")
        .with_hint("Its name in addresses and commands, for good: a-z, 0-9 and -, at most 48 characters.");
    let name = Field::new("name", "Name (optional)")
        .with_text(text("name"))
        .with_fault(fault("name"))
        .filled_by("off")
        .with_hint("What people call it. It can be changed.");
    html! {
        section.narrow aria-labelledby="new-mesh" {
            h2 id="new-mesh" { "New mesh" }
            form method="post" action=(path) {
                (token(form_token)) (once())
                (slug.markup()) (name.markup())
                button { "Make the mesh" }
            }
        }
    }
}

/// Makes one.
pub async fn create(house: Data<House>, sent: Sent<Insider<InOrg<may::Admin>>>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let (path, mut faults) = (insider.at("/meshes"), Vec::new());
    let slug = form.text("slug").trim().parse::<Slug>().map_err(|why| faults.push(("slug", why.to_string()))).ok();
    let name = match form.text("name").trim() {
        "" => slug.as_ref().map(Title::from),
        name => name.parse::<Title>().map_err(|why| faults.push(("name", why.to_string()))).ok(),
    };
    let (Some(slug), Some(name)) = (slug, name) else {
        let typed = Typed { form: &form, wrong: Wrong::fields(faults) };
        return page(&house, &insider, &Query::default(), Some(&typed)).await;
    };
    let request = form.once(&insider.person.request, &insider.proof);
    match meshes::create(&house, &insider.proof, &slug, &name, request.as_ref(), &|_| nothing()).await {
        Ok(_) => Ok(lead_to(&told(&insider, &format!("{path}/{slug}"), "made", None))),
        Err(refusal) => {
            let typed = Typed { form: &form, wrong: Wrong::of(refusal, &path)? };
            page(&house, &insider, &Query::default(), Some(&typed)).await
        }
    }
}
