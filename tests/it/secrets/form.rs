//! What a secret is, how it is kept, and how little is done with a text that is none.

use std::collections::BTreeSet;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    house::House,
    tools::{hex, id, one, texts},
};

// K-1, K-2, P-10
#[tokio::test]
async fn a_secret_has_its_form_and_is_kept_as_its_sha_256() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    for _ in 0..20 {
        let (key, holder) = house.admin().issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
        let secret = holder.secret();
        assert!(secret.len() == 54 && secret.starts_with("mshk_"), "{secret}");
        assert!(secret[5..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let mut digits = Vec::new();
        let mut sum = crc32fast::hash(&secret.as_bytes()[..48]);
        for _ in 0..6 {
            digits.push(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[sum as usize % 62]);
            sum /= 62;
        }
        digits.reverse();
        assert_eq!(secret[48..], String::from_utf8(digits).unwrap(), "the checksum");
        assert_eq!(key["hint"], secret[..13]);
        let hash = hex(&Sha256::digest(secret));
        let kept = one(&db, &format!("SELECT count(*) FROM key_secrets WHERE hash = '\\x{hash}'")).await;
        assert_eq!(kept, "1");
    }
}

// K-7, K-8, A-27
#[tokio::test]
async fn ids_cannot_be_guessed_and_secrets_are_never_the_same() {
    let house = House::new().await;
    let (mut ids, mut secrets) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..100 {
        let (key, holder) = house.admin().issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
        // The last 62 bits of a UUIDv7 are random.
        ids.insert(id(&key)[18..].to_owned());
        secrets.insert(holder.secret()[5..25].to_owned());
    }
    assert_eq!((ids.len(), secrets.len()), (100, 100));
    let bodies: BTreeSet<char> = secrets.iter().flat_map(|body: &String| body.chars()).collect();
    assert_eq!(bodies.len(), 62, "every letter and digit: nothing but base62, and all of it");
    let db = house.sql("superuser").await;
    for table in ["orgs", "meshes", "api_keys", "audit_events", "messages"] {
        let other = format!("SELECT id FROM {table} WHERE substr(id::text, 15, 1) <> '7'");
        assert_eq!(texts(&db, &other).await, Vec::<String>::new());
    }
}

// K-4, G-12, P-16
#[tokio::test]
async fn a_text_that_is_no_key_is_refused_without_asking_the_database() {
    let house = House::new().await;
    let admin = house.admin();
    house.set_reachable(false).await;
    let secret = admin.secret();
    let texts = [
        "x".to_owned(),
        "mshk_".to_owned(),
        format!("{secret}0"),
        secret[..53].to_owned(),
        secret.to_lowercase(),
        secret.replacen("mshk", "mshK", 1),
        format!("{}é", &secret[..52]),
        format!("{}{}", &secret[..53], if secret.ends_with('0') { '1' } else { '0' }),
    ];
    for text in texts {
        if text.is_ascii() {
            admin.with_key(&text).get("/v1/whoami").await.problem(401, "invalid_token");
        }
    }
    let unknown = admin.get("/v1/whoami").await;
    unknown.problem(503, "store_unavailable");
    assert!(unknown.headers.contains_key("retry-after") && !unknown.headers.contains_key("www-authenticate"));
    house.set_reachable(true).await;
    crate::tools::eventually("the database", async || (admin.get("/v1/whoami").await.status == 200).then_some(()))
        .await;
}

// K-10, A-26, A-29, A-22
#[tokio::test]
async fn no_key_is_made_but_by_who_asks_for_one() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let keys = "SELECT count(*) FROM api_keys";
    for path in ["/docs/", "/docs/errors", "/openapi.yaml", "/readyz", "/v1/whoami"] {
        admin.get(path).await.expect(200);
    }
    house.try_meshkey(&["org", "list"]);
    let again = house.try_meshkey(&["init", "--org", "other", "--json"]);
    assert_eq!(again.status.code(), Some(6), "{again:?}");
    house.meshkey(&["init", "--org", "other", "--if-needed", "--json"]);
    for path in ["/v1/orgs", "/v1/init", "/v1/setup", "/v1/keys"] {
        house.stranger().post(path, json!({ "slug": "mine" })).await.problem(404, "not_found");
    }
    assert_eq!((one(&db, keys).await, one(&db, "SELECT count(*) FROM orgs").await), ("1".to_owned(), "1".to_owned()));
}
