//! `/v1/orgs/{org}/members`: the people of an org.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    Caller, Input, Problem,
    body::{Merge, NoBody, patched, said},
    guard::{InOrg, OneselfOr, may},
    preconditions::required,
    reply,
    view::DoneView,
};
use crate::{
    db::members::Named,
    domain::{
        Email, KeyId, Label, Member, MeshId, Slug, Title, User, UserId,
        page::Limit,
        role::{Role, UnknownRole},
    },
    service::{
        self, Done, House,
        edit::Patch,
        house::Mode,
        members::{Edit, Removal, Removed, Wanted},
    },
};

/// How many keys are named of those that a removal concerns.
const MOST_NAMED: usize = 100;

/// A role, as it is said.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Said(pub(super) Role);

impl TryFrom<String> for Said {
    type Error = UnknownRole;

    fn try_from(text: String) -> Result<Self, UnknownRole> {
        text.parse().map(Self)
    }
}

/// A person, as others see it.
#[derive(Debug, Serialize)]
pub(super) struct UserView {
    id: UserId,
    email: Email,
    name: Title,
    email_verified: bool,
    suspended: bool,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let (email_verified, suspended) = (user.email_verified_at.is_some(), user.suspended_at.is_some());
        Self { id: user.id, email: user.email, name: user.name, email_verified, suspended }
    }
}

/// A mesh, as far as one needs to know it to know which one it is.
#[derive(Debug, Serialize)]
pub(super) struct MeshName {
    pub(super) id: MeshId,
    pub(super) slug: Slug,
}

#[derive(Debug, Serialize)]
struct RoleAt {
    mesh: MeshName,
    role: &'static str,
}

/// A member.
#[derive(Debug, Serialize)]
pub(super) struct MemberView {
    user: UserView,
    role: Option<&'static str>,
    meshes: Vec<RoleAt>,
    #[serde(with = "time::serde::rfc3339")]
    since: OffsetDateTime,
}

impl From<Member> for MemberView {
    fn from(Member { user, part, slugs, since }: Member) -> Self {
        let at = |(id, slug)| {
            let role = part.meshes.get(&id)?.name();
            Some(RoleAt { mesh: MeshName { id, slug }, role })
        };
        let mut meshes: Vec<RoleAt> = slugs.into_iter().filter_map(at).collect();
        meshes.sort_by(|one, other| one.mesh.slug.cmp(&other.mesh.slug));
        Self { user: user.into(), role: part.org.map(Role::name), meshes, since }
    }
}

/// How many keys a member has.
#[derive(Debug, Serialize)]
struct Keys {
    personal: usize,
    issued: usize,
}

#[derive(Debug, Serialize)]
struct WithKeys {
    #[serde(flatten)]
    member: MemberView,
    keys: Keys,
}

/// The query of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
    role: Option<Said>,
    mesh: Option<String>,
    text: Option<String>,
}

/// Lists the members.
pub async fn list(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<NoBody, ListQuery>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let ListQuery { limit, cursor, role, mesh, text } = input.query;
    let wanted = Wanted { role: role.map(|role| role.0), mesh, text, limit, cursor };
    let page = service::members::list(&house, &proof, &wanted).await?;
    Ok(HttpResponse::Ok().json(page.map(MemberView::from)))
}

/// Shows a member.
pub async fn show(house: Data<House>, caller: Caller<InOrg<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let user: UserId = caller.input.path("user")?;
    let (member, personal, issued) = service::members::show(&house, &caller.proof, user).await?;
    let version = member.part.version();
    Ok(reply::versioned(&WithKeys { member: member.into(), keys: Keys { personal, issued } }, version))
}

/// The body of an edit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberPatch {
    #[serde(default, deserialize_with = "patched")]
    role: Patch<Said>,
    #[serde(default, deserialize_with = "said")]
    meshes: Option<BTreeMap<String, Option<Said>>>,
}

/// Changes what a member may do.
pub async fn edit(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<Merge<MemberPatch>>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let (seen, user) = (required(&input.request)?, input.path::<UserId>("user")?);
    let MemberPatch { role, meshes } = input.body.0;
    let meshes = meshes.unwrap_or_default().into_iter().map(|(mesh, role)| (mesh, role.map(|role| role.0))).collect();
    let edit = Edit { role: role.map(|role| role.0), meshes };
    let Done { value, settled } = service::members::edit(&house, &proof, user, &edit, &seen).await?;
    let version = value.part.version();
    Ok(reply::versioned(&DoneView::new(MemberView::from(value), settled.as_ref()), version))
}

/// The query of a removal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemovalQuery {
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    revoke_issued: bool,
}

#[derive(Debug, Serialize)]
struct Key {
    id: KeyId,
    label: Label,
}

/// Keys that a removal concerns.
#[derive(Debug, Serialize)]
struct Concerned {
    count: usize,
    revoked: bool,
    first: Vec<Key>,
}

impl Concerned {
    fn new(keys: Vec<Named>, hidden: usize, revoked: bool) -> Self {
        let count = keys.len() + hidden;
        let first = keys.into_iter().take(MOST_NAMED).map(|Named { id, label }| Key { id, label }).collect();
        Self { count, revoked, first }
    }
}

#[derive(Debug, Serialize)]
struct ByKind {
    personal: Concerned,
    issued: Concerned,
}

/// A removal, made or only tried.
#[derive(Debug, Serialize)]
struct RemovalView {
    dry_run: bool,
    member: MemberView,
    keys: ByKind,
    revoked: usize,
}

/// Removes a member.
pub async fn remove(
    house: Data<House>,
    caller: Caller<OneselfOr<may::Admin>, Input<NoBody, RemovalQuery>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let RemovalQuery { dry_run, revoke_issued } = input.query;
    let (user, mode) = (input.path("user")?, if dry_run { Mode::Dry } else { Mode::Real });
    let done = service::members::remove(&house, &proof, user, Removal { revoke_issued }, mode).await?;
    let view = |Removed { member, keys, revoked }: Removed| RemovalView {
        dry_run,
        member: member.into(),
        keys: ByKind {
            personal: Concerned::new(keys.personal, 0, true),
            issued: Concerned::new(keys.issued, keys.hidden, revoke_issued),
        },
        revoked,
    };
    Ok(HttpResponse::Ok().json(DoneView::<RemovalView>::from(done.map(view))))
}
