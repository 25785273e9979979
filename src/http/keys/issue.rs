//! Issuing a key.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::Deserialize;

use crate::{
    domain::{AddressList, CapabilitySet, Label, Moment, Rate, TopicScope, UserId, name::Note, scope::MalformedScope},
    http::{
        Caller, Input, Problem,
        body::{Json, patched, said},
        dry_run::DryRunView,
        guard::{Within, may},
        preconditions::idempotent,
        query::DryRun,
        reply,
        view::{DoneView, IssuedView},
    },
    service::{
        self, House, Kept, Refusal, Settled,
        edit::Patch,
        house::Mode,
        issue::{Ends, Issued, Wish},
    },
};

/// The body of an issue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    label: Label,
    note: Option<Note>,
    mesh: Option<String>,
    capabilities: CapabilitySet,
    #[serde(default, deserialize_with = "said")]
    topics: Option<TopicScope>,
    #[serde(default, deserialize_with = "said")]
    addresses: Option<AddressList>,
    #[serde(default, deserialize_with = "patched")]
    expires_at: Patch<Moment>,
    #[serde(default, deserialize_with = "patched")]
    rate: Patch<Rate>,
    #[serde(default, deserialize_with = "said")]
    user: Option<UserId>,
}

impl TryFrom<NewKey> for Wish {
    type Error = Refusal;

    fn try_from(new: NewKey) -> Result<Self, Refusal> {
        // Left out, topics could be taken to mean all of them: it has to be said.
        let topics = new.topics.ok_or_else(|| Refusal::invalid("/topics", MalformedScope::Empty.to_string()))?;
        let ends = match new.expires_at {
            Patch::Keep => Ends::Unsaid,
            Patch::Clear => Ends::Never,
            Patch::Set(end) => Ends::At(end.get()),
        };
        let NewKey { label, note, mesh, capabilities, addresses, rate, user, .. } = new;
        Ok(Self { label, note, mesh, capabilities, topics, addresses, ends, rate, user })
    }
}

/// The answer as it is kept: without the secret.
pub(in crate::http) fn keep(status: StatusCode, issued: &Issued) -> Kept {
    let (key, version) = (issued.key.clone(), issued.key.key.version);
    let org = key.key.terms.grant.owner.org();
    let location = (status == StatusCode::CREATED).then(|| format!("/v1/orgs/{org}/keys/{}", key.key.id));
    reply::kept(status, location, Some(version), &IssuedView::new(key, None))
}

/// The answer of the one time that the secret is shown.
pub(in crate::http) fn show_once(
    issued: Issued,
    settled: Option<&Settled>,
    status: StatusCode,
    mode: Mode,
) -> Result<HttpResponse, Problem> {
    if mode == Mode::Dry {
        return Ok(HttpResponse::Ok().json(DryRunView::new(issued.before.as_ref(), issued.key, &[])));
    }
    let kept = keep(status, &issued);
    reply::first(&kept, &DoneView::new(IssuedView::new(issued.key, Some(issued.secret.reveal())), settled))
}

/// Issues a key.
pub async fn issue(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<Json<NewKey>, DryRun>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let request = idempotent(&input.request, &proof, &input.body)?;
    let (wish, mode) = (Wish::try_from(input.body.value)?, input.query.mode());
    let keep = |issued: &Issued| keep(StatusCode::CREATED, issued);
    let issued = service::issue::issue(&house, &proof, &wish, mode, request.as_ref(), &keep).await?;
    reply::once(issued, |issued| show_once(issued, None, StatusCode::CREATED, mode))
}
