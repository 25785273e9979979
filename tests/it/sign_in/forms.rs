//! Forms are taken from pages of our own, and with the token of the session.

use super::visitor::{EMAIL, PASSWORD, Visitor, danas, text, with_dana};
use crate::client::{Answer, Request};

const FORMS: [&str; 8] = [
    "/sign-in",
    "/sign-in/second-factor",
    "/sign-out",
    "/confirm",
    "/account/password",
    "/account/second-factor",
    "/account/sessions",
    "/account/identities",
];

async fn sent(request: Request, visitor: &Visitor) -> Answer {
    let token = visitor.token();
    request.form(&[("email", EMAIL), ("password", PASSWORD), ("form_token", &token)]).send().await
}

#[track_caller]
fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(text(answer).contains("Another site has sent this form") && !answer.headers.contains_key("set-cookie"));
}

// G-11
#[tokio::test]
async fn no_form_of_another_site_is_taken_even_with_the_cookie_and_the_token() {
    let house = danas().await;
    let dana = Visitor::dana(&house).await;
    let host = dana.client.base().trim_start_matches("http://").to_owned();
    for path in FORMS {
        for site in ["cross-site", "same-site", "", "SAME-ORIGIN", "none, cross-site"] {
            let request = dana.bare("POST", path).header("sec-fetch-site", site);
            // What says whence it comes is not outdone by what says it less plainly.
            let request = request.header("origin", &format!("http://{host}"));
            assert_refused(&sent(request, &dana).await);
        }
        let twice = dana.bare("POST", path).header("sec-fetch-site", "same-origin").header("sec-fetch-site", "none");
        assert_refused(&sent(twice, &dana).await);
        for origin in ["null", "", "http://evil.example", "https://127.0.0.1", &format!("ftp://{host}"), &host] {
            assert_refused(&sent(dana.bare("POST", path).header("origin", origin), &dana).await);
        }
        assert_refused(&sent(dana.bare("POST", path), &dana).await);
    }
    assert!(dana.is_in().await, "something was done");
}

#[tokio::test]
async fn a_browser_that_says_only_the_origin_is_heard() {
    let house = danas().await;
    let dana = Visitor::new(&house);
    let host = dana.client.base().trim_start_matches("http://").to_owned();
    for scheme in ["http", "https"] {
        let request = dana.bare("POST", "/sign-in").header("origin", &format!("{scheme}://{host}"));
        sent(request, &dana).await.expect(303);
    }
    let named = with_dana(&[("MESHKEY_PUBLIC_URL", "https://keys.example.org")]).await;
    let dana = Visitor::new(&named);
    sent(dana.bare("POST", "/sign-in").header("origin", "https://keys.example.org"), &dana).await.expect(303);
    let base = dana.client.base().to_owned();
    for other in [base.as_str(), "http://keys.example.org", "https://keys.example.org.evil.example"] {
        let refused = sent(dana.bare("POST", "/sign-in").header("origin", other), &dana).await.expect(403);
        assert!(text(&refused).contains("This address is not the one that this server is known by (public_url)"));
        assert!(text(&refused).contains("<a href=\"https://keys.example.org\">"), "{refused:?}");
    }
    let request = dana.bare("POST", "/sign-in").header("origin", &base).header("host", "keys.example.org");
    assert_refused(&sent(request, &dana).await);
}

#[tokio::test]
async fn what_is_nowhere_is_a_page_to_a_browser_and_a_problem_to_a_program() {
    let house = danas().await;
    let dana = Visitor::new(&house);
    let html = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8";
    let page = dana.bare("GET", "/nowhere").header("accept", html).send().await.expect(404);
    assert!(text(&page).contains("<h1>Not found</h1>") && text(&page).contains("There is no such page here."));
    for (path, accept) in [("/nowhere", "*/*"), ("/nowhere", "application/json"), ("/v1/nowhere", html)] {
        let problem = dana.bare("GET", path).header("accept", accept).send().await.expect(404);
        assert_eq!(problem.body["code"], "not_found", "{path} {accept}");
    }
}

// G-11
#[tokio::test]
async fn a_form_without_the_token_of_its_session_changes_nothing() {
    let house = danas().await;
    let (dana, other) = (Visitor::dana(&house).await, Visitor::dana(&house).await);
    let token = other.token();
    for path in ["/sign-out", "/confirm", "/account/password", "/account/second-factor", "/account/sessions"] {
        for fields in [
            vec![],
            vec![("form_token", "")],
            vec![("form_token", token.as_str())],
            vec![("form_token", dana.cookie.as_deref().unwrap())],
        ] {
            let request = dana.bare("POST", path).header("sec-fetch-site", "same-origin");
            let answer = request.form(&fields).send().await.expect(403);
            assert!(text(&answer).contains("This page is out of date"), "{answer:?}");
        }
    }
    assert!(dana.is_in().await && other.is_in().await);
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let house = danas().await;
    let mut dana = Visitor::dana(&house).await;
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let request = dana.bare("POST", "/sign-out").header("sec-fetch-site", "same-origin");
        request.body(kind, format!("form_token={}", dana.token())).send().await.expect(415);
    }
    let twice = dana.send("/account/sessions", &[("end", "others"), ("end", "sess_1")]).await.expect(400);
    assert!(text(&twice).contains("A field is there twice"), "{twice:?}");
    let large = "x".repeat(70_000);
    dana.send("/confirm", &[("password", &large)]).await.expect(413);
    assert!(dana.is_in().await);
}

/// Fields are held against each other: of too many, nobody's time is taken.
#[tokio::test]
async fn a_form_with_more_fields_than_any_of_ours_is_refused() {
    let house = danas().await;
    let names: Vec<String> = (0..257).map(|number| format!("f{number}")).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let send = |pairs: &[(&str, &str)]| {
        house.stranger().bare("POST", "/sign-in").header("sec-fetch-site", "same-origin").form(pairs).send()
    };
    let refused = send(&pairs).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert_eq!(send(&pairs[..256]).await.status, 200);
}
