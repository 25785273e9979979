//! `/v1/orgs/{org}/keys`.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::Deserialize;

use super::{
    Caller, Input, Problem,
    body::{Json, Merge, NoBody, Optional, patched, said},
    guard::{OwnKeyOr, Within, may},
    preconditions::{idempotent, required},
    query::{DryRun, Moment},
    reply,
    view::{DryRunView, IssuedView, KeyView, RevocationView},
};
use crate::{
    db::{
        keys::Dated,
        list::{Filter, Sort},
    },
    domain::{
        AddressList, Capability, CapabilitySet, KeyId, Label, Status, TopicName, TopicScope,
        key::{DEFAULT_OVERLAP, LONGEST_OVERLAP},
        name::{Note, Reason},
        page::Limit,
    },
    service::{
        self, House, Kept, Refusal,
        edit::{Edit, Patch},
        house::Mode,
        issue::{Ends, Issued, Wish},
        keys::Wanted,
        revoke::Revocation,
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
    topics: TopicScope,
    #[serde(default, deserialize_with = "said")]
    addresses: Option<AddressList>,
    #[serde(default, deserialize_with = "patched")]
    expires_at: Patch<Moment>,
}

impl From<NewKey> for Wish {
    fn from(new: NewKey) -> Self {
        let ends = match new.expires_at {
            Patch::Keep => Ends::Unsaid,
            Patch::Clear => Ends::Never,
            Patch::Set(end) => Ends::At(end.0),
        };
        let NewKey { label, note, mesh, capabilities, topics, addresses, .. } = new;
        Self { label, note, mesh, capabilities, topics, addresses, ends }
    }
}

fn keep(status: StatusCode, issued: &Issued) -> Kept {
    let (key, version) = (issued.key.clone(), issued.key.key.version);
    let org = key.key.terms.grant.owner.org();
    let location = (status == StatusCode::CREATED).then(|| format!("/v1/orgs/{org}/keys/{}", key.key.id));
    reply::kept(status, location, Some(version), &IssuedView::new(key, None))
}

fn show_once(issued: Issued, status: StatusCode, mode: Mode) -> Result<HttpResponse, Problem> {
    if mode == Mode::Dry {
        return Ok(HttpResponse::Ok().json(DryRunView::new(issued.key, &[])));
    }
    let kept = keep(status, &issued);
    reply::first(&kept, &IssuedView::new(issued.key, Some(issued.secret.reveal())))
}

/// Issues a key.
pub async fn issue(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<Json<NewKey>, DryRun>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let request = idempotent(&input.request, &proof, input.body.digest)?;
    let (wish, mode) = (Wish::from(input.body.value), input.query.mode());
    let keep = |issued: &Issued| keep(StatusCode::CREATED, issued);
    let issued = service::issue::issue(&house, &proof, &wish, mode, request.as_ref(), &keep).await?;
    reply::once(issued, |issued| show_once(issued, StatusCode::CREATED, mode))
}

/// The query of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
    status: Option<String>,
    mesh: Option<String>,
    capability: Option<Capability>,
    topic: Option<TopicName>,
    issued_by: Option<String>,
    expires_before: Option<Moment>,
    unused_since: Option<Moment>,
    text: Option<String>,
    sort: Option<String>,
}

impl ListQuery {
    fn wanted(self) -> Result<Wanted, Refusal> {
        let status = self.status.as_deref().map(statuses).transpose()?;
        let sort = self.sort.as_deref().map(str::parse::<Sort>).transpose();
        let sort = sort.map_err(|error| Refusal::invalid("sort", error.to_string()))?;
        let (issuer, issuer_kind) = issuer(self.issued_by.as_deref())?;
        let org_wide = self.mesh.as_deref() == Some("none");
        let filter = Filter {
            mesh: None,
            org_wide,
            status,
            issuer,
            issuer_kind,
            expires_before: self.expires_before.map(|moment| moment.0),
            unused_since: self.unused_since.map(|moment| moment.0),
            text: self.text,
        };
        let mesh = self.mesh.filter(|_| !org_wide);
        let Self { limit, cursor, capability, topic, .. } = self;
        Ok(Wanted { filter, mesh, capability, topic, sort: sort.unwrap_or_default(), limit, cursor })
    }
}

fn statuses(text: &str) -> Result<Vec<Status>, Refusal> {
    let all: Result<Vec<Status>, _> = text.split(',').map(|name| name.trim().parse()).collect();
    all.map_err(|error: crate::domain::key::UnknownStatus| Refusal::invalid("status", error.to_string()))
}

fn issuer(text: Option<&str>) -> Result<(Option<KeyId>, Option<&'static str>), Refusal> {
    match text {
        None => Ok((None, None)),
        Some("local") => Ok((None, Some("local"))),
        Some(id) => match id.parse() {
            Ok(id) => Ok((Some(id), None)),
            Err(_) => Err(Refusal::invalid("issued_by", "expected the id of a key, or local")),
        },
    }
}

