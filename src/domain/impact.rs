//! What a change of a key gives and takes, item by item, in words that can be compared.
//!
//! Only what matters is told: who had `ci.*` gains nothing by `ci.web`, and who gets `admin` loses no `send`. So a change
//! gains nothing exactly where what was held before covers what is held after it.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    AddressList, Key, Network, TopicPattern,
    key::{SecretRecord, Status},
};

/// What differs between a key before a change and after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it could not do before.
    pub gains: Vec<String>,
    /// What it can no longer do.
    pub loses: Vec<String>,
}

/// What a change gives and takes. A key that was not there before gains all that it has.
#[must_use]
pub fn difference(before: Option<&Key>, after: &Key, now: OffsetDateTime) -> Difference {
    let loses = before.map(|before| beyond(before, Some(after), now)).unwrap_or_default();
    Difference { gains: beyond(after, before, now), loses }
}

/// What `one` has beyond the `other`.
fn beyond(one: &Key, other: Option<&Key>, now: OffsetDateTime) -> Vec<String> {
    let mut words = Vec::new();
    if works(one, now) && !other.is_some_and(|other| works(other, now)) {
        words.push("use".to_owned());
    }
    words.extend(capabilities(one, other));
    words.extend(topics(one, other));
    words.extend(addresses(one, other));
    words.extend(time(one, other));
    words.extend(rate(one, other));
    words.extend(secrets(one, other));
    words
}

/// Whether the key as such is accepted.
fn works(key: &Key, now: OffsetDateTime) -> bool {
    matches!(key.status(now), Status::Active | Status::Rotating)
}

fn capabilities(one: &Key, other: Option<&Key>) -> Vec<String> {
    let held = other.map(|other| &other.terms.grant.capabilities);
    let more = one.terms.grant.capabilities.iter().filter(|each| !held.is_some_and(|held| held.allows(each)));
    more.map(|each| format!("capability:{each}")).collect()
}

fn topics(one: &Key, other: Option<&Key>) -> Vec<String> {
    let (scope, held) = (&one.terms.grant.topics, other.map(|other| &other.terms.grant.topics));
    let is_more = |pattern: &&TopicPattern| !held.is_some_and(|held| held.covers_pattern(pattern));
    match scope.patterns() {
        Some(patterns) => patterns.iter().filter(is_more).map(|pattern| format!("topic:{pattern}")).collect(),
        None if held.is_some_and(|held| held.covers(scope)) => Vec::new(),
        None => vec!["topics:all".to_owned()],
    }
}

fn addresses(one: &Key, other: Option<&Key>) -> Vec<String> {
    let (list, held) = (&one.terms.addresses, other.map(|other| &other.terms.addresses));
    let covers = |list: &AddressList| held.is_some_and(|held| held.covers(list));
    let is_more = |range: &&Network| !AddressList::within([**range]).is_ok_and(|alone| covers(&alone));
    match list.ranges() {
        Some(ranges) => ranges.iter().filter(is_more).map(|range| format!("address:{range}")).collect(),
        None if covers(list) => Vec::new(),
        None => vec!["address:any".to_owned()],
    }
}

fn time(one: &Key, other: Option<&Key>) -> Option<String> {
    let end = one.terms.expires_at;
    if other.is_some_and(|other| other.terms.outlives(end)) {
        return None;
    }
    let until = |end: OffsetDateTime| format!("time:until {}", end.format(&Rfc3339).unwrap_or_default());
    Some(end.map_or_else(|| "time:forever".to_owned(), until))
}

fn rate(one: &Key, other: Option<&Key>) -> Option<String> {
    let rate = one.terms.rate;
    if other.is_some_and(|other| other.terms.affords(rate)) {
        return None;
    }
    Some(rate.map_or_else(|| "rate:unlimited".to_owned(), |rate| format!("rate:{rate}")))
}

