//! `/v1/orgs/{org}`.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use super::{
    Caller, Input, Problem,
    body::{Merge, said},
    guard::{InOrg, Within, may},
    preconditions::required,
    reply,
};
use crate::{
    domain::Title,
    service::{self, House},
};

/// Shows the caller's org.
pub async fn show(house: Data<House>, caller: Caller<Within<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let org = service::orgs::show(&house, &caller.proof).await?;
    Ok(reply::versioned(&org, org.version))
}

/// The body of an edit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamePatch {
    /// The new name.
    #[serde(default, deserialize_with = "said")]
    pub name: Option<Title>,
}

/// Renames the caller's org.
pub async fn edit(
    house: Data<House>,
    caller: Caller<InOrg<may::Admin>, Input<Merge<NamePatch>>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let seen = required(&input.request)?;
    let org = service::orgs::edit(&house, &proof, input.body.0.name.as_ref(), &seen).await?;
    Ok(reply::versioned(&org, org.version))
}
