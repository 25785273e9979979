//! The list of keys that do not comply says what the domain says.

use std::collections::BTreeMap;

use meshkey::domain::{
    AddressList, Capability, CapabilitySet, Grant, OrgId, Owner, Policy, Span, Terms, TopicScope, policy::Rule,
};
use serde_json::json;
use time::OffsetDateTime;

use super::{in_days, set};
use crate::{client::Client, house::House, persons::Person, tools::id};

const FLAGS: [Rule; 4] = [Rule::ExpiryRequired, Rule::TopicsRequired, Rule::AdminAddressesRequired, Rule::NoteRequired];

/// What the list says: the rules of each key that it has.
async fn listed(admin: &Client) -> BTreeMap<String, Vec<String>> {
    let page = admin.get(&admin.at("/policy/violations?limit=200")).await.expect(200);
    let rules = |item: &serde_json::Value| {
        item["rules"].as_array().unwrap().iter().map(|rule| rule.as_str().unwrap().to_owned()).collect()
    };
    page.items().iter().map(|item| (id(item), rules(item))).collect()
}

#[tokio::test]
async fn the_list_and_the_domain_agree_on_every_rule() {
    let house = House::new().await;
    let admin = house.admin();
    let owner = Person::in_org(&house, "Dana", "owner").await.signed_in(&house).await;
    let mut keys = Vec::new();
    for number in 0..16_u32 {
        let is = |bit: u32| number & (1 << bit) != 0;
        let (name, has_note) = (if is(0) { "admin" } else { "read" }, is(2));
        let days = [None, Some(5)][usize::from(is(3))];
        let wish = json!({
            "label": format!("key {number}"), "capabilities": [name], "note": has_note.then_some("n"),
            "topics": if is(1) { json!("all") } else { json!(["deploys"]) }, "expires_at": days.map(in_days),
            "addresses": if number % 3 == 0 { json!(null) } else { json!(["10.0.0.0/8"]) },
        });
        let key = admin.issue(wish).await.0;
        let grant = Grant {
            owner: Owner::Org(OrgId::new()),
            capabilities: CapabilitySet::new([name.parse::<Capability>().unwrap()]).unwrap(),
            topics: if is(1) {
                TopicScope::Everywhere
            } else {
                TopicScope::only(["deploys".parse().unwrap()]).unwrap()
            },
        };
        let addresses = if number % 3 == 0 {
            AddressList::Anywhere
        } else {
            AddressList::within(["10.0.0.0/8".parse().unwrap()]).unwrap()
        };
        let now = OffsetDateTime::now_utc();
        let expires_at = days.map(|days| now + time::Duration::days(days));
        keys.push((id(&key), Terms { grant, addresses, expires_at, rate: None }, has_note));
    }
    for number in 0..32_u32 {
        let is = |bit: u32| number & (1 << bit) != 0;
        let life = is(4).then(|| Span::days(3));
        let flags: serde_json::Map<_, _> =
            FLAGS.iter().zip(0..).map(|(rule, bit)| (rule.name().to_owned(), json!(is(bit)))).collect();
        let mut rules = json!(flags);
        rules["longest_life"] = json!(life);
        set(&owner, rules).await;
        let policy = Policy {
            longest_life: life,
            expiry_required: is(0),
            topics_required: is(1),
            admin_addresses_required: is(2),
            note_required: is(3),
            ..Policy::default()
        };
        let found = listed(&admin).await;
        for (key, terms, has_note) in &keys {
            let broken = policy.broken_by(terms, *has_note, OffsetDateTime::now_utc());
            let names: Vec<_> = broken.into_iter().map(|rule| rule.name().to_owned()).collect();
            assert_eq!(found.get(key).cloned().unwrap_or_default(), names, "{policy:?}: {terms:?}");
        }
    }
}