fn secrets(one: &Key, other: Option<&Key>) -> Vec<String> {
    let is_known = |secret: &&SecretRecord| {
        other.is_some_and(|other| other.secrets.iter().any(|known| known.number == secret.number))
    };
    let mut more: Vec<_> = one.secrets.iter().filter(|secret| !is_known(secret)).map(|secret| secret.number).collect();
    more.sort_unstable();
    more.into_iter().map(|number| format!("secret:{number}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        Grant, KeyId, Owner, Terms,
        audit::Actor,
        key::Revoked,
        laws::{EPOCH, related},
    };

    fn secret(number: i32) -> SecretRecord {
        SecretRecord { number, hint: String::new(), created_at: EPOCH, dies_at: None, last_used_at: None }
    }

    fn key(terms: Terms) -> Key {
        Key {
            id: KeyId::new(),
            label: "x".parse().unwrap(),
            note: None,
            terms,
            user: None,
            issued_by: Actor::Local,
            created_at: EPOCH,
            disabled_at: None,
            revoked: None,
            last_use: None,
            secrets: vec![secret(1)],
            version: 1,
        }
    }

    /// A key that may send on these topics from these ranges until then.
    fn narrow(capabilities: &str, topics: &str, addresses: &str, hours: Option<i64>) -> Key {
        let grant = Grant {
            owner: Owner::Org(uuid::Uuid::nil().into()),
            capabilities: serde_json::from_str(capabilities).unwrap(),
            topics: serde_json::from_str(topics).unwrap(),
        };
        let expires_at = hours.map(|hours| EPOCH + time::Duration::hours(hours));
        key(Terms { grant, addresses: serde_json::from_str(addresses).unwrap(), expires_at, rate: None })
    }

    fn told(before: Option<&Key>, after: &Key) -> (Vec<String>, Vec<String>) {
        let Difference { gains, loses } = difference(before, after, EPOCH);
        (gains, loses)
    }

    fn words<const COUNT: usize>(words: [&str; COUNT]) -> Vec<String> {
        words.map(str::to_owned).to_vec()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 8_000, ..ProptestConfig::default() })]

        #[test]
        fn a_change_gains_nothing_exactly_where_it_is_covered((before, mut after) in related(), now in 0..4_i64) {
            after.grant.owner = before.grant.owner; // which no change touches
            let now = EPOCH + time::Duration::hours(now);
            let (one, other) = (key(before.clone()), key(after.clone()));
            let Difference { gains, loses } = difference(Some(&one), &other, now);
            let besides_use = |words: &[String]| words.iter().all(|word| word == "use");
            prop_assert_eq!(besides_use(&gains), before.covers(&after), "{:?}", gains);
            prop_assert_eq!(besides_use(&loses), after.covers(&before), "{:?}", loses);
            let back = difference(Some(&other), &one, now);
            prop_assert_eq!((back.gains, back.loses), (loses, gains));
        }

        #[test]
        fn what_stays_as_it_is_gains_and_loses_nothing((terms, _) in related()) {
            prop_assert_eq!(told(Some(&key(terms.clone())), &key(terms)), (vec![], vec![]));
        }
    }

    #[test]
    fn a_new_key_gains_all_that_it_has() {
        let new = narrow(r#"["send","read"]"#, r#"["deploys","ci.*"]"#, r#"["10.0.0.0/8"]"#, Some(24));
        let all = [
            "use",
            "capability:send",
            "capability:read",
            "topic:deploys",
            "topic:ci.*",
            "address:10.0.0.0/8",
            "time:until 1970-01-02T00:00:00Z",
            "rate:unlimited",
            "secret:1",
        ];
        assert_eq!(told(None, &new), (words(all), vec![]));
        let wide = narrow(r#"["admin"]"#, r#""all""#, "null", None);
        let all =
            ["use", "capability:admin", "topics:all", "address:any", "time:forever", "rate:unlimited", "secret:1"];
        assert_eq!(told(None, &wide), (words(all), vec![]));
        // From the one to the other: `admin` includes the others, all topics include these.
        let more = ["capability:admin", "topics:all", "address:any", "time:forever"];
        assert_eq!(told(Some(&new), &wide), (words(more), vec![]));
    }

    #[test]
    fn a_rate_is_gained_where_it_is_higher_in_any_way() {
        let at = |rate: Option<&str>| {
            let mut key = narrow(r#"["send"]"#, r#""all""#, "null", None);
            key.terms.rate = rate.map(|rate| rate.parse().unwrap());
            key
        };
        let (free, slow, quick) = (at(None), at(Some("60/m:10")), at(Some("120/m:5")));
        assert_eq!(told(Some(&free), &slow), (vec![], words(["rate:unlimited"])));
        assert_eq!(told(Some(&slow), &free), (words(["rate:unlimited"]), vec![]));
        assert_eq!(told(Some(&slow), &quick), (words(["rate:120/m:5"]), words(["rate:60/m:10"])));
        assert_eq!(told(Some(&slow), &at(Some("60/m:9"))), (vec![], words(["rate:60/m:10"])));
    }

    #[test]
    fn a_key_loses_its_use_when_it_is_stopped_and_a_secret_when_a_rotation_ends() {
        let sound = narrow(r#"["send"]"#, r#""all""#, "null", None);
        let disabled = Key { disabled_at: Some(EPOCH), ..sound.clone() };
        let revoked = Key { revoked: Some(Revoked { at: EPOCH, by: Actor::Local, reason: None }), ..sound.clone() };
        assert_eq!(told(Some(&sound), &disabled), (vec![], words(["use"])));
        assert_eq!(told(Some(&disabled), &sound), (words(["use"]), vec![]));
        assert_eq!(told(Some(&sound), &revoked), (vec![], words(["use"])));
        assert_eq!(told(Some(&disabled), &revoked), (vec![], vec![]));
        let rotated = Key { secrets: vec![secret(2), secret(1)], ..sound.clone() };
        let finished = Key { secrets: vec![secret(2)], ..sound.clone() };
        assert_eq!(told(Some(&sound), &rotated), (words(["secret:2"]), vec![]));
        assert_eq!(told(Some(&rotated), &finished), (vec![], words(["secret:1"])));
        assert_eq!(told(Some(&sound), &finished), (words(["secret:2"]), words(["secret:1"])));
    }

    #[test]
    fn an_expired_key_that_is_to_end_later_is_of_use_again() {
        let expired = narrow(r#"["send"]"#, r#""all""#, "null", Some(0));
        let later = narrow(r#"["send"]"#, r#""all""#, "null", Some(1));
        let gains = words(["use", "time:until 1970-01-01T01:00:00Z"]);
        assert_eq!(told(Some(&expired), &later), (gains, vec![]));
    }
}
