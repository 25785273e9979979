//! What holds of every page of an org, whatever it shows: laws over the table of pages, so that a new page is held by them too.

use meshkey::dashboard::routes::TABLE;

use super::furnished::{Furnished, HOSTILE};
use crate::{
    client::Answer,
    house::House,
    persons::Person,
    sign_in::visitor::{Visitor, leads_to, text},
    tools::{count_events, percent},
};

pub fn pages(method: &str) -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(move |(one, path)| *one == method && path.starts_with("/orgs/{org}/")).map(|(_, path)| *path)
}

async fn visitor(house: &House, name: &str) -> Visitor {
    let person = Person { id: String::new(), email: format!("{}@example.com", name.to_lowercase()) };
    let mut visitor = Visitor::new(house);
    visitor.cookie = Some(person.session(house).await.reveal().to_string());
    visitor
}

/// A page without what is of one request or one moment.
fn face(answer: &Answer) -> String {
    let page = text(answer);
    page.split("<code>").next().unwrap_or_default().to_owned()
}

// K-1, A-1
#[tokio::test]
async fn every_page_is_for_who_may_see_it() {
    let furnished = Furnished::with(&[], "plain").await;
    let house = &furnished.house;
    let nobody = Visitor::new(house);
    let (dana, vic, lee) = (visitor(house, "Dana").await, visitor(house, "Vic").await, visitor(house, "Lee").await);
    for pattern in pages("get") {
        let path = furnished.path(pattern);
        let to_sign_in = nobody.get(&path).await;
        assert_eq!(leads_to(&to_sign_in), format!("/sign-in?next={}", path.replace('/', "%2F")), "{pattern}");
        let shown = dana.get(&path).await;
        assert!([200, 303].contains(&shown.status), "{pattern}: {shown:?}");
        // An org of which one is no member is as one that is not there.
        let foreign = lee.get(&path).await.expect(404);
        let absent = lee.get(&path.replacen("acme", "nowhere", 1)).await.expect(404);
        assert_eq!(face(&foreign), face(&absent), "{pattern}");
        let seen = vic.get(&path).await;
        let is_told = seen.status == 403 && text(&seen).contains("Ask <strong>Dana or ");
        assert!(is_told || [200, 303, 404].contains(&seen.status), "{pattern}: {seen:?}");
    }
}

// G-11
#[tokio::test]
async fn every_form_is_taken_from_a_page_of_ours_alone_and_with_the_token() {
    let furnished = Furnished::with(&[], "plain").await;
    let house = &furnished.house;
    let dana = visitor(house, "Dana").await;
    let (token, before) = (dana.token(), count_events(&house.admin()).await);
    for pattern in pages("post") {
        let path = furnished.path(pattern);
        let full = [("form_token", token.as_str()), ("text", "x"), ("do", "x")];
        let elsewhere = dana.bare("POST", &path).header("sec-fetch-site", "cross-site").form(&full).send().await;
        assert!(text(&elsewhere.expect(403)).contains("Another site has sent this form"), "{pattern}");
        for wrong in ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let pairs = [("form_token", wrong), ("text", "x"), ("do", "x")];
            let other = dana.bare("POST", &path).header("sec-fetch-site", "same-origin").form(&pairs).send().await;
            assert!(text(&other.expect(403)).contains("This page is out of date"), "{pattern}");
        }
        let mut nobody = Visitor::new(house);
        assert!(leads_to(&nobody.send(&path, &full).await).starts_with("/sign-in?next="), "{pattern}");
        let mut lee = visitor(house, "Lee").await;
        lee.send(&path, &full[1..]).await.expect(404);
    }
    assert_eq!(count_events(&house.admin()).await, before, "something was done");
}

#[tokio::test]
async fn what_a_form_says_is_never_our_fault() {
    let furnished = Furnished::with(&[], "plain").await;
    let mut dana = visitor(&furnished.house, "Dana").await;
    let hostile = [("do", HOSTILE), ("text", "\0"), ("label", HOSTILE), ("cap", "amdin"), ("expires", "99999999999d")];
    for pattern in pages("post") {
        let path = furnished.path(pattern);
        for fields in [&[][..], &hostile] {
            let answer = dana.send(&path, fields).await;
            assert!(answer.status < 500, "{pattern} {fields:?}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn to_look_changes_nothing() {
    let furnished = Furnished::with(&[], "plain").await;
    let dana = visitor(&furnished.house, "Dana").await;
    let admin = furnished.house.admin();
    let before = count_events(&admin).await;
    for pattern in pages("get") {
        let path = furnished.path(pattern);
        let query = format!("{path}?do=revoke&cap=admin&topic={0}&name={0}&text={0}&next={0}", percent(HOSTILE));
        for path in [path, query] {
            let answer = dana.get(&path).await;
            assert!(answer.status < 500, "{path}: {answer:?}");
            let is_plain =
                answer.status == 303 || !text(&answer).contains("<img") && !text(&answer).contains("<script>");
            assert!(is_plain, "{path}");
        }
    }
    assert_eq!(count_events(&admin).await, before, "something was done");
}

#[tokio::test]
async fn no_text_of_theirs_becomes_a_part_of_a_page() {
    let furnished = Furnished::with(&[], HOSTILE).await;
    let dana = visitor(&furnished.house, "Dana").await;
    let mut seen = 0;
    for pattern in pages("get") {
        let answer = dana.get(&furnished.path(pattern)).await;
        let Some(page) = answer.body.as_str() else { continue };
        assert!(!page.contains("<img") && !page.contains("<script>"), "{pattern}: {page}");
        seen += usize::from(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    }
    assert!(seen > 0, "nothing of it was on any page");
}

// That something was done is said by the page that we lead to, and not by whoever makes a link.
#[tokio::test]
async fn nobody_has_a_page_say_that_something_was_done() {
    let furnished = Furnished::with(&[], "plain").await;
    let dana = visitor(&furnished.house, "Dana").await;
    for seal in ["", "&seal=AAAAAAAAAAAAAAAA"] {
        for path in [
            "/members?done=removed&after_ms=3",
            "/meshes/main?done=archived&after_ms=2",
            "/policy?saved=yes",
            "/policy/violations?saved=yes&spread=57",
        ] {
            let page = dana.get(&format!("/orgs/acme{path}{seal}")).await.expect(200);
            assert!(!text(&page).contains("class=\"note wide\""), "{path}: {page:?}");
        }
    }
}
