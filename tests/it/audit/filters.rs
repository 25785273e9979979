//! The audit is found by what one knows of it, and holds nothing that must not be read.

use serde_json::{Value, json};

use crate::{
    client::Client,
    house::House,
    tools::{hex, id, texts},
};

async fn seqs(by: &Client, query: &str) -> Vec<i64> {
    let (mut seqs, mut next) = (Vec::new(), String::new());
    loop {
        let page = by.get(&by.at(&format!("/audit?limit=2&{query}{next}"))).await.expect(200);
        seqs.extend(page.items().iter().map(|event| event["seq"].as_i64().unwrap()));
        let Some(cursor) = page.body["next"].as_str() else { return seqs };
        next = format!("&cursor={cursor}");
    }
}

fn matching(all: &[Value], is_wanted: impl Fn(&Value) -> bool) -> Vec<i64> {
    all.iter().filter(|event| is_wanted(event)).map(|event| event["seq"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn each_filter_finds_exactly_its_events() {
    let house = House::new().await;
    let admin = house.admin();
    let (own, by) = admin.issue(json!({ "capabilities": ["admin"], "topics": "all" })).await;
    admin.post(&admin.at("/meshes"), json!({ "slug": "side" })).await.expect(201);
    for (mesh, by) in [("main", &by), ("side", &admin), ("main", &admin), ("side", &by)] {
        let key = by.issue(json!({ "mesh": mesh, "capabilities": ["read"], "topics": "all" })).await.0;
        by.act(&by.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
    }
    let all = admin.get(&admin.at("/audit?limit=200")).await.expect(200);
    let all = all.items();
    let main = all.iter().find(|event| event["action"] == "mesh.created" && event["after"]["slug"] == "main").unwrap();
    let (main, one) = (main["subject"]["id"].clone(), all[3]["subject"]["id"].as_str().unwrap());
    let at = all[4]["at"].as_str().unwrap();
    let request = all[2]["request_id"].as_str().unwrap();
    let from_afar = || matching(all, |event| event["address"] == "127.0.0.1");
    let cases: Vec<(String, Vec<i64>)> = vec![
        (String::new(), matching(all, |_| true)),
        (format!("actor={}", id(&own)), matching(all, |event| event["actor"]["id"] == own["id"])),
        ("actor=local".to_owned(), matching(all, |event| event["actor"]["kind"] == "local")),
        ("action=key.revoked".to_owned(), matching(all, |event| event["action"] == "key.revoked")),
        ("action=mesh.*".to_owned(), matching(all, |event| event["action"].as_str().unwrap().starts_with("mesh."))),
        (format!("subject={one}"), matching(all, |event| event["subject"]["id"] == one)),
        ("mesh=main".to_owned(), matching(all, |event| event["mesh"] == main)),
        (format!("since={at}"), matching(all, |event| event["seq"].as_i64() >= all[4]["seq"].as_i64())),
        (format!("until={at}"), matching(all, |event| event["seq"].as_i64() < all[4]["seq"].as_i64())),
        (format!("request_id={request}"), matching(all, |event| event["request_id"] == request)),
        ("address=127.0.0.1".to_owned(), from_afar()),
        ("address=127.0.0.0/8".to_owned(), from_afar()),
        ("address=0.0.0.0/0&actor=local".to_owned(), Vec::new()),
        (format!("since={at}&until={at}"), Vec::new()),
        (
            format!("mesh=main&action=key.issued&actor={}", id(&own)),
            matching(all, |event| {
                event["mesh"] == main && event["action"] == "key.issued" && event["actor"]["id"] == own["id"]
            }),
        ),
    ];
    for (query, expected) in cases {
        assert!(!expected.is_empty() || query.contains('&'), "{query} finds nothing: nothing is proved");
        assert_eq!(seqs(&admin, &query).await, expected, "{query}");
    }
    for bad in [
        "actor=x",
        "action=key.eaten",
        "action=kex.*",
        "action=key.",
        "action=key",
        "since=yesterday",
        "until=1",
        "mesh=nowhere",
    ] {
        admin.get(&admin.at(&format!("/audit?{bad}"))).await.problem(422, "invalid_input");
    }
    for bad in ["", "10.0.0.0/33", "localhost", "1.2.3"] {
        let refused = admin.get(&admin.at(&format!("/audit?address={bad}"))).await.problem(422, "invalid_input");
        assert_eq!(refused["errors"][0]["parameter"], "address");
    }
    let turned = admin.get(&admin.at("/audit?since=2027-01-02T00:00:00Z&until=2027-01-01T00:00:00Z")).await;
    assert_eq!(
        turned.problem(422, "invalid_input")["errors"][0],
        json!({ "parameter": "until", "detail": "`until` is before `since`" })
    );
    let meshs = admin.issue(json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" })).await.1;
    let seen = seqs(&meshs, "").await;
    assert_eq!(seen[1..], matching(all, |event| event["mesh"] == main));
    meshs.get(&meshs.at("/audit?mesh=side")).await.problem(422, "invalid_input");
}

// K-15, L-14
#[tokio::test]
async fn no_event_holds_a_secret_a_hint_or_a_hash() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, old) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    let path = admin.at(&format!("/keys/{}", id(&key)));
    let new = admin.act(&format!("{path}/rotate")).await.expect(200).body;
    admin.act(&format!("{path}/revoke")).await.expect(200);
    let db = house.sql("superuser").await;
    let events =
        texts(&db, "SELECT id, action, subject_id, before, after, convert_from(canonical, 'UTF8') FROM audit_events")
            .await;
    let events = events.join("\n");
    for secret in [old.secret(), new["secret"].as_str().unwrap()] {
        assert!(!events.contains(&secret[5..13]), "the body of a secret, or its hint");
        let hash = secret.parse::<meshkey::domain::Secret>().ok().unwrap().hash();
        let hex = hex(hash.as_bytes());
        assert!(!events.contains(&hex));
    }
}

#[tokio::test]
async fn a_range_of_addresses_finds_exactly_those_in_it() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let addresses = [
        "9.255.255.255",
        "10.0.0.0",
        "10.20.30.40",
        "10.255.255.255",
        "11.0.0.0",
        "::a00:1",
        "2001:db8::1",
        "2001:db8:1::",
        "2001:db9::",
    ];
    for address in addresses {
        let insert = "INSERT INTO audit_events (org_id, seq, id, at, actor_kind, action, subject_kind, subject_id, after, address, canonical, hash)
             SELECT org_id, max(seq) + 1, gen_random_uuid(), now(), 'local', 'org.edited', 'org', 'org_01m7xpg1j8emq8k9w39qsaekf4', '{}',
                    $1::text::inet, '', sha256('') FROM audit_events GROUP BY 1";
        db.execute(insert, &[&address]).await.unwrap();
    }
    for (range, expected) in [
        ("10.0.0.0/8", &addresses[1..4]),
        ("10.20.30.40", &addresses[2..3]),
        ("10.20.30.99/24", &addresses[2..3]),
        ("::ffff:10.20.30.40", &addresses[2..3]),
        ("0.0.0.0/0", &addresses[..5]),
        ("::/0", &addresses[5..]),
        ("2001:db8::/32", &addresses[6..8]),
        ("192.0.2.0/24", &[]),
    ] {
        let page = admin.get(&admin.at(&format!("/audit?limit=200&address={range}"))).await.expect(200);
        let mut found: Vec<_> =
            page.items().iter().map(|event| event["address"].as_str().unwrap().to_owned()).collect();
        found.reverse();
        assert_eq!(found, expected, "{range}");
    }
}
