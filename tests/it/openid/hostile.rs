//! What must not come of a way to a provider and back.

use serde_json::json;

use super::{
    provider::Provider,
    traveller::{Traveller, URL, house, house_with, with},
};
use crate::{
    client::Answer,
    house::House,
    sign_in::visitor::alert,
    tools::{by_hand, one},
};

const NOT_BEGUN: &str = "This was not begun in this browser, or too long ago, or is done already.";
const WRONG: &str = "What The one told does not hold, and so nothing was done.";

/// Nobody is in by it, and this is said.
#[track_caller]
fn assert_refused(answer: Answer, said: &str) {
    let answer = answer.expect(403);
    assert_eq!(alert(&answer), said);
    assert!(!answer.headers.contains_key("set-cookie"), "{answer:?}");
}

/// A house in which Dana has connected the provider called one.
async fn connected() -> Option<(House, Provider)> {
    let (house, provider) = house().await?;
    Traveller::dana(&house).await.connect("dana").await.expect(303);
    Some((house, provider))
}

#[tokio::test]
async fn an_answer_leads_back_once_and_in_the_browser_that_asked() {
    let Some((house, _provider)) = connected().await else { return };
    let mut dana = Traveller::new(&house);
    let there = dana.leave("/sign-in/openid/one", &[]).await;
    let back = dana.sign_in_there(there, Some("dana")).await;
    // Another's browser: one that was never here, and one that is on a way of its own.
    let mut other = Traveller::new(&house);
    assert_refused(other.get(&back).await, NOT_BEGUN);
    other.leave("/sign-in/openid/one", &[]).await;
    assert_refused(other.get(&back).await, NOT_BEGUN);
    for (name, value) in [("state", None), ("state", Some("x")), ("code", None)] {
        assert_refused(dana.get(&with(&back, name, value)).await, NOT_BEGUN);
    }
    assert_refused(dana.get(&format!("{back}&code=again")).await, NOT_BEGUN);
    dana.get(&back).await.expect(303);
    assert!(dana.here.is_in().await);
    assert_refused(dana.get(&back).await, NOT_BEGUN);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_leads_nowhere() {
    let Some((house, _provider)) = connected().await else { return };
    let mut dana = Traveller::new(&house);
    let there = dana.leave("/sign-in/openid/one", &[]).await;
    let back = dana.sign_in_there(there, Some("dana")).await;
    let db = house.sql("superuser").await;
    // The clock is read for each of the two.
    assert_eq!(one(&db, "SELECT ends_at - created_at < interval '10 minutes 5 seconds' FROM openid_flows").await, "t");
    by_hand(&db, "UPDATE openid_flows SET ends_at = now()").await;
    assert_refused(dana.get(&back).await, NOT_BEGUN);
}

#[tokio::test]
async fn as_many_as_are_open_may_be_and_then_the_oldest_goes() {
    let Some((house, _provider)) = house().await else { return };
    let db = house.sql("superuser").await;
    let mut anyone = Traveller::new(&house);
    anyone.leave("/sign-in/openid/one", &[]).await;
    let more = "INSERT INTO openid_flows (state, browser, provider, purpose, source, next, ends_at)
                SELECT sha256(n::text::bytea), browser, provider, purpose, source, next, ends_at
                FROM openid_flows, generate_series(1, 999) n";
    by_hand(&db, more).await;
    let oldest = one(&db, "SELECT state FROM openid_flows ORDER BY created_at LIMIT 1").await;
    anyone.leave("/sign-in/openid/one", &[]).await;
    assert_eq!(one(&db, "SELECT count(*) FROM openid_flows").await, "1000");
    assert_eq!(one(&db, &format!("SELECT count(*) FROM openid_flows WHERE state = '{oldest}'")).await, "0");
    let mut dana = Traveller::dana(&house).await;
    for _ in 0..11 {
        dana.leave("/account/identities", &[("connect", "one")]).await;
    }
    assert_eq!(one(&db, "SELECT count(*) FROM openid_flows WHERE session_id IS NOT NULL").await, "10");
}

#[tokio::test]
async fn a_code_that_was_given_for_something_else_is_of_no_use() {
    let Some((house, _provider)) = connected().await else { return };
    let mut dana = Traveller::new(&house);
    for (name, value) in [
        ("nonce", "of-another-way"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("client_id", "another"),
    ] {
        let there = dana.leave("/sign-in/openid/one", &[]).await;
        let other = with(there.as_str(), name, Some(value)).parse().unwrap();
        let back = dana.sign_in_there(other, Some("dana")).await;
        assert_refused(dana.get(&back).await, WRONG);
    }
    // The code of one way with the state of another, of the same browser.
    let (first, second) = (dana.leave("/sign-in/openid/one", &[]).await, dana.leave("/sign-in/openid/one", &[]).await);
    let code = dana.sign_in_there(first, Some("dana")).await;
    let (_, state) = second.query_pairs().find(|(name, _)| name == "state").unwrap();
    assert_refused(dana.get(&with(&code, "state", Some(&state))).await, WRONG);
    assert!(!dana.here.is_in().await);
}

#[tokio::test]
async fn who_declines_there_is_told_so_and_nothing_of_what_the_address_says() {
    let Some((house, _provider)) = connected().await else { return };
    let mut dana = Traveller::new(&house);
    let answer = dana.travel("/sign-in/openid/one", &[], None).await;
    assert!(!answer.body.to_string().contains("did not want to"), "{answer:?}");
    assert_refused(answer, "The one did not tell who you are: it was declined there.");
}

#[tokio::test]
async fn an_answer_of_one_provider_is_none_of_another() {
    let Some(one) = Provider::start("localhost", URL, &json!({})) else { return };
    let Some(two) = Provider::start("127.0.0.1", URL, &json!({})) else { return };
    let house = house_with(&[("one", &one), ("two", &two)], &[]).await;
    Traveller::dana(&house).await.connect("dana").await.expect(303);
    let mut dana = Traveller::new(&house);
    let begin = async |dana: &mut Traveller| {
        let there = dana.leave("/sign-in/openid/one", &[]).await;
        dana.sign_in_there(there, Some("dana")).await
    };
    let back = begin(&mut dana).await;
    assert!(back.contains("&iss="), "{back}");
    for issuer in [None, Some(two.issuer.as_str()), Some("")] {
        let back = begin(&mut dana).await;
        assert_refused(dana.get(&with(&back, "iss", issuer)).await, WRONG);
    }
    let back = begin(&mut dana).await;
    assert_refused(dana.get(&back.replace("/openid/one/", "/openid/two/")).await, NOT_BEGUN);
    dana.get(&back).await.expect(303);
    // The same name at another provider is somebody else.
    let mut other = Traveller::new(&house);
    let answer = other.travel("/sign-in/openid/two", &[], Some("dana")).await;
    assert_refused(answer, "No account here is connected with who you are at The two.");
}

#[tokio::test]
async fn nobody_is_sent_there_by_another_site_or_to_a_provider_that_is_none() {
    let Some((house, _provider)) = house().await else { return };
    let dana = Traveller::dana(&house).await;
    for path in ["/sign-in/openid/one", "/confirm/openid/one", "/account/identities"] {
        for site in ["cross-site", "same-site", "none"] {
            let request = dana.bare("POST", path).header("sec-fetch-site", site);
            request.form(&[("connect", "one"), ("form_token", &dana.here.token())]).send().await.expect(403);
        }
        let request = dana.bare("POST", path).header("sec-fetch-site", "same-origin");
        if path != "/sign-in/openid/one" {
            request.form(&[("connect", "one")]).send().await.expect(403);
        }
    }
    let db = house.sql("superuser").await;
    assert_eq!(one(&db, "SELECT count(*) FROM openid_flows").await, "0");
    let mut anyone = Traveller::new(&house);
    anyone.send("/sign-in/openid/none", &[]).await.expect(404);
    anyone.get("/sign-in/openid/none/callback?code=a&state=b").await.expect(404);
}
