//! The end of a key: by default, clamped, at the very instant.

use serde_json::{Value, json};

use crate::{
    house::House,
    tools::{id, one},
};

//
#[tokio::test]
async fn a_key_lives_ninety_days_unless_something_else_is_said() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let life = "SELECT expires_at BETWEEN created_at + interval '90 days' - interval '1 minute'
                AND created_at + interval '90 days' + interval '1 minute' FROM api_keys WHERE label = 'unsaid'";
    admin.issue(json!({ "label": "unsaid", "capabilities": ["read"], "topics": "all" })).await;
    assert_eq!(one(&db, life).await, "t");
    let never = json!({ "capabilities": ["read"], "topics": "all", "expires_at": null });
    assert_eq!(admin.issue(never).await.0["expires_at"], Value::Null);
}

//
#[tokio::test]
async fn an_end_that_means_nothing_is_refused() {
    let house = House::new().await;
    let admin = house.admin();
    let odd = [
        json!(""),
        json!("tomorrow"),
        json!("2001-01-01T00:00:00Z"),
        json!("2999-02-30T00:00:00Z"),
        json!("2999-01-01T00:00:00"),
        json!("2999-01-01"),
        json!("99999-01-01T00:00:00Z"),
        json!(4_102_444_800_u32),
        json!(-1),
        json!({}),
    ];
    for end in odd {
        let wish = json!({ "label": "x", "capabilities": ["read"], "topics": "all", "expires_at": end });
        let problem = admin.post(&admin.at("/keys"), wish).await.problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["pointer"], "#/expires_at", "{end}");
    }
    for fine in ["9999-12-31T23:59:59Z", "2999-01-01T00:00:00+02:00", "2999-01-01T00:00:00.123456789Z"] {
        let wish = json!({ "label": "x", "capabilities": ["read"], "topics": "all", "expires_at": fine });
        let answer = admin.post(&admin.at("/keys"), wish).await;
        assert!(answer.status == 201 || answer.status == 422, "{fine}: {answer:?}");
    }
    admin.get(&admin.at("/keys?sort=expires_at")).await.expect(200);
    admin.get(&admin.at("/keys?sort=-expires_at")).await.expect(200);
}

// G-16, L-11, T-7
#[tokio::test]
async fn a_key_is_dead_at_the_very_instant_of_its_end() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let (key, holder) = admin.issue(json!({ "label": "brief", "capabilities": ["read"], "topics": "all" })).await;
    let later = "UPDATE api_keys SET expires_at = clock_timestamp() + interval '1 hour' WHERE label = 'brief'";
    crate::tools::by_hand(&db, later).await;
    holder.get("/v1/whoami").await.expect(200);
    crate::tools::by_hand(&db, "UPDATE api_keys SET expires_at = clock_timestamp() WHERE label = 'brief'").await;
    holder.get("/v1/whoami").await.problem(401, "invalid_token");
    // Within one statement the clock that judges and the end are the same: that very instant is dead.
    let sql = one(&db, "SELECT prosrc FROM pg_proc WHERE proname = 'meshkey_holders'").await;
    assert!(sql.contains("clock_timestamp()") && sql.contains("k.expires_at"), "the database's clock judges");
    let path = admin.at(&format!("/keys/{}", id(&key)));
    assert_eq!(admin.get(&path).await.expect(200).body["status"], "expired");
    admin.act(&format!("{path}/rotate")).await.problem(409, "key_expired");
    let again = admin.patch(&path, json!({ "expires_at": null }), "*").await.expect(200);
    assert_eq!(again.body["status"], "active");
    holder.get("/v1/whoami").await.expect(200);
}

// G-16
#[test]
fn an_end_that_is_now_has_passed() {
    use meshkey::domain::{AddressList, Capability, CapabilitySet, Grant, OrgId, Owner, Terms, TopicScope};
    let now = time::OffsetDateTime::UNIX_EPOCH;
    let capabilities = CapabilitySet::new([Capability::Read]).unwrap();
    let grant = Grant { owner: Owner::Org(OrgId::new()), capabilities, topics: TopicScope::Everywhere };
    let terms = |end| Terms { grant: grant.clone(), addresses: AddressList::Anywhere, expires_at: end, rate: None };
    let tick = time::Duration::microseconds(1);
    assert!(terms(Some(now)).is_expired(now) && terms(Some(now - tick)).is_expired(now));
    assert!(!terms(Some(now + tick)).is_expired(now) && !terms(None).is_expired(now));
}
