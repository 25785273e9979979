//! Each rule, refused and allowed, at every verb that hands out.

use serde_json::{Value, json};

use super::{but, good, in_days, refused, refused_by, set};
use crate::{client::Client, house::House, persons::Person, tools::id};

/// A rule, what breaks it, and what keeps it.
fn broken_and_kept() -> Vec<(&'static str, Value, Value, Value)> {
    vec![
        ("longest_life", json!("10d"), json!({ "expires_at": null }), json!({ "expires_at": in_days(9) })),
        ("longest_life", json!("10d"), json!({ "expires_at": in_days(11) }), json!({})),
        ("expiry_required", json!(true), json!({ "expires_at": null }), json!({ "expires_at": in_days(400) })),
        ("topics_required", json!(true), json!({ "topics": "all" }), json!({ "topics": ["ci.*"] })),
        ("note_required", json!(true), json!({ "note": null }), json!({})),
        (
            "admin_addresses_required",
            json!(true),
            json!({ "capabilities": ["admin"] }),
            json!({ "capabilities": ["admin"], "addresses": ["127.0.0.0/8"] }),
        ),
        ("admin_keys_by", json!("people"), json!({ "capabilities": ["admin"] }), json!({})),
        ("org_keys_by", json!("people"), json!({ "mesh": null }), json!({})),
    ]
}

