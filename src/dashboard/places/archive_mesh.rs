//! `/orgs/{org}/meshes/{mesh}/archive`: whom it would hit to archive a mesh, and doing it; or undoing it.

use actix_web::{HttpResponse, web::Data};
use maud::{Markup, html};

use super::{
    archive::{Question, is_to_be},
    holders::brief,
};
use crate::{
    dashboard::{Fault, org::Insider, visitor::Sent, wrong::Wrong},
    domain::Mesh,
    http::guard::{InOrg, may},
    service::{
        Done, House, meshes,
        places::{self, MeshImpact},
    },
};

type Admin = Insider<InOrg<may::Admin>>;

/// How many keys are named.
const MOST_NAMED: usize = 20;

/// The question.
pub async fn show(house: Data<House>, insider: Admin) -> Result<HttpResponse, Fault> {
    page(&house, &insider, None).await
}

fn question(insider: &Admin) -> Result<Question, Fault> {
    let mesh = meshes::show(&insider.proof)?;
    let here = insider.at(&format!("/meshes/{}", mesh.slug));
    Ok(Question { what: "mesh", name: mesh.slug.to_string(), is_archived: mesh.archived_at.is_some(), here })
}

async fn page(house: &House, insider: &Admin, wrong: Option<&Wrong>) -> Result<HttpResponse, Fault> {
    let (mesh, impact) = (meshes::show(&insider.proof)?, places::of_mesh(house, &insider.proof).await?);
    let said = html! {
        (said(&mesh, &impact))
        @if !impact.refused.is_empty() { (brief(&impact.refused, MOST_NAMED, &insider.at("/keys"))) }
        @if !impact.complete { p.warn-text { "There are more keys than were looked at: these are the least." } }
    };
    question(insider)?.ask(house, insider, &said, wrong).await
}

fn said(mesh: &Mesh, impact: &MeshImpact) -> Markup {
    let MeshImpact { refused, used_lately, of_the_org, .. } = impact;
    let keys = |count: usize| format!("{count} {}", if count == 1 { "key" } else { "keys" });
    html! {
        @if mesh.archived_at.is_some() {
            p { strong { (keys(refused.len())) } " of this mesh would work again, at once." }
        } @else {
            p {
                strong { (keys(refused.len())) } " of this mesh would be refused at once, everywhere, with " code { "mesh_archived" } "."
                @if *used_lately > 0 { " " strong.warn-text { (used_lately) " of them " (if *used_lately == 1 { "was" } else { "were" }) " used in the last 24 hours." } }
                @else if !refused.is_empty() { " None of them was used in the last 24 hours." }
            }
            @if *of_the_org > 0 { p { (keys(*of_the_org)) " of the whole org would go on in its other meshes, and not here." } }
            p { "Nothing is deleted, and it can be undone: keys, topics and messages are there again when the mesh is unarchived." }
        }
    }
}

/// Does it.
pub async fn take(house: Data<House>, sent: Sent<Admin>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let (question, is_to_be) = (question(&insider)?, is_to_be(&form));
    match meshes::archive(&house, &insider.proof, is_to_be).await {
        Ok(Done { settled, .. }) => Ok(question.done(&insider, is_to_be, settled.as_ref())),
        Err(refusal) => page(&house, &insider, Some(&question.wrong(refusal)?)).await,
    }
}
