//! `/orgs/{org}/meshes/{mesh}/name`: what people call a mesh. Its slug stays.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::html;

use crate::{
    dashboard::{
        Fault,
        done::told,
        fields::Field,
        org::{Insider, Section},
        page::{lead_to, token},
        visitor::Sent,
        wrong::Wrong,
    },
    domain::{Mesh, Title},
    http::guard::{InMesh, may},
    service::{House, IfMatch, meshes},
};

/// The form.
pub async fn show(house: Data<House>, insider: Insider<InMesh<may::Admin>>) -> Result<HttpResponse, Fault> {
    let mesh = meshes::show(&insider.proof)?;
    page(&house, &insider, &mesh, mesh.name.as_str(), None).await
}

async fn page(
    house: &House,
    insider: &Insider<InMesh<may::Admin>>,
    mesh: &Mesh,
    text: &str,
    wrong: Option<&Wrong>,
) -> Result<HttpResponse, Fault> {
    let path = insider.at(&format!("/meshes/{}", mesh.slug));
    let field =
        Field::new("name", "Name").with_text(text).filled_by("off").with_fault(wrong.and_then(|it| it.at("name")));
    let main = html! {
        @if let Some(wrong) = wrong { (wrong.markup()) }
        section.narrow {
            form method="post" action={ (path) "/name" } {
                (token(&insider.token()))
                input type="hidden" name="version" value=(mesh.version);
                (field.with_hint("What people call it. Its slug stays: keys and commands name it by that.").markup())
                div.actions { button { "Save" } a href=(path) { "Cancel" } }
            }
        }
    };
    let status = wrong.map_or(StatusCode::OK, |wrong| wrong.status);
    insider.show_as(house, status, Section::Meshes, &format!("Rename {}", mesh.slug), main).await
}

/// Gives it another name.
pub async fn take(house: Data<House>, sent: Sent<Insider<InMesh<may::Admin>>>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let mesh = meshes::show(&insider.proof)?;
    let path = insider.at(&format!("/meshes/{}", mesh.slug));
    let seen = IfMatch::Versions(form.text("version").parse().into_iter().collect());
    let wrong = match form.text("name").parse::<Title>() {
        Err(why) => Wrong::fields(vec![("name", why.to_string())]),
        Ok(name) => match meshes::edit(&house, &insider.proof, Some(&name), &seen).await {
            Ok(_) => return Ok(lead_to(&told(&insider, &path, "renamed", None))),
            Err(refusal) => Wrong::of(refusal, &format!("{path}/name"))?,
        },
    };
    page(&house, &insider, &mesh, form.shown("name"), Some(&wrong)).await
}