#[tokio::test]
async fn each_rule_is_kept_by_what_is_issued() {
    for (rule, value, broken, kept) in broken_and_kept() {
        let house = House::new().await;
        let admin = house.admin();
        set(&admin, json!({ rule: value })).await;
        for dry in ["", "?dry_run=true"] {
            let path = admin.at(&format!("/keys{dry}"));
            let answer = admin.post(&path, but(broken.clone())).await;
            refused_by(&answer, rule);
            assert_eq!(answer.body["errors"].as_array().unwrap().len(), 1);
            let answer = admin.post(&path, but(kept.clone())).await;
            assert!(answer.status < 300, "{rule}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn every_rule_that_is_broken_is_named_with_its_place() {
    let house = House::new().await;
    let admin = house.admin();
    set(&admin, json!({ "longest_life": "10d", "topics_required": true, "note_required": true })).await;
    let broken = but(json!({ "expires_at": null, "topics": "all", "note": null }));
    let answer = admin.post(&admin.at("/keys"), broken).await;
    let names: Vec<_> = refused(&answer).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(names, ["longest_life", "topics_required", "note_required"]);
    let pointers: Vec<_> =
        answer.body["errors"].as_array().unwrap().iter().map(|item| item["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["#/expires_at", "#/topics", "#/note"]);
    assert!(answer.body["detail"].as_str().unwrap().contains("at most 10 days after it is issued"), "{answer:?}");
}

/// How many seconds a key lives.
fn life(key: &Value) -> i64 {
    let at = |name: &str| {
        let text = key[name].as_str().unwrap_or_else(|| panic!("no {name}: {key}"));
        time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
    };
    let seconds = (at("expires_at") - at("created_at")).as_seconds_f64();
    #[expect(clippy::cast_possible_truncation, reason = "some years of seconds")]
    let whole = seconds.round() as i64;
    whole
}

#[tokio::test]
async fn what_is_not_said_of_the_end_is_said_by_the_policy() {
    let house = House::new().await;
    let admin = house.admin();
    let day = 86_400;
    for (rules, days) in [
        (json!({ "default_life": "30d" }), 30),
        (json!({ "default_life": null, "longest_life": "120d" }), 90),
        (json!({ "default_life": "200d" }), 120),
    ] {
        let person = Person::in_org(&house, &format!("P{days}"), "owner").await.signed_in(&house).await;
        set(&person, rules).await;
        assert!((life(&admin.issue(good()).await.0) - days * day).abs() <= 1, "{days}");
    }
}

/// A key that was there before the policy, and does not comply.
async fn old_key(admin: &Client) -> (Value, Client) {
    admin.issue(json!({ "mesh": "main", "capabilities": ["read", "send"], "topics": "all", "expires_at": null })).await
}

#[tokio::test]
async fn what_was_there_goes_on_working_and_may_be_narrowed() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, holder) = old_key(&admin).await;
    set(&admin, json!({ "longest_life": "10d", "topics_required": true, "note_required": true })).await;
    holder.get("/v1/whoami").await.expect(200);
    let place = admin.at(&format!("/keys/{}", id(&key)));
    // Another label, less that it may do, an end that is still too late: no wider than before.
    for patch in [
        json!({ "label": "other" }),
        json!({ "capabilities": ["read"] }),
        json!({ "expires_at": in_days(300) }),
        json!({ "note": "kept there" }),
    ] {
        admin.patch(&place, patch, "*").await.expect(200);
    }
    // More that it may do, and a later end, hand it out anew: all of it has to comply.
    for dry in ["", "?dry_run=true"] {
        let place = format!("{place}{dry}");
        let wider = admin.patch(&place, json!({ "capabilities": ["read", "send"] }), "*").await;
        let rules: Vec<_> = refused(&wider).into_iter().map(|(rule, _)| rule).collect();
        assert_eq!(rules, ["longest_life", "topics_required"]);
        refused(&admin.patch(&place, json!({ "expires_at": null }), "*").await);
        refused_by(&admin.patch(&place, json!({ "note": null }), "*").await, "note_required");
    }
    let whole = json!({ "capabilities": ["read", "send"], "topics": ["deploys"], "expires_at": in_days(9) });
    admin.patch(&place, whole, "*").await.expect(200);
    admin.patch(&place, json!({ "expires_at": in_days(8) }), "*").await.expect(200);
    refused_by(&admin.patch(&place, json!({ "expires_at": in_days(12) }), "*").await, "longest_life");
}

#[tokio::test]
async fn what_is_rotated_or_enabled_complies() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, holder) = old_key(&admin).await;
    let place = |verb: &str| admin.at(&format!("/keys/{}{verb}", id(&key)));
    admin.act(&place("/disable")).await.expect(200);
    admin.act(&place("/enable")).await.expect(200);
    set(&admin, json!({ "expiry_required": true })).await;
    for by in [&admin, &holder] {
        for dry in ["", "?dry_run=true"] {
            let answer = by.act(&place(&format!("/rotate{dry}"))).await;
            refused_by(&answer, "expiry_required");
            assert!(answer.body["detail"].as_str().unwrap().contains("edit the key first: give it an end"));
            assert_eq!(answer.body["errors"][0]["pointer"], "#");
        }
    }
    admin.act(&place("/disable")).await.expect(200);
    refused_by(&admin.act(&place("/enable?dry_run=true")).await, "expiry_required");
    refused_by(&admin.act(&place("/enable")).await, "expiry_required");
    admin.patch(&place(""), json!({ "expires_at": in_days(400) }), "*").await.expect(200);
    admin.act(&place("/enable")).await.expect(200);
    holder.act(&place("/rotate")).await.expect(200);
}

#[tokio::test]
async fn an_overlap_is_no_longer_than_the_policy_lets_it_be() {
    let house = House::new().await;
    let admin = house.admin();
    set(&admin, json!({ "longest_overlap": "1h" })).await;
    let (key, _) = admin.issue(good()).await;
    let rotate = admin.at(&format!("/keys/{}/rotate", id(&key)));
    let answer = admin.post(&rotate, json!({ "overlap": "61m" })).await;
    refused_by(&answer, "longest_overlap");
    assert_eq!(answer.body["errors"][0]["pointer"], "#/overlap");
    // Where nothing is said it is an hour, and not the day that it was.
    let rotated = admin.act(&rotate).await.expect(200);
    let of = |number: usize, name: &str| {
        let text = rotated.body["secrets"][number][name].as_str().unwrap_or_else(|| panic!("{rotated:?}")).to_owned();
        time::OffsetDateTime::parse(&text, &time::format_description::well_known::Rfc3339).unwrap()
    };
    let overlap = of(1, "dies_at") - of(0, "created_at");
    assert!(overlap > time::Duration::minutes(59) && overlap < time::Duration::minutes(61), "{overlap}");
    let (other, _) = admin.issue(good()).await;
    let rotate = admin.at(&format!("/keys/{}/rotate", id(&other)));
    admin.post(&rotate, json!({ "overlap": "60m" })).await.expect(200);
}

#[tokio::test]
async fn who_may_issue_is_asked_of_keys_people_and_owners() {
    let house = House::new().await;
    let key = house.admin();
    let person = Person::in_org(&house, "Sam", "admin").await.signed_in(&house).await;
    let owner = Person::in_org(&house, "Dana", "owner").await.signed_in(&house).await;
    let root = || but(json!({ "capabilities": ["admin"] }));
    let wide = || but(json!({ "mesh": null, "capabilities": ["read"] }));
    for (value, may) in
        [("anyone", [true, true, true]), ("people", [false, true, true]), ("owners", [false, false, true])]
    {
        set(&owner, json!({ "admin_keys_by": value, "org_keys_by": value })).await;
        for (by, may) in [&key, &person, &owner].into_iter().zip(may) {
            for (wish, rule) in [(root(), "admin_keys_by"), (wide(), "org_keys_by")] {
                let answer = by.post(&by.at("/keys"), wish).await;
                if may { drop(answer.expect(201)) } else { refused_by(&answer, rule) }
            }
        }
    }
    set(&owner, json!({ "org_keys_by": "nobody" })).await;
    refused_by(&owner.post(&owner.at("/keys"), wide()).await, "org_keys_by");
    // On the host no policy holds.
    house.meshkey(&["org", "key", "acme", "--json"]);
}

#[tokio::test]
async fn a_holder_rotates_its_own_key_whoever_may_issue_such() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, holder) = admin.issue(but(json!({ "capabilities": ["admin"] }))).await;
    let (other, _) = admin.issue(but(json!({ "capabilities": ["admin"] }))).await;
    let edited = admin.issue(good()).await.0;
    set(&admin, json!({ "admin_keys_by": "people" })).await;
    holder.act(&admin.at(&format!("/keys/{}/rotate", id(&key)))).await.expect(200);
    refused_by(&admin.act(&admin.at(&format!("/keys/{}/rotate", id(&other)))).await, "admin_keys_by");
    let widen = json!({ "capabilities": ["admin"] });
    refused_by(&admin.patch(&admin.at(&format!("/keys/{}", id(&edited))), widen, "*").await, "admin_keys_by");
}

