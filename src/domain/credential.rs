//! Credentials: a secret that was presented, with all that decides over it. The one judgement of all doors.

use std::net::IpAddr;

use time::OffsetDateTime;

use super::{
    grant::{Requirement, Terms},
    id::{KeyId, UserId},
    name::{Label, Slug},
    owner::Owner,
    rights::{Bound, Rights},
    rule::{self, Judged},
    verdict::Denial,
};

/// The key behind a presented secret, as it was looked up, with everything that a decision needs.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts, each with a denial of its own")]
pub struct Credential {
    /// Which key.
    pub key: KeyId,
    /// What people call it.
    pub label: Label,
    /// What it may do, from where, until when.
    pub terms: Terms,
    /// Which of its secrets was presented.
    pub secret: i32,
    /// Which of its secrets is the newest.
    pub newest_secret: i32,
    /// When the presented secret ends before the key does.
    pub secret_dies_at: Option<OffsetDateTime>,
    /// Whether the key was revoked.
    pub is_revoked: bool,
    /// Whether the key is disabled.
    pub is_disabled: bool,
    /// The slug of its org.
    pub org_slug: Slug,
    /// Whether its org is suspended.
    pub is_org_suspended: bool,
    /// The slug of its mesh, where it belongs to one.
    pub mesh_slug: Option<Slug>,
    /// Whether its mesh is archived.
    pub is_mesh_archived: bool,
    /// The person that it is bound to, where it is a personal key. Most are not.
    pub person: Option<Box<Bound>>,
}

/// When, from where, and into what a key acts.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// By the clock of the database.
    pub now: OffsetDateTime,
    /// Whence, if that is known.
    pub from: Option<IpAddr>,
    /// Whether the mesh that is acted in is archived.
    pub is_place_archived: bool,
}

impl Credential {
    /// Whether the secret was replaced, and its end has come.
    #[must_use]
    pub fn is_replaced(&self, now: OffsetDateTime) -> bool {
        self.secret_dies_at.is_some_and(|end| end <= now)
    }

    /// Until when the secret is accepted at most.
    #[must_use]
    pub fn ends_at(&self) -> Option<OffsetDateTime> {
        self.terms.expires_at.into_iter().chain(self.secret_dies_at).min()
    }

    /// Whether it is bound to this person.
    #[must_use]
    pub fn is_bound_to(&self, user: UserId) -> bool {
        self.person.as_ref().is_some_and(|person| person.user == user)
    }

