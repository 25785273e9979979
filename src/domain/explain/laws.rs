//! The laws of explanations, over random keys and requirements, and what each single rule asks for.

use proptest::prelude::*;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{Action, Change, Edits, explain};
use crate::domain::{
    AddressList, Capability, CapabilitySet, Credential, Denial, Grant, KeyId, Membership, MeshId, OrgId, Owner,
    Requirement, Role, Terms, TopicScope, UserId,
    credential::Circumstances,
    laws::{EPOCH, addresses, instants, requirements, terms},
    rights::Bound,
};

/// A key, what is asked of it, and in which circumstances.
type Case = (Credential, Requirement, Circumstances);

const END: OffsetDateTime = OffsetDateTime::UNIX_EPOCH.saturating_add(Duration::days(90));

fn credential(terms: Terms, [is_revoked, is_disabled, is_org_suspended, is_mesh_archived]: [bool; 4]) -> Credential {
    let mesh = terms.grant.owner.mesh();
    Credential {
        key: KeyId::new(),
        label: "x".parse().unwrap(),
        terms,
        secret: 1,
        newest_secret: 1,
        secret_dies_at: None,
        is_revoked,
        is_disabled,
        org_slug: "acme".parse().unwrap(),
        is_org_suspended,
        mesh_slug: mesh.map(|_| "main".parse().unwrap()),
        is_mesh_archived: mesh.is_some() && is_mesh_archived,
        person: None,
    }
}

/// The person that a key is bound to, with this role in the whole org, or with none.
fn person(org: OrgId, role: Option<Role>, is_suspended: bool) -> Bound {
    let memberships: Vec<_> = role.map(|role| Membership { at: Owner::Org(org), role }).into_iter().collect();
    Bound::new(UserId::new(), is_suspended, &memberships)
}

/// Mostly about what the key acts for: all else is hopeless for another reason than those that are looked for.
fn cases() -> impl Strategy<Value = Case> {
    let often = |chance| prop::bool::weighted(chance);
    let flags = [often(0.1), often(0.3), often(0.2), often(0.2), often(0.2)];
    let role = prop::option::of(prop::sample::select(vec![Role::Viewer, Role::Member, Role::Admin]));
    let bound = prop::option::weighted(0.4, (role, often(0.2)));
    (terms(), requirements(), instants(), addresses(), flags, often(0.8), bound).prop_map(
        |(terms, mut wanted, now, from, [revoked, disabled, suspended, archived, place], is_aimed, bound)| {
            if is_aimed && !terms.grant.owner.covers(wanted.within) {
                wanted.within = terms.grant.owner;
            }
            let is_place_archived = place && wanted.within.mesh().is_some();
            let org = terms.grant.owner.org();
            let mut key = credential(terms, [revoked, disabled, suspended, archived]);
            key.person = bound.map(|(role, is_suspended)| Box::new(person(org, role, is_suspended)));
            (key, wanted, Circumstances { now, from, is_place_archived })
        },
    )
}

fn edited(terms: &Terms, edits: &Edits) -> Terms {
    let mut terms = terms.clone();
    terms.grant.capabilities = edits.capabilities.clone().unwrap_or(terms.grant.capabilities);
    terms.grant.topics = edits.topics.clone().unwrap_or(terms.grant.topics);
    terms.addresses = edits.addresses.clone().unwrap_or(terms.addresses);
    terms.expires_at = edits.expires_at.or(terms.expires_at);
    terms
}

/// A key that was issued for exactly this.
fn issued(wanted: &Requirement, old: &Credential, at: &Circumstances) -> Credential {
    let topics = wanted
        .topic
        .clone()
        .map_or(TopicScope::Everywhere, |topic| TopicScope::only([topic.as_str().parse().unwrap()]).unwrap());
    let capabilities = CapabilitySet::new([wanted.capability.clone()]).unwrap();
    let grant = Grant { owner: wanted.within, capabilities, topics };
    let is_archived = at.is_place_archived || old.is_mesh_archived && old.terms.grant.owner == wanted.within;
    credential(
        Terms { grant, addresses: AddressList::Anywhere, expires_at: None, rate: None },
        [false, false, old.is_org_suspended, is_archived],
    )
}

