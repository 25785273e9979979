//! Rotating a key by its page, without scripts.

use serde_json::{Value, json};

use super::{insider, once, secret};
use crate::{
    client::Client,
    house::House,
    policies,
    sign_in::visitor::{leads_to, text},
};

async fn key(house: &House) -> (String, Client) {
    let wish = json!({ "label": "<b>turns</b>", "mesh": "main", "capabilities": ["read"], "topics": ["deploys"] });
    let (made, holder): (Value, Client) = house.admin().issue(wish).await;
    (format!("/orgs/acme/keys/{}", made["id"].as_str().unwrap()), holder)
}

#[tokio::test]
async fn both_secrets_work_until_the_overlap_is_ended() {
    let house = House::new().await;
    let mut gus = insider(&house, "Gus", "admin").await;
    let (path, old) = key(&house).await;
    let answer = gus.get(&format!("{path}/rotate")).await.expect(200);
    let page = text(&answer);
    assert!(
        page.contains("value=\"1d\" checked") && page.contains("calls allowed") && !page.contains("<b>turns"),
        "{page}"
    );
    let fields = [("overlap", "1h"), ("once", &once(page))];
    let rotated = gus.send(&format!("{path}/rotate"), &fields).await.expect(200);
    let new = house.admin().with_key(&secret(text(&rotated)));
    for holder in [&old, &new] {
        holder.get("/v1/whoami").await.expect(200);
    }
    let again = gus.send(&format!("{path}/rotate"), &fields).await.expect(200);
    assert!(text(&again).contains("Shown once already") && !text(&again).contains(new.secret()));
    let turning = gus.get(&format!("{path}/rotate")).await.expect(200);
    assert!(text(&turning).contains(&format!("action=\"{path}/rotate/finish\"")), "{turning:?}");
    for told in ["?done=finished&after_ms=", ""] {
        let finished = gus.send(&format!("{path}/rotate/finish"), &[]).await;
        assert!(leads_to(&finished).starts_with(&format!("{path}{told}")), "{finished:?}");
        old.get("/v1/whoami").await.expect(401);
        new.get("/v1/whoami").await.expect(200);
    }
}

#[tokio::test]
async fn the_overlap_is_one_that_may_be() {
    let house = House::new().await;
    let mut gus = insider(&house, "Gus", "admin").await;
    let (path, old) = key(&house).await;
    let rotate = format!("{path}/rotate");
    for (overlap, other) in [("other", "soon"), ("other", "8d"), ("", ""), ("other", "")] {
        let answer = gus.send(&rotate, &[("overlap", overlap), ("other", other)]).await.expect(422);
        assert!(text(&answer).contains("href=\"#overlap\"") && text(&answer).contains(other), "{answer:?}");
    }
    policies::set(&house.admin(), json!({ "longest_overlap": "2h" })).await;
    let answer = gus.get(&rotate).await.expect(200);
    assert!(text(&answer).contains("value=\"2h\" checked") && text(&answer).contains("at most 2 hours"), "{answer:?}");
    let refused = gus.send(&rotate, &[("overlap", "1d")]).await.expect(403);
    assert!(
        text(&refused).contains("longest_overlap") && text(&refused).contains("value=\"1d\" disabled"),
        "{refused:?}"
    );
    old.get("/v1/whoami").await.expect(200);
    let none = gus.send(&rotate, &[("overlap", "0s")]).await.expect(200);
    secret(text(&none));
    old.get("/v1/whoami").await.expect(401);
}

#[tokio::test]
async fn only_who_holds_or_manages_a_key_rotates_it() {
    let house = House::new().await;
    let mut mia = insider(&house, "Mia", "member").await;
    let (path, old) = key(&house).await;
    mia.get(&format!("{path}/rotate")).await.expect(404);
    mia.send(&format!("{path}/rotate"), &[("overlap", "0s")]).await.expect(404);
    mia.send(&format!("{path}/rotate/finish"), &[]).await.expect(404);
    old.get("/v1/whoami").await.expect(200);
    let fields = [
        ("do", "issue"),
        ("name", "mine"),
        ("mesh", "main"),
        ("can:read", "yes"),
        ("topics", "only"),
        ("names", "deploys"),
        ("expires", "7d"),
    ];
    let issued = mia.send("/orgs/acme/keys/new", &fields).await.expect(200);
    let own = house.admin().with_key(&secret(text(&issued)));
    let id = own.get("/v1/whoami").await.expect(200).body["key"]["id"].as_str().unwrap().to_owned();
    let rotated = mia.send(&format!("/orgs/acme/keys/{id}/rotate"), &[("overlap", "0s")]).await.expect(200);
    own.get("/v1/whoami").await.expect(401);
    own.with_key(&secret(text(&rotated))).get("/v1/whoami").await.expect(200);
    for wrong in ["key_x", "key_00000000000000000000000000"] {
        mia.get(&format!("/orgs/acme/keys/{wrong}/rotate")).await.expect(404);
    }
}
