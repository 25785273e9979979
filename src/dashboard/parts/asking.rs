//! Who looks at a page, and whom it can ask for what it may not.

use maud::{Markup, html};

use crate::{
    dashboard::{Fault, org::Insider},
    domain::{Title, person::SignedIn},
    service::{Admitted, House, Refusal, surroundings::who_to_ask},
};

/// The person who looks at a page.
pub fn person(by: &Admitted) -> Result<&SignedIn, Refusal> {
    by.person().ok_or(Refusal::NoPerson)
}

/// Whether it is admin of the whole org.
#[must_use]
pub fn is_of_the_org(by: &Admitted) -> bool {
    by.rights().is_whole(by.org())
}

/// Whom to ask for what takes an admin of the org.
pub async fn asked<N>(house: &House, insider: &Insider<N>) -> Result<Markup, Fault> {
    let people = who_to_ask(house, &insider.proof).await?;
    Ok(if people.is_empty() {
        html! { "whoever runs this server" }
    } else {
        names(&people)
    })
}

/// People, by name.
#[must_use]
pub fn names(people: &[Title]) -> Markup {
    html! { @for (at, name) in people.iter().enumerate() { @if at > 0 { ", " } bdi { strong { (name) } } } }
}
