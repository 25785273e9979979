//! `/v1/orgs/{org}/policy` and `/v1/orgs/{org}/meshes/{mesh}/policy`.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    Caller, Input, Problem,
    body::{Json, Merge, NoBody, patched},
    guard::{InMesh, InOrg, Within, may},
    preconditions::required,
    query::{DryRun, Paged},
    reply,
    view::DoneView,
};
use crate::{
    db::policies::Broken,
    domain::{
        KeyId, Label, Owner, Policy, Span,
        policy::{Issuers, Rule},
    },
    service::{
        self, Admitted, Done, House, Refusal,
        edit::Patch,
        house::Mode,
        policies::{Changed, Edit, Preview, Shown, Spread},
    },
};

/// A policy, and what holds together with its org's.
#[derive(Debug, Serialize)]
pub struct PolicyView {
    owner: Owner,
    #[serde(flatten)]
    rules: Policy,
    in_force: Policy,
    version: i64,
}

impl From<Shown> for PolicyView {
    fn from(Shown { owner, own, in_force, .. }: Shown) -> Self {
        Self { owner, rules: own.policy, in_force, version: own.version }
    }
}

/// A live key that does not comply.
#[derive(Debug, Serialize)]
struct ViolationView {
    id: KeyId,
    label: Label,
    owner: Owner,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    last_used_at: Option<OffsetDateTime>,
    rules: Vec<Rule>,
}

impl From<Broken> for ViolationView {
    fn from(Broken { id, label, owner, expires_at, last_used_at, rules }: Broken) -> Self {
        Self { id, label, owner, expires_at, last_used_at, rules }
    }
}

#[derive(Debug, Serialize)]
struct Violations {
    count: i64,
    first: Vec<ViolationView>,
}

/// A policy as it was changed, or would be, and the live keys that do not comply with it.
#[derive(Debug, Serialize)]
pub struct ChangedView {
    dry_run: bool,
    #[serde(flatten)]
    policy: PolicyView,
    violations: Violations,
}

impl ChangedView {
    /// As it is told.
    #[must_use]
    pub fn new(Changed { after, preview: Preview { count, first } }: Changed, mode: Mode) -> Self {
        let violations = Violations { count, first: first.into_iter().map(ViolationView::from).collect() };
        Self { dry_run: mode == Mode::Dry, policy: after.into(), violations }
    }
}

/// The body of a change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyPatch {
    #[serde(default, deserialize_with = "patched")]
    longest_life: Patch<Span>,
    #[serde(default, deserialize_with = "patched")]
    default_life: Patch<Span>,
    #[serde(default, deserialize_with = "patched")]
    expiry_required: Patch<bool>,
    #[serde(default, deserialize_with = "patched")]
    topics_required: Patch<bool>,
    #[serde(default, deserialize_with = "patched")]
    admin_keys_by: Patch<Issuers>,
    #[serde(default, deserialize_with = "patched")]
    org_keys_by: Patch<Issuers>,
    #[serde(default, deserialize_with = "patched")]
    longest_overlap: Patch<Span>,
    #[serde(default, deserialize_with = "patched")]
    admin_addresses_required: Patch<bool>,
    #[serde(default, deserialize_with = "patched")]
    note_required: Patch<bool>,
    #[serde(default, deserialize_with = "patched")]
    disable_unused_after: Patch<Span>,
    #[serde(default, deserialize_with = "patched")]
    confirmation_required: Patch<bool>,
}

impl From<PolicyPatch> for Edit {
    fn from(patch: PolicyPatch) -> Self {
        Self {
            longest_life: patch.longest_life,
            default_life: patch.default_life,
            expiry_required: patch.expiry_required,
            topics_required: patch.topics_required,
            admin_keys_by: patch.admin_keys_by,
            org_keys_by: patch.org_keys_by,
            longest_overlap: patch.longest_overlap,
            admin_addresses_required: patch.admin_addresses_required,
            note_required: patch.note_required,
            disable_unused_after: patch.disable_unused_after,
            confirmation_required: patch.confirmation_required,
        }
    }
}

