//! Editing a key.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use super::shown_or_dry;
use crate::{
    domain::{AddressList, CapabilitySet, Label, Moment, Rate, TopicScope, name::Note},
    http::{
        Caller, Input, Problem,
        body::{Merge, patched, said},
        guard::{Within, may},
        preconditions::required,
        query::DryRun,
    },
    service::{
        self, House,
        edit::{Edit, Patch},
    },
};

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
    #[serde(default, deserialize_with = "patched")]
    rate: Patch<Rate>,
}

impl From<KeyPatch> for Edit {
    fn from(patch: KeyPatch) -> Self {
        let KeyPatch { label, note, capabilities, topics, addresses, expires_at, rate } = patch;
        Self { label, note, capabilities, topics, addresses, expires_at: expires_at.map(Moment::get), rate }
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
