//! The decision: a person who is signed in types the code of its terminal, sees what is asked for, and says yes or no.

use std::time::Duration;

use tracing::{info, warn};

use super::take::nothing;
use crate::{
    db::{
        self, Transaction,
        devices::{self, Approval},
        signed_in,
    },
    domain::{
        Capability, DeviceLoginId, Grant, Key, Mesh, OrgId, Owner, SessionHash, Slug, Span,
        audit::Trail,
        device::{DeviceLogin, Granted, UserCode},
        page::Limit,
        tries::Tried,
    },
    service::{
        Admitted, Demand, House, Once, Reach, Refusal, Why,
        admit_person::admit_session,
        edit::Patch,
        house::Mode,
        issue::{Ends, Wish},
        meshes,
        patience::in_time,
        personal,
        policies::InForce,
        sessions::{Browser, SignedIn},
        sign_in::NotIn,
        tries,
    },
};

/// How long a terminal may take to come for what was approved: the person is still fresh then.
pub const MARGIN: Duration = Duration::from_mins(1);

/// The login whose code was typed. From now on it is this person's to decide. Wrong codes are counted.
pub async fn find(house: &House, by: &SignedIn, typed: &str, browser: &Browser) -> Result<DeviceLoginId, NotIn> {
    let found = try_find(house, by, typed, browser).await;
    let (user, address) = (by.user(), browser.address().map(|address| address.to_string()));
    match &found {
        Ok(login) => info!(%user, address, %login, "has typed the code of a terminal"),
        Err(NotIn::Wrong) => info!(%user, address, "has typed a code that no terminal has"),
        Err(NotIn::Later(left)) => {
            warn!(%user, address, seconds = left.as_secs(), "too many tries at codes of terminals");
        }
        Err(NotIn::Refused(_)) => {}
    }
    found
}

async fn try_find(house: &House, by: &SignedIn, typed: &str, browser: &Browser) -> Result<DeviceLoginId, NotIn> {
    // What cannot be a code is no guess.
    let Ok(code) = typed.parse::<UserCode>() else { return Err(NotIn::Wrong) };
    let taken = tries::take(house, &tries::of_person(browser, Tried::UserCode(by.user()))).await?;
    let claim = house.store.ask(async |client| {
        let transaction = client.transaction().await.map_err(db::Error::from)?;
        let claimed = devices::claim(&transaction, &code, by.user()).await?;
        if claimed.is_some() {
            taken.were_good(&transaction).await?;
        }
        transaction.commit().await?;
        Ok::<_, db::Error>(claimed)
    });
    in_time(claim).await?.ok_or(NotIn::Wrong)
}

/// An open login that is this person's to decide.
pub async fn show(house: &House, by: &SignedIn, id: DeviceLoginId) -> Result<DeviceLogin, Refusal> {
    let show = house.store.ask(async |client| devices::show(client, id, by.user()).await);
    in_time(show).await?.ok_or(Refusal::NotFound)
}

/// Where a person can give a key.
#[derive(Debug, Clone)]
pub enum Choice {
    /// In one of these orgs; none where it is a member of none.
    Org(Vec<Slug>),
    /// Here.
    Here {
        /// The org.
        org: Slug,
        /// Whether the terminal asked for another one.
        is_other: bool,
        /// Whether for the whole of it.
        is_whole: bool,
        /// For which of its meshes.
        meshes: Vec<Mesh>,
        /// What the person may do there, of what every org knows and of what was asked for.
        may: Vec<Capability>,
        /// For how long the org's policy lets a key live.
        longest: Option<Span>,
    },
}

/// What the person can choose, in the org that is named, or that was asked for, or in its only one.
pub async fn choice(
    house: &House,
    by: &SignedIn,
    login: &DeviceLogin,
    named: Option<&str>,
    trail: Trail,
) -> Result<Choice, Refusal> {
    let orgs = orgs(house, by).await?;
    let is_one = |named: &&str| orgs.iter().any(|org| org.as_str() == *named);
    let asked = asked_org(house, by, login, &orgs, trail.clone()).await?;
    // Whoever asked for one that is not there is given no other unasked.
    let only = orgs.first().filter(|_| orgs.len() == 1 && login.asked.org.is_none()).map(Slug::as_str);
    let Some(org) = named.filter(is_one).or(asked.as_deref()).or(only).map(str::to_owned) else {
        return Ok(Choice::Org(orgs));
    };
    let is_other = login.asked.org.is_some() && asked.as_ref() != Some(&org);
    let admitted = admitted(house, by.secret().hash(), &org, trail).await?;
    let (rights, all) = (admitted.rights(), Limit::MOST);
    let meshes = meshes::list(house, &admitted, Some(false), all, None).await?.items;
    let known = Capability::BUILT_IN.into_iter().chain(login.asked.capabilities.iter().cloned());
    let mut may: Vec<Capability> = Vec::new();
    for capability in known.filter(|capability| rights.allows(capability)) {
        if !may.contains(&capability) {
            may.push(capability);
        }
    }
    let of_org = Owner::Org(admitted.org());
    let is_whole = rights.reach_into(of_org);
    let policy = house.look(admitted.org(), async |transaction| InForce::read(transaction, of_org).await).await?;
    let longest = policy.both.longest_life;
    Ok(Choice::Here { org: admitted.org_slug().clone(), is_other, is_whole, meshes, may, longest })
}