/// Carries the changes out.
fn carry_out((mut key, wanted, mut at): Case, changes: &[Change]) -> Case {
    for change in changes {
        match change.action {
            Action::ResumeOrg => key.is_org_suspended = false,
            Action::UnarchiveMesh => {
                at.is_place_archived = false;
                key.is_mesh_archived &= key.terms.grant.owner != wanted.within;
            }
            Action::EnableKey => key.is_disabled = false,
            Action::EditKey => key.terms = edited(&key.terms, change.patch.as_ref().unwrap()),
            Action::UseOtherAddress => {
                let first = key.terms.addresses.ranges().unwrap()[0].to_string();
                at.from = Some(first.split('/').next().unwrap().parse().unwrap());
            }
            Action::ChangeRole => key.person = Some(Box::new(person(wanted.within.org(), Some(Role::Admin), false))),
            Action::IssueKey => key = issued(&wanted, &key, &at),
        }
    }
    (key, wanted, at)
}

fn allows((key, wanted, at): &Case) -> bool {
    key.decide(wanted, at).is_ok()
}

/// Every way of leaving one thing out: a change, or one member of an edit.
fn without_one(changes: &[Change]) -> Vec<Vec<Change>> {
    let mut all = Vec::new();
    for (number, change) in changes.iter().enumerate() {
        let mut fewer = changes.to_vec();
        fewer.remove(number);
        all.push(fewer);
        let Some(edits) = &change.patch else { continue };
        let lesser = [
            Edits { capabilities: None, ..edits.clone() },
            Edits { topics: None, ..edits.clone() },
            Edits { addresses: None, ..edits.clone() },
            Edits { expires_at: None, ..edits.clone() },
        ];
        for edits in lesser.into_iter().filter(|lesser| lesser != edits) {
            let mut fewer = changes.to_vec();
            fewer[number].patch = Some(edits);
            all.push(fewer);
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn an_explanation_decides_like_every_door((key, wanted, at) in cases()) {
        let (told, decided) = (explain(&key, &wanted, &at, END), key.decide(&wanted, &at));
        prop_assert_eq!(told.denial.clone(), decided.err());
        let first = told.rules.iter().find(|rule| !rule.passed);
        prop_assert_eq!(first.map(|rule| rule.rule), told.denial.as_ref().map(Denial::code));
        prop_assert_eq!(first.map(|rule| rule.detail.as_str().into()), told.denial.as_ref().map(Denial::detail));
        prop_assert_eq!(told.changes.is_empty(), first.is_none());
    }

    #[test]
    fn carrying_the_changes_out_allows_it_and_leaving_one_out_does_not(case in cases()) {
        let changes = explain(&case.0, &case.1, &case.2, END).changes;
        prop_assert!(allows(&carry_out(case.clone(), &changes)));
        for fewer in without_one(&changes) {
            prop_assert!(!allows(&carry_out(case.clone(), &fewer)), "{:?} of {:?}", fewer, changes);
        }
    }

    #[test]
    fn an_edit_takes_nothing_away((key, wanted, at) in cases()) {
        for edits in explain(&key, &wanted, &at, END).changes.into_iter().filter_map(|change| change.patch) {
            let (before, after) = (&key.terms, edited(&key.terms, &edits));
            prop_assert!(after.grant.covers(&before.grant) && after.addresses.covers(&before.addresses));
            prop_assert!(before.is_expired(at.now) || after.expires_at == before.expires_at);
            prop_assert_eq!(after.rate, before.rate);
        }
    }
}

/// A key of a mesh that may send on `deploys` and `ci.*` from one range, and is asked for just that.
fn sound() -> Case {
    let owner = Owner::Mesh(OrgId::new(), MeshId::new());
    let grant = Grant {
        owner,
        capabilities: CapabilitySet::new([Capability::Send]).unwrap(),
        topics: TopicScope::only(["deploys".parse().unwrap(), "ci.*".parse().unwrap()]).unwrap(),
    };
    let addresses = AddressList::within(["192.0.2.0/24".parse().unwrap()]).unwrap();
    let key = credential(Terms { grant, addresses, expires_at: Some(EPOCH + Duration::HOUR), rate: None }, [false; 4]);
    let wanted = Requirement { within: owner, capability: Capability::Send, topic: Some("ci.web".parse().unwrap()) };
    (key, wanted, Circumstances { now: EPOCH, from: Some("192.0.2.7".parse().unwrap()), is_place_archived: false })
}

/// The actions and patches that are told when this speaks against a sound case.
fn told(harm: impl FnOnce(&mut Credential, &mut Requirement, &mut Circumstances)) -> Value {
    let (mut key, mut wanted, mut at) = sound();
    harm(&mut key, &mut wanted, &mut at);
    let changes = explain(&key, &wanted, &at, END).changes;
    changes.iter().map(|change| json!([change.action, change.patch])).collect()
}

#[test]
fn each_broken_rule_asks_for_its_own_change() {
    let alone = |action: &str| json!([[action, null]]);
    assert_eq!(told(|_, _, _| {}), json!([]));
    assert_eq!(told(|key, _, _| key.is_revoked = true), alone("issue_key"));
    assert_eq!(
        told(|key, _, _| key.terms.expires_at = Some(EPOCH)),
        json!([["edit_key", { "expires_at": "1970-04-01T00:00:00Z" }]])
    );
    assert_eq!(told(|key, _, _| key.is_disabled = true), alone("enable_key"));
    assert_eq!(told(|key, _, _| key.is_org_suspended = true), alone("resume_org"));
    assert_eq!(told(|key, _, _| key.is_mesh_archived = true), alone("unarchive_mesh"));
    assert_eq!(told(|_, _, at| at.is_place_archived = true), alone("unarchive_mesh"));
    assert_eq!(told(|_, _, at| at.from = None), alone("use_other_address"));
    assert_eq!(
        told(|_, _, at| at.from = Some("10.0.0.1".parse().unwrap())),
        json!([["edit_key", { "addresses": ["192.0.2.0/24", "10.0.0.1/32"] }]])
    );
    assert_eq!(told(|_, wanted, _| wanted.within = Owner::Org(wanted.within.org())), alone("issue_key"));
    assert_eq!(
        told(|_, wanted, _| wanted.capability = Capability::Read),
        json!([["edit_key", { "capabilities": ["send", "read"] }]])
    );
    assert_eq!(
        told(|_, wanted, _| wanted.topic = Some("secrets".parse().unwrap())),
        json!([["edit_key", { "topics": ["deploys", "ci.*", "secrets"] }]])
    );
    assert_eq!(told(|_, wanted, _| wanted.topic = None), json!([["edit_key", { "topics": "all" }]]));
}

#[test]
fn all_that_is_to_be_edited_is_one_change_and_the_place_comes_first() {
    let all = told(|key, wanted, at| {
        (key.is_disabled, key.is_org_suspended, key.is_mesh_archived) = (true, true, true);
        (wanted.capability, wanted.topic) = (Capability::Read, None);
        at.from = None;
    });
    let edits = json!({ "capabilities": ["send", "read"], "topics": "all" });
    let wanted = [("resume_org", json!(null)), ("unarchive_mesh", json!(null)), ("enable_key", json!(null))];
    let wanted = wanted.into_iter().chain([("use_other_address", json!(null)), ("edit_key", edits)]);
    assert_eq!(all, wanted.map(|(action, patch)| json!([action, patch])).collect::<Value>());
}

#[test]
fn another_key_is_of_no_use_in_an_archived_mesh_or_a_suspended_org() {
    let dead = told(|key, _, _| (key.is_revoked, key.is_org_suspended, key.is_mesh_archived) = (true, true, true));
    assert_eq!(dead, json!([["resume_org", null], ["unarchive_mesh", null], ["issue_key", null]]));
    // The mesh of the old key does not matter to one that acts elsewhere.
    let elsewhere = told(|key, wanted, _| {
        key.is_mesh_archived = true;
        wanted.within = Owner::Mesh(wanted.within.org(), MeshId::new());
    });
    assert_eq!(elsewhere, json!([["issue_key", null]]));
}

#[test]
fn where_a_list_is_full_nothing_is_added_to_it() {
    let ranges = (0..32).map(|number| format!("10.0.0.{number}").parse().unwrap());
    let full = AddressList::within(ranges).unwrap();
    assert_eq!(told(|key, _, _| key.terms.addresses = full), json!([["use_other_address", null]]));
    let topics = TopicScope::only((0..100).map(|number| format!("t{number}").parse().unwrap())).unwrap();
    assert_eq!(told(|key, _, _| key.terms.grant.topics = topics), json!([["edit_key", { "topics": "all" }]]));
}
