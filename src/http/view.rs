//! What things look like on the wire, where it differs from what they are.

use std::{borrow::Cow, net::IpAddr};

use serde::Serialize;
use time::OffsetDateTime;

use super::rate::seconds;
use crate::{
    db::keys::Dated,
    domain::{
        AddressList, CapabilitySet, Credential, Denial, KeyId, Label, Owner, Rate, Status, Terms, TopicScope, UserId,
        audit::Actor,
        fresh::Effect,
        key::SecretRecord,
        name::{Note, Reason},
        rate::Left,
        verdict::told,
    },
    service::{Done, Settled, revoke::Ended, verify::Verdict},
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
    rate: Option<Rate>,
    status: Status,
    hint: String,
    user: Option<UserId>,
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
            rate: key.terms.rate,
            status,
            hint,
            user: key.user,
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

/// That a change holds everywhere, and how that came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettledView {
    effective: &'static str,
    after_ms: u64,
    acknowledged: usize,
    lapsed: usize,
    transaction: String,
}

impl From<&Settled> for SettledView {
    fn from(Settled { effect, change }: &Settled) -> Self {
        let Effect { after, acknowledged, lapsed } = *effect;
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        Self { effective: "everywhere", after_ms, acknowledged, lapsed, transaction: change.to_string() }
    }
}

impl SettledView {
    /// After how many milliseconds it held everywhere.
    #[must_use]
    pub const fn after_ms(&self) -> u64 {
        self.after_ms
    }
}

/// Something that was done, and that it holds everywhere, where that matters.
#[derive(Debug, Serialize)]
pub struct DoneView<T> {
    #[serde(flatten)]
    value: T,
    #[serde(flatten)]
    settled: Option<SettledView>,
}

impl<T, V: From<T>> From<Done<T>> for DoneView<V> {
    fn from(Done { value, settled }: Done<T>) -> Self {
        Self::new(value.into(), settled.as_ref())
    }
}

impl<T> DoneView<T> {
    /// What was done, and that it holds everywhere.
    #[must_use]
    pub fn new(value: T, settled: Option<&Settled>) -> Self {
        Self { value, settled: settled.map(SettledView::from) }
    }
}

/// A revocation.
#[derive(Debug, Serialize)]
pub struct RevocationView {
    key: KeyView,
    cascaded: Vec<KeyId>,
}

impl From<Ended> for RevocationView {
    fn from(ended: Ended) -> Self {
        let cascaded = ended.cascaded.iter().map(|one| one.key.id).collect();
        Self { key: ended.key.into(), cascaded }
    }
}

/// The answer to a verify.
#[derive(Debug, Serialize)]
pub struct VerdictView<'a> {
    allowed: bool,
    code: &'static str,
    detail: Cow<'static, str>,
    key: Option<JudgedKey<'a>>,
    #[serde(with = "time::serde::rfc3339")]
    as_of: OffsetDateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<LeftView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// The rate of a key that was judged, and what is left of it there.
#[derive(Debug, Serialize)]
struct LeftView {
    #[serde(flatten)]
    rate: Rate,
    remaining: u32,
}

/// A key that was judged, as far as that matters.
#[derive(Debug, Serialize)]
pub(super) struct JudgedKey<'a> {
    id: KeyId,
    label: &'a Label,
    owner: Owner,
    capabilities: &'a CapabilitySet,
    topics: &'a TopicScope,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
}

impl<'a> From<&'a Credential> for JudgedKey<'a> {
    fn from(credential: &'a Credential) -> Self {
        let Credential { key, label, terms: Terms { grant, expires_at, .. }, person, .. } = credential;
        let (capabilities, topics) = (&grant.capabilities, &grant.topics);
        Self {
            id: *key,
            label,
            owner: grant.owner,
            capabilities,
            topics,
            expires_at: *expires_at,
            user: person.as_ref().map(|it| it.user),
        }
    }
}

impl<'a> From<&'a Verdict> for VerdictView<'a> {
    fn from(Verdict { denial, held, as_of, left }: &'a Verdict) -> Self {
        let (code, detail) = told(denial.as_ref());
        let key = held.as_ref().map(|held| JudgedKey::from(&held.known.credential));
        let rate = left.map(|Left { rate, remaining, .. }| LeftView { rate, remaining });
        let retry_after = match denial {
            Some(Denial::RateLimited(exceeded)) => Some(seconds(exceeded.retry_after).max(1)),
            _ => None,
        };
        Self { allowed: denial.is_none(), code, detail, key, as_of: *as_of, rate, retry_after }
    }
}
