//! Who is let in, and who is not, and that all who are not hear the same.

use super::visitor::{COOKIE, EMAIL, PASSWORD, Visitor, alert, danas, leads_to, person, text};
use crate::tools::one;

#[tokio::test]
async fn who_knows_the_password_is_in_and_who_signs_out_is_not() {
    let house = danas().await;
    let mut dana = Visitor::new(&house);
    assert_eq!(leads_to(&dana.get("/").await), "/sign-in");
    assert!(!dana.is_in().await);
    let answer = dana.sign_in(" Dana@Example.COM ", PASSWORD).await;
    assert_eq!(leads_to(&answer), "/");
    let line = answer.header("set-cookie");
    assert!(line.starts_with(&format!("{COOKIE}=")), "{line}");
    assert!(line.ends_with("; Path=/; Max-Age=604800; Secure; HttpOnly; SameSite=Lax"), "{line}");
    assert_eq!(leads_to(&dana.get("/").await), "/account");
    assert_eq!(leads_to(&dana.get("/sign-in").await), "/");
    assert!(text(&dana.get("/account").await.expect(200)).contains(EMAIL));
    let before = dana.at(&house);
    assert_eq!(leads_to(&dana.send("/sign-out", &[]).await), "/sign-in");
    assert_eq!(dana.cookie, None);
    assert!(!before.is_in().await, "the session has survived its end");
    assert_eq!(one(&house.sql("superuser").await, "SELECT count(*) FROM sessions").await, "0");
}

#[tokio::test]
async fn all_who_are_not_let_in_hear_the_same() {
    let house = danas().await;
    let db = house.sql("superuser").await;
    person(&house, "sam@example.com", "Sam", PASSWORD).await;
    person(&house, "lee@example.com", "Lee", PASSWORD).await;
    db.batch_execute(
        "UPDATE users SET suspended_at = now() WHERE email = 'sam@example.com';
         DELETE FROM passwords USING users WHERE id = user_id AND email = 'lee@example.com'",
    )
    .await
    .unwrap();
    let long = "a".repeat(20_000);
    let mut faces = Vec::new();
    for (email, password) in [
        (EMAIL, "another phrase"),
        (EMAIL, ""),
        (EMAIL, "A harmless phrase"),
        (EMAIL, "a harmless phrase "),
        (EMAIL, &long),
        ("nobody@example.com", PASSWORD),
        ("sam@example.com", PASSWORD),
        ("lee@example.com", PASSWORD),
        ("", PASSWORD),
        ("no address", PASSWORD),
        ("a\u{0}b@example.com", PASSWORD),
    ] {
        let mut visitor = Visitor::new(&house);
        let answer = visitor.sign_in(email, password).await.expect(200);
        assert_eq!(alert(&answer), "E-mail or password is wrong");
        assert!(visitor.cookie.is_none() && !text(&answer).contains(PASSWORD), "{answer:?}");
        let shown = maud::html! { (email) }.into_string();
        let page = text(&answer).replace(&format!("value=\"{shown}\""), "value=\"\"");
        let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        faces.push((names, page));
    }
    assert!(faces.iter().all(|face| *face == faces[0]), "{faces:#?}");
    assert_eq!(one(&db, "SELECT count(*) FROM sessions").await, "0");
}

#[tokio::test]
async fn what_is_wrong_is_counted() {
    let house = danas().await;
    let count =
        |outcome: &str| crate::metrics::counted(&house, &format!("meshkey_sign_ins_total{{outcome=\"{outcome}\"}}"));
    Visitor::new(&house).sign_in(EMAIL, "wrong").await.expect(200);
    Visitor::dana(&house).await;
    assert_eq!(["signed_in", "half", "wrong", "throttled"].map(count), [1, 0, 1, 0]);
}

#[tokio::test]
async fn what_people_call_themselves_is_text() {
    let (name, email) = ("<script>alert('1')</script>&\"", "\"<img/src=x>'&@example.com");
    let house = crate::house::House::new().await;
    person(&house, email, name, PASSWORD).await;
    let mut visitor = Visitor::new(&house);
    let refused = visitor.sign_in(email, "wrong").await.expect(200);
    visitor.sign_in(email, PASSWORD).await.expect(303);
    for answer in [refused, visitor.get("/account").await.expect(200), visitor.get("/confirm").await.expect(200)] {
        let page = text(&answer);
        assert!(page.contains("&lt;img/src=x&gt;") && !page.contains("<img") && !page.contains("<script>"), "{page}");
        assert!(!page.contains("\"\""), "an attribute was ended: {page}");
    }
}
