//! `/orgs/{org}/meshes/{mesh}/archive`: whom it would hit to archive a mesh, and doing it; or undoing it.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};

use super::holders::brief;
use crate::{
    dashboard::{
        Fault,
        done::told,
        org::{Insider, Section},
        page::{lead_to, token},
        visitor::Sent,
        wrong::Wrong,
    },
    domain::Mesh,
    http::guard::{InOrg, may},
    service::{
        Done, House, meshes,
        places::{self, MeshImpact},
    },
};

/// How many keys are named.
const MOST_NAMED: usize = 20;

/// The question.
pub async fn show(house: Data<House>, insider: Insider<InOrg<may::Admin>>) -> Result<HttpResponse, Fault> {
    page(&house, &insider, None).await
}

async fn page(
    house: &House,
    insider: &Insider<InOrg<may::Admin>>,
    wrong: Option<&Wrong>,
) -> Result<HttpResponse, Fault> {
    let mesh = meshes::show(&insider.proof)?;
    let impact = places::of_mesh(house, &insider.proof).await?;
    let path = insider.at(&format!("/meshes/{}", mesh.slug));
    let (title, button, to) = match mesh.archived_at {
        None => (format!("Archive {}?", mesh.slug), "Archive the mesh", "archived"),
        Some(_) => (format!("Unarchive {}?", mesh.slug), "Unarchive the mesh", "unarchived"),
    };
    let main = html! {
        @if let Some(wrong) = wrong { (wrong.markup()) }
        section {
            (said(&mesh, &impact))
            @if !impact.refused.is_empty() { (brief(&impact.refused, MOST_NAMED, &insider.at("/keys"))) }
            @if !impact.complete { p.warn-text { "There are more keys than were looked at: these are the least." } }
            form method="post" action={ (path) "/archive" } {
                (token(&insider.token()))
                input type="hidden" name="to" value=(to);
                div.actions { button.danger[mesh.archived_at.is_none()] { (button) } a href=(path) { "Cancel" } }
            }
        }
    };
    let status = wrong.map_or(StatusCode::OK, |wrong| wrong.status);
    insider.show_as(house, status, Section::Meshes, &title, main).await
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
pub async fn take(house: Data<House>, sent: Sent<Insider<InOrg<may::Admin>>>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let is_to_be = form.text("to") == "archived";
    let path = insider.at(&format!("/meshes/{}", meshes::show(&insider.proof)?.slug));
    match meshes::archive(&house, &insider.proof, is_to_be).await {
        Ok(Done { settled, .. }) => {
            let word = if is_to_be { "archived" } else { "unarchived" };
            Ok(lead_to(&told(&insider, &path, word, settled.as_ref())))
        }
        Err(refusal) => page(&house, &insider, Some(&Wrong::of(refusal, &format!("{path}/archive"))?)).await,
    }
}
