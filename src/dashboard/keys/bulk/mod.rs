//! `/orgs/{org}/keys/bulk`: one thing, done with several keys. First a page says which they are, how much they are used and what will
//! happen; then each is done by the verb of its own, and it is told which were done and which were not.

use actix_web::{HttpResponse, ResponseError as _, http::StatusCode, web::Data};
use futures_util::{StreamExt as _, stream};
use maud::html;
use time::OffsetDateTime;

use self::review::Review;
use crate::{
    dashboard::{
        Fault, Form,
        org::{Insider, Section},
        parts::times::{end_of_day, read_day},
        visitor::Sent,
    },
    domain::{KeyId, Label, name::Reason},
    http::{
        Problem,
        guard::{Within, may},
    },
    service::{
        House, IfMatch, Refusal, Settled, disable,
        edit::{self, Edit, Patch},
        house::Mode,
        listing,
        revoke::{self, Revocation},
    },
};

mod outcome;
mod review;

/// How many are done at once: each waits until it holds everywhere.
const AT_ONCE: usize = 8;

/// Who does it.
type Admin = Insider<Within<may::Admin>>;

/// What is done with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Disable,
    Revoke,
    End,
}

impl Act {
    const ALL: [(&'static str, Self); 3] = [("disable", Self::Disable), ("revoke", Self::Revoke), ("end", Self::End)];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, act)| act)
    }

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, act)| *act == self).map_or("", |(name, _)| name)
    }
}

/// The same with all that it takes.
enum Deed {
    Disable,
    Revoke(Option<Reason>),
    End(OffsetDateTime),
}

/// A key, and what became of it.
struct Outcome {
    id: KeyId,
    label: Label,
    done: Result<Option<Settled>, Problem>,
}

/// Shows what would be done; or does it, once that was confirmed.
pub async fn take(house: Data<House>, sent: Sent<Admin>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let act = Act::named(form.text("act"));
    let chosen: Vec<(KeyId, i64)> = form.ticked("key:").filter_map(|id| seen(&form, id)).collect();
    let (Some(act), false) = (act, chosen.is_empty()) else { return nothing(&house, &insider, &form).await };
    let ids: Vec<KeyId> = chosen.iter().map(|(id, _)| *id).collect();
    let listing = listing::chosen(&house, &insider.proof, &ids).await?;
    let review = Review { insider: &insider, form: &form, act, chosen: &chosen, listing: &listing };
    if form.text("step") != "do" {
        return review.show(&house, &[]).await;
    }
    let deed = match deed(&insider, &form, act) {
        Ok(deed) => deed,
        Err(faults) => return review.show(&house, &faults).await,
    };
    let label = |id: KeyId| listing.page.items.iter().find(|one| one.key.id == id).map(|one| one.key.label.clone());
    // What the person may not see is not told of.
    let named = chosen.iter().filter_map(|(id, version)| Some((*id, *version, label(*id)?)));
    let (house, by, deed) = (&*house, &insider.proof, &deed);
    let work = named.map(|(id, version, label)| async move {
        let done = carry_out(house, by, id, version, deed).await.map_err(Problem::from);
        Outcome { id, label, done }
    });
    let outcomes: Vec<Outcome> = stream::iter(work).buffered(AT_ONCE).collect().await;
    let status = status(&outcomes);
    let lost = chosen.len().saturating_sub(outcomes.len());
    let main = html! {
        @if lost > 0 {
            p.alert.wide role="alert" { (lost) " of those that were ticked are no keys that you manage: nothing was done with them." }
        }
        (outcome::markup(&insider, &form, act, &outcomes))
    };
    insider.show_as(house, status, Section::Keys, "What was done", main).await
}

/// The key that a box is of, and its version that the person has seen.
fn seen(form: &Form, id: &str) -> Option<(KeyId, i64)> {
    Some((id.parse().ok()?, form.text(&format!("key:{id}")).parse().ok()?))
}

async fn carry_out(
    house: &House,
    by: &crate::service::Admitted,
    id: KeyId,
    version: i64,
    deed: &Deed,
) -> Result<Option<Settled>, Refusal> {
    match deed {
        Deed::Disable => Ok(disable::disable(house, by, id, Mode::Real).await?.settled),
        Deed::Revoke(reason) => {
            let how = Revocation { reason: reason.clone(), cascade: false };
            Ok(revoke::revoke(house, by, id, &how, Mode::Real).await?.settled)
        }
        Deed::End(at) => {
            let edit = Edit { expires_at: Patch::Set(*at), ..Edit::default() };
            let seen = IfMatch::Versions(vec![version]);
            Ok(edit::edit(house, by, id, &edit, &seen, Mode::Real).await?.settled)
        }
    }
}

/// What was filled in; or what is wrong, each under the name of its field.
fn deed(insider: &Admin, form: &Form, act: Act) -> Result<Deed, Vec<(&'static str, String)>> {
    match act {
        Act::Disable => Ok(Deed::Disable),
        Act::Revoke => {
            let (org, said) = (insider.proof.org_slug(), form.text("reason").trim());
            let reason = if said.is_empty() { Ok(None) } else { said.parse::<Reason>().map(Some) };
            let mut faults = Vec::new();
            if form.text("typed").trim() != org.as_str() {
                faults.push(("typed", format!("type {org}, to show that you mean it")));
            }
            match reason {
                Ok(reason) if faults.is_empty() => Ok(Deed::Revoke(reason)),
                Ok(_) => Err(faults),
                Err(error) => {
                    faults.push(("reason", error.to_string()));
                    Err(faults)
                }
            }
        }
        Act::End => {
            let end = read_day(form.text("day")).and_then(end_of_day);
            end.map(Deed::End).ok_or_else(|| vec![("day", "choose a day, such as 2027-02-19".to_owned())])
        }
    }
}

/// That of what went wrong, where nothing was done.
fn status(outcomes: &[Outcome]) -> StatusCode {
    let first = outcomes.iter().find_map(|one| one.done.as_ref().err());
    let is_none_done = outcomes.iter().all(|one| one.done.is_err());
    first.filter(|_| is_none_done).map_or(StatusCode::OK, Problem::status_code)
}

/// Nothing was ticked.
async fn nothing(house: &House, insider: &Admin, form: &Form) -> Result<HttpResponse, Fault> {
    let main = html! {
        p.alert role="alert" { "Nothing was chosen, and so nothing was done. Tick the keys that you mean, and press the button again." }
        p { a href=(back(insider, form)) { "Back to the keys" } }
    };
    insider.show_as(house, StatusCode::UNPROCESSABLE_ENTITY, Section::Keys, "Nothing chosen", main).await
}

/// The list from which the person came.
fn back(insider: &Admin, form: &Form) -> String {
    crate::dashboard::query::Query::said(form.text("back")).at(&insider.at("/keys"))
}
