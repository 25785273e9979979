//! `/orgs/{org}/keys/{key}/revoke`: what it would break, and the revocation.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use maud::{Markup, html};
use time::OffsetDateTime;

use super::{
    impact::Friction,
    named,
    revoke_page::{Filled, OTHER, REASONS, page},
    show::answer,
    told::{Again, Told},
    words::counted,
};
use crate::{
    dashboard::{
        Fault,
        org::Insider,
        page::{alert, sentence},
        parts::counts::{named as line_named, table},
        visitor::Sent,
    },
    db::keys::Dated,
    domain::{
        Key,
        name::Reason,
        page::Limit,
        usage::{By, KEPT},
    },
    http::guard::{OwnKeyOr, may},
    service::{
        House, Refusal,
        house::Mode,
        keys,
        revoke::{Ended, Revocation, revoke},
        usage::{Wanted, of_key},
    },
};

/// Who manages the key, or holds it.
pub(super) type Holder = Insider<OwnKeyOr<may::Admin>>;

/// The page.
pub async fn show(house: Data<House>, insider: Holder) -> Result<HttpResponse, Fault> {
    let id = named(&insider.person.request)?;
    let key = keys::show(&house, &insider.proof, id).await?;
    if key.key.revoked.is_some() {
        return answer(&house, &insider, id, Told::nothing()).await;
    }
    page(&house, &insider, &key, (StatusCode::OK, &Filled::default(), html! {})).await
}

/// Revokes it, if what is asked was filled in.
pub async fn take(house: Data<House>, sent: Sent<Holder>) -> Result<HttpResponse, Fault> {
    let Sent { by: insider, form } = sent;
    let id = named(&insider.person.request)?;
    let key = keys::show(&house, &insider.proof, id).await?;
    let mut filled = Filled::of(&form);
    let Some(how) = how(&mut filled, &key) else {
        let before = alert("Nothing was revoked: see below what is missing.");
        return page(&house, &insider, &key, (StatusCode::UNPROCESSABLE_ENTITY, &filled, before)).await;
    };
    match revoke(&house, &insider.proof, id, &how, Mode::Real).await {
        Ok(done) => {
            let more = aftermath(&house, &insider, &done.value, &how).await?;
            let told = Told::said("Revoked", "Dead", done.settled.as_ref(), &more);
            answer(&house, &insider, id, told).await
        }
        Err(refusal @ (Refusal::AlreadySo(..) | Refusal::Unconfirmed(_))) => {
            let (path, token) = (insider.person.request.path(), insider.token());
            answer(
                &house,
                &insider,
                id,
                Told::refused(refusal, &Again { path: Some(path), token: &token, back: path })?,
            )
            .await
        }
        Err(refusal) => {
            let (path, token) = (insider.person.request.path(), insider.token());
            let Told { status, markup } = Told::refused(refusal, &Again { path: None, token: &token, back: path })?;
            page(&house, &insider, &key, (status, &filled, markup)).await
        }
    }
}

/// How it is to be revoked; none where something is missing, which is then said.
fn how(filled: &mut Filled, Dated { key, now }: &Dated) -> Option<Revocation> {
    if Friction::of(key, *now) == Friction::Name && filled.name.trim() != key.label.as_str() {
        filled.name_fault = Some("This is not the name of the key. Type or paste it exactly");
    }
    let reason = match reason(filled) {
        Ok(reason) => reason,
        Err(fault) => {
            filled.reason_fault = Some(fault);
            None
        }
    };
    let is_sound = filled.name_fault.is_none() && filled.reason_fault.is_none();
    is_sound.then_some(Revocation { reason, cascade: filled.cascade })
}

fn reason(filled: &Filled) -> Result<Option<Reason>, String> {
    let text = match filled.reason.as_str() {
        "" if filled.other.trim().is_empty() => return Ok(None),
        OTHER if filled.other.trim().is_empty() => return Err("Say which, or choose another".to_owned()),
        "" | OTHER => filled.other.as_str(),
        offered if REASONS.contains(&offered) => offered,
        _ => return Err("This is none of the reasons that are offered".to_owned()),
    };
    text.parse().map(Some).map_err(|error: crate::domain::name::MalformedName| sentence(&error.to_string()))
}

/// What there is to know and to do once it is dead.
async fn aftermath(house: &House, insider: &Holder, ended: &Ended, how: &Revocation) -> Result<Markup, Refusal> {
    let is_leaked = how.reason.as_ref().is_some_and(|reason| reason.as_str() == REASONS[0]);
    let done = if is_leaked {
        deeds(house, insider, &ended.key).await?
    } else {
        html! {}
    };
    let keys = insider.at("/keys");
    Ok(html! {
        @if !ended.cascaded.is_empty() {
            p { "With it went:" }
            ul.named { @for Dated { key, .. } in &ended.cascaded { li { a href={ (keys) "/" (key.id) } { (key.label) } } } }
        }
        @if is_leaked {
            p { a.button href={ (keys) "/new?from=" (ended.key.key.id) } { "Issue a new one in its place" } }
            (done)
        }
    })
}

/// What a key did since it was made, as far back as counts are kept.
async fn deeds(house: &House, insider: &Holder, Dated { key, now }: &Dated) -> Result<Markup, Refusal> {
    let since = since(key, *now);
    let wanted = |by| Wanted { since: Some(since), until: None, by, limit: Limit::MOST };
    let topics = of_key(house, &insider.proof, key.id, &wanted(By::Topic)).await?;
    let addresses = of_key(house, &insider.proof, key.id, &wanted(By::Address)).await?;
    let total = topics.sums.total;
    Ok(html! {
        p {
            "What it did since " (crate::dashboard::parts::times::moment(since)) ": "
            (counted(total.allowed, "call was", "calls were")) " allowed and " (counted(total.denied, "was", "were")) " denied."
        }
        div.tables {
            (table(&topics, &|line| line_named(By::Topic, line)))
            (table(&addresses, &|line| line_named(By::Address, line)))
        }
    })
}

fn since(key: &Key, now: OffsetDateTime) -> OffsetDateTime {
    key.created_at.max(now - KEPT)
}