type ToChange = Input<Merge<PolicyPatch>, DryRun>;
type ToSpread = Input<Json<Spreading>, DryRun>;

/// Shows the policy of the org, or of the mesh: to whoever manages keys there, since these are bound by it.
pub async fn show(house: Data<House>, caller: Caller<Within<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let shown = service::policies::show(&house, &caller.proof).await?;
    let version = shown.own.version;
    Ok(reply::versioned(&PolicyView::from(shown), version))
}

/// Changes the policy of the org.
pub async fn edit(house: Data<House>, caller: Caller<InOrg<may::Admin>, ToChange>) -> Result<HttpResponse, Problem> {
    change(&house, &caller.proof, caller.input).await
}

/// Changes the policy of a mesh.
pub async fn edit_of_mesh(
    house: Data<House>,
    caller: Caller<InMesh<may::Admin>, ToChange>,
) -> Result<HttpResponse, Problem> {
    change(&house, &caller.proof, caller.input).await
}

async fn change(house: &House, by: &Admitted, input: ToChange) -> Result<HttpResponse, Problem> {
    let (seen, mode) = (required(&input.request)?, input.query.mode());
    let edit = Edit::from(input.body.0);
    let changed = service::policies::change(house, by, &edit, &seen, mode).await?;
    let version = changed.after.own.version;
    let view = ChangedView::new(changed, mode);
    match mode {
        Mode::Real => Ok(reply::versioned(&view, version)),
        Mode::Dry => Ok(HttpResponse::Ok().json(view)),
    }
}

/// Lists the live keys of the org that do not comply.
pub async fn violations(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<NoBody, Paged>>,
) -> Result<HttpResponse, Problem> {
    listed(&house, &caller.proof, &caller.input.query).await
}

/// Lists those of a mesh.
pub async fn violations_of_mesh(
    house: Data<House>,
    caller: Caller<InMesh<may::Admin>, Input<NoBody, Paged>>,
) -> Result<HttpResponse, Problem> {
    listed(&house, &caller.proof, &caller.input.query).await
}

async fn listed(house: &House, by: &Admitted, query: &Paged) -> Result<HttpResponse, Problem> {
    let page = service::policies::violations(house, by, query.limit, query.cursor.as_deref()).await?;
    Ok(HttpResponse::Ok().json(page.map(ViolationView::from)))
}

/// The body of a spread.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spreading {
    over_days: u32,
}

#[derive(Debug, Serialize)]
struct Ended {
    id: KeyId,
    label: Label,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

#[derive(Debug, Serialize)]
struct SpreadView {
    dry_run: bool,
    keys: Vec<Ended>,
    left: i64,
}

/// Gives keys of the org an end that have none or too late a one.
pub async fn spread(house: Data<House>, caller: Caller<InOrg<may::Admin>, ToSpread>) -> Result<HttpResponse, Problem> {
    ended(&house, &caller.proof, caller.input).await
}

/// Gives keys of a mesh one.
pub async fn spread_of_mesh(
    house: Data<House>,
    caller: Caller<InMesh<may::Admin>, ToSpread>,
) -> Result<HttpResponse, Problem> {
    ended(&house, &caller.proof, caller.input).await
}

async fn ended(house: &House, by: &Admitted, input: ToSpread) -> Result<HttpResponse, Problem> {
    let (days, mode) = (input.body.value.over_days, input.query.mode());
    if !(1..=365).contains(&days) {
        return Err(Refusal::invalid("/over_days", "from 1 to 365 days").into());
    }
    let Done { value: Spread { keys, left }, settled } =
        service::policies::spread(house, by, Span::days(days), mode).await?;
    let keys = keys.into_iter().map(|one| one.key);
    let keys = keys.map(|key| Ended { id: key.id, label: key.label, expires_at: key.terms.expires_at }).collect();
    let view = SpreadView { dry_run: mode == Mode::Dry, keys, left };
    Ok(HttpResponse::Ok().json(DoneView::new(view, settled.as_ref())))
}
