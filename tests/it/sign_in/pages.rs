//! The pages as such: which there are, that they are confined, and that an error is a page too.

use meshkey::dashboard::{
    assets::{SCRIPT, STYLE},
    routes::TABLE,
};

use super::visitor::{Visitor, danas, text};
use crate::house::House;

#[test]
fn the_pages_are_these() {
    let expected = [
        ("get", "/"),
        ("get", "/setup"),
        ("post", "/setup"),
        ("get", "/reset"),
        ("post", "/reset"),
        ("get", "/sign-in"),
        ("post", "/sign-in"),
        ("get", "/sign-in/second-factor"),
        ("post", "/sign-in/second-factor"),
        ("post", "/sign-in/openid/{name}"),
        ("get", "/sign-in/openid/{name}/callback"),
        ("post", "/sign-out"),
        ("get", "/confirm"),
        ("post", "/confirm"),
        ("post", "/confirm/openid/{name}"),
        ("get", "/account"),
        ("get", "/account/passkeys"),
        ("post", "/account/passkeys"),
        ("get", "/account/password"),
        ("post", "/account/password"),
        ("get", "/account/second-factor"),
        ("post", "/account/second-factor"),
        ("get", "/account/identities"),
        ("post", "/account/identities"),
        ("get", "/account/looks"),
        ("post", "/account/looks"),
        ("get", "/account/notices"),
        ("post", "/account/notices"),
        ("post", "/account/sessions"),
        ("post", "/account/stay"),
        ("get", "/invitation"),
        ("post", "/invitation"),
        ("post", "/invitation/accept"),
        ("get", "/device"),
        ("post", "/device"),
        ("get", "/device/request"),
        ("post", "/device/request"),
        ("get", "/orgs/{org}"),
        ("get", "/orgs/{org}/keys"),
        ("get", "/orgs/{org}/keys/new"),
        ("post", "/orgs/{org}/keys/new"),
        ("get", "/orgs/{org}/keys/{key}/rotate"),
        ("post", "/orgs/{org}/keys/{key}/rotate"),
        ("post", "/orgs/{org}/keys/{key}/rotate/finish"),
        ("post", "/orgs/{org}/keys/bulk"),
        ("post", "/orgs/{org}/search"),
        ("get", "/orgs/{org}/expiring"),
        ("get", "/orgs/{org}/keys/{key}"),
        ("get", "/orgs/{org}/keys/{key}/edit"),
        ("post", "/orgs/{org}/keys/{key}/edit"),
        ("get", "/orgs/{org}/keys/{key}/revoke"),
        ("post", "/orgs/{org}/keys/{key}/revoke"),
        ("post", "/orgs/{org}/keys/{key}/disable"),
        ("post", "/orgs/{org}/keys/{key}/enable"),
        ("get", "/orgs/{org}/usage"),
        ("get", "/orgs/{org}/meshes"),
        ("post", "/orgs/{org}/meshes"),
        ("get", "/orgs/{org}/meshes/{mesh}"),
        ("post", "/orgs/{org}/meshes/{mesh}"),
        ("get", "/orgs/{org}/meshes/{mesh}/name"),
        ("post", "/orgs/{org}/meshes/{mesh}/name"),
        ("get", "/orgs/{org}/meshes/{mesh}/archive"),
        ("post", "/orgs/{org}/meshes/{mesh}/archive"),
        ("get", "/orgs/{org}/meshes/{mesh}/topics/{topic}"),
        ("post", "/orgs/{org}/meshes/{mesh}/topics/{topic}"),
        ("get", "/orgs/{org}/meshes/{mesh}/topics/{topic}/archive"),
        ("post", "/orgs/{org}/meshes/{mesh}/topics/{topic}/archive"),
        ("get", "/orgs/{org}/members"),
        ("get", "/orgs/{org}/members/{user}"),
        ("post", "/orgs/{org}/members/{user}"),
        ("get", "/orgs/{org}/members/{user}/remove"),
        ("post", "/orgs/{org}/members/{user}/remove"),
        ("get", "/orgs/{org}/invitations"),
        ("post", "/orgs/{org}/invitations"),
        ("get", "/orgs/{org}/invitations/{invitation}"),
        ("post", "/orgs/{org}/invitations/{invitation}"),
        ("get", "/orgs/{org}/webhook"),
        ("post", "/orgs/{org}/webhook"),
        ("get", "/orgs/{org}/audit"),
        ("get", "/orgs/{org}/audit/verify"),
        ("post", "/orgs/{org}/audit/verify"),
        ("get", "/orgs/{org}/audit/{seq}"),
        ("get", "/orgs/{org}/policy"),
        ("post", "/orgs/{org}/policy"),
        ("get", "/orgs/{org}/policy/violations"),
        ("post", "/orgs/{org}/policy/spread"),
        ("get", "/orgs/{org}/meshes/{mesh}/policy"),
        ("post", "/orgs/{org}/meshes/{mesh}/policy"),
        ("get", "/orgs/{org}/meshes/{mesh}/policy/violations"),
        ("post", "/orgs/{org}/meshes/{mesh}/policy/spread"),
        ("get", "/assets/{name}"),
    ];
    assert_eq!(TABLE, expected);
}

// What every answer of a page must have is held where it comes in: tests/it/promise/pages.rs.
#[tokio::test]
async fn every_page_is_there_and_no_other_method() {
    let house = danas().await;
    let dana = Visitor::dana(&house).await;
    for (method, path) in TABLE.iter().filter(|(_, path)| !path.contains('{')) {
        let known = |method: &str| TABLE.contains(&(method, path));
        for other in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
            let answer = dana.bare(other, path).send().await;
            let is_known = known(&other.to_lowercase()) || other == "HEAD" && known("get");
            assert_eq!(answer.status == 405, !is_known, "{other} {path}: {answer:?}");
        }
        if *method == "get" {
            let answer = dana.get(path).await;
            assert!([200, 303].contains(&answer.status), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn what_pages_refer_to_may_be_kept_for_ever_and_nothing_else_is_there() {
    let house = House::new().await;
    let sign_in = house.stranger().get("/sign-in").await.expect(200);
    for (asset, kind) in [(&STYLE, "text/css; charset=utf-8"), (&SCRIPT, "text/javascript; charset=utf-8")] {
        let answer = house.stranger().get(&asset.path).await.expect(200);
        assert_eq!(answer.header("content-type"), kind);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(text(&sign_in).contains(&asset.path));
    }
    let nothing = house.stranger().get("/assets/meshkey.css").await.expect(404);
    assert!(text(&nothing).contains("<h1>Not found</h1>"), "{nothing:?}");
    let wrong = house.stranger().act(&STYLE.path).await.expect(405);
    assert!(text(&wrong).contains("<h1>Method not allowed</h1>"), "{wrong:?}");
}

#[tokio::test]
async fn without_its_database_a_page_says_so_and_the_log_knows_why() {
    let house = danas().await;
    let dana = Visitor::dana(&house).await;
    house.set_reachable(false).await;
    let answer = dana.get("/account").await.expect(503);
    assert_eq!(answer.header("retry-after"), "1");
    assert!(text(&answer).contains(answer.header("x-request-id")), "{answer:?}");
    house.set_reachable(true).await;
}

// A key opens no page, and a page's cookie is no key (G-9).
#[tokio::test]
async fn a_key_opens_no_page() {
    let house = House::new().await;
    for path in ["/account", "/confirm", "/account/password", "/account/second-factor"] {
        house.admin().get(path).await.expect(303);
    }
}
