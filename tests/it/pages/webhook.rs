//! The page of the org's webhook.

use super::{leads_on_to, visitor};
use crate::{
    house::House,
    notices::server::Server,
    sign_in::visitor::{leads_to, text},
    tools::eventually,
};

const PAGE: &str = "/orgs/acme/webhook";

#[tokio::test]
async fn it_is_set_tried_given_something_new_to_sign_with_and_removed() {
    let server = Server::start().await;
    let house = House::with(&[("MESHKEY_WEBHOOK_PRIVATE", "true")]).await;
    let mut dana = visitor(&house, "Dana", "owner", None).await;
    let wrong = dana.send(PAGE, &[("do", "set"), ("url", "ftp://hooks.example.org/\"><img>")]).await.expect(422);
    let page = text(&wrong);
    assert!(page.contains("Expected a URL such as https://hooks.example.org/meshkey"), "{page}");
    assert!(page.contains("value=\"ftp://hooks.example.org/&quot;&gt;&lt;img&gt;\""), "what was typed is lost: {page}");
    // What signs is shown in the answer, and nowhere else.
    let made = dana.send(PAGE, &[("do", "set"), ("url", &server.url())]).await.expect(200);
    let secret = text(&made).split("value=\"whsec_").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let shown = dana.get(PAGE).await.expect(200);
    assert!(text(&shown).contains(&server.url()) && !text(&shown).contains(&secret), "{shown:?}");
    let tried = dana.send(PAGE, &[("do", "test")]).await;
    assert_eq!(leads_on_to(&tried), "/orgs/acme/webhook?done=test");
    assert!(text(&dana.get(&leads_to(&tried)).await.expect(200)).contains("A test is on its way."));
    server.called(1).await;
    let delivered = async || {
        let page = dana.get(PAGE).await.expect(200);
        text(&page).contains("delivered <time").then_some(())
    };
    eventually("the page tells that it was delivered", delivered).await;
    let kept = dana.send(PAGE, &[("do", "set"), ("url", &server.url())]).await;
    assert_eq!(leads_on_to(&kept), "/orgs/acme/webhook?done=set");
    let anew = [("do", "set"), ("url", &server.url()), ("new_secret", "yes")];
    let anew = dana.send(PAGE, &anew).await.expect(200);
    assert!(text(&anew).contains("value=\"whsec_") && !text(&anew).contains(&secret), "{anew:?}");
    let removed = dana.send(PAGE, &[("do", "remove")]).await;
    assert_eq!(leads_on_to(&removed), "/orgs/acme/webhook?done=removed");
    let page = dana.get(&leads_to(&removed)).await.expect(200);
    assert!(text(&page).contains("Removed: nothing is called any more.") && !text(&page).contains(&server.url()));
    // Somebody was quicker.
    dana.send(PAGE, &[("do", "remove")]).await.expect(200);
}
