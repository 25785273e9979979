//! What is told of a token, and of which.

use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Scene, introspect, is_active};
use crate::tools::{by_hand, one};

#[tokio::test]
async fn all_that_is_known_of_a_good_key_is_told_and_nothing_is_made_up() {
    let scene = Scene::new().await;
    let db = scene.house.sql("superuser").await;
    let clock = async || one(&db, "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint").await.parse::<i64>();
    let more = json!({ "label": "ci", "capabilities": ["read", "send"], "topics": ["deploys", "ci.*"] });
    let (id, key) = scene.sender(more).await;
    let shown = scene.admin.get(&scene.admin.at(&format!("/keys/{id}"))).await.expect(200).body;
    let before = clock().await.unwrap();
    let answer = introspect(&scene.asker, key.secret()).await.expect(200);
    let after = clock().await.unwrap();
    assert_eq!(answer.header("content-type"), "application/json");
    let mut told = answer.body.clone();
    let exp = told["exp"].take().as_i64().unwrap();
    // The service reads its own clock, and is never ahead of that of the database by a second.
    assert!((before + 29..=after + 30).contains(&exp), "{before} {exp} {after}");
    assert!(OffsetDateTime::parse(told["as_of"].take().as_str().unwrap(), &Rfc3339).is_ok());
    let expected = json!({
        "active": true,
        "token_type": "Bearer",
        "scope": "send read topic:deploys topic:ci.*",
        "capabilities": ["send", "read"],
        "topics": ["deploys", "ci.*"],
        "client_id": id,
        "sub": id,
        "jti": id,
        "exp": null,
        "key_expires_at": shown["expires_at"],
        "owner": shown["owner"],
        "label": "ci",
        "as_of": null,
    });
    assert_eq!(told, expected);
    assert!(shown["expires_at"].is_string());
    assert!(scene.house.has_used(&id).await, "a use is noted");
}

