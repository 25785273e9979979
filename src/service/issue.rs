//! Issue a key: within what the issuer holds, to the topics that there are, with an end.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Admitted, Conflict, Fault, House, Kept, Once, Refusal,
    authority::{self, Holding},
    capabilities::ensure_declared,
    edit::Patch,
    house::Mode,
    personal,
    policies::{Handed, InForce},
    record,
};
use crate::{
    db::{
        Transaction, audit,
        idempotency::Request,
        keys::{self, Dated, NewKey},
        meshes, secrets, topics,
    },
    domain::{
        AddressList, Capability, CapabilitySet, Grant, Key, KeyId, Label, OrgId, Owner, Rate, Rights, Secret, Terms,
        TopicName, TopicPattern, TopicScope, UserId,
        audit::{Action, Actor, Trail},
        name::Note,
        suggest,
    },
};

/// What is wished for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What people are to call it.
    pub label: Label,
    /// Where it will be kept.
    pub note: Option<Note>,
    /// The mesh that it is to act for, by id or slug; none for the whole org.
    pub mesh: Option<String>,
    /// What it is to do.
    pub capabilities: CapabilitySet,
    /// On which topics.
    pub topics: TopicScope,
    /// From where; if nothing is said, from where the issuer may.
    pub addresses: Option<AddressList>,
    /// Until when.
    pub ends: Ends,
    /// How often; if nothing is said, as often as the issuer.
    pub rate: Patch<Rate>,
    /// The person that it is to be bound to; none for a key that outlives people.
    pub user: Option<UserId>,
}

/// Until when a key is wished for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Nothing was said: what the policy says, or the issuer's end if that comes first.
    Unsaid,
    /// Until then.
    At(OffsetDateTime),
    /// It was said that it never ends.
    Never,
}

/// A key and its secret, which is shown once.
pub struct Issued {
    /// The key.
    pub key: Dated,
    /// Its new secret.
    pub secret: Secret,
    /// The key as it was, where it was there before.
    pub before: Option<Key>,
}

/// Issues a key.
pub async fn issue(
    house: &House,
    by: &Admitted,
    wish: &Wish,
    mode: Mode,
    request: Option<&Request>,
    keep: &dyn Fn(&Issued) -> Kept,
) -> Result<Once<Issued>, Refusal> {
    house
        .once(by, mode, request, keep, async |transaction| {
            let issuer = authority::hold_beside(transaction, by, wish.user).await?;
            let owner = owner(transaction, by, issuer.rights(), wish).await?;
            let own = issuer.terms_for(owner)?;
            let policy = InForce::hold(transaction, owner).await?;
            let terms = terms(wish, owner, &own, (&policy, issuer.now))?;
            ensure_declared(transaction, by.org(), wish.capabilities.iter(), "/capabilities").await?;
            ensure_handed_out_within(&own, &terms)?;
            ensure_person_holds(issuer.rights(), &terms)?;
            let is_own = wish.user.is_some() && wish.user == by.person().map(|person| person.user);
            if !is_own && !issuer.rights().manages(&terms.grant) {
                return Err(Refusal::Exceeds(vec![Fault::at("/mesh", "you are no admin there")]));
            }
            ensure_fresh(&issuer, &terms)?;
            let (note, now) = (wish.note.as_ref(), issuer.now);
            let handed = Handed { terms: &terms, note, is_own: false, is_said: true, now };
            policy.ensure_hands_out(&issuer, &handed)?;
            if let Some(user) = wish.user {
                personal::ensure_may(transaction, (by.org(), issuer.rights()), (user, is_own), &terms).await?;
            }
            let wanted = patterns(&terms.grant.topics);
            ensure_topics_exist(transaction, owner, wanted, &own.grant.topics).await?;
            let new = NewKey { label: wish.label.clone(), note: wish.note.clone(), terms, user: wish.user };
            make(house, transaction, new, by.actor(), by.trail()).await
        })
        .await
}

