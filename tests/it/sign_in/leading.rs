//! Where people are led after they have signed in: to pages of our own and nowhere else.

use super::visitor::{EMAIL, PASSWORD, Visitor, danas, leads_to, text};
use crate::tools::percent;

#[tokio::test]
async fn after_signing_in_one_is_where_one_wanted_to_go() {
    let house = danas().await;
    let mut dana = Visitor::new(&house);
    let to = leads_to(&dana.get("/account/password").await);
    assert_eq!(to, "/sign-in?next=%2Faccount%2Fpassword");
    let page = dana.get(&to).await.expect(200);
    assert!(text(&page).contains("name=\"next\" value=\"/account/password\""), "{page:?}");
    let fields = [("email", EMAIL), ("password", PASSWORD), ("next", "/account/password")];
    assert_eq!(leads_to(&dana.send("/sign-in", &fields).await), "/account/password");
    assert_eq!(leads_to(&dana.get(&to).await), "/account/password");
}

#[tokio::test]
async fn nobody_is_led_elsewhere() {
    let house = danas().await;
    for elsewhere in [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "%2f%2fevil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/\t/evil.example",
        "/account\r\nset-cookie: a=b",
        "evil",
    ] {
        let query = format!("/sign-in?next={}", percent(elsewhere));
        let mut dana = Visitor::new(&house);
        let page = dana.get(&query).await.expect(200);
        assert!(!text(&page).contains("name=\"next\"") && !text(&page).contains("evil"), "{page:?}");
        let fields = [("email", EMAIL), ("password", PASSWORD), ("next", elsewhere)];
        assert_eq!(leads_to(&dana.send("/sign-in", &fields).await), "/", "{elsewhere}");
        // Who is in already is led on at once, and that way is held as closely.
        assert_eq!(leads_to(&dana.get(&query).await), "/", "{elsewhere}");
        let fields = [("password", PASSWORD), ("next", elsewhere)];
        assert_eq!(leads_to(&dana.send("/confirm", &fields).await), "/", "{elsewhere}");
    }
    // As it may stand in a link, where it is read once.
    for link in ["/sign-in?next=%2f%2fevil.example", "/sign-in?next=//evil.example", "/sign-in?next=/%5Cevil.example"] {
        let page = Visitor::new(&house).get(link).await.expect(200);
        assert!(!text(&page).contains("evil"), "{page:?}");
    }
}
