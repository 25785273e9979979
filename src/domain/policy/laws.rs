//! The laws of policies, as properties over random ones.

use proptest::prelude::*;

use super::{Hand, Issuers, Policy, Rule, Span};
use crate::domain::laws::{EPOCH, terms};

fn spans() -> impl Strategy<Value = Option<Span>> {
    prop::option::of((0..6_u64).prop_map(|hours| Span::seconds(hours * 3600)))
}

fn issuers() -> impl Strategy<Value = Issuers> {
    prop::sample::select(Issuers::ALL.to_vec())
}

fn policies() -> impl Strategy<Value = Policy> {
    ([spans(), spans(), spans(), spans()], any::<[bool; 5]>(), issuers(), issuers()).prop_map(
        |(spans, flags, admin_keys_by, org_keys_by)| {
            let [longest_life, default_life, longest_overlap, disable_unused_after] = spans;
            let [expiry_required, topics_required, admin_addresses_required, note_required, confirmation_required] =
                flags;
            Policy {
                longest_life,
                default_life,
                expiry_required,
                topics_required,
                admin_keys_by,
                org_keys_by,
                longest_overlap,
                admin_addresses_required,
                note_required,
                disable_unused_after,
                confirmation_required,
            }
        },
    )
}

fn hands() -> impl Strategy<Value = Hand> {
    prop::sample::select(vec![Hand::Key, Hand::Person, Hand::Owner])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    /// A mesh asks for more than its org, or for as much, and never for less.
    #[test]
    fn tightening_never_allows_more(
        org in policies(), mesh in policies(), terms in terms(), has_note: bool, hand in hands(), hours in 0..6_i64,
    ) {
        let both = org.tightened_by(&mesh);
        let broken = both.broken_by(&terms, has_note, EPOCH);
        let withheld = both.withheld_from(hand, &terms);
        let overlap = time::Duration::hours(hours);
        for policy in [&org, &mesh] {
            for rule in policy.broken_by(&terms, has_note, EPOCH) {
                prop_assert!(broken.contains(&rule), "{rule:?}");
            }
            for rule in policy.withheld_from(hand, &terms) {
                prop_assert!(withheld.contains(&rule), "{rule:?}");
            }
            prop_assert!(!both.lets_overlap(overlap) || policy.lets_overlap(overlap));
            prop_assert!(both.confirmation_required || !policy.confirmation_required);
            let least = policy.disable_unused_after;
            prop_assert!(least.is_none_or(|least| both.disable_unused_after.is_some_and(|it| it <= least)));
        }
        // And for no more than one of the two asks.
        for rule in broken {
            let asks = |policy: &Policy| policy.broken_by(&terms, has_note, EPOCH).contains(&rule);
            prop_assert!(asks(&org) || asks(&mesh), "{rule:?}");
        }
        prop_assert!(both.default_end(EPOCH) <= org.default_end(EPOCH));
        prop_assert!(both.looser_than(&org).is_empty());
    }

    #[test]
    fn what_is_no_looser_allows_no_more(
        before in policies(), after in policies(), terms in terms(), has_note: bool, hand in hands(),
    ) {
        let looser = after.looser_than(&before);
        for rule in before.broken_by(&terms, has_note, EPOCH) {
            let is_asked = after.broken_by(&terms, has_note, EPOCH).contains(&rule);
            prop_assert!(is_asked || looser.contains(&rule), "{rule:?}");
        }
        for rule in before.withheld_from(hand, &terms) {
            prop_assert!(after.withheld_from(hand, &terms).contains(&rule) || looser.contains(&rule), "{rule:?}");
        }
        prop_assert_eq!(before.looser_than(&before), Vec::<Rule>::new());
        prop_assert_eq!(before.tightened_by(&before).tightened_by(&Policy::default()), before.tightened_by(&before));
    }

    /// What is said where nothing is said complies.
    #[test]
    fn defaults_comply(policy in policies(), mut terms in terms()) {
        terms.expires_at = Some(policy.default_end(EPOCH));
        let broken = policy.broken_by(&terms, true, EPOCH);
        prop_assert!(!broken.contains(&Rule::LongestLife) && !broken.contains(&Rule::ExpiryRequired));
        prop_assert!(policy.lets_overlap(policy.default_overlap()));
    }

    /// Who is let is let by every wider word too.
    #[test]
    fn owners_may_what_people_may(policy in policies(), terms in terms()) {
        for (narrow, wide) in [(Hand::Person, Hand::Key), (Hand::Owner, Hand::Person)] {
            if policy.withheld_from(wide, &terms).is_empty() {
                prop_assert!(policy.withheld_from(narrow, &terms).is_empty());
            }
        }
    }
}
