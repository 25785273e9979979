//! Edit a key: narrowing needs that it is covered; widening needs the same authority as issuing.

use time::OffsetDateTime;

use super::{
    Admitted, Conflict, Done, House, IfMatch, Refusal,
    authority::{self, Managed},
    capabilities::ensure_declared,
    effect::Takes,
    house::{Mode, record},
    issue,
    policies::{Handed, InForce},
    record::changed,
};
use crate::{
    db::{
        Transaction, audit,
        keys::{self, Dated, NewKey},
    },
    domain::{
        AddressList, CapabilitySet, Key, KeyId, Label, Rate, TopicPattern, TopicScope, audit::Action, name::Note,
    },
};

/// What is to become of something that may be absent (RFC 7396: left out, `null`, or a value).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// It is left as it is.
    #[default]
    Keep,
    /// It goes.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Patch<T> {
    pub(super) fn of(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// The same of something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(change(value)),
        }
    }
}

/// What is to be changed. `None` is left as it is.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// What people are to call it.
    pub label: Option<Label>,
    /// Where it is kept; cleared to say nothing of that.
    pub note: Patch<Note>,
    /// What it is to do.
    pub capabilities: Option<CapabilitySet>,
    /// On which topics.
    pub topics: Option<TopicScope>,
    /// From where.
    pub addresses: Option<AddressList>,
    /// Until when; cleared for ever.
    pub expires_at: Patch<OffsetDateTime>,
    /// How often; cleared for no limit.
    pub rate: Patch<Rate>,
}

/// A key before a change, and after it.
#[derive(Debug)]
pub struct Changed {
    /// As it was.
    pub before: Key,
    /// As it is now.
    pub after: Dated,
}

/// Edits a key.
pub async fn edit(
    house: &House,
    by: &Admitted,
    id: KeyId,
    edit: &Edit,
    seen: &IfMatch,
    mode: Mode,
) -> Result<Done<Changed>, Refusal> {
    house
        .change(by.org(), id, mode, async |transaction| {
            let managed = authority::manage(transaction, by, id).await?;
            let before = &managed.subject.key;
            seen.ensure(before.version)?;
            if before.revoked.is_some() {
                return Err(Conflict::AlreadyRevoked.into());
            }
            let new = edited(before, edit);
            judge(transaction, &managed, &new).await?;
            if (&new.label, &new.note, &new.terms) == (&before.label, &before.note, &before.terms) {
                return Ok((Changed { before: before.clone(), after: managed.subject }, Takes::AlreadySo));
            }
            keys::edit(transaction, id, &new).await?;
            if before.terms.is_expired(managed.subject.now) && !new.terms.is_expired(managed.subject.now) {
                let head = audit::head(transaction, by.org()).await?;
                issue::ensure_room(house, transaction, by.org(), head.unrevoked_keys).await?;
            }
            let takes = if new.terms.covers(&before.terms) { Takes::Nothing } else { Takes::Away };
            Ok((finish(transaction, by, before, Action::KeyEdited).await?, takes))
        })
        .await
}

fn edited(before: &Key, edit: &Edit) -> NewKey {
    let mut terms = before.terms.clone();
    terms.grant.capabilities = edit.capabilities.clone().unwrap_or(terms.grant.capabilities);
    terms.grant.topics = edit.topics.clone().unwrap_or(terms.grant.topics);
    terms.addresses = edit.addresses.clone().unwrap_or(terms.addresses);
    terms.expires_at = edit.expires_at.of(terms.expires_at);
    terms.rate = edit.rate.of(terms.rate);
    let label = edit.label.clone().unwrap_or_else(|| before.label.clone());
    NewKey { label, note: edit.note.clone().of(before.note.clone()), terms, user: before.user }
}

/// What is narrowed or left needs no more than was asked already; all else hands the key out anew, and is judged so.
async fn judge(transaction: &Transaction<'_>, managed: &Managed, new: &NewKey) -> Result<(), Refusal> {
    let (own, Dated { key, now }) = (&managed.terms()?, &managed.subject);
    let (before, after) = (&key.terms, &new.terms);
    if after.expires_at != before.expires_at {
        issue::ensure_to_come(after.expires_at, *now)?;
    }
    let org = before.grant.owner.org();
    ensure_declared(transaction, org, after.grant.capabilities.iter(), "/capabilities").await?;
    if !before.covers(after) {
        issue::ensure_handed_out_within(own, after)?;
        issue::ensure_person_holds(managed.caller.rights(), after)?;
        issue::ensure_fresh(&managed.caller, after)?;
        if after.expires_at == before.expires_at {
            issue::ensure_life_within(own, after)?;
        }
        issue::ensure_outlived(own, after.expires_at)?;
    }
    ensure_complies(transaction, managed, new).await?;
    let known = before.grant.topics.patterns().unwrap_or_default();
    let is_new = |pattern: &&TopicPattern| !known.contains(pattern);
    let added = issue::patterns(&after.grant.topics).into_iter().filter(is_new).collect();
    issue::ensure_topics_exist(transaction, after.grant.owner, added, &own.grant.topics).await
}

/// What the policy asks for, it asks of what is handed out anew: a key that does not comply may be narrowed, and left as it is.
async fn ensure_complies(transaction: &Transaction<'_>, managed: &Managed, new: &NewKey) -> Result<(), Refusal> {
    let Dated { key: before, now } = &managed.subject;
    let (is_wider, loses_note) = (!before.terms.covers(&new.terms), before.note.is_some() && new.note.is_none());
    if !is_wider && !loses_note {
        return Ok(());
    }
    let policy = InForce::hold(transaction, before.terms.grant.owner).await?;
    let handed = Handed { terms: &new.terms, note: new.note.as_ref(), is_own: false, is_said: true, now: *now };
    if is_wider { policy.ensure_hands_out(&managed.caller, &handed) } else { policy.ensure_keeps_note(&handed) }
}

/// Reads the key as it is now and writes down what changed.
pub(super) async fn finish(
    transaction: &Transaction<'_>,
    by: &Admitted,
    before: &Key,
    action: Action,
) -> Result<Changed, Refusal> {
    let after = keys::show(transaction, by.org(), before.id).await?.ok_or(Refusal::NotFound)?;
    record(transaction, by.org(), by.actor(), by.trail(), changed(action, before, &after.key)).await?;
    Ok(Changed { before: before.clone(), after })
}
