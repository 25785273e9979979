//! The laws of grants, as properties over random ones. The names are few, so that the random grants often touch.

use std::net::IpAddr;

use proptest::{prelude::*, sample::subsequence};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    AddressList, Capability, CapabilitySet, Grant, MeshId, OrgId, Owner, Rate, Requirement, Terms, TopicName,
    TopicPattern, TopicScope, key::end_of_overlap,
};

const TOPICS: [&str; 6] = ["a", "ab", "abc", "b", "ba", "ci.build"];
const PATTERNS: [&str; 9] = ["a", "a*", "ab", "ab*", "abc", "b*", "ba", "ci.*", "c*"];
const RANGES: [&str; 6] = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "192.0.2.0/24", "2001:db8::/32", "::/0"];
const RATES: [&str; 4] = ["60/m:60", "60/m:10", "120/m:10", "1000000/m:1000000"];
const ADDRESSES: [&str; 5] = ["10.0.0.1", "10.1.2.3", "192.0.2.9", "2001:db8::7", "::1"];
pub(super) const EPOCH: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn owners() -> impl Strategy<Value = Owner> {
    let id = |n: u128| Uuid::from_u128(n);
    (0..2_u128, prop::option::of(0..2_u128)).prop_map(move |(org, mesh)| {
        Owner::new(OrgId::from(id(org)), mesh.map(|mesh| MeshId::from(id(10 * org + mesh))))
    })
}

pub(super) fn all_capabilities() -> Vec<Capability> {
    let declared = ["upload", "issue_view"].map(|name| name.parse().unwrap());
    Capability::BUILT_IN.into_iter().chain(declared).collect()
}

fn scopes() -> impl Strategy<Value = TopicScope> {
    let patterns = PATTERNS.map(|text| text.parse::<TopicPattern>().unwrap()).to_vec();
    prop_oneof![
        1 => Just(TopicScope::Everywhere),
        4 => subsequence(patterns, 1..=4).prop_map(|list| TopicScope::only(list).unwrap()),
    ]
}

pub(crate) fn grants() -> impl Strategy<Value = Grant> {
    let capabilities = subsequence(all_capabilities(), 1..=3).prop_map(|list| CapabilitySet::new(list).unwrap());
    (owners(), capabilities, scopes()).prop_map(|(owner, capabilities, topics)| Grant { owner, capabilities, topics })
}

pub(crate) fn requirements() -> impl Strategy<Value = Requirement> {
    let topics = TOPICS.map(|name| name.parse::<TopicName>().unwrap()).to_vec();
    let topic = prop::option::weighted(0.8, prop::sample::select(topics));
    (owners(), prop::sample::select(all_capabilities()), topic).prop_map(|(within, capability, topic)| Requirement {
        within,
        capability,
        topic,
    })
}

pub(super) fn instants() -> impl Strategy<Value = OffsetDateTime> {
    (0..4_i64).prop_map(|hours| EPOCH + Duration::hours(hours))
}

pub(super) fn terms() -> impl Strategy<Value = Terms> {
    let ranges = RANGES.map(|text| text.parse().unwrap()).to_vec();
    let addresses = prop_oneof![
        Just(AddressList::Anywhere),
        subsequence(ranges, 1..=3).prop_map(|list| AddressList::within(list).unwrap()),
    ];
    let rates = prop::option::of(prop::sample::select(RATES.map(|text| text.parse::<Rate>().unwrap()).to_vec()));
    (grants(), addresses, prop::option::of(instants()), rates).prop_map(|(grant, addresses, expires_at, rate)| Terms {
        grant,
        addresses,
        expires_at,
        rate,
    })
}

/// Two terms that differ in about one thing, so that they often cover each other and yet not always.
pub(super) fn related() -> impl Strategy<Value = (Terms, Terms)> {
    let differs = |chance| prop::bool::weighted(chance);
    (terms(), terms(), [differs(0.25), differs(0.25), differs(0.25), differs(0.25), differs(0.5), differs(0.25)])
        .prop_map(|(one, two, differs)| {
            let mut other = one.clone();
            let [owner, capabilities, topics, addresses, end, rate] = differs;
            if owner {
                other.grant.owner = two.grant.owner;
            }
            if capabilities {
                other.grant.capabilities = two.grant.capabilities;
            }
            if topics {
                other.grant.topics = two.grant.topics;
            }
            if addresses {
                other.addresses = two.addresses;
            }
            if end {
                other.expires_at = two.expires_at;
            }
            if rate {
                other.rate = two.rate;
            }
            (one, other)
        })
}

