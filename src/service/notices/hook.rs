//! What the webhook of an org is told: as much as a mail says, in members.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::{
    db::{
        Error, Transaction,
        ends::{self, Line},
        webhooks::calls::{self, Hearing},
    },
    domain::OrgId,
};

/// How many keys one call names.
const MOST_NAMED: usize = 200;

/// Queues what these orgs are told of their keys.
pub(super) async fn queue(
    transaction: &Transaction<'_>,
    hearing: &[Hearing],
    keys: &BTreeMap<OrgId, Vec<Uuid>>,
    today: OffsetDateTime,
    url: &str,
) -> Result<(), Error> {
    for Hearing { org, slug, .. } in hearing {
        let Some(keys) = keys.get(org) else { continue };
        let named = &keys[..keys.len().min(MOST_NAMED)];
        let lines = ends::lines(transaction, named).await?;
        let Some(now) = lines.first().map(|line| line.now) else { continue };
        let body = json!({
            "type": "keys.expiring",
            "org": { "id": org, "slug": slug },
            "at": wire(now),
            "keys": lines.iter().map(|line| told(line, url)).collect::<Vec<_>>(),
            "more": keys.len() - named.len(),
        });
        calls::queue(transaction, *org, today, &body.to_string()).await?;
    }
    Ok(())
}

fn told(line: &Line, url: &str) -> Value {
    let Line { key, label, org, mesh, hint, ends_at, last_used_at, uses, .. } = line;
    json!({
        "id": key,
        "label": label,
        "mesh": mesh,
        "hint": hint,
        "expires_at": wire(*ends_at),
        "last_used_at": last_used_at.and_then(wire),
        "uses_last_day": uses,
        "rotate": format!("{url}/orgs/{org}/keys/{key}/rotate"),
    })
}

fn wire(at: OffsetDateTime) -> Option<String> {
    at.format(&Rfc3339).ok()
}
