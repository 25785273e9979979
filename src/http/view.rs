//! What things look like on the wire, where it differs from what they are.

use std::net::IpAddr;

use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    db::keys::Dated,
    domain::{
        AddressList, CapabilitySet, Credential, KeyId, Label, Owner, Status, TopicScope,
        audit::Actor,
        key::SecretRecord,
        name::{Note, Reason},
        verdict::told,
    },
    service::{revoke::Ended, verify::Verdict},
};

/// A key.
#[derive(Debug, Serialize)]
pub struct KeyView {
    id: KeyId,
    label: Label,
    note: Option<Note>,
    owner: Owner,
    capabilities: CapabilitySet,
    topics: TopicScope,
    addresses: AddressList,
    status: Status,
    hint: String,
    issued_by: Actor,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    disabled_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    revoked_at: Option<OffsetDateTime>,
    revoked_by: Option<Actor>,
    revoke_reason: Option<Reason>,
    #[serde(with = "time::serde::rfc3339::option")]
    last_used_at: Option<OffsetDateTime>,
    last_used_from: Option<IpAddr>,
    secrets: Vec<SecretRecord>,
    version: i64,
}

impl From<Dated> for KeyView {
    fn from(Dated { key, now }: Dated) -> Self {
        let (status, hint) = (key.status(now), key.hint().to_owned());
        let (revoked_at, revoked_by) = (key.revoked.as_ref().map(|it| it.at), key.revoked.as_ref().map(|it| it.by));
        Self {
            id: key.id,
            label: key.label,
            note: key.note,
            owner: key.terms.grant.owner,
            capabilities: key.terms.grant.capabilities,
            topics: key.terms.grant.topics,
            addresses: key.terms.addresses,
            status,
            hint,
            issued_by: key.issued_by,
            created_at: key.created_at,
            expires_at: key.terms.expires_at,
            disabled_at: key.disabled_at,
            revoked_at,
            revoked_by,
            revoke_reason: key.revoked.and_then(|it| it.reason),
            last_used_at: key.last_use.map(|used| used.at),
            last_used_from: key.last_use.and_then(|used| used.from),
            secrets: key.secrets,
            version: key.version,
        }
    }
}

/// A key with the secret that was just made: the one place where the text of a key leaves the service.
#[derive(Serialize)]
pub struct IssuedView<'a> {
    #[serde(flatten)]
    key: KeyView,
    secret: Option<&'a str>,
}

impl<'a> IssuedView<'a> {
    /// The key, and its secret if it may be shown.
    #[must_use]
    pub fn new(key: Dated, secret: Option<&'a str>) -> Self {
        Self { key: key.into(), secret }
    }
}

/// A revocation. Nothing is remembered anywhere, so that it holds everywhere when it is committed.
#[derive(Debug, Serialize)]
pub struct RevocationView {
    key: KeyView,
    cascaded: Vec<KeyId>,
    effective: &'static str,
}

impl From<Ended> for RevocationView {
    fn from(ended: Ended) -> Self {
        let cascaded = ended.cascaded.iter().map(|one| one.key.id).collect();
        Self { key: ended.key.into(), cascaded, effective: "everywhere" }
    }
}

/// The answer to a verify.
#[derive(Debug, Serialize)]
pub struct VerdictView {
    allowed: bool,
    code: &'static str,
    detail: String,
    key: Option<JudgedKey>,
    #[serde(with = "time::serde::rfc3339")]
    as_of: OffsetDateTime,
}

/// A key that was judged, as far as that matters.
#[derive(Debug, Serialize)]
pub(super) struct JudgedKey {
    id: KeyId,
    label: Label,
    owner: Owner,
    capabilities: CapabilitySet,
    topics: TopicScope,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

impl From<Credential> for JudgedKey {
    fn from(credential: Credential) -> Self {
        let Credential { key, label, terms, .. } = credential;
        let (grant, expires_at) = (terms.grant, terms.expires_at);
        Self { id: key, label, owner: grant.owner, capabilities: grant.capabilities, topics: grant.topics, expires_at }
    }
}

impl From<Verdict> for VerdictView {
    fn from(Verdict { denial, credential, as_of }: Verdict) -> Self {
        let (code, detail) = told(denial.as_ref());
        Self { allowed: denial.is_none(), code, detail, key: credential.map(JudgedKey::from), as_of }
    }
}