/// The same, but for something that the grant may well permit.
fn aimed(wanted: Requirement, grant: &Grant) -> Requirement {
    let capability = grant.capabilities.iter().next().cloned().unwrap_or(wanted.capability);
    Requirement { within: grant.owner, capability, topic: wanted.topic }
}

pub(super) fn addresses() -> impl Strategy<Value = Option<IpAddr>> {
    prop::option::of(prop::sample::select(ADDRESSES.map(|text| text.parse().unwrap()).to_vec()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8_000, max_global_rejects: 10_000_000, ..ProptestConfig::default() })]

    #[test]
    fn nobody_hands_out_more_than_they_hold((holder, given) in related(), wanted in requirements()) {
        // covers implies permits.
        let (holder, given) = (holder.grant, given.grant);
        let wanted = aimed(wanted, &given);
        if holder.covers(&given) && given.permits(&wanted).is_ok() {
            prop_assert_eq!(holder.permits(&wanted), Ok(()));
        }
    }

    #[test]
    fn nor_for_longer_nor_from_elsewhere(
        (holder, given) in related(), wanted in requirements(), now in instants(), from in addresses()
    ) {
        let wanted = aimed(wanted, &given.grant);
        if holder.covers(&given) && given.permits(&wanted, now, from).is_ok() {
            prop_assert_eq!(holder.permits(&wanted, now, from), Ok(()));
        }
    }

    #[test]
    fn nor_more_often((holder, given) in related()) {
        // G-25
        if holder.covers(&given) && let Some(most) = holder.rate {
            prop_assert!(given.rate.is_some_and(|rate| most.covers(rate)));
        }
    }

    #[test]
    fn everybody_covers_themselves(one in terms()) {
        prop_assert!(one.covers(&one) && one.grant.covers(&one.grant));
    }

    #[test]
    fn what_is_covered_by_the_covered_is_covered((one, two) in related(), other in related(), swap: bool) {
        let three = if swap { other.0 } else { Terms { expires_at: other.1.expires_at, ..two.clone() } };
        if one.covers(&two) && two.covers(&three) {
            prop_assert!(one.covers(&three));
        }
    }

    #[test]
    fn who_cover_each_other_may_do_the_same((one, other) in related(), wanted in requirements()) {
        let (one, other) = (one.grant, other.grant);
        if one.covers(&other) && other.covers(&one) {
            prop_assert_eq!(one.permits(&wanted).is_ok(), other.permits(&wanted).is_ok());
        }
    }

    #[test]
    fn a_pattern_that_does_not_cover_misses_a_topic(one in prop::sample::select(&PATTERNS), other in prop::sample::select(&PATTERNS)) {
        // The other way round, so that covers is not needlessly strict: some topic tells the two apart.
        let (one, other): (TopicPattern, TopicPattern) = (one.parse().unwrap(), other.parse().unwrap());
        let stem = other.to_string().trim_end_matches('*').to_owned();
        let witnesses = ["", "x", "zz"].map(|tail| format!("{stem}{tail}").parse::<TopicName>().unwrap());
        let is_told_apart = witnesses.iter().any(|topic| other.matches(topic) && !one.matches(topic));
        prop_assert_eq!(one.covers(&other), !is_told_apart);
    }

    #[test]
    fn patterns_parse_and_print(text in "#?[a-z0-9][a-z0-9._-]{0,10}\\*?") {
        let pattern: TopicPattern = text.parse().unwrap();
        prop_assert_eq!(pattern.to_string(), text.trim_start_matches('#'));
        prop_assert_eq!(pattern.to_string().parse(), Ok(pattern));
    }

    #[test]
    fn an_overlap_never_outlives_the_key(now in instants(), hours in 0..200_i64, end in instants()) {
        // P-2
        prop_assert!(end_of_overlap(now, Duration::hours(hours), Some(end)) <= end);
    }
}

#[test]
fn the_instant_of_expiry_is_already_too_late() {
    // G-16
    let terms = |expires_at| Terms {
        grant: Grant {
            owner: Owner::Org(OrgId::from(Uuid::from_u128(1))),
            capabilities: CapabilitySet::new([Capability::Send]).unwrap(),
            topics: TopicScope::Everywhere,
        },
        addresses: AddressList::Anywhere,
        expires_at,
        rate: None,
    };
    assert!(terms(Some(EPOCH)).is_expired(EPOCH));
    assert!(!terms(Some(EPOCH + Duration::nanoseconds(1))).is_expired(EPOCH));
    assert!(!terms(None).is_expired(EPOCH + Duration::days(400_000)));
}
