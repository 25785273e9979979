//! No password, code or secret of a session in the log or in a table, whatever happens with it.

use super::{
    factor::turn_on,
    visitor::{EMAIL, PASSWORD, Visitor, person},
};
use crate::{
    canary::{beware, heard},
    house::House,
    tools::{dump, percent},
};

// K-15
#[tokio::test]
async fn what_people_type_and_browsers_keep_is_told_to_nobody() {
    let house = House::new().await;
    let (own, wrong, new) = ("canary phrase of Dana", "wrong canary phrase", "new canary phrase");
    let mut secrets: Vec<String> = [own, wrong, new].map(str::to_owned).into();
    for secret in &secrets {
        beware(secret);
    }
    person(&house, EMAIL, "Dana", own).await;
    let mut dana = Visitor::new(&house);
    for password in [wrong, PASSWORD, own] {
        dana.sign_in(EMAIL, password).await;
    }
    let mut keep = |dana: &Visitor| {
        for secret in [dana.cookie.clone().unwrap(), dana.token()] {
            beware(&secret);
            secrets.push(secret);
        }
    };
    keep(&dana);
    let codes = turn_on(&house, &mut dana).await;
    for code in &codes {
        beware(code);
    }
    dana.send("/account/password", &[("old", wrong), ("new", new)]).await.expect(200);
    dana.send("/account/password", &[("old", own), ("new", new)]).await.expect(303);
    dana.sign_in(EMAIL, new).await.expect(303);
    keep(&dana);
    dana.send("/sign-in/second-factor", &[("code", &codes[0])]).await.expect(303);
    keep(&dana);
    dana.send("/confirm", &[("password", new), ("code", &codes[1])]).await.expect(303);
    dana.get("/account").await.expect(200);
    house.set_reachable(false).await;
    dana.send("/confirm", &[("password", new), ("code", &codes[2])]).await.expect(503);
    house.set_reachable(true).await;
    let all = dump(&house.sql("superuser").await, "true").await;
    for secret in secrets.iter().chain(&codes) {
        assert!(!all.contains(secret) && !all.contains(&percent(secret)), "{secret} is stored");
    }
    assert_eq!(heard(), None);
}

// The log says of whom, and never by which address for mail.
#[tokio::test]
async fn the_log_has_no_address_for_mail() {
    let house = House::new().await;
    let email = "canary.of.the.log@example.com";
    beware("canary.of.the.log");
    person(&house, email, "Canary", PASSWORD).await;
    let mut visitor = Visitor::new(&house);
    visitor.sign_in(email, "wrong").await.expect(200);
    visitor.sign_in(email, PASSWORD).await.expect(303);
    visitor.send("/sign-out", &[]).await.expect(303);
    assert_eq!(heard(), None);
}
