//! The way to a provider and back, as it is meant.

use serde_json::json;

use super::{
    provider::Provider,
    traveller::{Traveller, URL, house, house_with, with},
};
use crate::{
    sign_in::{
        factor::{code, turn_on},
        visitor::{PASSWORD, alert, leads_to, text},
    },
    tools::{eventually, one},
};

#[tokio::test]
async fn who_has_connected_a_provider_signs_in_by_it() {
    let Some((house, _provider)) = house().await else { return };
    let mut dana = Traveller::dana(&house).await;
    assert_eq!(leads_to(&dana.connect("dana").await), "/account/identities");
    let page = dana.get("/account/identities").await.expect(200);
    assert!(text(&page).contains("The one · dana@example.com"), "{page:?}");

    let mut later = Traveller::new(&house);
    assert!(text(&later.get("/sign-in").await).contains("Sign in with The one"));
    let there = later.leave("/sign-in/openid/one", &[("next", "/account/sessions?x=1")]).await;
    let asked: std::collections::BTreeMap<_, _> = there.query_pairs().into_owned().collect();
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!((asked["response_type"].as_str(), asked["scope"].as_str()), ("code", "openid email profile"));
    assert_eq!(asked["redirect_uri"], format!("{URL}/sign-in/openid/one/callback"));
    assert!(asked["nonce"].len() == 43 && asked["state"].len() == 43 && !asked.contains_key("prompt"));
    let back = later.sign_in_there(there, Some("dana")).await;
    let answer = later.get(&back).await;
    assert_eq!(leads_to(&answer), "/account/sessions?x=1");
    assert_eq!((answer.header("cache-control"), answer.header("referrer-policy")), ("no-store", "no-referrer"));
    assert!(text(&later.get("/account").await.expect(200)).contains("dana@example.com"));
    let db = house.sql("superuser").await;
    assert_eq!(one(&db, "SELECT count(*) FROM openid_flows").await, "0");
    assert!(house.metrics().contains("meshkey_sign_ins_total{outcome=\"signed_in\"} 2"), "{}", house.metrics());
}

#[tokio::test]
async fn the_second_factor_is_asked_for_all_the_same() {
    let Some((house, _provider)) = house().await else { return };
    let mut dana = Traveller::dana(&house).await;
    dana.connect("dana").await.expect(303);
    turn_on(&house, &mut dana.here).await;
    let mut later = Traveller::new(&house);
    assert_eq!(leads_to(&later.enter("dana").await), "/sign-in/second-factor");
    assert!(!later.here.is_in().await);
    let code = code(&house, 0).await;
    assert_eq!(leads_to(&later.send("/sign-in/second-factor", &[("code", &code)]).await), "/");
    assert!(later.here.is_in().await);
}

#[tokio::test]
async fn to_have_been_signed_in_there_is_no_fresh_proof_and_to_sign_in_anew_is_one() {
    let Some((house, _provider)) = house().await else { return };
    let mut dana = Traveller::dana(&house).await;
    dana.connect("dana").await.expect(303);
    let mut later = Traveller::new(&house);
    later.enter("dana").await.expect(303);
    let confirm = "/confirm?next=%2Faccount%2Fidentities";
    assert_eq!(leads_to(&later.get("/account/identities").await), confirm);
    assert!(text(&later.get(confirm).await).contains("Confirm with The one"));
    let there = later.leave("/confirm/openid/one", &[("next", "/account/identities")]).await;
    let asked: std::collections::BTreeMap<_, _> = there.query_pairs().into_owned().collect();
    assert_eq!((asked["prompt"].as_str(), asked["max_age"].as_str()), ("login", "0"));
    // Somebody else there is not who is signed in here.
    later.forget_there();
    let back = later.sign_in_there(there, Some("mallory")).await;
    let other = later.get(&back).await.expect(403);
    assert_eq!(alert(&other), "Who you are at The one is not who is signed in here.");
    later.forget_there();
    let next = [("next", "/account/identities")];
    assert_eq!(leads_to(&later.travel("/confirm/openid/one", &next, Some("dana")).await), "/account/identities");
    later.get("/account/identities").await.expect(200);

    // With a second factor the provider alone does not do.
    turn_on(&house, &mut later.here).await;
    let wrong = later.send("/confirm/openid/one", &[("code", "000000")]).await.expect(200);
    assert_eq!(alert(&wrong), "That is wrong");
    let code = code(&house, 0).await;
    later.travel("/confirm/openid/one", &[("code", &code)], Some("dana")).await.expect(303);
}