/// Lists the keys that the caller covers.
pub async fn list(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<NoBody, ListQuery>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let page = service::keys::list(&house, &proof, &input.query.wanted()?).await?;
    Ok(HttpResponse::Ok().json(page.map(KeyView::from)))
}

fn shown(key: Dated) -> HttpResponse {
    let version = key.key.version;
    reply::versioned(&KeyView::from(key), version)
}

fn shown_or_dry(key: Dated, mode: Mode) -> HttpResponse {
    match mode {
        Mode::Real => shown(key),
        Mode::Dry => HttpResponse::Ok().json(DryRunView::new(key, &[])),
    }
}

/// Shows a key.
pub async fn show(house: Data<House>, caller: Caller<OwnKeyOr<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    Ok(shown(service::keys::show(&house, &proof, input.path("key")?).await?))
}

/// The body of an edit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPatch {
    #[serde(default, deserialize_with = "said")]
    label: Option<Label>,
    #[serde(default, deserialize_with = "patched")]
    note: Patch<Note>,
    #[serde(default, deserialize_with = "said")]
    capabilities: Option<CapabilitySet>,
    #[serde(default, deserialize_with = "said")]
    topics: Option<TopicScope>,
    #[serde(default, deserialize_with = "said")]
    addresses: Option<AddressList>,
    #[serde(default, deserialize_with = "patched")]
    expires_at: Patch<Moment>,
}

impl From<KeyPatch> for Edit {
    fn from(patch: KeyPatch) -> Self {
        let KeyPatch { label, note, capabilities, topics, addresses, expires_at } = patch;
        Self { label, note, capabilities, topics, addresses, expires_at: expires_at.map(|end| end.0) }
    }
}

/// Edits a key.
pub async fn edit(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<Merge<KeyPatch>, DryRun>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let (id, seen, mode) = (input.path("key")?, required(&input.request)?, input.query.mode());
    let edit = Edit::from(input.body.0);
    let key = service::edit::edit(&house, &proof, id, &edit, &seen, mode).await?;
    Ok(shown_or_dry(key, mode))
}

/// How long a replaced secret goes on: a number and `s`, `m`, `h` or `d`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Overlap(time::Duration);

impl TryFrom<String> for Overlap {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "an overlap is a number and s, m, h or d, at most 7d: \"0s\", \"1h\", \"24h\"";
        let unit = text.chars().last().and_then(|unit| "smhd".find(unit)).ok_or(wrong)?;
        let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong)?;
        let seconds = i64::from(number) * [1, 60, 3600, 86400][unit];
        let overlap = time::Duration::seconds(seconds);
        if overlap > LONGEST_OVERLAP { Err(wrong) } else { Ok(Self(overlap)) }
    }
}

/// The body of a rotation.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    overlap: Option<Overlap>,
}

/// Gives a key a new secret.
pub async fn rotate(
    house: Data<House>,
    caller: Caller<OwnKeyOr<may::Admin>, Input<Optional<Rotation>, DryRun>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let (id, mode) = (input.path("key")?, input.query.mode());
    let Json { value, digest } = &input.body.0;
    let request = idempotent(&input.request, &proof, *digest)?;
    let overlap = value.overlap.map_or(DEFAULT_OVERLAP, |overlap| overlap.0);
    let keep = |issued: &Issued| keep(StatusCode::OK, issued);
    let issued = service::rotate::rotate(&house, &proof, id, overlap, mode, request.as_ref(), &keep).await?;
    reply::once(issued, |issued| show_once(issued, StatusCode::OK, mode))
}

/// Ends the overlap of a rotation.
pub async fn finish(house: Data<House>, caller: Caller<OwnKeyOr<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    Ok(shown(service::rotate::finish(&house, &proof, input.path("key")?).await?))
}

/// Stops a key for the time being.
pub async fn disable(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<NoBody, DryRun>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let mode = input.query.mode();
    let key = service::disable::disable(&house, &proof, input.path("key")?, mode).await?;
    Ok(shown_or_dry(key, mode))
}

/// Lets a disabled key work again.
pub async fn enable(
    house: Data<House>,
    caller: Caller<Within<may::Admin>, Input<NoBody, DryRun>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let mode = input.query.mode();
    let key = service::disable::enable(&house, &proof, input.path("key")?, mode).await?;
    Ok(shown_or_dry(key, mode))
}

/// The body of a revocation.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    reason: Option<Reason>,
    #[serde(default)]
    cascade: bool,
}

/// Revokes a key, for good.
pub async fn revoke(
    house: Data<House>,
    caller: Caller<OwnKeyOr<may::Admin>, Input<Optional<Ending>, DryRun>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let (id, mode) = (input.path("key")?, input.query.mode());
    let Ending { reason, cascade } = input.body.0.value;
    let ended = service::revoke::revoke(&house, &proof, id, &Revocation { reason, cascade }, mode).await?;
    Ok(match mode {
        Mode::Real => HttpResponse::Ok().json(RevocationView::from(ended)),
        Mode::Dry => HttpResponse::Ok().json(DryRunView::new(ended.key, &ended.cascaded)),
    })
}
