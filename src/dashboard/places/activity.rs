//! What the keys of a mesh did within a day.

use maud::{Markup, html};

use crate::{
    dashboard::{
        Fault,
        org::Insider,
        parts::{
            asking::person,
            counts::{Range, fresh, over_time},
        },
    },
    domain::Mesh,
    service::{House, usage::of_org},
};

/// The sum of what its own keys did, over time; keys of the whole org are counted with the org.
pub(super) async fn of_mesh<N>(house: &House, insider: &Insider<N>, mesh: &Mesh) -> Result<Markup, Fault> {
    let wanted = Range::Day.over_time(person(&insider.proof)?.now);
    let usage = of_org(house, &insider.proof, &wanted, Some(mesh.slug.as_str())).await?;
    Ok(html! {
        section id="usage" {
            h2 { "Last 24 hours" }
            (over_time(&usage, "No key of this mesh was used in this time."))
            (fresh(&usage))
            p { "What its own keys did: " a href=(insider.at(&format!("/usage?mesh={}", mesh.slug))) { "by key, topic and outcome" } "." }
        }
    })
}