#[tokio::test]
async fn a_confirmation_that_the_provider_did_not_ask_for_anew_is_none() {
    let Some((house, _provider)) = house().await else { return };
    let mut dana = Traveller::dana(&house).await;
    dana.connect("dana").await.expect(303);
    let there = dana.leave("/confirm/openid/one", &[]).await;
    // A browser that leaves out what was asked is taken back by the session that it has there.
    let silent = with(&with(there.as_str(), "prompt", None), "max_age", None);
    let back = dana.sign_in_there(silent.parse().unwrap(), Some("dana")).await;
    let stale = dana.get(&back).await.expect(403);
    assert_eq!(alert(&stale), "The one did not ask you anew who you are.");
}

#[tokio::test]
async fn keys_that_the_provider_has_changed_are_fetched_anew() {
    for called in [json!({}), json!({ "kid": "always-the-same" })] {
        let Some(mut provider) = Provider::start("localhost", URL, &called) else { return };
        let house = house_with(&[("one", &provider)], &[]).await;
        let mut dana = Traveller::dana(&house).await;
        dana.connect("dana").await.expect(303);
        provider.start_again();
        let mut later = Traveller::new(&house);
        assert_eq!(leads_to(&later.enter("dana").await), "/");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_in_nobodys_way() {
    let Some(mut one) = Provider::start("localhost", URL, &json!({})) else { return };
    let Some(two) = Provider::start("127.0.0.1", URL, &json!({})) else { return };
    one.stop();
    let house = house_with(&[("one", &one), ("two", &two)], &[]).await;
    let mut dana = Traveller::dana(&house).await;
    let page = dana.here.get("/account").await.expect(200);
    assert!(text(&page).contains("None connected"), "{page:?}");
    let mut visitor = Traveller::new(&house);
    let page = visitor.get("/sign-in").await.expect(200);
    let (first, second) = (text(&page).find("Sign in with The one"), text(&page).find("Sign in with The two"));
    assert!(first.is_some() && first < second, "{page:?}");
    let down = visitor.send("/sign-in/openid/one", &[]).await.expect(503);
    assert_eq!(alert(&down), "The one cannot be reached from here at the moment.");
    assert_eq!(down.header("retry-after"), "5");
    let connect = [("connect", "two")];
    dana.travel("/account/identities", &connect, Some("dana")).await.expect(303);
    visitor.travel("/sign-in/openid/two", &[], Some("dana")).await.expect(303);
    // It is asked again once it is there.
    one.start_again();
    let asks = async || (visitor.send("/sign-in/openid/one", &[]).await.status == 200).then_some(());
    eventually("it is asked again", asks).await;
}

#[tokio::test]
async fn one_that_goes_down_on_the_way_is_told() {
    let Some((house, mut provider)) = house().await else { return };
    let mut dana = Traveller::new(&house);
    let there = dana.leave("/sign-in/openid/one", &[]).await;
    let back = dana.sign_in_there(there, Some("dana")).await;
    provider.stop();
    dana.get(&back).await.expect(503);
    assert!(!dana.here.is_in().await);
    dana.send("/sign-in", &[("email", "dana@example.com"), ("password", PASSWORD)]).await.expect(303);
}

#[tokio::test]
async fn a_public_client_and_a_provider_that_tells_the_address_apart_do_too() {
    let Some(provider) = Provider::start("localhost", URL, &json!({ "in_word": false })) else { return };
    let public = [("MESHKEY_OPENID_ONE_CLIENT_ID", "public"), ("MESHKEY_OPENID_ONE_CLIENT_SECRET", "")];
    let house = house_with(&[("one", &provider)], &public).await;
    let mut dana = Traveller::dana(&house).await;
    dana.connect("dana").await.expect(303);
    assert!(text(&dana.get("/account/identities").await).contains("The one · dana@example.com"));
}

#[tokio::test]
async fn doctor_asks_each_provider_and_warns() {
    let Some((house, mut provider)) = house().await else { return };
    let settings = provider.settings("one");
    let url = crate::tools::database_url(&house).await;
    let doctor = || {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_meshkey"));
        program.args(["doctor", "--json"]).env("MESHKEY_DATABASE_URL", &url).env("MESHKEY_PUBLIC_URL", URL);
        program.env("MESHKEY_ALLOW_FSYNC_OFF", "true").envs(settings.clone());
        let told: serde_json::Value = serde_json::from_slice(&program.output().unwrap().stdout).unwrap();
        let checks = told["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["check"] == "openid").unwrap()
    };
    assert_eq!(doctor()["verdict"], "ok");
    provider.stop();
    let down = doctor();
    assert_eq!(down["verdict"], "warn");
    assert!(down["detail"].as_str().unwrap().contains("Connection refused"), "{down}");
}
