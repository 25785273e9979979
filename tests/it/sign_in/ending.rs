//! A session that ends: what a page knows of it, and how one stays.

use serde_json::json;

use super::visitor::{EMAIL, PASSWORD, Visitor, danas, leads_to, text};

/// For how many seconds the page says that the session lasts: where nobody comes, and at most.
fn left(page: &str) -> (u64, u64) {
    let of = |name: &str| page.split(name).nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    (of("data-idle=\""), of("data-life=\""))
}

#[tokio::test]
async fn a_page_knows_when_its_session_ends_and_one_may_stay() {
    let house = danas().await;
    let db = house.sql("superuser").await;
    let mut dana = Visitor::dana(&house).await;
    let (idle, life) = (12 * 60 * 60, 7 * 24 * 60 * 60);
    let age = "UPDATE sessions SET seen_at = now() - interval '50 seconds', ends_at = now() + interval '3 minutes'";
    db.batch_execute(age).await.unwrap();
    let page = dana.get("/account").await.expect(200);
    let (of_idle, of_life) = left(text(&page));
    // It was heard of lately, and so it is not noted.
    assert!((idle - 60..=idle - 50).contains(&of_idle) && (170..180).contains(&of_life), "{of_idle} {of_life}");
    let stays = dana.send("/account/stay", &[]).await.expect(200);
    assert_eq!(stays.body["idle"], json!(idle));
    assert!(stays.body["life"].as_u64().unwrap() < 180, "{stays:?}");
    let seen = "SELECT seen_at > now() - interval '40 seconds' FROM sessions";
    assert_eq!(crate::tools::one(&db, seen).await, "t");
    // What is noted is told at once.
    db.batch_execute("UPDATE sessions SET seen_at = now() - interval '2 minutes', ends_at = now() + interval '7 days'")
        .await
        .unwrap();
    let page = dana.get("/account").await.expect(200);
    let (of_idle, of_life) = left(text(&page));
    assert_eq!(of_idle, idle);
    assert!((life - 10..=life).contains(&of_life), "{of_life}");
    db.batch_execute("UPDATE sessions SET ends_at = now()").await.unwrap();
    assert_eq!(leads_to(&dana.send("/account/stay", &[]).await), "/sign-in?next=%2Faccount");
}

#[tokio::test]
async fn who_is_in_may_sign_in_again_before_the_session_ends() {
    let house = danas().await;
    let mut dana = Visitor::dana(&house).await;
    let before = dana.at(&house);
    assert_eq!(leads_to(&dana.get("/sign-in?next=%2Faccount%2Fpassword").await), "/account/password");
    let page = dana.get("/sign-in?again&next=%2Faccount%2Fpassword").await.expect(200);
    assert!(text(&page).contains("name=\"next\" value=\"/account/password\""), "{page:?}");
    let fields = [("email", EMAIL), ("password", PASSWORD), ("next", "/account/password")];
    assert_eq!(leads_to(&dana.send("/sign-in", &fields).await), "/account/password");
    assert!(dana.is_in().await && !before.is_in().await);
}