/// The orgs of the person.
pub async fn orgs(house: &House, by: &SignedIn) -> Result<Vec<Slug>, Refusal> {
    Ok(in_time(house.store.ask(async |client| signed_in::orgs(client, by.user()).await)).await?)
}

/// The slug of the org that the terminal asks for, by slug or id, if the person is a member there.
async fn asked_org(
    house: &House,
    by: &SignedIn,
    login: &DeviceLogin,
    orgs: &[Slug],
    trail: Trail,
) -> Result<Option<String>, Refusal> {
    let Some(asked) = login.asked.org.as_deref() else { return Ok(None) };
    if asked.parse::<OrgId>().is_err() {
        return Ok(orgs.iter().find(|org| org.as_str() == asked).map(ToString::to_string));
    }
    match admitted(house, by.secret().hash(), asked, trail).await {
        Ok(admitted) => Ok(Some(admitted.org_slug().to_string())),
        Err(Refusal::NotFound | Refusal::Denied(_)) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// Approves it: all checks of an issue are made now, and again when the terminal comes for its key.
pub async fn approve(
    house: &House,
    by: &SignedIn,
    id: DeviceLoginId,
    org: &str,
    granted: Granted,
    trail: Trail,
) -> Result<(), Refusal> {
    let session = by.secret().hash();
    let admitted = admitted(house, session, org, trail).await?;
    let wish = wish(&granted, by.now())?;
    if let Once::Done(tried) = personal::issue_own(house, &admitted, &wish, Mode::Dry, None, &nothing).await? {
        ensure_stays_fresh(house, by, &tried.key.key).await?;
    }
    let approval = Approval { org: admitted.org(), session, granted };
    let approve = house.store.ask(async |client| devices::approve(client, id, by.user(), &approval).await);
    if !in_time(approve).await? {
        return Err(Refusal::NotFound);
    }
    info!(user = %by.user(), org = %approval.org, login = %id, "has approved a terminal");
    Ok(())
}

/// Who gives what takes a fresh proof is fresh still when the terminal comes for it.
async fn ensure_stays_fresh(house: &House, by: &SignedIn, key: &Key) -> Result<(), Refusal> {
    let Grant { owner, capabilities, .. } = &key.terms.grant;
    let read = async |transaction: &Transaction<'_>| InForce::read(transaction, *owner).await;
    let asks =
        capabilities.allows(&Capability::Admin) || house.look(owner.org(), read).await?.both.confirmation_required;
    if asks && !by.stays_fresh_for(MARGIN) { Err(Refusal::NotFresh) } else { Ok(()) }
}

/// Says no.
pub async fn deny(house: &House, by: &SignedIn, id: DeviceLoginId) -> Result<(), Refusal> {
    let deny = house.store.ask(async |client| devices::deny(client, id, by.user()).await);
    if !in_time(deny).await? {
        return Err(Refusal::NotFound);
    }
    info!(user = %by.user(), login = %id, "has denied a terminal");
    Ok(())
}

/// The person as a caller in this org.
async fn admitted(house: &House, session: SessionHash, org: &str, trail: Trail) -> Result<Admitted, Refusal> {
    admit_session(house, session, &demand(org), trail).await.map_err(|rejection| match rejection.why {
        Why::Undecided(error) => error.into(),
        Why::Denied(denial) => denial.into(),
        Why::SignedOut => Refusal::SignedOut,
        Why::Token(_) | Why::NotFound | Why::WhichOrg(_) => Refusal::NotFound,
    })
}

/// What a person demands who gives itself a key: to be a member.
pub(super) const fn demand(org: &str) -> Demand<'_> {
    Demand {
        capability: None,
        reach: Reach::Within,
        org: Some(org),
        mesh: None,
        topic: None,
        own_key: None,
        own_user: None,
        claims: None,
        acts_in_mesh: false,
        counts: false,
    }
}

/// The key that is wished for, if it is made at this time.
pub(super) fn wish(granted: &Granted, now: time::OffsetDateTime) -> Result<Wish, Refusal> {
    let note = "meshkey login".parse().map_err(|_| Refusal::Impossible("a note that is none"))?;
    Ok(Wish {
        label: granted.label.clone(),
        note: Some(note),
        mesh: granted.mesh.clone(),
        capabilities: granted.capabilities.clone(),
        topics: granted.topics.clone(),
        addresses: None,
        ends: Ends::At(granted.ends_at(now)),
        rate: Patch::Keep,
        user: None,
    })
}
