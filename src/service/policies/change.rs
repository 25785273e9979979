//! Change a policy. Keys that are there go on working; what is handed out from then on has to comply.

use super::{Preview, place, preview, shown};
use crate::{
    db::{
        Transaction,
        policies::{self, Versioned},
    },
    domain::{
        MeshId, Owner, Policy, Span,
        audit::{Action, Subject},
        member::Who,
        policy::{Issuers, OutOfBounds, Rule},
    },
    service::{
        Admitted, Fault, House, IfMatch, Refusal,
        authority::{self, Holding},
        edit::Patch,
        house::Mode,
        people::Author,
        record::{Recorded, rearranged},
    },
};

/// What rules are to say. A rule that is cleared is off.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// See [`Policy`]; as all of these.
    pub longest_life: Patch<Span>,
    /// How long a key lives where nothing is said.
    pub default_life: Patch<Span>,
    /// Whether a key has to have an end.
    pub expiry_required: Patch<bool>,
    /// Whether it has to name topics.
    pub topics_required: Patch<bool>,
    /// Who hands out `admin`.
    pub admin_keys_by: Patch<Issuers>,
    /// Who hands out keys of the whole org.
    pub org_keys_by: Patch<Issuers>,
    /// How long a replaced secret may go on.
    pub longest_overlap: Patch<Span>,
    /// Whether keys with `admin` have to say from where.
    pub admin_addresses_required: Patch<bool>,
    /// Whether a key has to have a note.
    pub note_required: Patch<bool>,
    /// After how long without a use a key is disabled.
    pub disable_unused_after: Patch<Span>,
    /// Whether people show once more who they are.
    pub confirmation_required: Patch<bool>,
}

impl Edit {
    fn of(&self, before: &Policy) -> Policy {
        let flag = |patch: Patch<bool>, before: bool| patch.of(Some(before)).unwrap_or_default();
        let issuers = |patch: Patch<Issuers>, before: Issuers| patch.of(Some(before)).unwrap_or_default();
        Policy {
            longest_life: self.longest_life.of(before.longest_life),
            default_life: self.default_life.of(before.default_life),
            expiry_required: flag(self.expiry_required, before.expiry_required),
            topics_required: flag(self.topics_required, before.topics_required),
            admin_keys_by: issuers(self.admin_keys_by, before.admin_keys_by),
            org_keys_by: issuers(self.org_keys_by, before.org_keys_by),
            longest_overlap: self.longest_overlap.of(before.longest_overlap),
            admin_addresses_required: flag(self.admin_addresses_required, before.admin_addresses_required),
            note_required: flag(self.note_required, before.note_required),
            disable_unused_after: self.disable_unused_after.of(before.disable_unused_after),
            confirmation_required: flag(self.confirmation_required, before.confirmation_required),
        }
    }
}

/// A policy as it was changed, or would be.
#[derive(Debug)]
pub struct Changed {
    /// As it is then.
    pub after: super::Shown,
    /// The live keys that do not comply with it.
    pub preview: Preview,
}

/// Changes the policy of the org, or of the mesh that is named. Waits for who hands a key out by the old one.
pub async fn change(house: &House, by: &Admitted, edit: &Edit, seen: &IfMatch, mode: Mode) -> Result<Changed, Refusal> {
    house
        .within(by.org(), mode, async |transaction| {
            let caller = authority::hold(transaction, by).await?;
            let author = Author { actor: by.actor(), trail: by.trail() };
            let may = |before: &Policy, after: &Policy| ensure_may(&caller, before, after);
            apply(transaction, place(by), &author, (edit, seen), may).await
        })
        .await
}

/// Makes the policy what the edit says. `may` lets it be changed from what it is to another, or refuses.
pub(super) async fn apply(
    transaction: &Transaction<'_>,
    owner: Owner,
    author: &Author<'_>,
    (edit, seen): (&Edit, &IfMatch),
    may: impl Fn(&Policy, &Policy) -> Result<(), Refusal>,
) -> Result<Changed, Refusal> {
    let (org, mesh) = (owner.org(), owner.mesh());
    policies::lock(transaction, org).await?;
    let before = policies::show(transaction, org, mesh).await?;
    seen.ensure(before.version)?;
    let policy = edit.of(&before.policy);
    policy.ensure_within_bounds().map_err(|OutOfBounds { rule, detail }| at(rule, detail))?;
    if policy != before.policy {
        may(&before.policy, &policy)?;
        let after = policies::put(transaction, org, mesh, &policy).await?;
        let of = |versioned: Versioned| OfPlace { owner, policy: versioned.policy };
        let change = rearranged(Action::PolicyChanged, &of(before), &of(after));
        author.write(transaction, org, change).await?;
    }
    Ok(Changed { after: shown(transaction, owner).await?, preview: preview(transaction, owner).await? })
}

fn at(rule: Rule, detail: &str) -> Refusal {
    Refusal::invalid(format!("/{}", rule.name()), detail)
}

const OWNER_ONLY: &str = "only an owner, signed in, may set or take back a rule that is for owners; or who has a shell on the host: \
                          `meshkey admin policy ORG`";
const PERSON_ONLY: &str = "a key may tighten a policy, and not loosen it: that takes a person who is signed in, or the host's \
                           `meshkey admin policy ORG`";

/// A key only tightens: one that a rule binds must not loosen it. People do both, having shown who they are; and what is for owners is
/// set and taken back by them.
fn ensure_may(caller: &Holding, before: &Policy, after: &Policy) -> Result<(), Refusal> {
    let is_owner = matches!(caller.who(), Who::Person { is_owner: true, .. });
    if !is_owner && !after.owners_changes(before).is_empty() {
        return Err(Refusal::OwnerOnly(OWNER_ONLY));
    }
    caller.ensure_fresh()?;
    let looser = after.looser_than(before);
    if matches!(caller.who(), Who::Person { .. }) || looser.is_empty() {
        return Ok(());
    }
    let fault = |rule: &Rule| Fault::at(format!("/{}", rule.name()), PERSON_ONLY);
    Err(Refusal::Exceeds(looser.iter().map(fault).collect()))
}

/// A policy and whose it is, for the audit.
struct OfPlace {
    owner: Owner,
    policy: Policy,
}

impl Recorded for OfPlace {
    fn subject(&self) -> Subject {
        let org = self.owner.org();
        Subject { kind: "policy", id: self.mesh().map_or_else(|| org.to_string(), |mesh| mesh.to_string()) }
    }

    fn mesh(&self) -> Option<MeshId> {
        self.owner.mesh()
    }

    fn facts(&self) -> serde_json::Value {
        serde_json::to_value(&self.policy).unwrap_or_default()
    }
}