/// The owner that is wished for. A sibling's mesh is as unknown as one that does not exist.
async fn owner(
    transaction: &Transaction<'_>,
    by: &Admitted,
    rights: Rights<'_>,
    wish: &Wish,
) -> Result<Owner, Refusal> {
    let org = by.org();
    let Some(named) = &wish.mesh else { return Ok(Owner::Org(org)) };
    let mesh = meshes::resolve(transaction, org, named).await?;
    let mesh = mesh.filter(|mesh| rights.reach_into(Owner::Mesh(org, mesh.id)));
    let mesh = mesh.ok_or_else(|| Refusal::invalid("/mesh", "there is no such mesh in this org"))?;
    if mesh.archived_at.is_some() {
        return Err(Refusal::invalid("/mesh", "the mesh is archived: its keys would be denied"));
    }
    Ok(Owner::Mesh(org, mesh.id))
}

fn terms(wish: &Wish, owner: Owner, own: &Terms, (policy, now): (&InForce, OffsetDateTime)) -> Result<Terms, Refusal> {
    let grant = Grant { owner, capabilities: wish.capabilities.clone(), topics: wish.topics.clone() };
    let addresses = wish.addresses.clone().unwrap_or_else(|| own.addresses.clone());
    let expires_at = match wish.ends {
        Ends::Unsaid => Some(default_end(own.expires_at, policy, now)),
        Ends::At(end) => Some(end),
        Ends::Never => None,
    };
    ensure_to_come(expires_at, now)?;
    ensure_outlived(own, expires_at)?;
    Ok(Terms { grant, addresses, expires_at, rate: wish.rate.of(own.rate) })
}

/// The end where none is said: that of the policy, or the issuer's end if that comes first.
pub(super) fn default_end(own: Option<OffsetDateTime>, policy: &InForce, now: OffsetDateTime) -> OffsetDateTime {
    let default = policy.both.default_end(now);
    own.map_or(default, |end| end.min(default))
}

/// Refuses an end that has passed.
pub(super) fn ensure_to_come(end: Option<OffsetDateTime>, now: OffsetDateTime) -> Result<(), Refusal> {
    match end {
        Some(end) if end <= now => {
            Err(Refusal::invalid("/expires_at", "this time has passed; a key ends in the future"))
        }
        _ => Ok(()),
    }
}

/// Refuses an end behind the issuer's own.
pub(super) fn ensure_outlived(own: &Terms, end: Option<OffsetDateTime>) -> Result<(), Refusal> {
    if own.outlives(end) {
        return Ok(());
    }
    let last = own.expires_at.and_then(|end| end.format(&Rfc3339).ok()).unwrap_or_default();
    Err(Refusal::invalid("/expires_at", format!("a key ends no later than the key that hands it out: {last}")))
}

/// Refuses to hand out anew a key that ends later than the caller's own.
pub(super) fn ensure_life_within(own: &Terms, given: &Terms) -> Result<(), Refusal> {
    let detail = "this key ends later than yours, and may be revoked or disabled with yours, but not handed out anew";
    if own.outlives(given.expires_at) { Ok(()) } else { Err(Refusal::Exceeds(vec![Fault::at("", detail)])) }
}

/// Refuses to hand out what the issuer does not hold, and says what that is. Ends are judged by
/// [`ensure_outlived`].
pub(super) fn ensure_handed_out_within(own: &Terms, given: &Terms) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    if !own.grant.owner.covers(given.grant.owner) {
        faults.push(Fault::at("/mesh", "you act for one mesh, and may not issue keys for the whole org"));
    }
    for capability in given.grant.capabilities.iter().filter(|one| !own.grant.capabilities.allows(one)) {
        faults.push(Fault::at("/capabilities", format!("you do not hold '{capability}'")));
    }
    match given.grant.topics.patterns() {
        None if !own.grant.topics.covers(&given.grant.topics) => {
            faults.push(Fault::at("/topics", "you are confined to topics, and may not hand out all topics"));
        }
        patterns => {
            let beyond = patterns.unwrap_or_default().iter().filter(|one| !own.grant.topics.covers_pattern(one));
            faults.extend(beyond.map(|one| Fault::at("/topics", format!("you do not reach '{one}'"))));
        }
    }
    if !own.addresses.covers(&given.addresses) {
        faults.push(Fault::at("/addresses", "your key may be used from fewer addresses than these"));
    }
    if let Some(rate) = own.rate.filter(|_| !own.affords(given.rate)) {
        faults.push(Fault::at("/rate", format!("your key may be used {}, and hands out no more", rate.in_words())));
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::Exceeds(faults)) }
}

