//! `/v1/orgs/{org}/keys`.

mod edit;
mod issue;
mod list;
mod revoke;
mod rotate;

use actix_web::{HttpResponse, web::Data};

use super::{
    Caller, Input, Problem,
    body::NoBody,
    dry_run::DryRunView,
    guard::{OwnKeyOr, Within, may},
    query::DryRun,
    reply,
    view::{DoneView, KeyView},
};
use crate::{
    db::keys::Dated,
    service::{self, Done, House, edit::Changed, house::Mode},
};

pub use edit::{KeyPatch, edit};
pub use issue::{NewKey, issue};
pub(super) use issue::{keep, show_once};
pub(super) use list::statuses;
pub use list::{ListQuery, list};
pub use revoke::{Ending, revoke};
pub use rotate::{Rotation, finish, rotate};

fn shown(key: Dated) -> HttpResponse {
    let version = key.key.version;
    reply::versioned(&KeyView::from(key), version)
}

fn shown_or_dry(done: Done<Changed>, mode: Mode) -> HttpResponse {
    let Done { value: Changed { before, after }, settled } = done;
    match mode {
        Mode::Real => {
            let version = after.key.version;
            reply::versioned(&DoneView::new(KeyView::from(after), settled.as_ref()), version)
        }
        Mode::Dry => HttpResponse::Ok().json(DryRunView::new(Some(&before), after, &[])),
    }
}

/// Shows a key.
pub async fn show(house: Data<House>, caller: Caller<OwnKeyOr<may::Admin>, Input>) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    Ok(shown(service::keys::show(&house, &proof, input.path("key")?).await?))
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
