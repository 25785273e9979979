//! Passkeys: added, used in each of the three places, and removed. What a real browser makes of them is in `tests/browser`.

mod refused;

use serde_json::{Value, json};

use super::{
    authenticator::Authenticator,
    factor::turn_on,
    visitor::{EMAIL, PASSWORD, Visitor, alert, danas, leads_to, text, with_dana},
};
use crate::{
    client::Answer,
    house::House,
    tools::{one, texts, until_waiting},
};

const PAGE: &str = "/account/passkeys";
const WRONG: &str = "That passkey does not open anything here, or it took too long";

/// What the page's script is told: by which the answer is known, and what to ask of the device.
async fn begin(visitor: &mut Visitor, path: &str) -> (String, Value) {
    let begun = visitor.send(path, &[("do", "passkey-begin")]).await.expect(200);
    (begun.body["ceremony"].as_str().unwrap().to_owned(), begun.body["options"].clone())
}

async fn answer(visitor: &mut Visitor, path: &str, ceremony: &str, credential: &str) -> Answer {
    let fields = [("do", "passkey"), ("ceremony", ceremony), ("credential", credential), ("name", "My phone")];
    visitor.send(path, &fields).await
}

async fn add(visitor: &mut Visitor, device: &mut Authenticator) -> Answer {
    let (ceremony, options) = begin(visitor, PAGE).await;
    let made = device.make(&options);
    answer(visitor, PAGE, &ceremony, &made).await
}

async fn show(visitor: &mut Visitor, path: &str, device: &mut Authenticator) -> Answer {
    let (ceremony, options) = begin(visitor, path).await;
    let shown = device.show(&options);
    answer(visitor, path, &ceremony, &shown).await
}

/// Dana, with a passkey.
async fn dana_with_one(house: &House) -> (Visitor, Authenticator) {
    let (mut dana, mut device) = (Visitor::dana(house).await, Authenticator::new(house));
    assert_eq!(leads_to(&add(&mut dana, &mut device).await), PAGE);
    (dana, device)
}