/// Who hands out `admin` shows first that it is still there.
pub(super) fn ensure_fresh(by: &Holding, given: &Terms) -> Result<(), Refusal> {
    if given.grant.capabilities.allows(&Capability::Admin) { by.ensure_fresh() } else { Ok(()) }
}

/// Refuses to hand out by a personal key what its person may not do any more.
pub(super) fn ensure_person_holds(rights: Rights<'_>, given: &Terms) -> Result<(), Refusal> {
    let holds = rights.bound().is_none_or(|bound| Rights::new(bound, None).covers(&given.grant));
    let detail = "the person that your key is bound to may not do all of that";
    if holds { Ok(()) } else { Err(Refusal::Exceeds(vec![Fault::at("", detail)])) }
}

pub(super) fn patterns(topics: &TopicScope) -> Vec<&TopicPattern> {
    topics.patterns().unwrap_or_default().iter().collect()
}

/// For how many unknown names a near one is looked for.
const MOST_HINTS: usize = 5;

/// Refuses names that are no topic of the mesh, or for an org's key of none of its meshes. A pattern needs none.
pub(super) async fn ensure_topics_exist(
    transaction: &Transaction<'_>,
    owner: Owner,
    patterns: Vec<&TopicPattern>,
    known_to: &TopicScope,
) -> Result<(), Refusal> {
    let exact = |pattern: &&TopicPattern| match pattern {
        TopicPattern::Exactly(name) => Some(name.clone()),
        TopicPattern::Beginning(_) => None,
    };
    let names: Vec<_> = patterns.iter().filter_map(exact).collect();
    let wanted: Vec<&str> = names.iter().map(TopicName::as_str).collect();
    let known = topics::known(transaction, owner.org(), owner.mesh(), &wanted).await?;
    let unknown: Vec<_> = wanted.into_iter().filter(|name| !known.iter().any(|found| found == name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    // Nobody is told of topics that their own key does not reach.
    let all = topics::names(transaction, owner.org(), owner.mesh()).await?;
    let is_known = |name: &&String| name.parse().is_ok_and(|name: TopicName| known_to.reaches(Some(&name)));
    let near: Vec<&str> = all.iter().filter(is_known).map(String::as_str).collect();
    // To look for the nearest takes long: who is wrong in many names is told of a few.
    let fault = |(at, name): (usize, &&str)| {
        let hint = if at < MOST_HINTS { suggest::hint(name, near.iter().copied()) } else { String::new() };
        Fault::at("/topics", format!("there is no topic '{name}' here{hint}"))
    };
    Err(Refusal::Invalid(unknown.iter().enumerate().map(fault).collect()))
}

/// Refuses more live keys than an org may have. Live keys are some of those that are not revoked: only where these
/// are too many, the live ones are counted. The caller holds the head of the org's audit, so that nobody else counts.
pub(super) async fn ensure_room(
    house: &House,
    transaction: &Transaction<'_>,
    org: OrgId,
    unrevoked: i64,
) -> Result<(), Refusal> {
    if unrevoked <= house.most_live_keys || keys::count_live(transaction, org).await? <= house.most_live_keys {
        return Ok(());
    }
    Err(Conflict::KeyLimitReached.into())
}

/// Makes a key with its first secret and writes it down. Who calls has judged.
pub(super) async fn make(
    house: &House,
    transaction: &Transaction<'_>,
    new: NewKey,
    by: Actor,
    trail: &Trail,
) -> Result<Issued, Refusal> {
    let (org, id) = (new.terms.grant.owner.org(), KeyId::new());
    let secret = Secret::generate(&house.prefix)?;
    keys::insert(transaction, id, &new, by).await?;
    secrets::insert(transaction, org, id, 1, &secret).await?;
    let key = keys::show(transaction, org, id).await?.ok_or(Refusal::Impossible("a new key that is not there"))?;
    let mut head = audit::head(transaction, org).await?;
    head.unrevoked_keys += 1;
    ensure_room(house, transaction, org, head.unrevoked_keys).await?;
    audit::append(transaction, head, by, trail, vec![record::made(Action::KeyIssued, &key.key)]).await?;
    Ok(Issued { key, secret, before: None })
}
