//! Rotating a key.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::Deserialize;

use super::{
    issue::{keep, show_once},
    shown_or_dry,
};
use crate::{
    domain::{Span, key::LONGEST_OVERLAP},
    http::{
        Caller, Input, Problem,
        body::{NoBody, Optional},
        guard::{OwnKeyOr, may},
        preconditions::idempotent,
        query::DryRun,
        reply,
    },
    service::{self, House, issue::Issued},
};

/// How long a replaced secret goes on.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Overlap(time::Duration);

impl TryFrom<String> for Overlap {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "an overlap is a number and s, m, h or d, at most 7d: \"0s\", \"1h\", \"24h\"";
        let overlap = text.parse::<Span>().map_err(|_| wrong)?.duration();
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
    let request = idempotent(&input.request, &proof, &input.body.0)?;
    let overlap = input.body.0.value.overlap.map(|overlap| overlap.0);
    let keep = |issued: &Issued| keep(StatusCode::OK, issued);
    let issued = service::rotate::rotate(&house, &proof, id, overlap, mode, request.as_ref(), &keep).await?;
    let settled = issued.settled.as_ref();
    reply::once_settled(issued.value, settled, |issued| show_once(issued, settled, StatusCode::OK, mode))
}

/// Ends the overlap of a rotation.
pub async fn finish(
    house: Data<House>,
    caller: Caller<OwnKeyOr<may::Admin>, Input<NoBody, DryRun>>,
) -> Result<HttpResponse, Problem> {
    let Caller { proof, input, .. } = caller;
    let mode = input.query.mode();
    let key = service::rotate::finish(&house, &proof, input.path("key")?, mode).await?;
    Ok(shown_or_dry(key, mode))
}
