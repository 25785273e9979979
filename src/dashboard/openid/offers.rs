//! The buttons that lead to a provider, on the pages that have them.

use maud::{Markup, html};

use crate::{
    dashboard::{
        Fault,
        confirm::Ways,
        page::token,
        sign_in::{code_field_as, onward},
        visitor::Person,
    },
    domain::{Place, invitation::InvitationToken},
    service::{
        House,
        openid::{Provider, list},
    },
};

/// What people call who this issuer is.
pub(in crate::dashboard) fn called<'a>(house: &'a House, issuer: &'a str) -> &'a str {
    house.providers.of_issuer(issuer).next().map_or(issuer, Provider::title)
}

/// One for each provider, in the order of the settings.
pub(in crate::dashboard) fn on_sign_in(house: &House, next: &Place) -> Markup {
    html! {
        @for provider in house.providers.all() {
            section.narrow {
                form method="post" action={ "/sign-in/openid/" (provider.name()) } {
                    (onward(next))
                    button.second { "Sign in with " (provider.title()) }
                }
            }
        }
    }
}

/// The same for who has the link of an invitation, and no account.
pub(in crate::dashboard) fn on_invitation(house: &House, known: &InvitationToken) -> Markup {
    html! {
        @if house.providers.all().next().is_some() {
            p { "Or without a password, where they know this address of yours:" }
        }
        @for provider in house.providers.all() {
            section.narrow {
                form method="post" action={ "/sign-in/openid/" (provider.name()) } {
                    input type="hidden" name="token" value=(known.reveal().as_str());
                    button.second { "Accept with " (provider.title()) }
                }
            }
        }
    }
}

/// The providers that know this person.
pub(in crate::dashboard) async fn providers_of<'a>(
    house: &'a House,
    person: &Person,
) -> Result<Vec<&'a Provider>, Fault> {
    let identities = list(house, person.by.user()).await?;
    let knows = |provider: &&Provider| identities.iter().any(|identity| identity.issuer == provider.issuer());
    Ok(house.providers.all().filter(knows).collect())
}

/// The same for who is to show once more who it is, with the field for a code where one is asked for.
pub(in crate::dashboard) fn on_confirm(ways: &Ways<'_>, form_token: &str, next: &Place) -> Markup {
    html! {
        @for provider in &ways.providers {
            section.narrow {
                form method="post" action={ "/confirm/openid/" (provider.name()) } {
                    (token(form_token)) (onward(next))
                    @if ways.has_factor {
                        (code_field_as(&format!("code-{}", provider.name()), "Code", "The six digits that your authenticator app shows, or one of your recovery codes."))
                    }
                    div.actions {
                        button.second { "Confirm with " (provider.title()) }
                        a href="/account" { "Cancel" }
                    }
                }
            }
        }
    }
}