/// The id of the one passkey on the page.
async fn id_on_page(dana: &Visitor) -> String {
    let page = dana.get(PAGE).await.expect(200);
    text(&page).split("name=\"remove\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_passkey_is_asked_for_so_that_it_alone_is_enough() {
    let house = danas().await;
    let mut dana = Visitor::dana(&house).await;
    let (_, making) = begin(&mut dana, PAGE).await;
    assert_eq!(making["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(making["authenticatorSelection"]["userVerification"], "required");
    assert_eq!((&making["rp"]["id"], &making["user"]["name"]), (&json!("localhost"), &json!(EMAIL)));
    assert_eq!(making["attestation"], "none");
    let (_, showing) = begin(&mut Visitor::new(&house), "/sign-in").await;
    assert_eq!((&showing["userVerification"], &showing["rpId"]), (&json!("required"), &json!("localhost")));
    assert_eq!(showing["allowCredentials"], json!([]), "it tells a stranger which there are");
    let (_, confirming) = begin(&mut dana, "/confirm").await;
    assert_eq!(confirming["allowCredentials"], json!([]));
}

//
#[tokio::test]
async fn a_passkey_is_a_whole_sign_in_from_when_it_is_added_until_it_is_removed() {
    let house = danas().await;
    let join = "INSERT INTO memberships (org_id, user_id, role) SELECT orgs.id, users.id, 'viewer' FROM orgs, users";
    let db = house.sql("superuser").await;
    db.batch_execute(join).await.unwrap();
    let (mut dana, mut device) = dana_with_one(&house).await;
    turn_on(&house, &mut dana).await;
    let page = dana.get(PAGE).await.expect(200);
    for said in ["My phone", "On one device", "never used"] {
        assert!(text(&page).contains(said), "{said}: {page:?}");
    }
    let mut there = Visitor::new(&house);
    let begun = begin(&mut there, "/sign-in").await;
    let shown = device.show(&begun.1);
    let fields = [("do", "passkey"), ("ceremony", &begun.0), ("credential", &shown), ("next", PAGE)];
    // Both factors at once: no code is asked for, and what matters most is open.
    assert_eq!(leads_to(&there.send("/sign-in", &fields).await), PAGE);
    there.get(PAGE).await.expect(200);
    assert!(there.is_in().await);
    assert_eq!(one(&db, "SELECT credential->'cred'->>'counter' FROM passkeys").await, "2");
    assert_eq!(one(&db, "SELECT used_at IS NOT NULL FROM passkeys").await, "t");
    let id = id_on_page(&dana).await;
    assert_eq!(leads_to(&dana.send(PAGE, &[("remove", &id)]).await), PAGE);
    assert_eq!(leads_to(&dana.send(PAGE, &[("remove", &id)]).await), PAGE, "it is gone already");
    assert_eq!(alert(&show(&mut Visitor::new(&house), "/sign-in", &mut device).await.expect(200)), WRONG);
    let told = "SELECT action, after->>'passkey', after->>'name' FROM audit_events WHERE action LIKE 'user.passkey%' ORDER BY seq";
    let told = texts(&db, told).await;
    assert_eq!(told, [format!("user.passkey_added\t{id}\tMy phone"), format!("user.passkey_removed\t{id}\tMy phone")]);
}

#[tokio::test]
async fn a_passkey_that_may_be_on_several_devices_is_told_from_one_that_is_not() {
    let house = danas().await;
    let mut dana = Visitor::dana(&house).await;
    let mut device = Authenticator { is_synced: true, ..Authenticator::new(&house) };
    add(&mut dana, &mut device).await.expect(303);
    assert!(text(&dana.get(PAGE).await.expect(200)).contains("Can be on several devices"));
    assert_eq!(leads_to(&show(&mut Visitor::new(&house), "/sign-in", &mut device).await), "/");
    assert!(text(&dana.get("/account").await.expect(200)).contains("1 · <a href=\"/account/passkeys\">"));
}

#[tokio::test]
async fn a_passkey_is_a_fresh_proof() {
    let house = danas().await;
    let (mut dana, mut device) = dana_with_one(&house).await;
    let stale = "UPDATE sessions SET confirmed_at = now() - interval '15 minutes'";
    house.sql("superuser").await.batch_execute(stale).await.unwrap();
    let confirm = "/confirm?next=%2Faccount%2Fpasskeys";
    assert_eq!(leads_to(&dana.get(PAGE).await), confirm);
    assert_eq!(leads_to(&dana.send(PAGE, &[("do", "passkey-begin")]).await), confirm);
    assert_eq!(leads_to(&dana.send(PAGE, &[("remove", "passkey_0")]).await), confirm);
    assert!(text(&dana.get(confirm).await.expect(200)).contains("Use a passkey"));
    show(&mut dana, "/confirm", &mut device).await.expect(303);
    dana.get(PAGE).await.expect(200);
}

#[tokio::test]
async fn a_passkey_stands_for_the_second_factor() {
    let house = danas().await;
    let (mut dana, mut device) = dana_with_one(&house).await;
    turn_on(&house, &mut dana).await;
    let mut half = Visitor::new(&house);
    half.sign_in(EMAIL, PASSWORD).await.expect(303);
    assert!(text(&half.get("/sign-in/second-factor").await.expect(200)).contains("Use a passkey instead"));
    let before = half.cookie.clone();
    assert_eq!(leads_to(&show(&mut half, "/sign-in/second-factor", &mut device).await), "/");
    assert!(half.is_in().await && half.cookie != before);
}

#[tokio::test]
async fn one_replica_asks_and_another_takes_the_answer() {
    let named = [("MESHKEY_PUBLIC_URL", "https://keys.example.org")];
    let house = with_dana(&named).await;
    let twin = house.replica(&named).await;
    let (mut dana, mut device) = (Visitor::dana(&house).await, Authenticator::at(named[0].1, "keys.example.org"));
    let (ceremony, options) = begin(&mut dana, PAGE).await;
    let made = device.make(&options);
    assert_eq!(leads_to(&answer(&mut dana.at(&twin), PAGE, &ceremony, &made).await), PAGE);
    let (ceremony, options) = begin(&mut Visitor::new(&twin), "/sign-in").await;
    let shown = device.show(&options);
    assert_eq!(leads_to(&answer(&mut Visitor::new(&house), "/sign-in", &ceremony, &shown).await), "/");
}

#[tokio::test]
async fn where_no_browser_makes_passkeys_none_are_offered_and_the_account_says_why() {
    for (url, why) in [
        ("https://192.0.2.1", "people reach this server by a number, and browsers bind passkeys to a name"),
        (
            "http://keys.example.org",
            "people reach this server by plain HTTP, and browsers make passkeys only over HTTPS",
        ),
    ] {
        let house = with_dana(&[("MESHKEY_PUBLIC_URL", url)]).await;
        let mut dana = Visitor::dana(&house).await;
        assert!(!text(&house.stranger().get("/sign-in").await.expect(200)).contains("passkey</button>"));
        assert!(text(&dana.get("/account").await.expect(200)).contains(why), "{url}");
        assert!(text(&dana.get(PAGE).await.expect(200)).contains(why), "{url}");
        for path in [PAGE, "/confirm", "/sign-in"] {
            dana.send(path, &[("do", "passkey-begin")]).await.expect(404);
        }
    }
}

#[tokio::test]
async fn another_password_leaves_passkeys_and_a_reset_on_the_host_removes_them() {
    let house = danas().await;
    let (mut dana, mut device) = dana_with_one(&house).await;
    let new = "quite another phrase";
    dana.send("/account/password", &[("old", PASSWORD), ("new", new)]).await.expect(303);
    assert_eq!(leads_to(&show(&mut Visitor::new(&house), "/sign-in", &mut device).await), "/");
    let reset = house.meshkey(&["admin", "reset-password", EMAIL, "--json"]);
    assert_eq!(reset["passkeys_removed"], 1, "{reset}");
    assert_eq!(alert(&show(&mut Visitor::new(&house), "/sign-in", &mut device).await.expect(200)), WRONG);
}

// What opened something when a backup was made opens nothing in what is restored; and what is over is taken away.
#[tokio::test]
async fn what_was_asked_is_forgotten_with_time_and_by_a_restore() {
    let house = danas().await;
    let db = house.sql("superuser").await;
    let (mut dana, _) = dana_with_one(&house).await;
    for over in [false, true] {
        begin(&mut dana, "/confirm").await;
        begin(&mut Visitor::new(&house), "/sign-in").await;
        if over {
            meshkey::db::snapshot::end_what_opens(&db).await.unwrap();
        } else {
            let operator = house.operator().await;
            assert_eq!(meshkey::db::ceremonies::sweep(&operator).await.unwrap(), 0);
            db.batch_execute("UPDATE ceremonies SET ends_at = now() - interval '1 second'").await.unwrap();
            assert_eq!(meshkey::db::ceremonies::sweep(&operator).await.unwrap(), 2);
        }
        assert_eq!(one(&db, "SELECT count(*) FROM ceremonies").await, "0");
    }
    assert_eq!(one(&db, "SELECT count(*) FROM passkeys").await, "1");
}
