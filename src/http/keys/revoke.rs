//! Revoking a key.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use crate::{
    domain::name::Reason,
    http::{
        Caller, Input, Problem,
        body::Optional,
        dry_run::DryRunView,
        guard::{OwnKeyOr, may},
        query::DryRun,
        view::{DoneView, RevocationView},
    },
    service::{self, House, house::Mode, revoke::Revocation},
};

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
        Mode::Real => HttpResponse::Ok().json(DoneView::<RevocationView>::from(ended)),
        Mode::Dry => {
            HttpResponse::Ok().json(DryRunView::new(Some(&ended.value.before), ended.value.key, &ended.value.cascaded))
        }
    })
}