#[tokio::test]
async fn a_key_that_is_not_confined_has_no_topic_in_its_scope() {
    let scene = Scene::new().await;
    let wanted = json!({ "capabilities": ["admin"], "topics": "all", "expires_at": null });
    let (_, key) = scene.admin.issue(wanted).await;
    let told = introspect(&scene.asker, key.secret()).await.expect(200).body;
    assert_eq!((&told["scope"], &told["topics"]), (&json!("admin"), &json!("all")));
    assert_eq!((&told["key_expires_at"], &told["owner"]["mesh"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn an_answer_is_kept_no_longer_than_the_key_or_its_replaced_secret_lives() {
    let scene = Scene::new().await;
    let soon = OffsetDateTime::now_utc() + time::Duration::seconds(20);
    let (_, key) = scene.sender(json!({ "expires_at": soon.format(&Rfc3339).unwrap() })).await;
    let told = introspect(&scene.asker, key.secret()).await.expect(200).body;
    assert_eq!(told["exp"], soon.unix_timestamp());

    let (id, old) = scene.sender(json!({})).await;
    let rotate = scene.admin.at(&format!("/keys/{id}/rotate"));
    let rotated = scene.admin.post(&rotate, json!({ "overlap": "20s" })).await.expect(200).body;
    let secrets = rotated["secrets"].as_array().unwrap();
    let end = secrets.iter().find_map(|secret| secret["dies_at"].as_str()).unwrap();
    let end = OffsetDateTime::parse(end, &Rfc3339).unwrap().unix_timestamp();
    assert_eq!(introspect(&scene.asker, old.secret()).await.expect(200).body["exp"], end);
    let new = introspect(&scene.asker, rotated["secret"].as_str().unwrap()).await.expect(200).body;
    assert!(new["exp"].as_i64().unwrap() > end, "{new}");
}

#[tokio::test]
async fn whatever_is_unknown_dead_or_not_to_be_used_is_told_in_the_same_words() {
    let scene = Scene::new().await;
    let inactive = async |token: &str| !is_active(&scene.asker, &[("token", token)]).await;
    for nothing in ["x", "mshk_", "no key at all", "é", "eyJhbGciOiJub25lIn0.e30.", &"x".repeat(5000)] {
        assert!(inactive(nothing).await, "{nothing}");
    }
    let (id, key) = scene.sender(json!({})).await;
    let active = async || is_active(&scene.asker, &[("token", key.secret())]).await;
    assert!(active().await);
    let mesh = |verb: &str| scene.admin.at(&format!("/meshes/main/{verb}"));
    scene.admin.act(&mesh("archive")).await.expect(200);
    assert!(!active().await, "its mesh is archived");
    scene.admin.act(&mesh("unarchive")).await.expect(200);
    assert!(active().await);
    scene.act(&id, "disable").await;
    assert!(!active().await, "disabled");
    scene.act(&id, "enable").await;
    assert!(active().await);
    let (_, elsewhere) = scene.sender(json!({ "addresses": ["0.0.0.0/0", "::/0"] })).await;
    assert!(inactive(elsewhere.secret()).await, "no address is told, and so none is on its list");
    let db = scene.house.sql("superuser").await;
    let uuid = id.parse::<meshkey::domain::KeyId>().unwrap().uuid();
    by_hand(&db, &format!("UPDATE api_keys SET expires_at = clock_timestamp() WHERE id = '{uuid}'")).await;
    assert!(!active().await, "expired");
    by_hand(&db, &format!("UPDATE api_keys SET expires_at = NULL WHERE id = '{uuid}'")).await;
    assert!(active().await);
    scene.act(&id, "revoke").await;
    assert!(!active().await, "revoked");
}

#[tokio::test]
async fn another_tenants_key_and_a_sibling_meshs_are_as_unknown_as_none() {
    let scene = Scene::new().await;
    let rival = scene.house.org("rival").admin;
    assert!(!is_active(&scene.asker, &[("token", rival.secret())]).await);
    assert!(!is_active(&rival, &[("token", scene.asker.secret())]).await);
    assert!(is_active(&rival, &[("token", rival.secret())]).await, "an admin may ask, about itself too");
    let of_main = json!({ "mesh": "main", "capabilities": ["verify"], "topics": "all" });
    let (_, asker) = scene.admin.issue(of_main).await;
    let (_, sibling) = scene.sender(json!({ "mesh": "other", "topics": "all" })).await;
    let (_, own) = scene.sender(json!({})).await;
    assert!(!is_active(&asker, &[("token", sibling.secret())]).await);
    assert!(is_active(&asker, &[("token", own.secret())]).await);
    // An org-wide key acts in this mesh too.
    assert!(is_active(&asker, &[("token", scene.admin.secret())]).await);
}

#[tokio::test]
async fn a_requirement_is_judged_as_verify_judges_it() {
    let scene = Scene::new().await;
    let (_, key) = scene.sender(json!({})).await;
    let may = async |pairs: &[(&str, &str)]| {
        let pairs: Vec<_> = [("token", key.secret())].into_iter().chain(pairs.iter().copied()).collect();
        is_active(&scene.asker, &pairs).await
    };
    assert!(may(&[("capability", "send"), ("mesh", "main"), ("topic", "deploys")]).await);
    assert!(!may(&[("capability", "read"), ("mesh", "main"), ("topic", "deploys")]).await);
    assert!(!may(&[("capability", "send"), ("mesh", "main"), ("topic", "secrets")]).await);
    assert!(!may(&[("capability", "send"), ("mesh", "main")]).await, "what belongs to no topic");
    assert!(!may(&[("capability", "send"), ("mesh", "other"), ("topic", "deploys")]).await);
    assert!(!may(&[("capability", "send"), ("topic", "deploys")]).await, "the whole org");
    // What is left empty is left out.
    assert!(may(&[("capability", ""), ("mesh", ""), ("topic", "")]).await);
}
