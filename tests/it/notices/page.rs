//! `/account/notices`: who wants to hear nothing hears nothing.

use super::{URL, ends_in, issue, look, pass, told};
use crate::{
    house::House,
    invitations::receiver::Receiver,
    sign_in::visitor::{Visitor, danas, leads_to, text, with_dana},
    tools::one,
};

const PAGE: &str = "/account/notices";

async fn with_mail(receiver: &Receiver) -> House {
    let server = receiver.url();
    let house = with_dana(&super::settings(&server)).await;
    let own = "INSERT INTO memberships (org_id, user_id, role) SELECT o.id, u.id, 'owner' FROM orgs o, users u";
    house.sql("superuser").await.batch_execute(own).await.unwrap();
    house
}

#[tokio::test]
async fn who_wants_to_hear_nothing_hears_nothing_until_it_wants_to() {
    let receiver = Receiver::start().await;
    let house = with_mail(&receiver).await;
    let db = house.sql("superuser").await;
    let mut dana = Visitor::dana(&house).await;
    assert!(text(&dana.get("/account").await).contains("href=\"/account/notices\""));
    let page = dana.get(PAGE).await.expect(200);
    assert!(text(&page).contains("value=\"on\" checked>") && text(&page).contains("dana@example.com"), "{page:?}");
    assert!(!text(&page).contains("sends no mail"), "{page:?}");
    assert_eq!(leads_to(&dana.send(PAGE, &[]).await), "/account/notices?saved");
    let page = dana.get("/account/notices?saved").await.expect(200);
    assert!(text(&page).contains("Saved.") && text(&page).contains("value=\"on\">"), "{page:?}");
    let key = issue(&house.admin(), "ci").await;
    ends_in(&db, &key, 14).await;
    look(&house).await;
    assert_eq!((told(&db).await, super::step(&db, &key).await), (vec![], "14".to_owned()));
    dana.send(PAGE, &[("ends", "on")]).await.expect(303);
    pass(&db, 7).await;
    look(&house).await;
    assert_eq!(told(&db).await, ["Dana 1"]);
    assert!(receiver.received(1).await[0].text.contains(URL));
    assert_eq!(one(&db, "SELECT count(*) FROM end_notices").await, "1");
}

// G-11
#[tokio::test]
async fn only_our_own_form_changes_it() {
    let house = danas().await;
    let db = house.sql("superuser").await;
    let dana = Visitor::dana(&house).await;
    assert!(text(&dana.get(PAGE).await.expect(200)).contains("This server sends no mail"));
    let token = dana.token();
    for (site, fields) in [("cross-site", vec![("form_token", token.as_str())]), ("same-origin", vec![])] {
        dana.bare("POST", PAGE).header("sec-fetch-site", site).form(&fields).send().await.expect(403);
    }
    assert_eq!(one(&db, "SELECT hears_of_ends FROM users").await, "t");
    assert_eq!(leads_to(&Visitor::new(&house).get(PAGE).await), "/sign-in?next=%2Faccount%2Fnotices");
}