    /// What it may do: its own grant, and no more than the person may that it is bound to.
    #[must_use]
    pub fn rights(&self) -> Rights<'_> {
        let bound = self.person.as_ref().map(|person| person.grants());
        Rights::new(std::slice::from_ref(&self.terms.grant), bound)
    }

    /// Whether an asker of this owner may know of it: what the owner covers; and to who asks for a mesh the org-wide keys, which
    /// act in that mesh too, are known as well.
    #[must_use]
    pub fn is_known_to(&self, asker: Owner) -> bool {
        let own = self.terms.grant.owner;
        asker.covers(own) || own == Owner::Org(asker.org())
    }

    /// Whether the secret is one to be accepted at all. A no here means 401 on our own API.
    pub fn ensure_live(&self, now: OffsetDateTime) -> Result<(), Denial> {
        rule::decide(rule::of_life(self, now))
    }

    /// Whether a live key may be used at all in these circumstances.
    pub fn ensure_usable(&self, at: &Circumstances) -> Result<(), Denial> {
        rule::decide(rule::of_use(self, at))
    }

    /// Every rule but that of the rate, judged, in the order of every door.
    pub fn judge(&self, wanted: &Requirement, at: &Circumstances) -> [Judged; 11] {
        rule::all(self, wanted, at)
    }

    /// The judgement: every door asks it, and adds nothing to it. How often the key is used is counted where it ends.
    pub fn decide(&self, wanted: &Requirement, at: &Circumstances) -> Result<(), Denial> {
        rule::decide(self.judge(wanted, at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        AddressList, Capability, CapabilitySet, Grant, Membership, MeshId, OrgId, Role, TopicScope, UserId,
        grant::Terms,
    };

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    /// A credential against which everything speaks, and what it is asked for.
    fn hopeless() -> (Credential, Requirement, Circumstances) {
        let (org, label, slug) = (OrgId::new(), "x".parse().unwrap(), "x".parse::<Slug>().unwrap());
        let grant = Grant {
            owner: Owner::Mesh(org, MeshId::new()),
            capabilities: CapabilitySet::new([Capability::Read]).unwrap(),
            topics: TopicScope::only(["deploys".parse().unwrap()]).unwrap(),
        };
        let addresses = AddressList::within(["192.0.2.0/24".parse().unwrap()]).unwrap();
        let credential = Credential {
            key: KeyId::new(),
            label,
            terms: Terms { grant, addresses, expires_at: Some(NOW), rate: None },
            secret: 1,
            newest_secret: 2,
            secret_dies_at: Some(NOW),
            is_revoked: true,
            is_disabled: true,
            org_slug: slug.clone(),
            is_org_suspended: true,
            mesh_slug: Some(slug),
            is_mesh_archived: true,
            person: Some(Box::new(Bound::new(UserId::new(), true, &[]))),
        };
        let topic = Some("secrets".parse().unwrap());
        let wanted = Requirement { within: Owner::Org(org), capability: Capability::Send, topic };
        (credential, wanted, Circumstances { now: NOW, from: None, is_place_archived: true })
    }

    /// Takes away what speaks against it, the first reason first.
    type Cure = fn(&mut Credential, &mut Requirement, &mut Circumstances);

    /// Binds the key to a person who may read there.
    fn bind(key: &mut Credential, at: Option<Owner>, is_suspended: bool) {
        let memberships: Vec<_> = at.map(|at| Membership { at, role: Role::Viewer }).into_iter().collect();
        key.person = Some(Box::new(Bound::new(UserId::new(), is_suspended, &memberships)));
    }

    fn elsewhere(key: &Credential) -> Owner {
        Owner::Mesh(key.terms.grant.owner.org(), MeshId::new())
    }

    #[test]
    fn reasons_are_judged_in_their_order() {
        let cures: [(&str, Cure); 15] = [
            ("revoked", |credential, _, _| credential.is_revoked = false),
            ("revoked", |credential, _, _| credential.secret_dies_at = Some(NOW + time::Duration::nanoseconds(1))),
            ("expired", |credential, _, _| credential.terms.expires_at = Some(NOW + time::Duration::nanoseconds(1))),
            ("disabled", |credential, _, _| credential.is_disabled = false),
            ("user_inactive", |credential, _, _| bind(credential, Some(elsewhere(credential)), true)),
            ("user_inactive", |credential, _, _| bind(credential, None, false)),
            ("user_inactive", |credential, _, _| bind(credential, Some(elsewhere(credential)), false)),
            ("org_suspended", |credential, _, _| credential.is_org_suspended = false),
            ("mesh_archived", |credential, _, _| credential.is_mesh_archived = false),
            ("mesh_archived", |_, _, at| at.is_place_archived = false),
            ("ip_not_allowed", |_, _, at| at.from = Some("192.0.2.1".parse().unwrap())),
            ("wrong_mesh", |credential, wanted, _| wanted.within = credential.terms.grant.owner),
            ("capability_missing", |_, wanted, _| wanted.capability = Capability::Read),
            ("topic_out_of_scope", |_, wanted, _| wanted.topic = Some("deploys".parse().unwrap())),
            ("user_not_allowed", |credential, _, _| bind(credential, Some(credential.terms.grant.owner), false)),
        ];
        let (mut credential, mut wanted, mut at) = hopeless();
        for (code, cure) in cures {
            assert_eq!(credential.decide(&wanted, &at).unwrap_err().code(), code);
            cure(&mut credential, &mut wanted, &mut at);
        }
        assert_eq!(credential.decide(&wanted, &at), Ok(()));
    }
}