#[tokio::test]
async fn personal_keys_comply_by_whomever_they_are_made() {
    let house = House::new().await;
    let admin = house.admin();
    let sam = Person::in_org(&house, "Sam", "member").await;
    let own = sam.signed_in(&house).await;
    set(&admin, json!({ "note_required": true, "longest_life": "10d" })).await;
    let of_sam = |mut wish: Value| {
        wish["user"] = json!(sam.id);
        wish
    };
    for dry in ["", "?dry_run=true"] {
        refused_by(&own.post(&format!("/v1/me/keys{dry}"), but(json!({ "note": null }))).await, "note_required");
        let path = admin.at(&format!("/keys{dry}"));
        refused_by(&admin.post(&path, of_sam(but(json!({ "note": null })))).await, "note_required");
    }
    let made = own.post("/v1/me/keys", good()).await.expect(201);
    assert!((life(&made.body) - 10 * 86_400).abs() <= 1, "{made:?}");
    admin.post(&admin.at("/keys"), of_sam(good())).await.expect(201);
}

#[tokio::test]
async fn people_confirm_who_they_are_where_the_policy_asks_for_it() {
    let house = House::new().await;
    let admin = house.admin();
    let person = Person::in_org(&house, "Sam", "admin").await.signed_in(&house).await;
    let key = id(&person.post(&person.at("/keys"), good()).await.expect(201).body);
    let long_ago = "UPDATE sessions SET confirmed_at = now() - interval '1 hour'";
    house.sql("superuser").await.batch_execute(long_ago).await.unwrap();
    person.post(&person.at("/keys"), good()).await.expect(201);
    set(&admin, json!({ "confirmation_required": true })).await;
    person.post(&person.at("/keys"), good()).await.problem(403, "confirmation_required");
    person.post("/v1/me/keys", good()).await.problem(403, "confirmation_required");
    person.act(&person.at(&format!("/keys/{key}/rotate"))).await.problem(403, "confirmation_required");
    admin.post(&admin.at("/keys"), good()).await.expect(201);
}

#[tokio::test]
async fn an_end_that_is_proposed_complies() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, _) = admin.issue(good()).await;
    set(&admin, json!({ "longest_life": "10d" })).await;
    let db = house.sql("superuser").await;
    crate::tools::by_hand(&db, "UPDATE api_keys SET expires_at = now() WHERE label = 'good'").await;
    let question = json!({ "key": id(&key), "capability": "read", "mesh": "main", "topic": "deploys" });
    let told = admin.post("/v1/explain", question).await.expect(200);
    let change = &told.body["changes"][0];
    let end = change.to_string();
    let soon = in_days(11);
    let end = end.split("20").find(|part| part.contains('T')).unwrap_or_else(|| panic!("{told:?}"));
    assert!(format!("20{end}").as_str() < soon.as_str(), "{told:?}");
}
